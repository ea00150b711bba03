"""Applications of ASGI frameworks, which answer as they do under uvicorn."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from asgi_applications import Event, Receive, Send, answer, hosted
from fastapi import (
    BackgroundTasks, Depends, FastAPI, Form, HTTPException, Request, UploadFile, WebSocket, WebSocketException,
)  # fmt: skip
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol
from wire import SILENCE_S

from pelton import App
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]


class Item(BaseModel):
    name: str
    price: float


def shop(folder: Any) -> FastAPI:
    done: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"greeting": "hello"}

    app = FastAPI(lifespan=lifespan)
    app.mount("/static", StaticFiles(directory=folder))
    app.add_middleware(GZipMiddleware, minimum_size=1000)

    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-stamp"] = request.url.path
            return response

    app.add_middleware(Stamp)

    @app.get("/")
    async def root(request: Request) -> dict[str, Any]:
        return {"greeting": request.state.greeting, "query": dict(request.query_params)}

    @app.websocket("/chat/{room}")
    async def chat(ws: WebSocket, room: str, name: str = "nobody") -> None:
        if room == "closed":
            await ws.close(4003, "no")
            return
        if room == "paid":
            await ws.send_denial_response(PlainTextResponse("pay first", 402, {"x-price": "9"}))
            return
        if room == "secret":
            raise HTTPException(401, "not yours", {"www-authenticate": "Basic"})
        await ws.accept("chat" if "chat" in ws.scope["subprotocols"] else None, [(b"x-room", room.encode())])
        await ws.send_json({"greeting": ws.state.greeting, "name": name})
        async for message in ws.iter_text():
            if message == "bye":
                await ws.close(3001, "see you")
                return
            if message == "policy":
                raise WebSocketException(1008, "no such word")
            await ws.send_bytes(message.encode())

    @app.get("/plain", response_class=PlainTextResponse)
    def plain() -> str:
        return "in a thread"

    @app.post("/items/{number}")
    async def item(number: int, item: Item, user: str = Depends(lambda: "me")) -> dict[str, Any]:
        return {"number": number, "item": item, "user": user}

    @app.post("/form")
    async def form(name: str = Form(), file: UploadFile | None = None) -> dict[str, Any]:
        return {"name": name, "bytes": None if file is None else len(await file.read())}

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for number in range(5):
                yield f"{number}\n"

        return StreamingResponse(pieces(), media_type="text/plain")

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> str:
        tasks.add_task(done.append, "task")
        return "now"

    @app.get("/large")
    async def large() -> str:
        return "x" * 5000

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(418, "teapot", {"X-Why": "tea"})

    @app.get("/broken")
    async def broken() -> None:
        raise KeyError("broken")

    return app


@contextmanager
def under_uvicorn(app: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    started = threading.Event()
    startup = server.startup

    async def start(*given: Any, **named: Any) -> None:
        await startup(*given, **named)
        started.set()

    server.startup = start  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(SILENCE_S)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/?a=1&b=%20x", {}),
    ("HEAD", "/plain", {}),
    ("GET", "/plain", {}),
    ("POST", "/items/7", {"json": {"name": "n", "price": 1.5}}),
    ("POST", "/items/x", {"json": {"name": "n"}}),
    ("POST", "/items/7", {"content": b"{", "headers": {"content-type": "application/json"}}),
    ("POST", "/form", {"data": {"name": "n"}}),
    ("POST", "/form", {"data": {"name": "n"}, "files": {"file": ("f", b"x" * 300000)}}),
    ("GET", "/stream", {}),
    ("GET", "/later", {}),
    ("GET", "/later", {}),
    ("GET", "/large", {}),
    ("GET", "/refused", {}),
    ("GET", "/broken", {}),
    ("GET", "/none", {}),
    ("DELETE", "/plain", {}),
    ("OPTIONS", "/plain", {}),
    ("GET", "/static/a%20file.txt", {}),
    ("GET", "/static/a%20file.txt", {"headers": {"range": "bytes=1-3"}}),
    ("GET", "/static/none.txt", {}),
    ("GET", "/openapi.json", {}),
]


def answers_of(url: str) -> list[Any]:
    found = []
    for method, target, options in ASKED:
        # On a connection each: uvicorn resets one after a failure.
        got = httpx.request(method, url + target, timeout=SILENCE_S, **options)
        fields = sorted((k, v) for k, v in got.headers.items() if k not in ("date", "server", "connection"))
        # Both have an answer of their own where the application has none.
        found.append((method, target, got.status_code, *([] if got.status_code == 500 else [fields, got.content])))
    return found


def test_a_fastapi_application_answers_as_under_uvicorn(serve: Serve, tmp_path: Any) -> None:
    (tmp_path / "a file.txt").write_text("0123456789")
    with under_uvicorn(shop(tmp_path)) as url:
        expected = answers_of(url)
    got = answers_of(serve(hosted(shop(tmp_path))).url)
    for ours, theirs in zip(got, expected, strict=True):
        assert ours == theirs


def visit(url: str, target: str, *said: str) -> list[Any]:
    """What a client of a WebSocket is told, from the handshake to the close."""
    try:
        with connect(url.replace("http", "ws", 1) + target, subprotocols=[Subprotocol("chat")], open_timeout=SILENCE_S) as ws:
            assert ws.response is not None
            found: list[Any] = [ws.subprotocol, ws.response.headers["x-room"], ws.recv(SILENCE_S)]
            for message in said:
                ws.send(message)
                try:
                    found.append(ws.recv(SILENCE_S))
                except ConnectionClosed as closed:
                    assert closed.rcvd is not None
                    return [*found, closed.rcvd.code, closed.rcvd.reason]
            return found
    except InvalidStatus as refused:
        fields = {name: refused.response.headers.get(name) for name in ("x-price", "www-authenticate", "content-type")}
        return [refused.response.status_code, fields, refused.response.body]


VISITS: list[tuple[str, ...]] = [
    ("/chat/hall?name=%C3%A9", "a", "é" * 1000, "bye"),
    ("/chat/hall", "policy"),
    ("/chat/closed",),
    ("/chat/paid",),
    ("/chat/secret",),
    ("/nowhere",),
    ("/plain",),
]


def test_websockets_of_a_fastapi_application_are_served_as_under_uvicorn(serve: Serve) -> None:
    with under_uvicorn(shop(".")) as url:
        expected = [visit(url, *one) for one in VISITS]
    url = serve(hosted(shop("."))).url
    for ours, theirs in zip([visit(url, *one) for one in VISITS], expected, strict=True):
        if theirs[0] == 403:  # uvicorn gives it a body
            ours, theirs = ours[:1], theirs[:1]
        assert ours == theirs


def test_an_application_that_is_hosted_is_an_app_to_test_clients() -> None:
    app = hosted(shop("."))
    assert isinstance(app, App)
    with TestClient(app) as client:
        assert client.get("/").json() == {"greeting": "hello", "query": {}}
        assert client.post("/items/7", json={"name": "n", "price": 2}).json()["number"] == 7


@pytest.mark.parametrize("path", ["/a\nb", '/"', "/\u20ac"])
def test_the_log_of_a_failure_has_one_line_with_its_request(serve: Serve, path: str, caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Event, receive: Receive, send: Send) -> None:
        if scope["path"] == path:
            raise KeyError
        await answer(send, scope["path"].encode())

    with httpx.Client(base_url=serve(hosted(app, lifespan="off")).url) as client:
        assert client.get("/fine").status_code == 200
        assert client.get(path.replace("\n", "%0A")).status_code == 500
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 1 and messages[0].startswith("GET /\\x" if path != "/a\nb" else "GET /a\\x0ab"), messages
