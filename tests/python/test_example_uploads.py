"""examples/uploads.py: files as parts that arrive, sent back, and a portrait as a parameter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from applications import client_to, loaded
from pelton.testing import live_server


@pytest.fixture
def client(tmp_path: Path, serve: Callable[..., live_server], monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("UPLOADS", str(tmp_path))
    with client_to(serve(loaded("uploads").app).url) as one:
        yield one


def test_files_arrive_and_come_back(client: httpx.Client, tmp_path: Path) -> None:
    large = bytes(range(256)) * 20_000  # more than any limit of a buffered body
    sent = client.post(
        "/files",
        data={"note": "not a file"},
        files=[("file", ("large.bin", large)), ("file", ("../../small.txt", b"small"))],
    )
    assert sent.status_code == 201, sent.text
    assert sent.json() == [
        {"name": "large.bin", "size": len(large), "sha256": hashlib.sha256(large).hexdigest()},
        {"name": "small.txt", "size": 5, "sha256": hashlib.sha256(b"small").hexdigest()},
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large.bin", "small.txt"]
    back = client.get("/files/large.bin")
    assert back.content == large and back.headers["content-length"] == str(len(large))


def test_what_is_no_file_of_ours(client: httpx.Client) -> None:
    assert client.get("/files/none").status_code == 404
    assert client.get("/files/..%2f..%2fetc%2fpasswd").status_code == 404
    assert client.post("/files", json={}).status_code == 415


def test_a_portrait(client: httpx.Client) -> None:
    image = {"image": ("ada.png", b"\x89PNG", "image/png")}
    sent = client.post("/portrait", data={"name": "Ada"}, files=image)
    assert (sent.status_code, sent.json()) == (201, {"name": "Ada", "file": "ada.png", "size": 4})
    assert client.post("/portrait", data={"name": "A"}, files=image).status_code == 422
    assert client.post("/portrait", data={"name": "Ada"}, files={"image": ("a.gif", b"", "image/gif")}).status_code == 415


def test_the_page_has_the_form(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8" and 'enctype="multipart/form-data"' in page.text
