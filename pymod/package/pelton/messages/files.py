"""Files as answers: what Response.file() and Response.sendfile() leave for the native half to send."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class FileBody:
    """The body of a Response that is a file: opened when it is sent, each time anew."""

    __slots__ = ("path", "root")

    def __init__(self, path: bytes, root: bytes | None) -> None:
        self.path = path
        self.root = root

    def __repr__(self) -> str:
        return f"file {os.fsdecode(self.path)!r}"


class DescriptorBody:
    """The body of a Response that is an open file, which its owner keeps open until `over` is called.

    Args:
        descriptor: Of the file.
        position: The first octet to send.
        over: Called once, when the file has left or never will.
    """

    __slots__ = ("_over", "descriptor", "position")

    def __init__(self, descriptor: int, position: int, over: Callable[[], object]) -> None:
        self.descriptor = descriptor
        self.position = position
        self._over = over

    # Wherever a response is dropped on its way, nothing refers to its body any more.
    def __del__(self) -> None:
        self._over()


def file_body(path: str | os.PathLike[str], root: str | os.PathLike[str] | None) -> FileBody:
    """ValueError for a path that names nothing on any machine."""
    name = os.fsencode(path)
    within = None if root is None else os.fsencode(root)
    if b"\0" in name or (within is not None and b"\0" in within):
        raise ValueError(f"a path holds no NUL: {path!r}")
    if within == b"":
        raise ValueError("root is a directory, not the empty path")
    return FileBody(name, within)


def disposition(filename: str) -> str:
    """`attachment` with the name in ASCII, and in UTF-8 where that says less; ValueError for controls."""
    for at, char in enumerate(filename):
        if char < " " or char == "\x7f":
            raise ValueError(f"file name has {char!r} at {at}")
    plain = filename.encode("ascii", "replace").decode().replace("?", "_") if not filename.isascii() else filename
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    value = f'attachment; filename="{quoted}"'
    if filename.isascii() and not set(filename) & set('%"\\'):
        return value
    from urllib.parse import quote

    # Names of files need not be UTF-8; an octet that is none goes as it is.
    return f"{value}; filename*=UTF-8''{quote(os.fsencode(filename), safe='!#$&+-.^_`|~')}"
