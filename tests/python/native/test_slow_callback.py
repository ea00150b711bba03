"""In debug mode the log tells of what kept the loop for long, transports and descriptors included."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from transports import Recorder, pair, turns

import pelton.loop


class Buffered(asyncio.BufferedProtocol):
    def __init__(self) -> None:
        self.memory = bytearray(100)

    def get_buffer(self, sizehint: int) -> Any:
        return self.memory


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage().split(" took ")[0]
        for record in caplog.records
        if "Executing" in record.getMessage() and "Task" not in record.getMessage()
    ]


@pytest.mark.parametrize("make", [Recorder, Buffered])
def test_of_transports(loop: pelton.loop.Loop, caplog: pytest.LogCaptureFixture, make: Any) -> None:
    loop.set_debug(True)
    loop.slow_callback_duration = 0  # everything is slow
    ours, theirs = pair()
    transport = loop._make_socket_transport(ours, make())
    turns(loop)
    assert "Executing <Handle StreamTransport._begin()>" in said(caplog)
    caplog.clear()
    theirs.send(b"x")
    turns(loop)
    assert "Executing <Handle StreamTransport._read_ready()>" in said(caplog)
    assert all(record.levelname == "WARNING" for record in caplog.records if "took" in record.getMessage())
    caplog.clear()
    transport.write(b"x" * 1_000_000)
    theirs.setblocking(False)
    while theirs.recv(1_000_000):
        turns(loop, 1)
        if not transport.get_write_buffer_size():
            break
    assert "Executing <Handle StreamTransport._write_ready()>" in said(caplog)
    transport.close()
    turns(loop)
    assert "Executing <Handle StreamTransport._call_connection_lost()>" in said(caplog)
    loop.set_debug(False)
    theirs.close()


def test_of_descriptors(loop: pelton.loop.Loop, caplog: pytest.LogCaptureFixture) -> None:
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    ours, theirs = pair()

    def read() -> None:
        ours.recv(9)

    loop.add_reader(ours, read)
    theirs.send(b"x")
    turns(loop)
    assert any("test_of_descriptors.<locals>.read()" in text for text in said(caplog))
    loop.remove_reader(ours)
    loop.set_debug(False)
    ours.close()
    theirs.close()


def test_nothing_is_said_of_what_is_quick_or_without_debug_mode(
    loop: pelton.loop.Loop, caplog: pytest.LogCaptureFixture
) -> None:
    for debug, longest in ((True, 3600), (False, 0)):
        loop.set_debug(debug)
        loop.slow_callback_duration = longest
        ours, theirs = pair()
        transport = loop._make_socket_transport(ours, Recorder())
        loop.add_reader(theirs, theirs.recv, 9)
        transport.write(b"x")
        turns(loop)
        loop.remove_reader(theirs)
        transport.abort()
        turns(loop)
        theirs.close()
    assert said(caplog) == []
    loop.set_debug(False)


def test_an_error_is_told_all_the_same(
    loop: pelton.loop.Loop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    loop.set_exception_handler(lambda _, about: told.append(repr(about["exception"])))
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    ours, theirs = pair()
    loop._make_socket_transport(ours, Recorder(frozenset({"data"})))
    turns(loop)
    theirs.send(b"x")
    turns(loop)
    assert told == ["RuntimeError('data')"]
    assert "Executing <Handle StreamTransport._read_ready()>" in said(caplog)
    loop.set_debug(False)
    theirs.close()
    assert isinstance(ours, socket.socket) and ours.fileno() == -1
