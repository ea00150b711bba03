"""The bus between the workers of a machine: what one publishes, the others hear.

Each worker has an inbox, a socket of records that the supervisor opened and keeps, so that it outlives
the worker; all others write into it. Nobody waits for anybody: what an inbox has no room for is kept
by its sender up to a bound, and dropped and counted beyond it. Only whole messages are delivered.

One process reads an inbox: a lock of its own on the octet of its slot in a file that all have says so.
The successor that a reload starts beside it takes the inbox over, with what is in it, when it is left.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from functools import partial
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from collections.abc import Callable

    Deliver = Callable[[str, bytes, bool], object]  # topic, data, whether it is text

QUEUE_BYTES_MAX = 16 * 2**20  # of what waits for one inbox; a single message may be larger
PIECE_BYTES_MAX = 32 * 2**10  # of a message in one record, well below what a socket's buffer takes
INBOX_RECORDS_MAX = 10_000  # more than the kernel keeps
READS_MAX = 64  # records in one go, before others have their turn
TAKE_OVER_S = 0.02  # how often a successor looks whether the inbox is left

# Slot and process of the sender; number of the message, place of the record in it, and whether it is
# the last.
_RECORD = Struct("=HIQI?")
_MESSAGE = Struct("=?I")  # whether it is text, and the length of its topic
_LOCK = Struct("@hhqqi4x")  # flock of fcntl(2): type, whence, start, length, process


class BusEnds:
    """What one worker has of the bus."""

    __slots__ = ("inbox", "locks", "name", "outboxes", "slot")

    def __init__(self, name: str, slot: int, inbox: int, outboxes: list[int], locks: int) -> None:
        self.name = name
        self.slot = slot
        self.inbox = inbox
        self.outboxes = outboxes  # by slot, its own too
        self.locks = locks  # a file that all workers have; nothing is written into it

    @classmethod
    def told(cls, slot: int, text: str, locks: int) -> BusEnds:
        """Of what the supervisor says to the worker of this slot: a name, its inbox and all outboxes."""
        name, *numbers = text.split(",")
        inbox, *outboxes = map(int, numbers)
        for descriptor in (inbox, *outboxes):
            os.set_inheritable(descriptor, False)
        return cls(name, slot, inbox, outboxes, locks)

    def take_inbox(self) -> bool:
        """False while another process reads it; when a process ends, it has left it."""
        try:
            fcntl.lockf(self.locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self.slot)
        except BlockingIOError:
            return False
        return True

    def leave_inbox(self) -> None:
        fcntl.lockf(self.locks, fcntl.LOCK_UN, 1, self.slot)

    def is_read(self, slot: int) -> bool:
        """Whether another process reads the inbox of this slot."""
        asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, slot, 1, 0)
        return bool(_LOCK.unpack(fcntl.fcntl(self.locks, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK)


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

    def __init__(
        self,
        loop: AbstractEventLoop,
        descriptor: int,
        count_dropped: Callable[[int], object],
        is_read: Callable[[], bool],
    ) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._count_dropped = count_dropped
        self._is_read = is_read
        self._waiting: deque[bytes] = deque()
        self._bytes = 0

    def send(self, records: list[bytes]) -> None:
        """All of them, at once or as there is room, or none. What nobody reads does not wait."""
        if not self._waiting:
            written = self._written(records)
            if written == len(records) or not self._is_read():
                return
            records = records[written:]
            self._loop.add_writer(self._descriptor, self._flush)
        elif not self._is_read():
            return self.stop()
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
        self._take_over: TimerHandle | None = None
        every = [
            Outbox(loop, descriptor, count_dropped, partial(ends.is_read, slot))
            for slot, descriptor in enumerate(ends.outboxes)
        ]
        self._to_successor = every.pop(ends.slot)
        self._outboxes = every

    def start(self) -> None:
        """Drops what was sent to a worker that had this inbox before, and ended; takes over from one that goes on."""
        if not self._ends.take_inbox():
            self._take_over = self._loop.call_later(TAKE_OVER_S, self._try_take_over)
            return
        try:
            for _ in range(INBOX_RECORDS_MAX):
                os.read(self._ends.inbox, 2 * PIECE_BYTES_MAX)
        except BlockingIOError:
            pass
        self._listen()

    def _try_take_over(self) -> None:
        self._take_over = None
        if self._ends.take_inbox():
            self._listen()
        else:
            self._take_over = self._loop.call_later(TAKE_OVER_S, self._try_take_over)

    def _listen(self) -> None:
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
        if self._take_over is not None:
            self._take_over.cancel()
            self._take_over = None
        if self._listens:
            self._listens = False
            self._loop.remove_reader(self._ends.inbox)
            self._ends.leave_inbox()
            self._outboxes.append(self._to_successor)

    def stop(self) -> None:
        self.deafen()
        for outbox in self._outboxes:
            outbox.stop()
