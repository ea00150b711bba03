"""MemoryServer: the whole server, octets in and octets out."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from native_wire import LOOP, Recorder, Wire
from pelton import App, _native
from pelton.testing import TestClient

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_connections_are_apart() -> None:
    wire = Wire().add(lambda request: [request._client, request._server]).open()
    first = wire.server.connect(("a", 1), ("s", 80))
    second = wire.server.connect(("b", 2), ("s", 81))
    wire.server.send(first, GET)
    wire.server.send(second, GET)
    assert wire.server.receive(first).endswith(b'[["a",1],["s",80]]')
    assert wire.server.receive(second).endswith(b'[["b",2],["s",81]]')
    assert wire.server.receive(first) == b""


def test_chunks() -> None:
    wire = Wire().add(lambda request: "x")
    for chunks in ([1], [1] * 10, [len(GET)], []):
        assert b" 200 OK" in wire.exchange(GET, chunks)
    for wrong in ([len(GET) + 1], [20, len(GET)]):
        with pytest.raises(ValueError, match="longer"):
            wire.exchange(GET, wrong)


def test_ends() -> None:
    wire = Wire().add(lambda request: "x").open()
    one = wire.server.connect(("a", 1), ("s", 80))
    wire.server.send(one, GET)
    assert not wire.server.closed(one)
    wire.server.finish(one)
    assert wire.server.closed(one)
    two = wire.server.connect(("a", 1), ("s", 80))
    wire.server.send(two, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert b"connection: close" in wire.server.receive(two).lower() and wire.server.closed(two)
    with pytest.raises(KeyError):
        wire.server.send(99, GET)


def test_close_at_any_time() -> None:
    for octets in (b"", GET, GET[:10], b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", b"\0"):
        wire = Wire().add(lambda request: "x").open()
        connection = wire.server.connect(("a", 1), ("s", 80))
        wire.server.send(connection, octets)
        wire.server.close()
        wire.server.close()
        for late in (lambda w=wire: w.server.connect(("a", 1), ("s", 80)), lambda w=wire: w.server.receive(0)):
            with pytest.raises(RuntimeError, match="closed"):
                late()


def test_a_connection_that_is_left_is_closed_and_forgotten() -> None:
    wire = Wire().add(lambda request: "x")
    assert wire.ask().json == "x" and wire.server.connections() == 1
    for _ in range(2):
        wire.server.leave(wire.connection)
        assert wire.server.closed(wire.connection) and wire.server.receive(wire.connection) == b""
    assert wire.server.connections() == 0
    with pytest.raises(KeyError):
        wire.server.send(wire.connection, GET)
    for unknown in (wire.server.closed, wire.server.receive, wire.server.finish):
        with pytest.raises(KeyError):
            unknown(7)
    wire.server.leave(7)


def test_it_is_not_entered_twice() -> None:
    wire = Wire()
    found: list[Any] = []

    def handler(request: Any) -> str:
        for enter in (
            lambda: wire.server.send(wire.connection, GET),
            lambda: wire.server.connect(("a", 1), ("b", 2)),
            lambda: wire.server.finish(wire.connection),
            lambda: wire.server.close(),
        ):
            with pytest.raises(RuntimeError, match="calling it"):
                enter()
        found.append(Wire().add(lambda request: "another").ask().json)
        return "outer"

    assert wire.add(handler).ask().json == "outer" and found == ["another"]


def test_statistics() -> None:
    wire = Wire().add(lambda request: "x")
    wire.ask("/none")
    wire.exchange(b"GET\r\n\r\n")
    stats = wire.server.stats()
    assert (stats["answered.not_found"], stats["refused.request_line_malformed"]) == (1, 1)


def test_it_keeps_the_application_and_goes_with_it() -> None:
    class App:
        pass

    app = App()
    gone = weakref.ref(app)
    wire = Wire(Recorder(app=app)).add(lambda request: "x")
    wire.ask()
    server = wire.server
    connection = wire.connection
    del wire, app
    gc.collect()
    server.send(connection, GET)
    assert gone() is not None and b" 200 OK" in server.receive(connection)
    del server
    gc.collect()
    assert gone() is None


def test_a_bad_configuration() -> None:
    application = _native.Application()
    application.freeze(Recorder().as_dict())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no_such_key"):
        _native.MemoryServer(application, config={"no_such_key": 1}, loop=LOOP)
    with pytest.raises(TypeError):
        _native.MemoryServer(object(), config={}, loop=LOOP)  # type: ignore[arg-type]
    for options in ({}, {"loop": LOOP, "start_task": print}):
        with pytest.raises(TypeError, match="takes a loop, or start_task"):
            _native.MemoryServer(application, config={}, **options)  # type: ignore[arg-type]


def test_what_goes_on_is_cut_by_the_close() -> None:
    closed: list[str] = []
    app = App()

    @app.get("/")
    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await asyncio.Event().wait()
        finally:
            closed.append("generator")

    client = TestClient(app)
    assert next(client.stream("GET", "/").iter_bytes()) == b"x"
    client._memory().close()
    assert client._memory().pending() == 1 and not closed
    client.run(asyncio.sleep(0))
    assert client._memory().pending() == 0 and closed == ["generator"]
