"""WebSockets on streams of HTTP/2 (RFC 8441): pelton's own handlers, hosted applications, and Chromium."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from http2_peer import Http2Peer

from asgi_applications import hosted
from authorities import Authority
from chromium import FLAGS, browser
from pelton import App, WebSocket
from pelton.hosting.client_frames import BINARY, CLOSE, TEXT, FrameReader, masked_frame
from pelton.testing import live_server

Serve = Callable[..., live_server]
ENABLE_CONNECT_PROTOCOL = 0x8


def application() -> App:
    app = App()

    @app.get("/")
    def home() -> dict[str, str]:
        return {"hello": "world"}

    @app.websocket("/echo/{name}")
    async def echo(ws: WebSocket, name: str) -> None:
        await ws.accept(subprotocol="b" if "b" in ws.subprotocols else None)
        await ws.send_json({"name": name, "scheme": ws.url.scheme, "host": ws.headers["host"], "key": ws.headers.get("sec-websocket-key")})
        async for message in ws:
            await ws.send(message)

    @app.websocket("/closes")
    async def closes(ws: WebSocket) -> None:
        await ws.accept()
        await ws.close(4002, "enough")

    @app.websocket("/pours")
    async def pours(ws: WebSocket) -> None:
        await ws.accept()
        for _ in range(200):
            await ws.send(bytes(10_000))

    return app


class Socket:
    """One WebSocket on a stream of the peer."""

    def __init__(self, peer: Http2Peer, path: str, *fields: tuple[str, str]) -> None:
        self.peer = peer
        pseudo = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", peer.scheme), (":authority", peer.authority)]
        self.stream = peer.begin_as([*pseudo, (":path", path), ("sec-websocket-version", "13"), *fields], ends=False)
        self.answer = peer.answers[self.stream]
        self.reader = FrameReader()
        self.frames: list[Any] = []
        peer.until(lambda: bool(self.answer.status))

    def send(self, opcode: int, payload: bytes) -> None:
        self.peer.send(self.stream, masked_frame(opcode, payload))

    def next(self) -> tuple[int, bytes]:
        while not self.frames:
            self.frames += self.reader.feed(self.answer.body)
            self.answer.body = b""
            if not self.frames:
                assert not self.answer.ended and self.answer.reset is None
                self.peer.turn()
        frame = self.frames.pop(0)
        return frame.opcode, frame.payload

    def ended(self) -> bool:
        self.peer.until(lambda: self.answer.ended or self.answer.reset is not None)
        return self.answer.reset in (None, 0)


@pytest.fixture(params=["h2c", "tls"])
def connect(serve: Serve, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Http2Peer]:
    return connector(serve, tmp_path, request.param, application())


def connector(serve: Serve, folder: Path, way: str, app: Any) -> Callable[..., Http2Peer]:
    if way == "h2c":
        port = serve(app, h2c=True).port or 0
        return lambda: Http2Peer(port, checks=False)
    authority = Authority(folder)
    pair = authority.issue("localhost")
    port = serve(app, ssl_certfile=pair.certificate, ssl_keyfile=pair.key).port or 0
    return lambda: Http2Peer(port, authority.client(alpn=["h2"]), checks=False)


def test_messages_go_both_ways(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        assert peer.ask("/").status == 200
        assert peer.settings[ENABLE_CONNECT_PROTOCOL] == 1
        socket = Socket(peer, "/echo/x", ("sec-websocket-protocol", "a, b"))
        assert socket.answer.status == 200 and socket.answer.fields["sec-websocket-protocol"] == "b"
        opcode, text = socket.next()
        assert opcode == TEXT and json.loads(text) == {"name": "x", "scheme": peer.scheme, "host": peer.authority, "key": None}
        other = Socket(peer, "/echo/y")
        assert other.next()[0] == TEXT
        for opcode, payload in ((TEXT, "é".encode()), (BINARY, bytes(300_000)), (TEXT, b"")):
            socket.send(opcode, payload)
            assert socket.next() == (opcode, payload)
        assert peer.ask("/").status == 200
        other.send(TEXT, b"other")
        assert other.next() == (TEXT, b"other")
        socket.send(CLOSE, (1000).to_bytes(2, "big"))
        assert socket.next()[0] == CLOSE and socket.ended()
        other.send(TEXT, b"still")
        assert other.next() == (TEXT, b"still")


def test_the_handler_closes(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        socket = Socket(peer, "/closes")
        assert socket.next() == (CLOSE, (4002).to_bytes(2, "big") + b"enough")
        socket.send(CLOSE, (4002).to_bytes(2, "big"))
        assert socket.ended() and peer.ask("/").status == 200


def test_a_handler_sends_more_than_the_window(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        socket = Socket(peer, "/pours")
        assert sum(len(socket.next()[1]) for _ in range(200)) == 2_000_000


def test_another_origin_and_an_unknown_path_are_refused(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        assert Socket(peer, "/echo/x", ("origin", "https://elsewhere.example")).answer.status == 403
        assert Socket(peer, "/echo/x", ("origin", f"{peer.scheme}://{peer.authority}")).answer.status == 200
        assert Socket(peer, "/nowhere").answer.status == 404
        assert Socket(peer, "/").answer.status == 404
        assert peer.ask("/").status == 200


def test_a_client_that_leaves_ends_the_handler(serve: Serve, tmp_path: Path) -> None:
    app, ended = App(), []

    @app.websocket("/")
    async def wait(ws: WebSocket) -> None:
        await ws.accept()
        async for _ in ws:
            pass
        ended.append((ws.close_code, asyncio.current_task() is not None))

    @app.get("/ended")
    def told() -> list[Any]:
        return ended

    with connector(serve, tmp_path, "h2c", app)() as peer:
        socket = Socket(peer, "/")
        peer.h2.reset_stream(socket.stream)
        peer.flush()
        while not (answer := peer.ask("/ended")).body.startswith(b"[["):
            assert answer.status == 200
        assert answer.body == b"[[1006,true]]"


def test_an_ASGI_application_is_served(serve: Serve, tmp_path: Path) -> None:
    scopes: list[Any] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})

    with connector(serve, tmp_path, "tls", hosted(handle))() as peer:
        socket = Socket(peer, "/path?q=1")
        assert socket.answer.status == 200
        socket.send(TEXT, b"hello")
        assert socket.next() == (TEXT, b"hello")
        socket.send(CLOSE, b"")
        assert socket.next()[0] == CLOSE
    [scope] = scopes
    assert (scope["http_version"], scope["scheme"], scope["path"], scope["query_string"]) == ("2", "wss", "/path", b"q=1")


OPEN = """
    window.socket = new WebSocket("wss://" + location.host + "/echo/x");
    window.first = new Promise((resolve) => { socket.onmessage = (event) => resolve(event.data); });
    new Promise((resolve, fail) => { socket.onopen = () => resolve(socket.extensions); socket.onerror = fail; })
"""
FIRST = "first"
ECHOED = """
    new Promise((resolve) => { socket.onmessage = (event) => resolve(event.data === "é".repeat(100000)); socket.send("é".repeat(100000)); })
"""
CLOSED = """
    new Promise((resolve) => { socket.onclose = (event) => resolve([event.code, event.wasClean]); socket.close(4001, "done"); })
"""


def test_Chromium_opens_its_WebSocket_on_the_connection_of_the_page(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chromium.FLAGS", [*FLAGS, "--ignore-certificate-errors"])
    pair = Authority(tmp_path).issue("server")
    server = serve(application(), ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    with browser() as chromium, chromium.page(f"https://localhost:{server.port}/") as page:
        assert page.value(OPEN).startswith("permessage-deflate")
        assert json.loads(page.value(FIRST))["key"] is None  # on a connection of its own it would send one
        assert page.value(ECHOED) is True
        assert page.value(CLOSED) == [4001, True]
