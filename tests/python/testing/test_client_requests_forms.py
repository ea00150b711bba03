"""What the test client sends as a form, read by the standard library's parsers."""

from __future__ import annotations

import io
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pelton import App
from pelton.testing import TestClient
from pelton.testing.client_requests import encoded_form


def parts(body: bytes, kind: str) -> list[tuple[Any, Any, Any, bytes]]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found = []
    for part in message.walk():
        if not part.is_multipart():
            name = part.get_param("name", header="content-disposition")
            found.append((name, part.get_filename(), part["Content-Type"], part.get_payload(decode=True)))
    return found


def test_data_alone_is_urlencoded() -> None:
    body, kind = encoded_form({"a": "1 &", "b": ["x", "y"], "n": None, "t": True, "i": 5}, None)
    assert kind == "application/x-www-form-urlencoded"
    assert parse_qsl(body.decode(), True) == [("a", "1 &"), ("b", "x"), ("b", "y"), ("n", ""), ("t", "true"), ("i", "5")]
    assert encoded_form([("a", "1"), ("a", "2")], None)[0] == b"a=1&a=2" and encoded_form({}, None)[0] == b""


def test_files_make_it_multipart() -> None:
    named = io.BytesIO(b"named")
    named.name = "/tmp/n.bin"
    files = {
        "f": ("a.txt", b"1\r\n", "text/plain", {"X": "y"}),
        "g": [b"2", "3"],
        "h": named,
        "k": (None, "not a file"),
    }
    body, kind = encoded_form({"a": "ä"}, files)
    assert parts(body, kind) == [
        ("a", None, None, "ä".encode()),
        ("f", "a.txt", "text/plain", b"1\r\n"),
        ("g", "g", "application/octet-stream", b"2"),
        ("g", "g", "application/octet-stream", b"3"),
        ("h", "n.bin", "application/octet-stream", b"named"),
        ("k", None, None, b"not a file"),
    ]
    assert encoded_form(None, {})[0].startswith(b"--")
    assert b'name="a%22%0D%0A"' in encoded_form({'a"\r\n': ""}, {})[0]


def test_one_kind_of_body_at_once() -> None:
    client = TestClient(App())
    for options in ({"json": 1, "data": {}}, {"content": b"", "files": {}}, {"json": 1, "content": b""}):
        with pytest.raises(TypeError, match="one of"):
            client.post("/", **options)


def test_a_type_that_is_given_stays() -> None:
    app = App()
    app.add_route("/", lambda request: [request.content_type(), request.text()], ["POST"])
    sent = TestClient(app).post("/", data={"a": "1"}, headers={"content-type": "text/x"})
    assert sent.json() == ["text/x", "a=1"]
