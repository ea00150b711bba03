"""sock_recv() and its kin: at once, later, cancelled."""

from __future__ import annotations

import asyncio
import collections.abc
import random
import socket
from typing import Any

import pytest
from transports import KINDS, pair, turns

import noria.loop


def test_at_once_and_later(loop: noria.loop.Loop) -> None:
    ours, theirs = pair()
    theirs.send(b"there")
    awaited = loop.sock_recv(ours, 3)
    assert isinstance(awaited, collections.abc.Coroutine) and asyncio.iscoroutine(awaited)
    with pytest.raises(StopIteration) as first:
        awaited.send(None)
    assert first.value.value == b"the"
    with pytest.raises(RuntimeError, match="already awaited"):
        awaited.send(None)
    assert loop.run_until_complete(loop.sock_recv(ours, 1_000_000)) == b"re"
    later = loop.create_task(loop.sock_recv(ours, 9))
    turns(loop, 1)
    assert "sock_recv" in repr(later) and not later.done()
    theirs.send(b"now")
    assert loop.run_until_complete(later) == b"now"
    memory = bytearray(4)
    into = loop.create_task(loop.sock_recv_into(ours, memory))
    turns(loop, 1)
    theirs.send(b"xyz")
    assert loop.run_until_complete(into) == 3 and memory == b"xyz\0"
    theirs.close()
    assert loop.run_until_complete(loop.sock_recv(ours, 9)) == b""
    ours.close()


def test_cancelled_it_takes_nothing(loop: noria.loop.Loop) -> None:
    ours, theirs = pair()
    for wait in (0, 1):
        task = loop.create_task(loop.sock_recv(ours, 9))
        turns(loop, 1)
        assert loop._has_reader(ours)
        task.cancel()
        if wait:
            theirs.send(b"late")
        turns(loop, 1)
        assert task.cancelled() and not loop._has_reader(ours)
    assert loop.run_until_complete(loop.sock_recv(ours, 9)) == b"late"
    with pytest.raises(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(loop.sock_recv(ours, 9), 0.001))
    ours.close()
    theirs.close()


def test_the_second_reader_takes_the_place_of_the_first(loop: noria.loop.Loop) -> None:
    ours, theirs = pair()
    first = loop.create_task(loop.sock_recv(ours, 9))
    turns(loop, 1)
    second = loop.create_task(loop.sock_recv(ours, 9))
    turns(loop, 1)
    first.cancel()
    turns(loop, 1)
    theirs.send(b"x")
    assert loop.run_until_complete(second) == b"x"
    ours.close()
    theirs.close()


@pytest.mark.parametrize("seed", range(6))
def test_random_sizes_both_ways(loop: noria.loop.Loop, seed: int) -> None:
    chance = random.Random(seed)
    ours, theirs = pair(KINDS[seed % 2])
    text = chance.randbytes(700_000)

    async def say() -> None:
        at = 0
        while at < len(text):
            size = chance.choice((1, 10, 5000, 300_000))
            part: Any = text[at : at + size]
            kind = chance.choice((bytes, bytearray, memoryview))
            await loop.sock_sendall(ours, kind(part))
            at += size
        ours.shutdown(socket.SHUT_WR)

    async def hear() -> bytes:
        got = bytearray()
        memory = bytearray(chance.choice((1000, 100_000)))
        while True:
            if chance.randrange(2):
                part = await loop.sock_recv(theirs, chance.choice((1, 999, 65536, 300_000)))
            else:
                part = bytes(memory[: await loop.sock_recv_into(theirs, memory)])
            if not part:
                return bytes(got)
            got += part

    async def both() -> bytes:
        return (await asyncio.gather(hear(), say()))[0]

    assert loop.run_until_complete(asyncio.wait_for(both(), 30)) == text, seed
    ours.close()
    theirs.close()


def test_another_socket_of_the_same_number(loop: noria.loop.Loop) -> None:
    for _ in range(20):
        ours, theirs = pair()
        for word in (b"a", b"b"):
            task = loop.create_task(loop.sock_recv(ours, 9))
            turns(loop, 1)
            theirs.send(word)
            assert loop.run_until_complete(asyncio.wait_for(task, 5)) == word
        ours.close()
        theirs.close()


def test_accepts(loop: noria.loop.Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        task = loop.create_task(loop.sock_accept(listener))
        turns(loop, 1)
        with socket.create_connection(listener.getsockname()) as client:
            connection, address = loop.run_until_complete(task)
            assert address == client.getsockname() and connection.gettimeout() == 0
            connection.close()


def test_a_reset_is_an_error(loop: noria.loop.Loop) -> None:
    ours, theirs = pair("inet")
    task = loop.create_task(loop.sock_recv(ours, 1))
    turns(loop, 1)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    theirs.close()
    with pytest.raises(ConnectionResetError):
        loop.run_until_complete(task)
    ours.close()
