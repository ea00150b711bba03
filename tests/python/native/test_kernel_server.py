"""Server: the same application on a kernel engine."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest
from native_wire import LOOP, GET, Recorder, Serving, Wire, read_answer
from pelton import _native

def test_it_serves_and_stops(engine: str) -> None:
    serving = Serving(Wire().add(lambda request: [request._client[1], request._server[1]]), engine)
    assert serving.server.engine == engine and serving.server.engine_reason
    with serving.connect() as connection:
        for _ in range(3):
            connection.sendall(GET)
            assert _native.json_loads(read_answer(connection)) == [connection.getsockname()[1], serving.port]
    assert serving.end() == 0
    assert serving.server.stats()["refused.line_bare_lf"] == 0


def test_a_body_larger_than_any_buffer(engine: str) -> None:
    body = os.urandom(700_000)
    wire = Wire().add(lambda request: [len(request.body()), request.body() == body])
    serving = Serving(wire, engine)
    with serving.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert read_answer(connection) == b"[700000,true]"
    assert serving.end() == 0


def test_a_stop_waits_for_the_request_that_runs(engine: str) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handler(request: Any) -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    serving = Serving(Wire().add(handler), engine)
    with serving.connect() as connection:
        connection.sendall(GET)
        assert begun.wait(10)
        serving.server.stop()
        go_on.set()
        assert read_answer(connection) == b'"done"'
        assert connection.recv(1) == b""
    assert serving.end() == 0


def test_order_of_life() -> None:
    wire = Wire().add(lambda request: "x")
    wire.application.freeze(wire.recorder.as_dict())
    descriptor, _ = _native.bind_listener("127.0.0.1", 0, backlog=1)
    server = _native.Server(wire.application, listeners=[descriptor], config={}, engine="epoll")
    assert server.engine is None
    with pytest.raises(RuntimeError, match="not open"):
        server.run()
    server.stop()
    server.open(signals=False, loop=LOOP)
    with pytest.raises(RuntimeError, match="open already"):
        server.open(signals=False, loop=LOOP)
    assert server.run() == 0
    with pytest.raises(RuntimeError, match="once"):
        server.run()
    os.close(descriptor)


def test_a_bad_engine_or_listener() -> None:
    application = _native.Application()
    application.freeze(Recorder().as_dict())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kqueue"):
        _native.Server(application, listeners=[], config={}, engine="kqueue")  # type: ignore[arg-type]
    server = _native.Server(application, listeners=[999_999], config={}, engine="epoll")
    with pytest.raises(OSError, match="999999"):
        server.open(signals=False, loop=LOOP)


def test_what_a_python_signal_handler_raises_ends_the_serving(engine: str) -> None:
    wire = Wire().add(lambda request: "x")
    wire.application.freeze(wire.recorder.as_dict())
    descriptor, _ = _native.bind_listener("127.0.0.1", 0, backlog=1)
    server = _native.Server(wire.application, listeners=[descriptor], config={}, engine=engine)  # type: ignore[arg-type]
    server.open(signals=False, loop=LOOP)

    def raising(number: int, frame: Any) -> None:
        raise LookupError("by signal")

    before = signal.signal(signal.SIGUSR1, raising)
    try:
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(LookupError, match="by signal"):
            server.run()
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(descriptor)
