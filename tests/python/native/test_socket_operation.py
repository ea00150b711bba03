"""sock_recv() and its kin: at once, later, cancelled."""

from __future__ import annotations

import asyncio
import collections.abc
import random
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from transports import KINDS, pair, turns

import pelton.loop


def test_at_once_and_later(loop: pelton.loop.Loop) -> None:
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


def test_of_no_octets_there_is_no_wait(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    for awaited, value in ((loop.sock_recv(ours, 0), b""), (loop.sock_recv_into(ours, bytearray()), 0)):
        with pytest.raises(StopIteration) as result:
            awaited.send(None)
        assert result.value.value == value
    ours.close()
    theirs.close()


def test_cancelled_it_takes_nothing(loop: pelton.loop.Loop) -> None:
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


def test_the_second_reader_takes_the_place_of_the_first(loop: pelton.loop.Loop) -> None:
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
def test_random_sizes_both_ways(loop: pelton.loop.Loop, seed: int) -> None:
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


def test_another_socket_of_the_same_number(loop: pelton.loop.Loop) -> None:
    for _ in range(20):
        ours, theirs = pair()
        for word in (b"a", b"b"):
            task = loop.create_task(loop.sock_recv(ours, 9))
            turns(loop, 1)
            theirs.send(word)
            assert loop.run_until_complete(asyncio.wait_for(task, 5)) == word
        ours.close()
        theirs.close()


def test_accepts(loop: pelton.loop.Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        task = loop.create_task(loop.sock_accept(listener))
        turns(loop, 1)
        with socket.create_connection(listener.getsockname()) as client:
            connection, address = loop.run_until_complete(task)
            assert address == client.getsockname() and connection.gettimeout() == 0
            connection.close()


def test_a_reset_is_an_error(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair("inet")
    task = loop.create_task(loop.sock_recv(ours, 1))
    turns(loop, 1)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    theirs.close()
    with pytest.raises(ConnectionResetError):
        loop.run_until_complete(task)
    ours.close()


# --- sock_connect() ---


def fresh(family: int = socket.AF_INET) -> socket.socket:
    made = socket.socket(family)
    made.setblocking(False)
    return made


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("kind", KINDS)
def test_connects(loop: pelton.loop.Loop, kind: str, tmp_path: Path) -> None:
    family = socket.AF_INET if kind == "inet" else socket.AF_UNIX
    with socket.socket(family) as listener, fresh(family) as ours:
        listener.bind(("127.0.0.1", 0) if kind == "inet" else str(tmp_path / "socket"))
        listener.listen()
        listener.setblocking(False)

        async def both() -> Any:
            return await asyncio.gather(
                loop.sock_connect(ours, listener.getsockname()), loop.sock_accept(listener)
            )

        nothing, (theirs, address) = loop.run_until_complete(both())
        assert nothing is None and address == ours.getsockname()
        assert not loop._has_writer(ours)
        with theirs:
            loop.run_until_complete(loop.sock_sendall(ours, b"there"))
            assert loop.run_until_complete(loop.sock_recv(theirs, 9)) == b"there"


def test_connects_by_name_too(loop: pelton.loop.Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, fresh() as ours:
        loop.run_until_complete(loop.sock_connect(ours, ("localhost", listener.getsockname()[1])))
        assert ours.getpeername() == listener.getsockname()


def test_a_refusal_is_what_asyncio_raises(loop: pelton.loop.Loop, tmp_path: Path) -> None:
    inet: Any = ("127.0.0.1", closed_port())
    path: Any = str(tmp_path / "nobody")
    stock = asyncio.SelectorEventLoop()
    for family, address in ((socket.AF_INET, inet), (socket.AF_UNIX, path)):
        seen = []
        for each in (loop, stock):
            with fresh(family) as ours:
                with pytest.raises(OSError) as refused:  # noqa: PT011: compared
                    each.run_until_complete(each.sock_connect(ours, address))
                seen.append((refused.type, refused.value.args))
        assert seen[0] == seen[1]
    assert "Connect call failed" not in seen[0][1][1]
    with fresh() as ours, pytest.raises(ConnectionRefusedError, match="Connect call failed"):
        loop.run_until_complete(loop.sock_connect(ours, inet))
    stock.close()


def test_a_connect_is_called_off(loop: pelton.loop.Loop) -> None:
    # Nobody accepts, and no more fit into the backlog: what is begun stays begun.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [fresh() for _ in range(3)]
        for filler in fillers:
            filler.connect_ex(listener.getsockname())
        with fresh() as ours:
            task = loop.create_task(loop.sock_connect(ours, listener.getsockname()))
            turns(loop, 1)
            assert "sock_connect" in repr(task) and loop._has_writer(ours)
            task.cancel()
            turns(loop, 1)
            assert task.cancelled() and not loop._has_writer(ours)
        with fresh() as ours, pytest.raises(TimeoutError):
            loop.run_until_complete(
                asyncio.wait_for(loop.sock_connect(ours, listener.getsockname()), 0.001)
            )
        for filler in fillers:
            filler.close()


def test_a_connect_is_audited(loop: pelton.loop.Loop) -> None:
    seen: list[tuple[Any, ...]] = []
    watching = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "socket.connect":
            seen.append(arguments)

    sys.addaudithook(hook)
    with socket.create_server(("127.0.0.1", 0)) as listener, fresh() as ours:
        loop.run_until_complete(loop.sock_connect(ours, listener.getsockname()))
        assert seen == [(ours, listener.getsockname())]
    watching = False


def test_a_connect_that_may_block_is_the_sockets_own(loop: pelton.loop.Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as ours:
        ours.settimeout(5)
        loop.run_until_complete(loop.sock_connect(ours, listener.getsockname()))
        assert ours.getpeername() == listener.getsockname()
