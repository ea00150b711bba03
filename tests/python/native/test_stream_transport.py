"""A native stream transport does what asyncio's own does: each trial runs on both and must agree."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import weakref
from typing import Any

import pytest
from transports import KINDS, Recorder, on_both, pair, turns

import pelton.loop


@pytest.mark.parametrize("kind", KINDS)
def test_reads_pauses_and_ends(loop: pelton.loop.Loop, kind: str) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        peer.send(b"early")
        turns(each)
        transport.pause_reading()
        transport.pause_reading()
        peer.send(b"paused")
        turns(each)
        protocol.seen.append("still")
        transport.resume_reading()
        transport.resume_reading()
        turns(each)
        transport.write(b"answer")
        assert peer.recv(99) == b"answer"
        peer.shutdown(socket.SHUT_WR)
        turns(each)

    mine, stock = on_both(loop, trial, kind)
    assert mine == stock
    assert mine[0] == [
        ("made",), ("data", b"early"), "still", ("data", b"paused"), ("eof",), ("lost", type(None))
    ]  # fmt: skip


@pytest.mark.parametrize("trouble", ["made", "data", "eof", "lost", "pause", "resume"])
def test_a_callback_that_fails(loop: pelton.loop.Loop, trouble: str) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        turns(each)
        transport.set_write_buffer_limits(1000)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        transport.write(bytes(2_000_000))
        peer.send(b"x")
        turns(each)
        total = 0
        for _ in range(2000):
            try:
                total += len(peer.recv(2_000_000))
            except BlockingIOError:
                turns(each, 1)
            if total >= 2_000_000 or transport.is_closing():
                break
        if not transport.is_closing():
            peer.shutdown(socket.SHUT_WR)
        turns(each)

    mine, stock = on_both(loop, trial, trouble=frozenset([trouble]))
    assert mine[0] == stock[0]
    assert [error for _, error in mine[1]] == [error for _, error in stock[1]]
    assert repr(RuntimeError(trouble)) in [error for _, error in mine[1]]
    for (message, _), (expected, _) in zip(mine[1], stock[1], strict=True):
        # A callback of the loop's own is named as the object has it.
        assert message == expected or message.startswith("Exception in callback")


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["connection_made", "data_received", "connection_lost"])
def test_what_ends_the_program_is_not_held(loop: pelton.loop.Loop, where: str, error: type) -> None:
    ours, theirs = pair()
    protocol = Recorder()

    def leave(*_: object) -> None:
        raise error

    setattr(protocol, where, leave)
    waiter = loop.create_future()
    transport = loop._make_socket_transport(ours, protocol, waiter)
    theirs.send(b"x")
    loop.call_soon(transport.close) if where == "connection_lost" else None
    with pytest.raises(error):
        turns(loop)
    turns(loop)
    assert waiter.done()
    transport.abort()
    turns(loop)
    theirs.close()


def test_abort_drops_what_is_queued(loop: pelton.loop.Loop) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        turns(each)
        transport.write(bytes(5_000_000))
        assert transport.get_write_buffer_size() > 0
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        transport.abort()
        turns(each)

    mine, stock = on_both(loop, trial)
    assert mine == stock
    assert mine[0] == [("made",), ("pause",), ("lost", type(None))]


def test_a_cycle_with_its_protocol_is_collected(loop: pelton.loop.Loop) -> None:
    import sys

    def once() -> None:
        ours, theirs = pair()
        protocol = Recorder()
        transport = loop._make_socket_transport(ours, protocol)
        transport.mine = transport
        turns(loop, 1)
        transport.write(b"x" * 10)
        theirs.send(b"y" * 10)
        turns(loop, 1)
        transport.close()
        turns(loop, 1)
        theirs.close()
        gone.append(weakref.ref(transport))

    gone: list[Any] = []
    for _ in range(20):
        once()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(50):
        once()
    gc.collect()
    assert all(each() is None for each in gone)
    assert sys.getallocatedblocks() - before < 50 * 3


class Pieces(asyncio.BufferedProtocol):
    """Takes what comes into buffers of odd sizes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.got = bytearray()
        self.buffer = bytearray()
        self.ended = False

    def get_buffer(self, sizehint: int) -> bytearray:
        assert sizehint == -1
        self.buffer = bytearray(self.chance.choice((1, 2, 7, 4096, 70_000)))
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        assert nbytes > 0
        self.got += self.buffer[:nbytes]

    def eof_received(self) -> None:
        self.ended = True


