"""A client that leaves, a body that is cut, a reader that is slow: the handler learns of it."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from typing import Any

import pytest

from pelton import App, ClientDisconnected, Request
from pelton.testing import live_server

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def leave(connection: socket.socket, how: str) -> None:
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def left_by(app: App, request: bytes, how: str, engine: str, told: threading.Event) -> None:
    try:
        with live_server(app, engine=engine) as server:
            connection = socket.create_connection(("127.0.0.1", server.port or 0))
            connection.sendall(request)
            assert begun.wait(10)
            leave(connection, how)
            assert told.wait(10)
    except Exception as error:
        if engine == "uring" and "cannot start" in str(error):
            pytest.skip(str(error))
        raise


begun = threading.Event()


@pytest.fixture(autouse=True)
def fresh() -> None:
    begun.clear()


@pytest.mark.parametrize("engine", ["epoll", "uring"])
@pytest.mark.parametrize("how", ["reset", "finish"])
def test_CON_043_a_handler_is_told(how: str, engine: str) -> None:
    app, told = App(), threading.Event()

    @app.get("/")
    async def handler(request: Request) -> None:
        assert not request.is_disconnected()
        begun.set()
        await request.disconnected()
        assert request.is_disconnected()
        told.set()

    left_by(app, GET, how, engine, told)


@pytest.mark.parametrize("engine", ["epoll", "uring"])
@pytest.mark.parametrize("how", ["reset", "finish"])
def test_a_handler_that_wishes_so_is_cancelled(how: str, engine: str) -> None:
    app, told = App(), threading.Event()

    @app.get("/", cancel_on_disconnect=True)
    async def handler() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            told.set()

    left_by(app, GET, how, engine, told)


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_a_stream_is_closed_when_the_client_leaves(engine: str) -> None:
    app, told = App(), threading.Event()

    @app.get("/")
    async def handler() -> Any:
        try:
            while True:
                yield b"x" * 1000
                begun.set()
                await asyncio.sleep(0)
        finally:
            told.set()

    left_by(app, GET, "reset", engine, told)


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_a_body_that_is_cut_is_no_body(engine: str) -> None:
    app, told = App(), threading.Event()

    @app.post("/", stream_body=True)
    async def handler(request: Request) -> None:
        try:
            async for _ in request.stream():
                begun.set()
        except ClientDisconnected:
            told.set()

    left_by(app, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc", "reset", engine, told)


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_a_body_asked_for_when_its_client_has_left(engine: str) -> None:
    app, told = App(), threading.Event()

    @app.post("/", stream_body=True)
    async def handler(request: Request) -> None:
        begun.set()
        await request.disconnected()
        try:
            async for _ in request.stream():
                pass
        except ClientDisconnected:
            told.set()

    left_by(app, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n", "reset", engine, told)


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_RSP_023_a_slow_reader_holds_back_the_generator(engine: str) -> None:
    app, made = App(), 0

    @app.get("/")
    async def handler() -> Any:
        nonlocal made
        for _ in range(2000):
            made += 1
            yield b"x" * 10_000
            begun.set()

    try:
        with live_server(app, engine=engine) as server:
            connection = socket.create_connection(("127.0.0.1", server.port or 0))
            connection.sendall(GET)
            assert begun.wait(10)
            # Nobody reads: what is made is what the connection and both kernels hold, not 20 MB.
            still, seen = 0, -1
            while still < 10:
                still, seen = (still + 1 if made == seen else 0), made
                threading.Event().wait(0.02)
            assert made < 1000
            received = 0
            while received < 20_000_000:
                data = connection.recv(1_000_000)
                assert data
                received += len(data)
            connection.close()
    except Exception as error:
        if engine == "uring" and "cannot start" in str(error):
            pytest.skip(str(error))
        raise
