"""Files as answers: what Response.file() and Response.sendfile() leave for the native half to send."""

from __future__ import annotations

import os

from pelton.messages.headers import checked_status, field, fields_of
from pelton.messages.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.routing.keywords import HeadersInit


class FileBody:
    """The body of a Response that is a file: opened when it is sent, each time anew."""

    __slots__ = ("path", "root")

    def __init__(self, path: bytes, root: bytes | None) -> None:
        self.path = path
        self.root = root

    def __repr__(self) -> str:
        return f"file {os.fsdecode(self.path)!r}"


def file_response(
    path: str | os.PathLike[str],
    content_type: str | None,
    *,
    attachment: str | None,
    root: str | os.PathLike[str] | None,
    status: int,
    headers: HeadersInit | None,
) -> Response:
    """Sent under `attachment` as its name if there is one, else shown inline."""
    name = os.fsencode(path)
    within = None if root is None else os.fsencode(root)
    if b"\0" in name or (within is not None and b"\0" in within):
        raise ValueError(f"a path holds no NUL: {path!r}")
    if within == b"":
        raise ValueError("root is a directory, not the empty path")
    response = Response.__new__(Response)
    response._background = None
    response._status = checked_status(status)
    response._body = FileBody(name, within)
    response._fields = fields = [] if headers is None else fields_of(headers)
    said = {key.lower() for key, _ in fields}
    if content_type is not None and b"content-type" not in said:
        fields.insert(0, field("Content-Type", content_type))
    if attachment is not None and b"content-disposition" not in said:
        fields.append(field("Content-Disposition", disposition(attachment)))
    return response


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
