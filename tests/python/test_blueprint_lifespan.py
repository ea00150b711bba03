"""What blueprints and mounts start, in which order, and what a failure in the middle undoes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, Blueprint, Depends, StartupError
from pelton.testing import AsyncTestClient, TestClient, live_server


def says(steps: list[str], what: str, state: dict[str, str] | None = None) -> Callable[[App], Any]:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[dict[str, str] | None]:
        steps.append(f"{what} up")
        yield state
        steps.append(f"{what} down")

    return lifespan


def hooked(routed: App | Blueprint, steps: list[str], what: str) -> None:
    routed.on_startup(lambda: steps.append(f"{what} startup"))
    routed.on_shutdown(lambda: steps.append(f"{what} shutdown"))


def tree(steps: list[str]) -> tuple[App, Blueprint, App]:
    app = App(lifespan=says(steps, "app"))
    outer = Blueprint("/outer", lifespan=says(steps, "outer", {"pool": "P"}))
    inner = Blueprint("/inner", lifespan=says(steps, "inner"))
    other = Blueprint("/other", lifespan=says(steps, "other"))
    below = App(lifespan=says(steps, "below", {"pool": "below"}))
    in_below = Blueprint(lifespan=says(steps, "in below"))

    def made() -> AsyncIterator[None]:
        steps.append("provider")
        yield None  # type: ignore[misc]
        steps.append("provider closed")

    app.register_provider("made", made, scope="app")
    app.mount("/below", below)
    app.register_blueprint(outer)
    app.register_blueprint(other)
    outer.register_blueprint(inner)
    other.register_blueprint(inner, "/again")
    below.register_blueprint(in_below)
    for what, routed in (("app", app), ("outer", outer), ("inner", inner), ("other", other), ("below", below)):
        hooked(routed, steps, what)
    inner.add_route("/", lambda request, made=Depends("made"): request.state.pool)
    below.add_route("/", lambda request: request.state.pool)
    return app, inner, below


STARTED = """app up|app startup|outer up|outer startup|inner up|inner startup|other up|other startup|
below up|below startup|in below up|provider""".replace("\n", "").split("|")
STOPPED = """provider closed|in below down|below shutdown|below down|other shutdown|other down|
inner shutdown|inner down|outer shutdown|outer down|app shutdown|app down""".replace("\n", "").split("|")


def test_order_on_a_real_server(serve: Callable[..., Any]) -> None:
    steps: list[str] = []
    app, _, _ = tree(steps)
    server = serve(app)
    assert urlopen(f"{server.url}/outer/inner/").read() == b'"P"'
    assert urlopen(f"{server.url}/below/").read() == b'"below"'
    assert steps == STARTED
    server.__exit__(None, None, None)
    assert steps == STARTED + STOPPED


def test_order_with_a_test_client() -> None:
    steps: list[str] = []
    app, _, below = tree(steps)
    for _ in range(2):
        steps.clear()
        with TestClient(app) as client:
            assert client.get("/other/again/inner/").json() == "P"
            assert client.get("/below/").json() == "below"
        assert steps == STARTED + STOPPED
    steps.clear()
    with TestClient(below) as client:  # by itself
        assert client.get("/").json() == "below"
    assert steps == ["below up", "below startup", "in below up", "in below down", "below shutdown", "below down"]


async def in_async_client(app: App, steps: list[str]) -> None:
    async with AsyncTestClient(app) as client:
        assert (await client.get("/below/")).json() == "below"
        assert steps == STARTED


def test_order_with_an_async_test_client() -> None:
    import asyncio

    steps: list[str] = []
    app, _, _ = tree(steps)
    asyncio.run(in_async_client(app, steps))
    assert steps == STARTED + STOPPED


@pytest.mark.parametrize("where", ["blueprint", "mount"])
def test_a_failure_in_the_middle_undoes_what_had_started(where: str) -> None:
    steps: list[str] = []
    app, inner, below = tree(steps)

    async def fails() -> None:
        raise LookupError("no pool")

    (inner if where == "blueprint" else below).on_startup(fails)
    with pytest.raises(StartupError, match="LookupError: no pool"), live_server(app):
        pass
    begun = STARTED[: STARTED.index("inner startup" if where == "blueprint" else "below startup") + 1]
    undone = STOPPED[STOPPED.index("inner shutdown" if where == "blueprint" else "below shutdown") :]
    assert steps == begun + undone
    steps.clear()
    with pytest.raises(LookupError), TestClient(app):
        pass
    assert steps == begun + undone


def test_a_client_is_of_use_again_behind_its_block() -> None:
    app = App(lifespan=says([], "app", {"pool": "P"}))
    app.add_route("/", lambda request: getattr(request.state, "pool", None))
    client = TestClient(app)
    assert client.get("/").json() is None  # no block, no lifespan
    with client:
        assert client.get("/").json() == "P"
    assert client.get("/").status_code == 200
