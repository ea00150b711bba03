"""PRC-004: USR1 opens the log files anew, unless the application has a use of its own for it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from native_wire import GET, LOOP, Wire, read_answer
from pelton import _native


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., tuple[_native.Server, int]]]:
    """A server with an access log, opened with its signals on this very thread."""
    descriptors = []
    servers = []

    def start(handler: Any) -> tuple[_native.Server, int]:
        wire = Wire().add(handler)
        wire.application.freeze(wire.recorder.as_dict())
        descriptor, port = _native.bind_listener("127.0.0.1", 0, backlog=5)
        descriptors.append(descriptor)
        server = _native.Server(
            wire.application,
            listeners=[descriptor],
            config={},
            engine="epoll",
            access_log=str(tmp_path / "access"),
            access_log_format="{path}",
        )
        servers.append(server)
        server.open(signals=True, loop=LOOP)
        return server, port

    yield start
    for server in servers:
        server.close()
    for descriptor in descriptors:
        os.close(descriptor)


def test_PRC_004_files_are_opened_anew_and_no_line_is_lost(
    served: Callable[..., tuple[_native.Server, int]], tmp_path: Path
) -> None:
    servers: list[_native.Server] = []

    def handler(request: Any) -> str:
        (tmp_path / "access").rename(tmp_path / "access.1")
        os.kill(os.getpid(), signal.SIGUSR1)
        servers[0].stop()
        return "x"

    server, port = served(handler)
    servers.append(server)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(GET)
        assert server.run() == 0
        assert read_answer(connection) == b'"x"'
    assert (tmp_path / "access.1").read_text() == ""
    assert (tmp_path / "access").read_text() == "/\n"
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_a_handler_of_the_application_stays(served: Callable[..., tuple[_native.Server, int]]) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    try:
        server, port = served(lambda request: os.kill(os.getpid(), signal.SIGUSR1) or server.stop())
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(GET)
            assert server.run() == 0
        assert seen == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)
