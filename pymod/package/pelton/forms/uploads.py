"""UploadedFile: what a client sent as a file, in memory or in the unnamed temporary file of its form."""

from __future__ import annotations

from pelton._native import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from os import PathLike

    from pelton._native import BodyFile

    Octets = bytes | memoryview

__all__ = ["UploadedFile"]

PIECE_BYTES = 1024 * 1024


class UploadedFile:
    """One file of a form. It is read like a file, and is gone with its last reference."""

    # With a docstring each, which help() shows.
    __slots__ = {
        "_at": None,
        "_begin": None,
        "_file": None,
        "_pieces": None,
        "_size": None,
        "filename": "The last component of the name that was sent, without controls; None if nothing is left.",
        "headers": "The header fields of its part.",
        "raw_filename": "The name as it was sent; None without one.",
    }

    def __init__(
        self, filename: str | None, raw_filename: str | None, fields: list[tuple[str, str]]
    ) -> None:
        #: The last component of the name without controls; None if nothing is left. Never a path.
        self.filename = filename
        #: The name as the client sent it: any text at all.
        self.raw_filename = raw_filename
        self.headers = Headers(fields)
        self._pieces: list[Octets] = []
        self._file: FileIO | BodyFile | None = None
        self._begin = 0  # where it lies in the file
        self._size = 0
        self._at = 0

    @property
    def content_type(self) -> str | None:
        """The type that the client claims."""
        return self.headers.get("content-type")

    def size(self) -> int:
        """Its length in bytes."""
        return self._size

    def extension(self) -> str:
        """The end of the file name from its last dot, in lower case, such as `.png`; empty without one."""
        stem, dot, last = (self.filename or "").rpartition(".")
        return dot + last.lower() if stem else ""

    def read(self, n: int = -1) -> bytes:
        """At most `n` bytes from where the last read ended, all that is left if it is negative."""
        end = self._size if n < 0 else min(self._size, self._at + n)
        data = self._between(self._at, end)
        self._at += len(data)
        return data

    def read_text(self, encoding: str = "utf-8") -> str:
        """All that is left as text; UnicodeDecodeError if it is none."""
        return self.read().decode(encoding)

    def seek(self, pos: int) -> int:
        """Where the next read begins, in bytes from the beginning; beyond the end it is the end. ValueError below 0."""
        if pos < 0:
            raise ValueError(f"seek() takes a position from 0, not {pos}")
        self._at = min(pos, self._size)
        return self._at

    def save(self, path: str | PathLike[str]) -> None:
        """Writes all of it to a path of your own choosing; OSError as `open()` raises it."""
        with open(path, "wb") as file:
            for piece in self._whole():
                file.write(piece)

    async def save_async(self, path: str | PathLike[str]) -> None:
        """`save()` on a thread of the default pool."""
        from asyncio import to_thread

        await to_thread(self.save, path)

    def __repr__(self) -> str:
        return f"<UploadedFile {self.filename!r}, {self._size} bytes>"

    # --- how it is filled ---

    def _append(self, octets: Octets) -> None:
        self._pieces.append(octets)
        self._size += len(octets)

    def _lies_in(self, body: BodyFile, place: slice) -> None:
        self._file, self._begin, self._size = body, place.start, place.stop - place.start

    @property
    def _held(self) -> int:
        """Bytes in memory."""
        return sum(map(len, self._pieces))

    def _spool(self, file: FileIO) -> None:
        """Writes what is in memory to the end of a file, after what of this upload is there; OSError if it cannot."""
        if self._file is None:
            self._file, self._begin = file, file.tell()
        for piece in self._pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
        self._pieces.clear()

    def _let_go(self) -> None:
        # The file goes with its last reference, which may be that of a thread that still writes: were
        # it closed, its descriptor's number could be another client's by then.
        self._file = None
        self._pieces.clear()

    def _between(self, begin: int, end: int) -> bytes:
        if self._file is not None:
            from os import pread

            found = []
            while begin < end:
                data = pread(self._file.fileno(), end - begin, self._begin + begin)
                if not data:
                    break
                found.append(data)
                begin += len(data)
            return found[0] if len(found) == 1 else b"".join(found)
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]
        return bytes(self._pieces[0][begin:end]) if self._pieces else b""

    def _whole(self) -> Iterator[Octets]:
        if self._file is None:
            yield from self._pieces
            return
        for at in range(0, self._size, PIECE_BYTES):
            yield self._between(at, min(at + PIECE_BYTES, self._size))


UploadedFile.__module__ = "pelton"
