"""WebSocket routes: who may connect, what the handler is given, how it ends."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from decorators import awaiting, passing

from pelton import App, HTTPError, Request, SyncWebSocket, WebSocket, WebSocketDisconnect
from pelton.testing import TestClient, WebSocketRefused, live_server
from pelton.testing.websocket_session import new_key, upgrade_fields
from wire import Peer


def echo_app(**options: Any) -> App:
    app = App()

    @app.websocket("/ws/{room}", **options)
    async def echo(ws: WebSocket, room: str) -> None:
        async for message in ws:
            await ws.send(message)

    return app


def refused(client: TestClient, url: str, **options: Any) -> int:
    with pytest.raises(WebSocketRefused) as error:
        client.websocket_connect(url, **options)
    return error.value.response.status_code


def test_messages_of_both_kinds_and_any_size() -> None:
    with TestClient(echo_app()).websocket_connect("/ws/a") as ws:
        for message in ("", "text", "é" * 1000, b"", b"\0\xff", b"x" * 200_000):
            ws.send(message)
            assert ws.receive() == message
        ws.send_json({"a": [1]})
        assert ws.receive_json() == {"a": [1]}


def test_the_end_of_a_handler_is_the_end_of_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    @app.websocket("/{how}")
    async def handler(ws: WebSocket, how: str) -> None:
        if how == "refuses":
            raise HTTPError(401, "who are you")
        if how == "silent":
            return
        await ws.send_text("hello")
        if how == "closes":
            await ws.close(4001, "enough")
            await ws.close(4002)
        if how == "raises":
            raise LookupError("inside")

    client = TestClient(app, raise_server_exceptions=False)
    assert refused(client, "/refuses") == 401 and refused(client, "/silent") == 403
    for how, code in (("returns", 1000), ("closes", 4001), ("raises", 1011)):
        with client.websocket_connect(f"/{how}") as ws:
            assert ws.receive_text() == "hello"
            with pytest.raises(WebSocketDisconnect) as end:
                ws.receive()
            assert end.value.code == code
    assert "LookupError: inside" in caplog.text


@pytest.mark.parametrize(
    ("ends", "code", "logged"),
    [
        ("SystemExit", 1011, True),
        ("KeyboardInterrupt", 1011, True),
        ("WebSocketDisconnect", 1011, True),  # of another one
        ("CancelledError", 1011, True),  # of something awaited
        ("cancel", 1001, False),  # of its own task
    ],
)
def test_what_is_no_exception_of_this_connection(ends: str, code: int, logged: bool, caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        errors = (SystemExit, KeyboardInterrupt, WebSocketDisconnect, asyncio.CancelledError)
        for error in errors:
            if error.__name__ == ends:
                raise error
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with TestClient(app, raise_server_exceptions=False).websocket_connect("/") as ws:
        with pytest.raises(WebSocketDisconnect) as end:
            ws.receive()
        assert end.value.code == code
    assert (ends in caplog.text) is logged


def test_a_client_that_is_lost_before_it_is_accepted(
    engine: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    app, began, seen = App(), threading.Event(), []

    @app.websocket("/")
    async def handler(ws: WebSocket, request: Request) -> None:
        began.set()
        await request.disconnected()
        seen.append(await ws.recv())
        seen.append([message async for message in ws])
        with pytest.raises(WebSocketDisconnect):
            await ws.send("late")
        seen.append((ws.connected, ws.close_code))

    with live_server(app) as server, Peer(server.port) as peer:
        fields = "".join(f"{name}: {value}\r\n" for name, value in upgrade_fields(new_key()))
        peer.send(f"GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode())
        assert began.wait(10)
        peer.reset()
    assert seen == [None, [], (False, 1006)] and caplog.text == ""


def test_a_client_that_has_left_behind_messages_that_wait(
    engine: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    app, through = App(), threading.Event()

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        try:
            while ws.connected:
                await asyncio.sleep(0)
            await ws.send("late")
        finally:
            through.set()

    with live_server(app, ws_max_queue=2) as server, Peer(server.port) as peer:
        fields = "".join(f"{name}: {value}\r\n" for name, value in upgrade_fields(new_key()))
        peer.send(f"GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode() + b"\x81\x80mask" * 60)
        peer.finish()
        assert through.wait(10)
    assert caplog.text == ""


def test_messages_with_the_handshake_ahead_of_a_broken_rule(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    app = App()

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(f"got {message}")

    frames = b"\x81\x81\0\0\0\0a" + b"\x81\x81\0\0\0\0b" + b"\x81\x01c"  # the last without a mask
    with live_server(app) as server, Peer(server.port) as peer:
        fields = "".join(f"{name}: {value}\r\n" for name, value in upgrade_fields(new_key()))
        peer.send(f"GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode() + frames)
        head, _, answers = peer.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and answers == b"\x81\x05got a\x81\x05got b\x88\x02\x03\xea"


def test_the_handler_learns_of_the_peers_end() -> None:
    app, seen = App(), []

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        with pytest.raises(WebSocketDisconnect) as end:
            await ws.receive_text()
        seen.append((end.value.code, end.value.reason, ws.connected))
        with pytest.raises(WebSocketDisconnect):
            await ws.send_text("late")

    with TestClient(app).websocket_connect("/") as ws:
        ws.close(4000, "bye")
    assert seen == [(4000, "bye", False)]


def test_a_blocking_handler() -> None:
    app = App()

    @app.websocket("/", blocking=True)
    def handler(ws: SyncWebSocket) -> None:
        for message in ws:
            ws.send(message)

    with TestClient(app).websocket_connect("/") as ws:
        ws.send_text("one")
        assert ws.receive_text() == "one"


def test_subprotocols_and_sizes() -> None:
    client = TestClient(echo_app(subprotocols=("b", "c"), max_size=10))
    with client.websocket_connect("/ws/a", subprotocols=("a", "b")) as ws:
        assert ws.subprotocol == "b"
        ws.send_text("x" * 10)
        assert ws.receive_text() == "x" * 10
        ws.send_text("x" * 11)
        with pytest.raises(WebSocketDisconnect) as end:
            ws.receive()
        assert end.value.code == 1009


def test_origins() -> None:
    other = {"Origin": "https://other.example"}
    assert refused(TestClient(echo_app()), "/ws/a", headers=other) == 403
    for app in (echo_app(origins=["https://other.example"]), echo_app(origins=["*"])):
        TestClient(app).websocket_connect("/ws/a", headers=other).close()


def test_decorated_handlers() -> None:
    app, seen = App(), list[str]()

    @app.websocket("/def")
    @awaiting
    def refuses(ws: WebSocket) -> None:
        seen.append("def")

    @app.websocket("/async")
    @passing
    async def greets(ws: WebSocket) -> None:
        await ws.send_text("hello")

    client = TestClient(app)
    assert refused(client, "/def") == 403 and seen == ["def"]
    with client.websocket_connect("/async") as ws:
        assert ws.receive_text() == "hello"
