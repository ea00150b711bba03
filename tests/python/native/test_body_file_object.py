"""The file of a large body as Python sees it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pelton import App, Request
from pelton._native import BodyFile
from pelton.testing import TestClient

MIB = 1024 * 1024


def seen(body: bytes, content_type: str = "text/plain") -> Any:
    app, found = App(), []

    @app.post("/", max_body=0)
    def take(request: Request) -> None:
        found.append(request._body_file)

    TestClient(app).post("/", content=body, headers={"Content-Type": content_type})
    return found.pop()


def test_only_large_bodies_have_one() -> None:
    assert seen(b"x" * MIB) is None
    file = seen(b"x" * (MIB + 1))
    assert isinstance(file, BodyFile) and len(file) == MIB + 1
    assert os.pread(file.fileno(), 3, MIB - 1) == b"xx"
    assert file.parts() is None and file.failure is None


def test_frm_009_it_goes_with_the_last_reference() -> None:
    file = seen(b"x" * 2 * MIB)
    descriptor = Path(f"/proc/self/fd/{file.fileno()}")
    assert "deleted" in str(descriptor.readlink())
    del file
    assert not descriptor.exists()


def test_parts_are_events_with_places() -> None:
    def part(name: str, content: bytes) -> bytes:
        return f"--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n".encode() + content + b"\r\n"

    body = part("a", b"1") + part("e", b"") + part("f; filename=x.y", b"x" * MIB) + b"--b--"
    file = seen(body, "multipart/form-data; boundary=b")
    begin = body.index(b"xxx")
    heads = [event[:4] for event in file.parts()[::3]]
    assert heads == [("a", False, None, None), ("e", False, None, None), ("f", True, "x.y", "x.y")]
    assert file.parts()[1::3] == [b"1", b"", slice(begin, begin + MIB)] and file.parts()[2] is None
    assert file.failure is None
    assert seen(body[:-2], "multipart/form-data; boundary=b").failure == (400, "refused", "multipart_syntax")
    failed = seen(b"--bx" + body, "multipart/form-data; boundary=b")
    assert failed.failure == (400, "refused", "multipart_syntax") and failed.parts() == []


def test_it_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        BodyFile()
