"""Octets too many to be committed: made on first use, the same every time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

BOUNDARY = "----pelton-benchmark-7MA4YWxkTrZu0gW"
UPLOAD_BYTES = 10_000_000
_LINE = b"The quick brown fox jumps over the lazy dog, and the dog does not even look up.\n"


def _text(size: int) -> bytes:
    return (_LINE * (size // len(_LINE) + 1))[:size]


def _upload() -> bytes:
    """One file, as a browser sends it."""
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="photo.raw"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    # Every octet, so that a search for the boundary meets its beginnings too.
    content = bytes(range(256)) * (UPLOAD_BYTES // 256 + 1)
    return head.encode() + content[:UPLOAD_BYTES] + f"\r\n--{BOUNDARY}--\r\n".encode()


MAKERS: dict[str, Callable[[], bytes]] = {
    "hosted/body.txt": lambda: _text(10 * 1024),
    "hosted/stream.txt": lambda: b"".join(b"%1023d\n" % number for number in range(64)),
    "upload.form": _upload,
    "static/small.txt": lambda: _text(1024),
    "static/large.txt": lambda: _text(1024 * 1024),
}


def file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_bytes(MAKERS[name]())
        unfinished.rename(path)
    return path


def static(folder: Path) -> Path:
    """The directory of the files to be served."""
    for name in MAKERS:
        if name.startswith("static/"):
            file(folder, name)
    return folder / "static"
