"""An App under servers of ASGI: it answers as under pelton's own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from asgi_applications import Recorded, scope_of
from hypercorn.asyncio import serve as serve_by_hypercorn
from hypercorn.config import Config
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Mount
from test_asgi import under_uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol
from wire import SILENCE_S

from pelton import App, BackgroundTasks, Depends, File, Form, HTTPError, Request, Response, SseEvent, StaticFiles, UploadedFile, WebSocket
from pelton.testing import live_server

Serve = Callable[..., live_server]
LARGE = 3 * 2**20


class Item(BaseModel):
    name: str
    price: float


class Shop:
    """An application, and what its lifespan and its tasks have done."""

    def __init__(self, folder: Path) -> None:
        self.steps: list[str] = []

        @asynccontextmanager
        async def lifespan(_: App) -> AsyncIterator[dict[str, Any]]:
            self.steps.append("starts")
            yield {"greeting": "hello"}
            self.steps.append("stops")

        self.app = App(lifespan=lifespan)
        self.app.mount("/files", StaticFiles(directory=folder))
        self.add_routes(self.app)
        self.add_sockets(self.app)

    def add_routes(self, app: App) -> None:  # noqa: C901
        async def user(q: str = "nobody") -> AsyncIterator[str]:
            yield q
            self.steps.append("user left")

        @app.middleware
        async def stamp(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-stamp"] = request.path
            return response

        @app.get("/")
        def root(request: Request) -> Any:
            return {"greeting": request.app.state.greeting, "query": request.query_params.get("a")}

        @app.get("/later")
        async def later(tasks: BackgroundTasks, name: str = Depends(user)) -> Any:
            await asyncio.sleep(0)
            tasks.add_task(self.steps.append, "task")
            return {"name": name}

        @app.get("/pool", blocking=True)
        def pool() -> str:
            return "in a thread"

        @app.post("/items/{number}")
        async def item(number: int, item: Item) -> Any:
            return {"number": number, "item": item}

        @app.post("/form")
        async def form(name: Annotated[str, Form()], file: Annotated[UploadedFile | None, File()] = None) -> Any:
            return {"name": name, "bytes": None if file is None else len(file.read())}

        @app.post("/echo", stream_body=True)
        async def echo(request: Request) -> Response:
            async def pieces() -> AsyncIterator[bytes]:
                async for piece in request.stream():
                    yield piece

            return Response.stream(pieces(), "text/plain")

        @app.get("/rows")
        def rows() -> Iterator[Any]:
            for number in range(3):
                yield {"row": number}

        @app.get("/events")
        async def events() -> AsyncIterator[SseEvent]:
            for number in range(3):
                yield SseEvent(data=str(number))

        @app.get("/large")
        async def large() -> Response:
            return Response.stream((b"x" * 65536 for _ in range(LARGE // 65536)), "text/plain")

        @app.get("/refused")
        async def refused() -> None:
            raise HTTPError(418, "teapot", headers={"X-Why": "tea"})

        @app.get("/broken")
        async def broken() -> None:
            raise KeyError("broken")

        @app.get("/cookies")
        def cookies(response: Response) -> str:
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return "two"

    def add_sockets(self, app: App) -> None:
        @app.websocket("/chat/{room}")
        async def chat(ws: WebSocket, room: str) -> None:
            if room == "closed":
                await ws.close(4003, "no")
                return
            await ws.accept(subprotocol="chat" if "chat" in ws.subprotocols else None)
            ws.subscribe(room)
            await ws.send_json({"room": room, "greeting": app.state.greeting})
            async for message in ws:
                if message == "bye":
                    await ws.close(3001, "see you")
                elif message == "all":
                    app.publish(room, "for all")
                elif message == "broken":
                    raise KeyError("broken")
                else:
                    await ws.send(message)
            self.steps.append("chat left")


REFUSED_EARLY: dict[str, Any] = {"content": b"x" * 2**21, "headers": {"content-type": "application/json"}}
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/?a=%20x", {}),
    ("HEAD", "/", {}),
    ("GET", "/later?q=me", {}),
    ("GET", "/pool", {}),
    ("POST", "/items/7", {"json": {"name": "n", "price": 1.5}}),
    ("POST", "/items/x", {"json": {"name": "n"}}),
    ("POST", "/items/7", {"content": b"{", "headers": {"content-type": "application/json"}}),
    ("POST", "/form", {"data": {"name": "n"}}),
    ("POST", "/form", {"data": {"name": "n"}, "files": {"file": ("f", b"x" * 300_000)}}),
    ("POST", "/items/7", REFUSED_EARLY),
    ("POST", "/echo", {"content": b"y" * 600_000}),
    ("POST", "/echo", {"content": b""}),
    ("GET", "/rows", {}),
    ("GET", "/events", {}),
    ("GET", "/large", {}),
    ("GET", "/refused", {}),
    ("GET", "/broken", {}),
    ("GET", "/cookies", {}),
    ("GET", "/none", {}),
    ("DELETE", "/later", {}),
    ("OPTIONS", "/later", {}),
    ("BREW", "/later", {}),
    ("GET", "/files/a%20file.txt", {}),
    ("GET", "/files/a%20file.txt", {"headers": {"range": "bytes=1-3"}}),
    ("GET", "/files/large.bin", {}),
    ("GET", "/files/none.txt", {}),
]


@contextmanager
def under_hypercorn(app: Any) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def until_stopped() -> None:
        await stopped.wait()

    serving = serve_by_hypercorn(app, config, shutdown_trigger=until_stopped)  # type: ignore[arg-type]
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.close()


def answers_of(url: str, asked: list[Any], *, http2: bool = False) -> list[Any]:
    found = []
    with httpx.Client(timeout=SILENCE_S, http2=http2, http1=not http2) as client:
        for method, target, options in asked:
            got = client.request(method, url + target, **options)
            fields = sorted((k, v) for k, v in got.headers.multi_items() if k not in ("date", "server", "connection", "transfer-encoding"))
            found.append((method, target, got.status_code, fields, got.content))
        pieces = client.post(url + "/echo", content=iter([b"a" * 70_000, b"b", b"c" * 70_000]))
        found.append(pieces.content)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a file.txt").write_text("0123456789")
    (tmp_path / "large.bin").write_bytes(bytes(LARGE))
    return tmp_path


@pytest.mark.parametrize(("under", "http2"), [(under_uvicorn, False), (under_hypercorn, False), (under_hypercorn, True)])
def test_it_answers_as_under_pelton(serve: Serve, folder: Path, under: Any, http2: bool) -> None:
    # hypercorn closes a connection on which an answer comes before the end of the body.
    asked = [one for one in ASKED if under is under_uvicorn or one[2] is not REFUSED_EARLY]
    expected = answers_of(serve(Shop(folder).app).url, asked)
    shop = Shop(folder)
    with under(shop.app.asgi) as url:
        got = answers_of(url, asked, http2=http2)
    for theirs, ours in zip(got, expected, strict=True):
        assert theirs == ours
    assert shop.steps == ["starts", "user left", "task", "stops"]


def visit(url: str, target: str, *said: str | bytes) -> list[Any]:
    """What a client of a WebSocket is told, from the handshake to the close."""
    try:
        with connect(url.replace("http", "ws", 1) + target, subprotocols=[Subprotocol("chat")], open_timeout=SILENCE_S) as ws:
            found: list[Any] = [ws.subprotocol, ws.recv(SILENCE_S)]
            for message in said:
                ws.send(message)
                try:
                    found.append(ws.recv(SILENCE_S))
                except ConnectionClosed as closed:
                    assert closed.rcvd is not None
                    return [*found, closed.rcvd.code, closed.rcvd.reason]
            return found
    except InvalidStatus as refused:
        return [refused.response.status_code]


VISITS: list[tuple[Any, ...]] = [
    ("/chat/hall", "a", "é" * 100_000, b"\x00" * 70_000, "all", "bye"),
    ("/chat/hall", "broken"),
    ("/chat/closed",),
    ("/nowhere",),
]


@pytest.mark.parametrize("under", [under_uvicorn, under_hypercorn])
def test_websockets_are_served_as_under_pelton(serve: Serve, folder: Path, under: Any) -> None:
    url = serve(Shop(folder).app).url
    expected = [visit(url, *one) for one in VISITS]
    with under(Shop(folder).app.asgi) as url:
        assert [visit(url, *one) for one in VISITS] == expected


def test_a_client_that_leaves_is_noticed() -> None:
    app = App()
    ended: list[str] = []

    @app.get("/endless")
    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            ended.append("stream")

    @app.get("/ended")
    def told() -> Any:
        return ended

    with under_uvicorn(app.asgi) as url, httpx.Client(timeout=SILENCE_S) as client:
        with client.stream("GET", url + "/endless") as response:
            next(response.iter_bytes())
        while client.get(url + "/ended").json() != ["stream"]:
            pass


def test_starlette_mounts_it() -> None:
    app = App()
    app.add_route("/x", lambda request: [request.path, request.root_path])
    with under_uvicorn(Starlette(routes=[Mount("/in", app=app.asgi)])) as url:
        assert httpx.get(url + "/in/x").json() == ["/x", "/in"]


def test_one_that_is_served_by_pelton_is_refused(serve: Serve) -> None:
    app = App()
    serve(app)
    one = Recorded()
    with pytest.raises(RuntimeError, match="the app is being served already"):
        asyncio.run(app.asgi(scope_of("/"), one.receive, one.send))


def test_a_lifespan_that_fails_is_told() -> None:
    app = App()

    @app.on_startup
    def start() -> None:
        raise LookupError("no database")

    one = Recorded({"type": "lifespan.startup"})
    with pytest.raises(LookupError):
        asyncio.run(app.asgi({"type": "lifespan"}, one.receive, one.send))
    assert one.sent == [{"type": "lifespan.startup.failed", "message": "LookupError: no database"}]


def test_a_connection_of_another_type_is_an_error() -> None:
    one = Recorded()
    with pytest.raises(ValueError, match="no connections of type 'mail'"):
        asyncio.run(App().asgi({"type": "mail"}, one.receive, one.send))
