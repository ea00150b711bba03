"""What an application consists of, and the end of its registration."""

from __future__ import annotations

import pytest
from pelton import App, RegistrationError, WebSocket
from pelton.routing.app_parts import AppParts, parts_of
from pelton.testing import TestClient


def test_the_parts_of_an_app() -> None:
    app = App()
    parts = parts_of(app)
    assert isinstance(parts, AppParts) and parts.app is app and parts.kind is App
    assert parts.layers is app._layers and parts.lifespan is app._lifespan
    assert list(parts.mounts.tree()) == [("", parts)] and not parts.pools and not parts.blueprint_names


def test_a_subclass_of_app_has_parts_too() -> None:
    class Mine(App):
        pass

    outer, inner = App(), Mine()
    outer.mount("/inner", inner)
    assert [path for path, _ in parts_of(outer).mounts.tree()] == ["", "/inner"]


def test_the_freeze_ends_registration_and_comes_once() -> None:
    app = App()
    parts = parts_of(app)
    app.get("/")(lambda: "x")
    assert not parts.is_frozen
    parts.refuse_late("a thing", "here")
    native = parts.freeze()
    answers = parts.service.answers
    assert parts.is_frozen and answers is not None and answers.error_handlers is parts.error_handlers
    assert parts.freeze() is native is parts.native and parts.service.answers is answers
    with pytest.raises(RegistrationError, match="a thing comes too late") as caught:
        parts.refuse_late("a thing", "here")
    assert "here" in str(caught.value)


def test_routes_and_websockets_share_one_table() -> None:
    app = App()
    app.get("/a")(lambda: "x")

    @app.websocket("/b")
    async def echo(ws: WebSocket) -> None: ...

    assert [route.methods for route in parts_of(app).table.routes] == [("GET",), ("WEBSOCKET",)]


def test_start_and_stop_run_the_lifespan() -> None:
    app, seen = App(), list[str]()
    app.on_startup(lambda: seen.append("up"))
    app.on_shutdown(lambda: seen.append("down"))
    client = TestClient(app)
    client.run(parts_of(app).start())
    assert seen == ["up"]
    client.run(parts_of(app).stop())
    assert seen == ["up", "down"]
    with client:
        pass