@pytest.mark.parametrize("seed", range(8))
def test_random_cuts_reach_buffered_and_plain_protocols(loop: pelton.loop.Loop, seed: int) -> None:
    chance = random.Random(seed)
    ours, theirs = pair(chance.choice(KINDS))
    text = chance.randbytes(300_000)
    buffered = Pieces(chance)
    plain = Recorder()
    sender, receiver = Recorder(), plain if seed % 2 else buffered
    out = loop._make_socket_transport(ours, sender)
    into = loop._make_socket_transport(theirs, receiver)
    at = 0
    while at < len(text):
        size = chance.choice((1, 3, 100, 5000, 60_000))
        part = text[at : at + size]
        match chance.randrange(4):
            case 0:
                out.write(part)
            case 1:
                out.write(bytearray(part))
            case 2:
                out.writelines([part[: size // 2], b"", memoryview(part)[size // 2 :]])
            case 3:
                out.write(memoryview(part))
        at += size
        match chance.randrange(6):
            case 0:
                into.pause_reading()
            case 1:
                into.resume_reading()
            case 2:
                turns(loop, 1)
            case 3:
                into.pause_reading()
                into.resume_reading()
    out.close()
    into.resume_reading()
    for _ in range(400):
        turns(loop, 1)
        if into.is_closing():
            break
    turns(loop)
    got = bytes(buffered.got) + b"".join(each[1] for each in plain.seen if each[0] == "data")
    assert got == text, seed
    assert into.is_closing(), seed


@pytest.mark.parametrize("trouble", ["get_buffer", "empty", "immutable", "buffer_updated", "eof_received"])
def test_a_buffered_protocol_that_fails(loop: pelton.loop.Loop, trouble: str) -> None:
    class Failing(asyncio.BufferedProtocol):
        lost: Any = None

        def get_buffer(self, sizehint: int) -> Any:
            if trouble == "get_buffer":
                raise RuntimeError("none")
            return {"empty": bytearray(), "immutable": b"fixed"}.get(trouble, bytearray(9))

        def buffer_updated(self, nbytes: int) -> None:
            if trouble == "buffer_updated":
                raise RuntimeError("full")

        def eof_received(self) -> None:
            raise RuntimeError("end")

        def connection_lost(self, exc: BaseException | None) -> None:
            self.lost = exc

    stock = asyncio.SelectorEventLoop()
    results = []
    for each in (loop, stock):
        told: list[str] = []
        each.set_exception_handler(lambda _, about, told=told: told.append(about["message"]))  # type: ignore[misc]
        ours, theirs = pair()
        protocol = Failing()
        each._make_socket_transport(ours, protocol)  # type: ignore[attr-defined]
        theirs.send(b"x")
        theirs.shutdown(socket.SHUT_WR)
        turns(each)
        theirs.close()
        results.append((told, type(protocol.lost)))
    stock.close()
    assert results[0] == results[1] and len(results[0][0]) == 1


def test_callbacks_share_the_context_of_the_making(loop: pelton.loop.Loop) -> None:
    import contextvars

    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="none")
    seen: list[str] = []

    class Asking(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            seen.append(name.get())

        def connection_lost(self, exc: BaseException | None) -> None:
            seen.append(name.get())

    ours, theirs = pair()

    def make() -> Any:
        name.set("inside")
        return loop._make_socket_transport(ours, Asking())

    transport = contextvars.copy_context().run(make)
    theirs.send(b"x")
    turns(loop)
    transport.close()
    turns(loop)
    assert seen == ["inside", "inside"] and name.get() == "none"
    theirs.close()


@pytest.mark.parametrize("what", ["urgent data", "descriptors"])
@pytest.mark.parametrize("paused", [True, False])
def test_a_read_that_stops_short_is_not_the_last(loop: pelton.loop.Loop, what: str, paused: bool) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        turns(each)
        if paused:
            transport.pause_reading()
        peer.send(b"before")
        if what == "urgent data":
            peer.send(b"!", socket.MSG_OOB)
        else:
            socket.send_fds(peer, [b"with"], [peer.fileno()])
        peer.send(b"behind")
        transport.resume_reading()
        turns(each)

    mine, stock = on_both(loop, trial, "inet" if what == "urgent data" else "unix")
    for seen, _ in (mine, stock):
        data = b"".join(one[1] for one in seen if one[0] == "data")
        assert data == (b"beforebehind" if what == "urgent data" else b"beforewithbehind")


def test_what_a_read_makes_ready_runs_before_the_next(loop: pelton.loop.Loop) -> None:
    def trial(each: Any, protocol: Recorder, transport: Any, peer: socket.socket) -> None:
        taken = protocol.data_received
        protocol.data_received = lambda data: (each.call_soon(protocol.seen.append, "soon"), taken(data))  # type: ignore
        turns(each)
        socket.send_fds(peer, [b"first"], [peer.fileno()])
        peer.send(b"second")
        turns(each)

    mine, stock = on_both(loop, trial, "unix")
    assert mine == stock
    assert mine[0][1:5] == [("data", b"first"), "soon", ("data", b"second"), "soon"]
