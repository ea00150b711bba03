"""A StreamReader is fed as its protocol would feed it, and by that protocol if it has other ideas."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from transports import pair, turns

import pelton.loop


def opened(loop: pelton.loop.Loop, kind: type = asyncio.StreamReaderProtocol, limit: int = 1000) -> Any:
    reader = asyncio.StreamReader(limit=limit, loop=loop)
    ours, theirs = pair()
    transport = loop._make_socket_transport(ours, kind(reader, loop=loop))
    turns(loop)
    return reader, transport, theirs


def test_octets_arrive_and_wake_who_waits(loop: pelton.loop.Loop) -> None:
    reader, transport, theirs = opened(loop)
    waits = loop.create_task(reader.readexactly(6))
    theirs.send(b"one")
    turns(loop)
    assert not waits.done()
    theirs.send(b"twofour")
    assert loop.run_until_complete(waits) == b"onetwo"
    gone = loop.create_task(reader.readexactly(60))
    turns(loop)
    gone.cancel()
    theirs.send(b"!")
    turns(loop)
    assert loop.run_until_complete(reader.read(9)) == b"four!"
    theirs.close()
    assert loop.run_until_complete(reader.read()) == b""
    transport.close()
    turns(loop)


def test_twice_the_limit_pauses(loop: pelton.loop.Loop) -> None:
    reader, transport, theirs = opened(loop)
    theirs.send(b"x" * 2000)
    turns(loop)
    assert transport.is_reading()
    theirs.send(b"x")
    turns(loop)
    assert not transport.is_reading() and reader._paused
    assert loop.run_until_complete(reader.readexactly(2001)) == b"x" * 2001
    assert transport.is_reading() and not reader._paused
    transport.close()
    turns(loop)
    theirs.close()


def test_a_limit_of_another_kind(loop: pelton.loop.Loop) -> None:
    for limit, reads in ((1e3, False), (2.0**40, True), (2**70, True)):
        reader, transport, theirs = opened(loop, limit=limit)  # type: ignore[arg-type]
        theirs.send(b"x" * 2001)
        turns(loop)
        assert transport.is_reading() == reads
        transport.abort()
        turns(loop)
        theirs.close()


@pytest.mark.parametrize("where", ["class", "instance", "reader", "later"])
def test_who_delivers_otherwise_is_asked(
    loop: pelton.loop.Loop, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    class Other(asyncio.StreamReaderProtocol):
        def data_received(self, data: bytes) -> None:
            seen.append(data)

    reader, transport, theirs = opened(loop, Other if where == "class" else asyncio.StreamReaderProtocol)
    match where:
        case "instance":
            transport.get_protocol().data_received = seen.append
            transport.set_protocol(transport.get_protocol())
        case "reader":
            reader.feed_data = seen.append
        case "later":
            monkeypatch.setattr(asyncio.StreamReader, "feed_data", lambda _, data: seen.append(data))
    theirs.send(b"x")
    turns(loop)
    assert seen == [b"x"] and not reader._buffer
    transport.abort()
    turns(loop)
    theirs.close()


def test_a_reader_that_is_gone_or_at_its_end(loop: pelton.loop.Loop) -> None:
    told: list[Any] = []
    loop.set_exception_handler(lambda _, about: told.append(about["message"]))
    reader, transport, theirs = opened(loop)
    reader.feed_eof()
    theirs.send(b"x")
    turns(loop)
    assert told == ["Fatal error: protocol.data_received() call failed."]
    theirs.close()
    reader, transport, theirs = opened(loop)
    del reader
    gc.collect()
    theirs.send(b"for nobody")
    turns(loop)
    assert transport.is_reading()
    transport.abort()
    turns(loop)
    theirs.close()


def test_a_buffer_that_is_lent_fails_as_extend_does(loop: pelton.loop.Loop) -> None:
    told: list[Any] = []
    loop.set_exception_handler(lambda _, about: told.append(type(about["exception"])))
    reader, transport, theirs = opened(loop)
    with memoryview(reader._buffer):
        theirs.send(b"x")
        turns(loop)
    assert told == [BufferError] and transport.is_closing()
    turns(loop)
    theirs.close()
