"""What is published in one worker of a machine reaches the others; and a stuck one stops nobody."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pelton.loop import Loop
from pelton.websocket import bus as bus_module
from pelton.websocket.bus import PIECE_BYTES_MAX, Assembly, Bus, BusEnds, Outbox, records_of
from supervised import SILENCE_S, Supervised
from websocket_peer import Peer

Message = tuple[str, bytes, bool]


# --- records ---


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES_MAX - 100, PIECE_BYTES_MAX, 3 * PIECE_BYTES_MAX + 1])
def test_a_message_and_its_records(size: int) -> None:
    data = random.Random(size).randbytes(size)
    for is_text in (True, False):
        records = records_of(3, 1, 1, "tópic", data, is_text)
        assembly = Assembly()
        *none, whole = [assembly.take(record) for record in records]
        assert none == [None] * (len(records) - 1) and whole == ("tópic", data, is_text)
        assert max(map(len, records)) < 2 * PIECE_BYTES_MAX


def test_exactly_one_record_and_one_octet_more() -> None:
    """n - 1, n and n + 1 octets of what a record holds; five go to the kind and the topic's length."""
    counts = [len(records_of(0, 1, 1, "t", bytes(PIECE_BYTES_MAX - 6 + extra), True)) for extra in (-1, 0, 1)]
    assert counts == [1, 1, 2]


def test_senders_do_not_mix() -> None:
    sent = {slot: bytes([slot]) * (2 * PIECE_BYTES_MAX) for slot in (0, 1, 2)}
    records = [records_of(slot, 1, 1, "t", data, False) for slot, data in sent.items()]
    assembly = Assembly()
    got = [assembly.take(record) for together in zip(*records, strict=True) for record in together]
    assert [one for one in got if one] == [("t", data, False) for data in sent.values()]


def test_half_a_message_is_none() -> None:
    """Whatever is missing of it, and whoever took it."""
    first = records_of(0, 1, 1, "t", bytes(3 * PIECE_BYTES_MAX), False)
    second = records_of(0, 1, 2, "t", b"x" * (3 * PIECE_BYTES_MAX), False)
    restarted = records_of(0, 2, 1, "t", b"y" * (3 * PIECE_BYTES_MAX), False)
    for missing in range(len(first)):
        assembly = Assembly()
        got = [assembly.take(record) for record in first[:missing] + first[missing + 1 :] + second]
        assert [one for one in got if one] == [("t", b"x" * (3 * PIECE_BYTES_MAX), False)]
    assembly = Assembly()
    got = [assembly.take(record) for record in first[:2] + restarted[1:] + restarted]
    assert [one for one in got if one] == [("t", b"y" * (3 * PIECE_BYTES_MAX), False)]


# --- workers of one loop ---


class Worker:
    def __init__(self, loop: Loop, ends: BusEnds) -> None:
        self.heard: list[Message] = []
        self.dropped = 0
        self.awaited = 0
        self.has_heard = asyncio.Event()
        self.bus = Bus(loop, ends, self._deliver, self._count)
        self.bus.start()

    def _deliver(self, topic: str, data: bytes, is_text: bool) -> None:
        self.heard.append((topic, data, is_text))
        if len(self.heard) == self.awaited:
            self.has_heard.set()

    def _count(self, messages: int) -> None:
        self.dropped += messages

    async def hears(self, count: int) -> list[Message]:
        self.awaited = count
        if len(self.heard) < count:
            self.has_heard.clear()
            await asyncio.wait_for(self.has_heard.wait(), SILENCE_S)
        return self.heard


class Ends(BusEnds):
    """Of one process with the others: a lock keeps only other processes away."""

    def is_read(self, slot: int) -> bool:
        return True


@pytest.fixture
def locks() -> Iterator[int]:
    descriptor = os.memfd_create("locks")
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def ends(locks: int) -> Iterator[list[BusEnds]]:
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]
    for pair in pairs:
        for end in pair:
            end.setblocking(False)
    # Numbers of their own, as in processes of their own.
    told = [[os.dup(inbox.fileno()), *(os.dup(outbox.fileno()) for _, outbox in pairs)] for inbox, _ in pairs]
    for pair in pairs:
        for end in pair:
            end.close()
    made: list[BusEnds] = [Ends.told(slot, ",".join(map(str, ("ab", *numbers))), locks) for slot, numbers in enumerate(told)]
    assert all(one.name == "ab" and len(one.outboxes) == 3 for one in made)
    yield made
    for numbers in told:
        for descriptor in numbers:
            os.close(descriptor)


READS = """
import os, sys
from pelton.websocket.bus import BusEnds
ends = BusEnds("", 1, -1, [], int(sys.argv[1]))
print(ends.take_inbox(), flush=True)
for line in sys.stdin:
    ends.leave_inbox()
    print("left", flush=True)
"""


