"""Forms as the test client sends them: `data=` and `files=`."""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import IO

    # Content alone, or (file name, content[, content type[, headers]]).
    Content = bytes | str | IO[bytes]
    File = Content | tuple[str | None, Content] | tuple[Any, ...]
    Data = Mapping[str, Any] | Iterable[tuple[str, Any]]
    Files = Mapping[str, Any] | Iterable[tuple[str, Any]]


def encoded_form(data: Data | None, files: Files | None) -> tuple[bytes, str]:
    """(body, content type): multipart if there are files, else urlencoded.

    A list as a value is a field or file for each of its items.
    """
    fields = [(name, _text(value)) for name, value in _pairs(data)]
    if files is None:
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    boundary = urandom(16).hex()
    out = bytearray()
    for name, text in fields:
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        out += _part(boundary, head, text.encode())
    for name, given in _pairs(files):
        out += _file_part(boundary, name, given)
    out += f"--{boundary}--\r\n".encode()
    return bytes(out), f"multipart/form-data; boundary={boundary}"


def _pairs(given: Any) -> list[tuple[str, Any]]:
    if given is None:
        return []
    pairs = given.items() if hasattr(given, "items") else given
    return [(name, one) for name, value in pairs for one in (value if isinstance(value, list) else [value])]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _quoted(text: str) -> str:
    """As browsers write a name (HTML, multipart/form-data encoding algorithm)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _part(boundary: str, head: str, content: bytes) -> bytes:
    return f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def _file_part(boundary: str, name: str, given: Any) -> bytes:
    content: Any = given
    filename, kind, headers = name, None, None
    if isinstance(given, tuple):
        filename, content, kind, headers = (*given, None, None)[:4]
    elif hasattr(given, "name") and isinstance(given.name, str):
        filename = given.name.rpartition("/")[2]
    if hasattr(content, "read"):
        content = content.read()
    octets = content.encode() if isinstance(content, str) else bytes(content)
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if filename is not None:
        head += f'; filename="{_quoted(filename)}"'
        kind = kind or "application/octet-stream"
    if kind is not None:
        head += f"\r\nContent-Type: {kind}"
    for field, value in dict(headers or {}).items():
        head += f"\r\n{field}: {value}"
    return _part(boundary, head, octets)
