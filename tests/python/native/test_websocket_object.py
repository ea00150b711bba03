"""The native end of a WebSocket: messages wait, receivers wait, the end is told once; on real sockets."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import weakref
from typing import Any

import pytest

from pelton import App, WebSocket
from pelton.testing import live_server
from pelton.hosting.client_frames import BINARY, CLOSE, TEXT, MessageReader, masked_frame
from pelton.testing.websocket_session import new_key, upgrade_fields


class Peer:
    def __init__(self, port: int, path: str = "/") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        fields = "".join(f"{name}: {value}\r\n" for name, value in upgrade_fields(new_key()))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(65536)
        assert head.startswith(b"HTTP/1.1 101 ")
        self.reader = MessageReader()
        self.frames = self.reader.feed(head.partition(b"\r\n\r\n")[2])

    def send(self, opcode: int, payload: bytes) -> None:
        self.socket.sendall(masked_frame(opcode, payload))

    def receive(self) -> Any:
        while not self.frames:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.frames += self.reader.feed(data)
        return self.frames.pop(0)


@pytest.fixture(params=["epoll", "uring"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_many_messages_before_anybody_receives(engine: str) -> None:
    app, kept = App(), []

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        kept.append(weakref.ref(ws))
        await ws.accept()
        for _ in range(50):
            await asyncio.sleep(0)
        async for message in ws:
            await ws.send(message)

    try:
        with live_server(app, engine=engine) as server:
            peers = [Peer(server.port or 0) for _ in range(10)]
            sent = [(TEXT, b"text %d" % n) if n % 2 else (BINARY, os.urandom(n * 50)) for n in range(100)]
            for peer in peers:
                for opcode, payload in sent:
                    peer.send(opcode, payload)
            for peer in peers:
                for opcode, payload in sent:
                    frame = peer.receive()
                    assert (frame.opcode, frame.payload) == (opcode, payload)
                peer.send(CLOSE, (1000).to_bytes(2, "big"))
                assert peer.receive().payload == (1000).to_bytes(2, "big")
                assert peer.socket.recv(1) == b""
    except Exception as error:
        if engine == "uring" and "cannot start" in str(error):
            pytest.skip(str(error))
        raise
    gc.collect()
    assert all(ref() is None for ref in kept)


def test_PRC_014_a_stop_closes_with_1001(engine: str) -> None:
    app, seen = App(), []

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        await ws.send_text("here")
        async for _ in ws:
            pass
        seen.append(ws.close_code)

    try:
        with live_server(app, engine=engine) as server:
            peer = Peer(server.port or 0)
            assert peer.receive().payload == b"here"
            app.stop()
            frame = peer.receive()
            assert frame.opcode == CLOSE and frame.payload[:2] == (1001).to_bytes(2, "big")
            peer.send(CLOSE, frame.payload[:2])
    except Exception as error:
        if engine == "uring" and "cannot start" in str(error):
            pytest.skip(str(error))
        raise
    assert seen == [1001]


def test_a_receive_that_is_cancelled_leaves_its_message(engine: str) -> None:
    app, seen = App(), []

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        first = asyncio.create_task(ws.receive_text())
        await asyncio.sleep(0)  # it waits from here on
        await ws.send_text("go")
        while not first._fut_waiter.done():  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        async for message in ws:
            seen.append(message)

    try:
        with live_server(app, engine=engine) as server:
            peer = Peer(server.port or 0)
            assert peer.receive().payload == b"go"
            peer.send(TEXT, b"one")
            peer.send(TEXT, b"two")
            peer.send(CLOSE, (1000).to_bytes(2, "big"))
            assert peer.receive().opcode == CLOSE
    except Exception as error:
        if engine == "uring" and "cannot start" in str(error):
            pytest.skip(str(error))
        raise
    assert seen == ["one", "two"]