def test_an_inbox_has_one_reader(locks: int) -> None:
    ends = [BusEnds("", slot, -1, [], locks) for slot in range(3)]
    with subprocess.Popen(
        [sys.executable, "-c", READS, str(locks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[locks]
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert [ends[0].is_read(slot) for slot in range(3)] == [False, True, False]
        assert [one.take_inbox() for one in ends] == [True, False, True]
        other.stdin.write("leave\n")
        other.stdin.flush()
        assert other.stdout.readline() == "left\n"
        assert ends[1].take_inbox()


def test_a_reader_that_ends_leaves_its_inbox(locks: int) -> None:
    mine = BusEnds("", 1, -1, [], locks)
    with subprocess.Popen(
        [sys.executable, "-c", READS, str(locks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[locks]
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        assert not mine.take_inbox()
        other.kill()
    assert mine.take_inbox() and not mine.is_read(1)


def test_a_successor_takes_over_what_is_in_the_inbox(loop: Loop, ends: list[BusEnds], monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [False, False, True]
    monkeypatch.setattr(Ends, "take_inbox", lambda self: taken.pop(0) if self.slot == 2 else True)
    monkeypatch.setattr(bus_module, "TAKE_OVER_S", 0)

    async def main() -> None:
        first = Worker(loop, ends[0])
        successor = Worker(loop, ends[2])
        first.bus.publish("t", b"for the reader before", True)
        assert await successor.hears(1) == [("t", b"for the reader before", True)] and not taken
        # The worker that has left writes to the one in its place.
        first.bus.deafen()
        Worker(loop, ends[0]).bus.stop()
        first.bus.publish("t", b"to all", True)
        assert len(await successor.hears(2)) == 2
        heir = Worker(loop, ends[0])
        first.bus.publish("t", b"to the heir too", True)
        assert await heir.hears(1) == [("t", b"to the heir too", True)]
        for worker in (first, successor, heir):
            worker.bus.stop()

    loop.run_until_complete(main())


def test_a_successor_that_stops_before_it_takes_over(loop: Loop, ends: list[BusEnds], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ends, "take_inbox", lambda _: False)

    async def main() -> None:
        successor = Worker(loop, ends[0])
        assert successor.bus._take_over is not None
        successor.bus.stop()
        assert successor.bus._take_over is None

    loop.run_until_complete(main())


def test_what_nobody_reads_does_not_wait(loop: Loop) -> None:
    is_read = True

    async def main() -> None:
        nonlocal is_read
        inbox, outbox = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inbox, outbox:
            outbox.setblocking(False)
            dropped: list[int] = []
            box = Outbox(loop, outbox.fileno(), dropped.append, lambda: is_read)
            while not box._waiting:
                box.send([b"x" * 30_000])
            is_read = False
            for _ in range(2):  # what waited, and what finds the inbox full
                box.send([b"x" * 30_000])
                assert not box._waiting and not dropped

    loop.run_until_complete(main())


def test_the_others_hear_it_in_order(loop: Loop, ends: list[BusEnds]) -> None:
    async def main() -> None:
        first, second, third = (Worker(loop, one) for one in ends)
        large = os.urandom(20 * PIECE_BYTES_MAX)
        for number in range(500):
            first.bus.publish("t", f"first {number}".encode(), True)
            second.bus.publish("t", f"second {number}".encode(), True)
            if number % 100 == 0:
                first.bus.publish("large", large, False)
        heard = await third.hears(1005)
        for name in (b"first", b"second"):
            of_one = [data for topic, data, _ in heard if topic == "t" and data.startswith(name)]
            assert of_one == [b"%s %d" % (name, number) for number in range(500)]
        assert [data == large and not is_text for topic, data, is_text in heard if topic == "large"] == [True] * 5
        assert len(await second.hears(505)) == 505 and len(await first.hears(500)) == 500
        for worker in (first, second, third):
            assert worker.dropped == 0
            worker.bus.stop()

    loop.run_until_complete(main())


def test_a_stuck_worker_costs_its_own_messages(
    loop: Loop, ends: list[BusEnds], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "QUEUE_BYTES_MAX", 1_000_000)

    async def main() -> None:
        first, second, stuck = (Worker(loop, one) for one in ends)
        stuck.bus.deafen()
        for number in range(300):
            first.bus.publish("t", number.to_bytes(4, "big") * 5000, False)
            await second.hears(number + 1)
        assert [data[:4] for _, data, _ in second.heard] == [number.to_bytes(4, "big") for number in range(300)]
        assert first.dropped > 0
        # Who comes in its place hears nothing of before, nor half of anything; then everything.
        restarted = Worker(loop, ends[2])
        while first.bus._outboxes[1]._waiting:
            await asyncio.sleep(0)
        first.bus.publish("t", b"new", True)
        while ("t", b"new", True) not in restarted.heard:
            await asyncio.sleep(0)
        assert all(data[:4] * 5000 == data for _, data, is_text in restarted.heard if not is_text)
        assert len(restarted.heard) < 300
        for worker in (first, second, restarted):
            worker.bus.stop()

    loop.run_until_complete(main())


def test_what_is_larger_than_the_bound_goes_alone(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """n - 1, n and n + 1 octets, and behind something that waits."""
    monkeypatch.setattr(bus_module, "QUEUE_BYTES_MAX", 1000)
    dropped: list[int] = []

    async def main() -> None:
        inbox, outbox = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inbox, outbox:
            outbox.setblocking(False)
            box = Outbox(loop, outbox.fileno(), dropped.append, lambda: True)
            while not box._waiting:
                box.send([b"x" * 30_000])  # more than the bound, to an empty queue
            box._waiting.clear()
            box._waiting.append(b"y")
            box._bytes = 1
            for size in (998, 1, 1):
                box.send([b"z" * size])
            assert dropped == [1] and box._bytes == 1000
            box.stop()
            box.stop()

    loop.run_until_complete(main())


def test_when_the_supervisor_is_gone(loop: Loop, locks: int) -> None:
    async def main() -> None:
        inbox, outbox = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inbox.setblocking(False)
        worker = Worker(loop, BusEnds("", 0, inbox.fileno(), [outbox.fileno()], locks))
        outbox.close()
        while worker.bus._listens:
            await asyncio.sleep(0)
        inbox.close()

    loop.run_until_complete(main())


# --- workers under a supervisor ---

PROGRAM = """
import os
from pelton import App, WebSocket

app = App()

@app.websocket("/")
async def room(ws: WebSocket) -> None:
    ws.subscribe("room")
    await ws.send_text(str(os.getpid()))
    async for message in ws:
        if isinstance(message, str) and message.startswith("storm "):
            for number in range(int(message[6:])):
                app.publish("room", f"{os.getpid()} {number}")
        else:
            app.publish("room", message)
"""


@pytest.fixture
def supervised(tmp_path: Path, engine: str) -> Iterator[Supervised]:
    (tmp_path / "main.py").write_text(PROGRAM)
    process = Supervised(
        tmp_path, "main:app", "--workers", "2", PELTON_ENGINE=engine, PELTON_WS_MAX_BACKLOG="16MiB", PYTHONPATH=str(tmp_path)
    )
    process.ready(2)
    yield process
    process.end()


def in_each(supervised: Supervised, stack: ExitStack, count: int) -> dict[int, list[Peer]]:
    """So many peers at least of each worker, by its process."""
    found: dict[int, list[Peer]] = {pid: [] for pid in supervised.workers}
    while min(map(len, found.values())) < count:
        peer = stack.enter_context(Peer(supervised.port))
        found[int(peer.text())].append(peer)
    return found


def test_two_workers_hear_each_other(supervised: Supervised) -> None:
    with ExitStack() as stack:
        peers = in_each(supervised, stack, 3)
        everyone = [peer for some in peers.values() for peer in some]
        large = os.urandom(500_000)
        for some in peers.values():
            some[0].say("hello")
            for peer in everyone:
                assert peer.text() == "hello"
            some[0].send(2, large)
            for peer in everyone:
                assert peer.data() == large
        # A storm from both at once.
        for some in peers.values():
            some[0].say("storm 5000")
        for peer in (some[-1] for some in peers.values()):
            heard = [peer.text() for _ in range(10_000)]
            for pid in peers:
                assert [text for text in heard if text.startswith(f"{pid} ")] == [f"{pid} {n}" for n in range(5000)]
    assert supervised.stop() == 0


def test_a_stopped_worker_and_a_new_one(supervised: Supervised) -> None:
    with ExitStack() as stack:
        peers = in_each(supervised, stack, 2)
        stuck, alive = supervised.workers
        # What is in flight for a worker that stands still does not keep the other from its own.
        os.kill(stuck, signal.SIGSTOP)
        speaker, listener = peers[alive][:2]
        piece = os.urandom(2**20)
        for _ in range(30):
            speaker.send(2, piece)
            assert speaker.data() == listener.data() == piece
        process = os.pidfd_open(stuck)
        os.kill(stuck, signal.SIGKILL)
        supervised.wait_for(process)
        os.close(process)
        supervised.workers.remove(stuck)
        (new,) = supervised.ready()
        found = in_each(supervised, stack, 1)
        speaker.say("hello again")
        while (frame := found[new][0].frame()).opcode != 1:
            assert frame.payload == piece  # whole, or nothing
        assert frame.payload == b"hello again" and listener.text() == "hello again"
