"""`wsgi.file_wrapper`, and which files behind it the kernel can copy."""

from __future__ import annotations

import os
from io import BufferedRandom, BufferedReader, FileIO
from stat import S_ISREG
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class OpenFile(NamedTuple):
    """A regular file from where it is read next."""

    descriptor: int
    position: int
    size: int  # from there to its end


class FileWrapper:
    """`wsgi.file_wrapper`: the pieces of a file.

    Args:
        filelike: Anything with `read()`.
        block_size: How many octets a piece has.
    """

    def __init__(self, filelike: Any, block_size: int = 65536) -> None:
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        piece: bytes = self.filelike.read(self.block_size)
        if not piece:
            raise StopIteration
        return piece

    def close(self) -> None:
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()

    def open_file(self) -> OpenFile | None:
        """The file whose octets `read()` would give as they are; None for a file of any other kind.

        A file has to be of the types that `open()` and `tempfile` give: a `fileno()` alone does not say that `read()` changes
        nothing, as that of a compressed file does.
        """
        file = self.filelike
        if type(file).__name__ == "_TemporaryFileWrapper" and type(file).__module__ == "tempfile":
            file = file.file
        try:
            raw = file.raw if type(file) is BufferedReader or type(file) is BufferedRandom else file
            if type(raw) is not FileIO:
                return None
            if type(file) is BufferedRandom:
                file.flush()
            descriptor, position = raw.fileno(), file.tell()
            facts = os.fstat(descriptor)
        except (OSError, ValueError):
            return None
        if not S_ISREG(facts.st_mode) or position > facts.st_size:
            return None
        return OpenFile(descriptor, position, facts.st_size - position)
