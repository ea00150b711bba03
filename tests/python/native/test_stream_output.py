"""What is written is sent, in order, whatever becomes of it later."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import pytest
from transports import KINDS, Recorder, on_both, pair, turns

import pelton.loop


@pytest.mark.parametrize("kind", KINDS)
def test_half_closed_it_still_writes(loop: pelton.loop.Loop, kind: str) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        peer.shutdown(socket.SHUT_WR)
        turns(each)
        protocol.seen.append("open")
        transport.write(b"last words")
        transport.write_eof()
        transport.write_eof()
        turns(each)
        assert peer.recv(99) == b"last words"
        assert peer.recv(99) == b""
        transport.close()
        turns(each)

    mine, stock = on_both(loop, trial, kind, keeps_open=True)
    assert mine == stock
    assert mine[0] == [("made",), ("eof",), "open", ("lost", type(None))]


def test_close_sends_what_is_queued(loop: pelton.loop.Loop) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        turns(each)
        transport.write(b"a" * 3_000_000)
        transport.write(bytearray(b"b" * 10))
        transport.close()
        got = bytearray()
        for _ in range(5000):
            try:
                part = peer.recv(1_000_000)
            except BlockingIOError:
                turns(each, 1)
                continue
            if not part:
                break
            got += part
        assert got == b"a" * 3_000_000 + b"b" * 10
        turns(each)

    mine, stock = on_both(loop, trial)
    assert mine == stock
    assert mine[0] == [("made",), ("pause",), ("resume",), ("lost", type(None))]


def test_writes_after_the_connection_is_lost(
    loop: pelton.loop.Loop, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = pair("inet")
    protocol = Recorder()
    transport = loop._make_socket_transport(ours, protocol)
    turns(loop)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    theirs.close()
    turns(loop)
    with caplog.at_level(logging.WARNING, "asyncio"):
        for _ in range(8):
            transport.write(b"x")
            transport.writelines([b"x"])
    assert caplog.messages and set(caplog.messages) == {"socket.send() raised exception."}
    assert len(caplog.messages) == 12
    assert protocol.seen == [("made",), ("lost", ConnectionResetError)]


def test_what_was_written_may_change_afterwards(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    transport = loop._make_socket_transport(ours, Recorder())
    turns(loop)
    data = bytearray(b"x" * 1_000_000)
    transport.write(data)
    transport.write(memoryview(data)[:10])
    transport.writelines([data, memoryview(data)[:5]])
    data[:] = b"y" * 1_000_000
    data.clear()
    got = bytearray()
    while len(got) < 2_000_015:
        try:
            got += theirs.recv(1_000_000)
        except BlockingIOError:
            turns(loop, 1)
    assert got == b"x" * 2_000_015
    transport.abort()
    turns(loop)
    theirs.close()


def test_the_waiter_for_emptiness(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    transport = loop._make_socket_transport(ours, Recorder())
    turns(loop)
    assert transport._make_empty_waiter().done()
    with pytest.raises(RuntimeError, match="already set"):
        transport._make_empty_waiter()
    with pytest.raises(RuntimeError, match="sendfile is in progress"):
        transport.write(b"x")
    transport._reset_empty_waiter()
    transport.write(bytes(3_000_000))
    waiter = transport._make_empty_waiter()
    assert not waiter.done()
    transport.abort()
    turns(loop)
    with pytest.raises(ConnectionError, match="closed by peer"):
        waiter.result()
    theirs.close()
