"""ASGI applications at a path of an App."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgi_applications import Event, Receive, Send, accepted, answer, body_of, hosted, request, text
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from websockets.sync.client import connect
from wire import SILENCE_S, Peer

from pelton import App, RegistrationError
from pelton.testing import AsyncTestClient, TestClient, live_server

Serve = Callable[..., live_server]


async def tells(scope: Event, receive: Receive, send: Send) -> None:
    """What it sees of its place, and its body."""
    if scope["type"] == "websocket":
        await accepted(receive, send)
        await send(text(scope["root_path"] + " " + scope["path"]))
        return
    assert scope["type"] == "http"
    body = await body_of(receive)
    seen = [scope["method"], scope["root_path"], scope["path"], scope["raw_path"].decode(), len(body)]
    await answer(send, json.dumps(seen).encode())


def around(target: Any, path: str = "/old") -> App:
    app = App()
    app.add_route("/old/own", lambda: "own")
    app.add_route("/else", lambda: "else")
    app.mount(path, target)
    return app


@pytest.mark.parametrize("body", [b"", b"x" * 100_000])
@pytest.mark.parametrize(
    ("method", "target", "root_path", "path"),
    [
        ("GET", "/old/x", "/old", "/old/x"),
        ("GET", "/old/", "/old", "/old/"),
        ("GET", "/old", "/old", "/old"),
        ("POST", "/old/own", "/old", "/old/own"),
        ("BREW", "/old/a%20b", "/old", "/old/a b"),
        ("OPTIONS", "/%6Fld/../x", "/old", "/old/../x"),
        ("TRACE", "/old//x", "/old", "/old//x"),
        ("GET", "/old/%ff", "/old", "/old/\ufffd"),
    ],
)
def test_every_method_and_target_below_the_path_arrives(
    serve: Serve, method: str, target: str, root_path: str, path: str, body: bytes
) -> None:
    with Peer(serve(around(tells)).port or 0) as peer:
        peer.send(request(target, method, body=body))
        assert json.loads(peer.one().body) == [method, root_path, path, target, len(body)]


def test_the_app_around_has_its_own_routes_and_everything_else(serve: Serve) -> None:
    with Peer(serve(around(tells)).port or 0) as peer:
        for target, status, told in (("/old/own", 200, b"own"), ("/else", 200, b"else"), ("/older", 404, b"Not Found")):
            peer.send(request(target))
            got = peer.one()
            assert got.status == status and told in got.body


def test_prefixes_add_up(serve: Serve) -> None:
    inner = App()
    inner.mount("/in side", tells)
    outer = App()
    outer.mount("/out", inner)
    fields = ["X-Forwarded-Prefix: /proxy"]
    with Peer(serve(outer).port or 0) as peer:
        peer.send(request("/out/in%20side/x", "GET", *fields))
        told = json.loads(peer.one().body)
    assert told == ["GET", "/proxy/out/in side", "/proxy/out/in side/x", "/out/in%20side/x", 0]


def test_an_app_that_is_hosted_and_mounted_at_the_root_sees_all(serve: Serve) -> None:
    with Peer(serve(around(hosted(tells), "/")).port or 0) as peer:
        peer.send(request("/any/where"))
        assert json.loads(peer.one().body)[1:3] == ["", "/any/where"]
        peer.send(request("/else"))
        assert peer.one().body == b'"else"'


def test_websockets(serve: Serve) -> None:
    url = serve(around(tells)).url.replace("http", "ws", 1)
    with connect(f"{url}/old/room", open_timeout=SILENCE_S) as ws:
        assert ws.recv(SILENCE_S) == "/old /old/room"


def shop() -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"greeting": "hello"}

    app = FastAPI(lifespan=lifespan)

    @app.get("/items/{number}")
    async def item(request: Request, number: int) -> dict[str, Any]:
        return {"number": number, "greeting": request.state.greeting, "url": str(request.url_for("item", number=1).path)}

    @app.get("/thread")
    def thread() -> str:
        return "in a thread"

    @app.websocket("/chat")
    async def chat(ws: WebSocket) -> None:
        await ws.accept()
        await ws.send_text(ws.state.greeting)

    app.mount("/sub", Starlette(routes=[Route("/x", lambda request: JSONResponse(request.scope["root_path"]))]))
    return app


def check_shop(get: Callable[[str], Any]) -> None:
    assert get("/shop/items/7") == {"number": 7, "greeting": "hello", "url": "/shop/items/1"}
    assert get("/shop/items/x")["detail"][0]["loc"] == ["path", "number"]
    assert get("/shop/thread") == "in a thread"
    assert get("/shop/none") == {"detail": "Not Found"}
    assert get("/shop/sub/x") == "/shop/sub"
    assert "/items/{number}" in get("/shop/openapi.json")["paths"]


def test_a_fastapi_application(serve: Serve) -> None:
    app = around(shop(), "/shop")
    server = serve(app)

    def get(target: str) -> Any:
        with Peer(server.port or 0) as peer:
            peer.send(request(target))
            return json.loads(peer.one().body)

    check_shop(get)
    with connect(server.url.replace("http", "ws", 1) + "/shop/chat", open_timeout=SILENCE_S) as ws:
        assert ws.recv(SILENCE_S) == "hello"


def test_test_clients_reach_it() -> None:
    with TestClient(around(shop(), "/shop")) as client:
        check_shop(lambda target: client.get(target).json())
        with client.websocket_connect("/shop/chat") as ws:
            assert ws.receive_text() == "hello"

    async def ask() -> Any:
        async with AsyncTestClient(around(shop(), "/shop")) as client:
            return (await client.get("/shop/items/7")).json()

    assert asyncio.run(ask())["greeting"] == "hello"


def test_the_lifespan_is_within_that_of_the_app() -> None:
    steps: list[str] = []

    def lifespan(name: str) -> Any:
        @asynccontextmanager
        async def run(_: Any) -> AsyncIterator[dict[str, Any]]:
            steps.append(f"{name} starts")
            yield {"name": name}
            steps.append(f"{name} stops")

        return run

    async def state(request: Request) -> JSONResponse:
        return JSONResponse(request.state.name)

    app = App(lifespan=lifespan("app"))
    for name in ("one", "two"):
        app.mount(f"/{name}", Starlette(routes=[Route("/", state)], lifespan=lifespan(name)))
    with TestClient(app) as client:
        assert [client.get(f"/{name}/").json() for name in ("one", "two")] == ["one", "two"]
        assert app.state.name == "app"
    assert steps == [f"{name} starts" for name in ("app", "one", "two")] + [f"{name} stops" for name in ("two", "one", "app")]


def test_a_lifespan_that_fails_stops_the_start() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        yield
        steps.append("the app stopped")

    @asynccontextmanager
    async def fails(_: Any) -> AsyncIterator[None]:
        raise LookupError("no database")
        yield

    app = App(lifespan=lifespan)
    app.mount("/old", Starlette(lifespan=fails))
    with pytest.raises(Exception, match="no database"), TestClient(app):
        pass
    assert steps == ["the app stopped"]


def test_what_it_raises_is_a_500_and_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: Event, receive: Receive, send: Send) -> None:
        raise KeyError("broken")

    with Peer(serve(around(fails)).port or 0) as peer:
        peer.send(request("/old/x"))
        assert peer.one().status == 500
        peer.send(request("/else"))
        assert peer.one().status == 200
    assert "GET /old/x" in caplog.text and "broken" in caplog.text


def sync(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize("target", [7, sync, Starlette, None])
def test_what_is_no_application_is_refused(target: Any) -> None:
    with pytest.raises(TypeError, match="mount\\(\\) takes an App, StaticFiles, an ASGI application"):
        App().mount("/old", target)


def test_the_rules_of_paths_hold() -> None:
    app = around(tells)
    with pytest.raises(RegistrationError, match="there is a mount at '/old' already"):
        app.mount("/old", Starlette(routes=[Mount("/x", routes=[])]))
    with pytest.raises(RegistrationError, match="is no path of a mount"):
        app.mount("old/", tells)
