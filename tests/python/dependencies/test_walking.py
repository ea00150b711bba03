"""The graph walked in Python gives what the generated call gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from decorators import awaiting, listing, passing, running

from pelton import App, Depends, HTTPError, Request
from pelton.testing import TestClient


def test_the_same_values_and_the_same_order() -> None:
    app, events = App(), list[str]()

    async def later(*, page: int = 1) -> AsyncIterator[int]:
        events.append("later")
        yield page
        events.append("later ends")

    def sync(later: int = Depends(later)) -> Iterator[int]:
        events.append("sync")
        yield later + 1
        events.append("sync ends")

    def in_pool(a: int, *, b: int) -> int:
        events.append("pool")
        return a + b

    async def coroutine(n: int = Depends(in_pool, blocking=True)) -> int:
        return n

    @app.get("/")
    def handler(s: int = Depends(sync, scope="handler"), c: int = Depends(coroutine), only: str = Depends(lambda: "x")) -> Any:
        return [s, c, only]

    client = TestClient(app)
    first = client.get("/?a=1&b=2&page=3").json()
    noted, events[:] = list(events), []
    with app.override(print, None):  # of nobody here, but it takes the other road
        assert client.get("/?a=1&b=2&page=3").json() == first == [4, 3, "x"]
    assert events == noted == ["later", "sync", "pool", "sync ends", "later ends"]


def plain() -> str:
    return "plain"


async def coroutine() -> str:
    return "coroutine"


def generator() -> Iterator[str]:
    yield "generator"


async def async_generator() -> AsyncIterator[str]:
    yield "async generator"


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize(
    ("provider", "value"),
    [
        (passing(plain), "plain"),
        (passing(coroutine), "coroutine"),
        (passing(generator), "generator"),
        (passing(async_generator), "async generator"),
        (passing(awaiting(plain)), "plain"),
        (running(coroutine), "coroutine"),
        (listing(generator), ["generator"]),
    ],
)
def test_a_def_around_a_provider_gives_what_it_gives(provider: Any, value: Any, blocking: bool) -> None:
    app = App()
    app.add_route("/", lambda one=Depends(provider, blocking=blocking): one)
    client = TestClient(app)
    assert client.get("/").json() == value
    with app.override(print, None):
        assert client.get("/").json() == value


@pytest.mark.parametrize("around", [awaiting, passing])
def test_a_decorated_check_refuses(around: Any) -> None:
    def only_root(request: Request) -> None:
        if request.get_header("x-key") != "root":
            raise HTTPError(403)

    app, done = App(), list[int]()
    app.add_route("/", lambda: done.append(1), dependencies=[Depends(around(only_root))])
    client = TestClient(app)
    assert client.get("/").status_code == 403 and done == []
    assert client.get("/", headers={"x-key": "root"}).status_code == 200 and done == [1]


@pytest.mark.parametrize("around", [awaiting, passing, running])
def test_a_decorated_handler_gets_the_values(around: Any) -> None:
    def handler(one: str = Depends(coroutine)) -> str:
        return one

    async def later(one: str = Depends(plain)) -> str:
        return one

    app = App()
    app.add_route("/", around(later if around is running else handler))
    assert TestClient(app).get("/").json() in ("plain", "coroutine")
