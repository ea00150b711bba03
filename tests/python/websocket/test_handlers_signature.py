"""Section 12: the signature rule applies to WebSocket handlers without body sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from pelton import (
    App,
    Body,
    Cookie,
    Depends,
    HandlerSignatureError,
    Header,
    Query,
    RegistrationError,
    Request,
    Response,
)
from pelton.errors import place_of
from pelton.routing.routes import RouteInfo
from pelton.signature.compiler import Compiler
from pelton.streaming.background import BackgroundTasks
from pelton.testing import TestClient
from pelton.websocket.connection import WebSocket
from pelton.websocket.handlers import WebSocketCompiler
from pelton.websocket.sync_websocket import SyncWebSocket


@dataclass
class Item:
    name: str


def route(handler: Callable[..., Any], path: str = "/echo/{room}") -> RouteInfo:
    return RouteInfo(path, ("GET",), "x", handler, {}, place_of(handler), False)


def sources(handler: Callable[..., Any], pool: str | None = None) -> list[tuple[str, str]]:
    plan = WebSocketCompiler(App()._parts, route(handler), pool).plan()
    return [(argument["parameter"], argument["source"]) for argument in plan["arguments"]]


def refusal(handler: Callable[..., Any], pool: str | None = None) -> str:
    with pytest.raises(HandlerSignatureError) as raised:
        sources(handler, pool)
    return str(raised.value)


def test_the_first_bare_one_is_the_websocket() -> None:
    async def echo(ws, room: str, page: int = 1):  # type: ignore[no-untyped-def]
        ...

    assert sources(echo) == [("ws", "websocket"), ("room", "path"), ("page", "query")]


def test_annotated_in_any_position() -> None:
    async def echo(
        room: str, token: Annotated[str, Header()], c: Annotated[str, Cookie()], q: Annotated[int, Query(ge=1)],
        ws: WebSocket, app: App, request: Request, tasks: BackgroundTasks,
    ) -> None: ...

    found = dict(sources(echo))
    assert found == {
        "room": "path", "token": "header", "c": "cookie", "q": "query", "ws": "websocket", "app": "constant",
        "request": "request", "tasks": "background",
    }  # fmt: skip


def test_a_name_of_the_template_beats_the_first_place() -> None:
    async def echo(room): ...  # type: ignore[no-untyped-def]

    assert sources(echo) == [("room", "path")]


def test_in_the_pool_it_is_a_sync_one() -> None:
    def right(ws: SyncWebSocket) -> None: ...
    def wrong(ws: WebSocket) -> None: ...
    async def wrong_too(ws: SyncWebSocket) -> None: ...

    assert sources(right, "default") == [("ws", "websocket")]
    assert "is a WebSocket, but the handler runs in the pool" in refusal(wrong, "default")
    assert "is a SyncWebSocket, but the handler runs on the loop" in refusal(wrong_too)
    assert "annotate it ws: WebSocket" in refusal(wrong_too)


def test_there_is_no_body() -> None:
    async def model(ws: WebSocket, item: Item) -> None: ...
    async def marked(ws: WebSocket, item: Annotated[Item, Body()]) -> None: ...
    async def scalar(ws: WebSocket, n: int = Body(1)) -> None: ...

    assert "parameter 'item' of model() is a model, but a WebSocket has no body" in refusal(model)
    for handler in (marked, scalar):
        assert "but a WebSocket has no body" in refusal(handler) and "await ws.receive_json()" in refusal(handler)


def test_there_is_no_response() -> None:
    async def annotated(ws: WebSocket, out: Response) -> None: ...
    async def bare(ws, response): ...  # type: ignore[no-untyped-def]

    assert "accept(headers=...)" in refusal(annotated)
    assert "parameter 'response' of bare() has no source" in refusal(bare)


def test_what_it_returns_is_not_judged() -> None:
    async def echo(ws: WebSocket) -> complex: ...  # type: ignore[empty-body]

    assert sources(echo) == [("ws", "websocket")]


def test_ordinary_routes() -> None:
    def websocket(ws: WebSocket) -> None: ...
    def sync_websocket(ws: SyncWebSocket) -> None: ...
    def background(request: Request, tasks: BackgroundTasks) -> None: ...

    for handler, name in ((websocket, "WebSocket"), (sync_websocket, "SyncWebSocket")):
        with pytest.raises(HandlerSignatureError, match=f"parameter 'ws' of .* is a {name} on a GET route") as raised:
            App().add_route("/x", handler)
        assert "@app.websocket('/x')" in str(raised.value)
    plan = Compiler(App()._parts, route(background)).plan()
    assert [argument["source"] for argument in plan["arguments"]] == ["request", "background"]


def test_nobody_who_takes_it_is_refused() -> None:
    async def nobody() -> None: ...

    async def only_a_value(room: str, page: int = 1) -> None: ...

    def in_pool(room: str) -> None: ...

    for handler, options, wanted in (
        (nobody, {}, "WebSocket"),
        (only_a_value, {}, "WebSocket"),
        (in_pool, {"blocking": True}, "SyncWebSocket"),
    ):
        app = App()
        with pytest.raises(RegistrationError) as raised:
            app.websocket("/echo/{room}", **options)(handler)
        text = str(raised.value)
        assert not app.routes
        assert f"{handler.__name__}() handles a WebSocket, but none of its parameters takes it" in text
        assert f"take it as the first parameter, or annotate one: ws: {wanted}" in text


def test_a_provider_may_be_who_takes_it() -> None:
    def session(ws: WebSocket) -> WebSocket:
        return ws

    async def handler(given: WebSocket = Depends(session)) -> None:
        await given.send_text("hello")

    async def named(given: Any = Depends("session")) -> None:
        await given.send_text("hello")

    async def nobody(given: Any = Depends(lambda: 1)) -> None: ...

    app = App()
    app.websocket("/a")(handler)
    app.websocket("/b")(named)  # known only once it has begun to serve
    app.register_provider("session", session)
    with pytest.raises(RegistrationError, match="none of its parameters takes it"):
        app.websocket("/c")(nobody)
    client = TestClient(app)
    for path in ("/a", "/b"):
        with client.websocket_connect(path) as ws:
            assert ws.receive_text() == "hello"
