"""The interpreter is let go around a wait that blocks, and only there."""

from __future__ import annotations

import sys
import threading
import time

from native_wire import GET, Serving, Wire, read_answer


def test_other_threads_run_while_the_server_waits(engine: str) -> None:
    serving = Serving(Wire().add(lambda request: "x"), engine)
    # This thread runs although the server's has nothing to do, so the lock was let go.
    with serving.connect() as connection:
        connection.sendall(GET)
        assert read_answer(connection) == b'"x"'
    assert serving.end() == 0


def test_handlers_run_on_one_attached_thread(engine: str) -> None:
    seen: set[tuple[int, str]] = set()
    wire = Wire().add(lambda request: seen.add((threading.get_ident(), threading.current_thread().name)))
    serving = Serving(wire, engine)
    for _ in range(3):
        with serving.connect() as connection:
            connection.sendall(GET)
            read_answer(connection)
    assert serving.end() == 0
    assert seen == {(serving.thread.ident, serving.thread.name)}


def test_a_busy_thread_and_a_server_share_the_interpreter(engine: str) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    serving = Serving(Wire().add(lambda request: "x"), engine)
    done = threading.Event()
    turns = [0]

    def busy() -> None:
        while not done.is_set():
            turns[0] += 1

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        with serving.connect() as connection:
            deadline = time.monotonic() + 20
            for _ in range(50):
                connection.sendall(GET)
                assert read_answer(connection) == b'"x"' and time.monotonic() < deadline
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)
        assert serving.end() == 0
    assert turns[0] > 0
