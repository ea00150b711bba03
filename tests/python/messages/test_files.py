"""What Response.file() makes before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelton import Response
from pelton.messages.files import FileBody, disposition


def test_nothing_is_opened_before_it_is_sent() -> None:
    response = Response.file("/nonexistent/ä.txt", root="/r")
    body = response._body
    assert isinstance(body, FileBody)
    assert (body.path, body.root) == ("/nonexistent/ä.txt".encode(), b"/r")
    with pytest.raises(RuntimeError, match="made as it is sent"):
        response.body()
    assert Response.sendfile(Path("a")).headers.get("content-disposition") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.txt", 'attachment; filename="a.txt"'),
        ("a b.txt", 'attachment; filename="a b.txt"'),
        ('q".txt', "attachment; filename=\"q\\\".txt\"; filename*=UTF-8''q%22.txt"),
        ("€.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt"),
        ("100%.txt", "attachment; filename=\"100%.txt\"; filename*=UTF-8''100%25.txt"),
    ],
)
def test_STA_018_disposition(name: str, value: str) -> None:
    assert disposition(name) == value


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: b", "a\0", "a\x7f"])
def test_STA_018_RSP_014_controls_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="file name has"):
        Response.file("a.txt", name)


def test_paths_that_are_none() -> None:
    for arguments in ({"path": "a\0b"}, {"path": "a", "root": "\0"}, {"path": "a", "root": ""}):
        with pytest.raises(ValueError):
            Response.sendfile(**arguments)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Response.sendfile(3)  # type: ignore[arg-type]
