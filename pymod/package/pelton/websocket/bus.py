"""The bus between the workers of a machine: what one publishes, the others hear.

Each worker has an inbox, a socket of records that the supervisor opened and keeps, so that it outlives
the worker; all others write into it. Nobody waits for anybody: what an inbox has no room for is kept
by its sender up to a bound, and dropped and counted beyond it. Only whole messages are delivered.
"""

from __future__ import annotations

import os
from collections import deque
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    Deliver = Callable[[str, bytes, bool], object]  # topic, data, whether it is text

QUEUE_BYTES_MAX = 16 * 2**20  # of what waits for one inbox; a single message may be larger
PIECE_BYTES_MAX = 32 * 2**10  # of a message in one record, well below what a socket's buffer takes
INBOX_RECORDS_MAX = 10_000  # more than the kernel keeps
READS_MAX = 64  # records in one go, before others have their turn

# Slot and process of the sender; number of the message, place of the record in it, and whether it is
# the last.
_RECORD = Struct("=HIQI?")
_MESSAGE = Struct("=?I")  # whether it is text, and the length of its topic


class BusEnds:
    """What one worker has of the bus."""

    __slots__ = ("inbox", "name", "outboxes", "slot")

    def __init__(self, name: str, slot: int, inbox: int, outboxes: list[int]) -> None:
        self.name = name
        self.slot = slot
        self.inbox = inbox
        self.outboxes = outboxes  # by slot, its own too

    @classmethod
    def told(cls, slot: int, text: str) -> BusEnds:
        """Of what the supervisor says to the worker of this slot: a name, its inbox and all outboxes."""
        name, *numbers = text.split(",")
        inbox, *outboxes = map(int, numbers)
        for descriptor in (inbox, *outboxes):
            os.set_inheritable(descriptor, False)
        return cls(name, slot, inbox, outboxes)


def make_bus(workers: int) -> tuple[str, list[list[int]]]:
    """A name no other bus has, and for each worker its inbox and all outboxes."""
    import socket

    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(workers)]
    for pair in pairs:
        for end in pair:
            end.setblocking(False)  # of the socket, and so for each worker
    inboxes, outboxes = zip(*([end.detach() for end in pair] for pair in pairs), strict=True)
    return os.urandom(16).hex(), [[inbox, *outboxes] for inbox in inboxes]


def records_of(slot: int, process: int, number: int, topic: str, data: bytes, is_text: bool) -> list[bytes]:
    name = topic.encode()
    octets = b"".join((_MESSAGE.pack(is_text, len(name)), name, data))
    if len(octets) <= PIECE_BYTES_MAX:
        return [_RECORD.pack(slot, process, number, 0, True) + octets]
    starts = range(0, len(octets), PIECE_BYTES_MAX)
    return [
        _RECORD.pack(slot, process, number, index, start + PIECE_BYTES_MAX >= len(octets))
        + octets[start : start + PIECE_BYTES_MAX]
        for index, start in enumerate(starts)
    ]


class Assembly:
    """Records in, whole messages out. One sender's records come in order, those of several mixed."""

    def __init__(self) -> None:
        self._begun: dict[int, tuple[tuple[int, int], list[bytes]]] = {}  # by slot: which message, and its pieces

    def take(self, record: bytes) -> tuple[str, bytes, bool] | None:
        slot, process, number, index, is_last = _RECORD.unpack_from(record)
        octets = record[_RECORD.size :]
        which, pieces = self._begun.pop(slot, ((0, 0), []))
        if index == 0:
            which, pieces = (process, number), []
        elif which != (process, number) or index != len(pieces):
            return None  # its beginning went to a worker that is gone, or its sender is
        pieces.append(octets)
        if not is_last:
            self._begun[slot] = which, pieces
            return None
        whole = b"".join(pieces)
        is_text, size = _MESSAGE.unpack_from(whole)
        end = _MESSAGE.size + size
        return whole[_MESSAGE.size : end].decode(), whole[end:], is_text


class Outbox:
    """What waits to be written into one inbox."""

    def __init__(self, loop: AbstractEventLoop, descriptor: int, count_dropped: Callable[[int], object]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._count_dropped = count_dropped
        self._waiting: deque[bytes] = deque()
        self._bytes = 0

    def send(self, records: list[bytes]) -> None:
        """All of them, at once or as there is room, or none."""
        if not self._waiting:
            written = self._written(records)
            if written == len(records):
                return
            records = records[written:]
            self._loop.add_writer(self._descriptor, self._flush)
        size = sum(map(len, records))
        if self._waiting and self._bytes + size > QUEUE_BYTES_MAX:
            self._count_dropped(1)
            return
        self._waiting += records
        self._bytes += size

    def _written(self, records: list[bytes]) -> int:
        """How many of them there was room for."""
        for count, record in enumerate(records):
            try:
                os.write(self._descriptor, record)
            except BlockingIOError:
                return count
        return len(records)

    def _flush(self) -> None:
        while self._waiting and self._written([self._waiting[0]]):
            self._bytes -= len(self._waiting.popleft())
        if not self._waiting:
            self._loop.remove_writer(self._descriptor)

    def stop(self) -> None:
        if self._waiting:
            self._loop.remove_writer(self._descriptor)
            self._waiting.clear()


class Bus:
    """One worker's part in it, on the worker's loop."""

    def __init__(
        self, loop: AbstractEventLoop, ends: BusEnds, deliver: Deliver, count_dropped: Callable[[int], object]
    ) -> None:
        self._loop = loop
        self._ends = ends
        self._deliver = deliver
        self._assembly = Assembly()
        self._process = os.getpid()
        self._number = 0
        self._listens = False
        self._outboxes = [
            Outbox(loop, descriptor, count_dropped)
            for slot, descriptor in enumerate(ends.outboxes)
            if slot != ends.slot
        ]

    def start(self) -> None:
        """Drops what was sent to the worker that had this inbox before."""
        try:
            for _ in range(INBOX_RECORDS_MAX):
                os.read(self._ends.inbox, 2 * PIECE_BYTES_MAX)
        except BlockingIOError:
            pass
        self._listens = True
        self._loop.add_reader(self._ends.inbox, self._read)

    def publish(self, topic: str, data: bytes, is_text: bool) -> None:
        self._number += 1
        records = records_of(self._ends.slot, self._process, self._number, topic, data, is_text)
        for outbox in self._outboxes:
            outbox.send(records)

    def _read(self) -> None:
        for _ in range(READS_MAX):
            try:
                record = os.read(self._ends.inbox, 2 * PIECE_BYTES_MAX)
            except BlockingIOError:
                return
            if not record:  # no process has its other end: the supervisor has gone
                self.deafen()
                return
            message = self._assembly.take(record)
            if message is not None:
                self._deliver(*message)

    def deafen(self) -> None:
        """Hears no more, but may go on to publish."""
        if self._listens:
            self._listens = False
            self._loop.remove_reader(self._ends.inbox)

    def stop(self) -> None:
        self.deafen()
        for outbox in self._outboxes:
            outbox.stop()
