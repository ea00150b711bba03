"""What waited for a client that is gone is freed at once: by reference counts, without the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import pytest

import websocket_peer
from pelton import App, Request, Response, WebSocket, WebSocketDisconnect
from pelton.testing import live_server
from pelton.hosting.client_frames import TEXT, masked_frame
from wire import Peer

PATIENCE_S = 30
CLIENTS = 10
PIECE = 65536
LENGTH = 64 * PIECE
KINDS = {
    "_Sending", "ItemPump", "HandlerCoroutine", "Request", "WebSocketEnd", "WebSocket", "SyncWebSocket",
    "SendTurns", "Connection", "Link", "generator", "async_generator", "coroutine",
    "AsyncSource", "InlineSource", "PooledSource", "Streaming", "Delivery", "Response",
}  # fmt: skip


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def living() -> Counter[str]:
    return Counter(kind for one in gc.get_objects() if (kind := type(one).__name__) in KINDS)


def until(is_so: Callable[[], bool]) -> None:
    by = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < by, "it did not come to that"
        threading.Event().wait(0.01)  # between two looks


def pieces() -> Iterator[bytes]:
    for number in range(LENGTH // PIECE):
        yield bytes([number]) * PIECE


async def pieces_later() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece
        await asyncio.sleep(0)


async def events() -> AsyncIterator[str]:
    while True:
        yield "x" * PIECE


class Running:
    """How many handlers and producers go on."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0


def streaming_app(running: Running) -> App:
    app = App()

    def counted(stream: Iterator[bytes]) -> Iterator[bytes]:
        running.begun += 1
        try:
            yield from stream
        finally:
            running.ended += 1

    async def counted_later(stream: AsyncIterator[bytes | str]) -> AsyncIterator[bytes | str]:
        running.begun += 1
        try:
            async for piece in stream:
                yield piece
        finally:
            running.ended += 1

    @app.get("/length")
    def length() -> Response:
        return Response.stream(counted(pieces()), content_length=LENGTH)

    @app.get("/length/later")
    async def length_later() -> Response:
        return Response.stream(counted_later(pieces_later()), content_length=LENGTH)

    @app.get("/chunked")
    async def chunked() -> Response:
        return Response.stream(counted_later(pieces_later()))

    @app.get("/pool", blocking=True)
    def pooled() -> Response:
        return Response.stream(counted(pieces()), content_length=LENGTH)

    @app.get("/events")
    async def server_sent() -> Response:
        return Response.sse(counted_later(events()))

    return app


@pytest.mark.parametrize("path", ["/length", "/length/later", "/chunked", "/pool", "/events"])
def test_GEN_003_CON_046_RSP_023_a_stream_that_nobody_reads(
    serve: Callable[..., live_server], uncollected: None, path: str
) -> None:
    running = Running()
    port = serve(streaming_app(running)).port
    assert port is not None

    def round_of(clients: int) -> None:
        begun = running.begun
        peers = [Peer(port) for _ in range(clients)]
        for peer in peers:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        until(lambda: running.begun == begun + clients)
        for peer in peers:
            assert peer.socket.recv(1)
            peer.reset()
        until(lambda: running.ended == running.begun)

    round_of(1)  # what is made once
    before = living()
    round_of(CLIENTS)
    until(lambda: not living() - before)


@pytest.mark.parametrize("path", ["/beside", "/one"])
def test_GEN_003_CON_046_a_websocket_whose_queues_are_full(
    serve: Callable[..., live_server], uncollected: None, path: str
) -> None:
    """Neither what it was to send nor what it has received stays, nor who waited for room."""
    app, sockets, ended = App(), list[WebSocket](), list[str]()

    async def attempt(ws: WebSocket, message: str | bytes) -> None:
        with suppress(WebSocketDisconnect):
            await ws.send(message)

    @app.websocket("/beside")
    async def echo_beside(ws: WebSocket) -> None:
        sockets.append(ws)
        sends = []
        try:
            async for message in ws:
                sends.append(asyncio.create_task(attempt(ws, message)))
                await asyncio.sleep(0)
            await asyncio.wait(sends)
        finally:
            ended.append("")

    @app.websocket("/one")
    async def echo_one_by_one(ws: WebSocket) -> None:
        sockets.append(ws)
        try:
            async for message in ws:
                await ws.send(message)
        finally:
            ended.append("")

    port = serve(app).port
    frame = masked_frame(TEXT, "\N{SNOWMAN}".encode() * (PIECE // 3))

    def round_of(clients: int) -> None:
        peers = [websocket_peer.Peer(port, path, receive_buffer=4096) for _ in range(clients)]
        until(lambda: len(sockets) == clients)
        left = [b""] * clients
        for peer in peers:
            peer.socket.setblocking(False)

        def are_full() -> bool:
            for index, peer in enumerate(peers):
                try:
                    left[index] = left[index] or frame
                    left[index] = left[index][peer.socket.send(left[index]) :]
                except BlockingIOError:
                    pass
            return all(one.buffered > 4 * PIECE for one in sockets)

        until(are_full)
        for peer in peers:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()
        until(lambda: len(ended) == clients)
        sockets.clear()
        ended.clear()

    round_of(1)  # what is made once
    before = living()
    tracemalloc.start()
    try:
        round_of(CLIENTS)
        until(lambda: not living() - before)
        until(lambda: tracemalloc.get_traced_memory()[0] < 10 * PIECE)
    finally:
        tracemalloc.stop()


def test_GEN_003_long_texts_wait_as_they_came(serve: Callable[..., live_server]) -> None:
    """One wide character makes a str of four octets for each; a handler that receives late has no such strings yet."""
    app, sockets, may_go_on, got = App(), list[WebSocket](), threading.Event(), list[int]()
    text = "x" * (1_000_000 - 4) + "\N{PILE OF POO}"

    @app.websocket("/")
    async def late(ws: WebSocket) -> None:
        await ws.accept()
        sockets.append(ws)
        await asyncio.to_thread(may_go_on.wait)
        async for message in ws:
            assert message == text
            got.append(len(message))

    port = serve(app).port
    tracemalloc.start()
    try:
        with websocket_peer.Peer(port) as peer:
            until(lambda: len(sockets) == 1)
            before = tracemalloc.get_traced_memory()[0]
            peer.say(text)
            until(lambda: 900_000 < tracemalloc.get_traced_memory()[0] - before < 2_000_000)
            may_go_on.set()
            until(lambda: got == [len(text)])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("sent", [3_000, 1_000_000])
@pytest.mark.parametrize("reads", [False, True])
def test_CON_045_resets_while_a_chunked_body_waits_to_be_read(
    serve: Callable[..., live_server], sent: int, reads: bool
) -> None:
    """All of a crowd are noticed as resets: none is left to the time limits of a slow body."""
    crowd = 150
    app = App()

    @app.post("/", stream_body=True, max_body=1 << 30)
    async def hold(request: Request) -> None:
        if reads:
            async for _ in request.stream():
                break
        await asyncio.Event().wait()

    server = serve(app)
    assert server.port is not None
    chunk = b"1000\r\n%s\r\n" % (b"x" * 0x1000)
    peers = [Peer(server.port) for _ in range(crowd)]
    for peer in peers:
        peer.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.socket.settimeout(0.02)
        with suppress(TimeoutError):
            for _ in range(0, sent, len(chunk)):
                peer.socket.sendall(chunk)
    for peer in peers:
        peer.reset()
    until(lambda: server.stats()["lost.reset"] + server.stats()["refused.body_too_slow"] == crowd)
    assert server.stats()["refused.body_too_slow"] == 0
