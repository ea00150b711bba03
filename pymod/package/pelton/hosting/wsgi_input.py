"""`wsgi.input`: the body of a request, whether it has arrived before the application is called or arrives while that reads."""

from __future__ import annotations

from collections import deque
from io import BufferedReader, BytesIO, RawIOBase
from os import preadv
from sys import maxsize
from threading import Condition

from pelton._native import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from typing import Any, BinaryIO

    from pelton._native import BodyFile, HandlerCoroutine

_AHEAD_BYTES = 256 * 1024  # how much of a body waits for its reader before the loop takes no more
_PIECE_BYTES = 64 * 1024  # pieces end at multiples of it, as the reads of applications mostly do
_CAUSES_MAX = 16  # of an exception, that are looked at


def input_of(body: bytes | BodyFile | Request) -> BinaryIO:
    """A file to read the body from, which ends where the body ends; of a request, that of a body which is to come."""
    if isinstance(body, bytes):
        return BytesIO(body)
    if isinstance(body, Request):
        return ArrivingInput(ArrivingBody())
    return BufferedReader(_BodyReader(body))


class _BodyReader(RawIOBase):
    """A large body, read where it lies."""

    def __init__(self, file: BodyFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count = preadv(self._file.fileno(), [buffer], self._at)
        self._at += count
        return count


class ArrivingInput(BufferedReader):
    """A file of a body that arrives while it is read. Until it is read by lines it has no buffer of its own."""

    def __init__(self, body: ArrivingBody) -> None:
        super().__init__(body, _PIECE_BYTES)
        self.body = body
        self._is_buffered = False

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size) if self._is_buffered else self.body.read(size)

    def read1(self, size: int = -1, /) -> bytes:
        self._is_buffered = True
        return super().read1(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        self._is_buffered = True
        return super().readline(size)

    def peek(self, size: int = 0, /) -> bytes:
        self._is_buffered = True
        return super().peek(size)

    def readinto(self, buffer: Any, /) -> int:
        self._is_buffered = True
        return super().readinto(buffer)

    def readinto1(self, buffer: Any, /) -> int:
        self._is_buffered = True
        return super().readinto1(buffer)


class ArrivingBody(RawIOBase):
    """A body that arrives while it is read: pieces from the loop, which takes them from the connection, to one thread.

    A piece that is as long as a read goes from one to the other without a copy.
    """

    def __init__(self) -> None:
        self._changed = Condition()  # guards all below
        self._pieces: deque[bytes] = deque()
        self._at = 0  # of the first piece: what has been read
        self._bytes = 0  # of the pieces, that have not been read
        self._taken = 0  # octets of the body, from the connection
        self._error: OSError | None = None
        self._is_ended = False
        self._is_paused = True  # the loop takes no more until it is asked to

    # --- the loop ---

    def attach(self, loop: AbstractEventLoop, driver: HandlerCoroutine, *, waits: bool) -> None:
        """From now on pieces are taken from the driver's exchange.

        Args:
            loop: The loop that runs now.
            driver: Of the request.
            waits: Whether nothing is taken before the first read, so that until then the client gets no 100.
        """
        self._loop = loop
        self._driver: HandlerCoroutine | None = driver
        if not waits:
            self._is_paused = False
            self._take()

    def leave(self) -> None:
        """The request is over; OSError for who still reads."""
        self._end(OSError("the request is over"))

    def has_raised(self, error: BaseException) -> bool:
        """Whether an exception is, or comes from, the one that told the reader of a body which stopped in the middle."""
        at: BaseException | None = error
        for _ in range(_CAUSES_MAX):
            if at is None or at is self._error:
                break
            at = at.__cause__ or at.__context__
        return at is not None and at is self._error

    def _take(self, arrived: Future[None] | None = None) -> None:
        if arrived is not None and (arrived.cancelled() or arrived.exception() is not None):
            return self._end(OSError("the client has left"))
        driver = self._driver
        while driver is not None:
            try:
                piece = driver.read_body(_PIECE_BYTES - self._taken % _PIECE_BYTES)
                if piece is None:
                    driver.body_arrived().add_done_callback(self._take)
                    return None
            except Exception as error:  # noqa: BLE001
                return self._end(OSError(str(error)))
            if not piece:
                return self._end(None)
            with self._changed:
                self._pieces.append(piece)
                self._bytes += len(piece)
                self._taken += len(piece)
                self._changed.notify()
                if self._bytes >= _AHEAD_BYTES:
                    self._is_paused = True
                    return None
        return None

    def _end(self, error: OSError | None) -> None:
        self._driver = None
        with self._changed:
            if not self._is_ended:
                self._is_ended, self._error = True, error
                self._changed.notify()

    # --- the thread ---

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        left = maxsize if size is None or size < 0 else size
        parts: list[bytes | memoryview] = []
        with self._changed:
            while left and self._wait():
                parts.append(self._next_part(left))
                left -= len(parts[-1])
        return _joined(parts)

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any, /) -> int:
        with self._changed:
            part = self._next_part(len(buffer)) if self._wait() else b""
            buffer[: len(part)] = part
            return len(part)

    # Of all that follow the lock is held.

    def _wait(self) -> bool:
        """Until there is a piece or the end; whether there is a piece."""
        while not self._pieces:
            if self._is_ended:
                if self._error is not None:
                    raise self._error
                return False
            self._go_on()
            self._changed.wait()
        return True

    def _next_part(self, bytes_max: int) -> bytes | memoryview:
        """The rest of the first piece, or so many octets of it."""
        piece, at = self._pieces[0], self._at
        end = min(len(piece), at + bytes_max)
        if end == len(piece):
            self._pieces.popleft()
            self._at = 0
        else:
            self._at = end
        self._bytes -= end - at
        self._go_on()
        return piece if end - at == len(piece) else memoryview(piece)[at:end]

    def _go_on(self) -> None:
        if self._is_paused and self._bytes < _AHEAD_BYTES // 2 and not self._is_ended:
            self._is_paused = False
            self._loop.call_soon_threadsafe(self._take)


def _joined(parts: list[bytes | memoryview]) -> bytes:
    return parts[0] if len(parts) == 1 and isinstance(parts[0], bytes) else b"".join(parts)
