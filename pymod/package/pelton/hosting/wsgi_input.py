"""`wsgi.input`: the body of a request, which has arrived before the application is called."""

from __future__ import annotations

from io import BufferedReader, BytesIO, RawIOBase
from os import preadv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from pelton._native import BodyFile


def input_of(body: bytes | BodyFile) -> BinaryIO:
    """A file to read the body from, which ends where the body ends."""
    return BytesIO(body) if isinstance(body, bytes) else BufferedReader(_BodyReader(body))


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
