"""SEG-006, VER-012: forms as a browser, curl and three libraries really write them, the same parts at every split."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from chromium import browser

from pelton import App, Request, _native
from pelton.testing import live_server
from pelton.testing.client_requests import encoded_form

LIMITS = (70, 1000, 1000, 100, 2**20, 2**21, 8, 4096, 1024)

# Name, file name or None, content.
Form = list[tuple[str, str | None, bytes]]

FORMS: dict[str, Form] = {
    "fields": [("title", None, b"sky"), ("text", None, b"a\r\nb\r\n\r\nc"), ("empty", None, b"")],
    "one name": [("a", None, b"1"), ("a", None, b"2"), ("b", None, b"3"), ("a", None, b"")],
    "texts": [("näme", None, "€ 日本 \U0001f600".encode()), ("a b", None, b"100% & more=less"), ("x;y", None, b"\t")],
    "file": [("image", "sky.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\r\n--\r\n\r\r\n\n"), ("title", None, b"x")],
    "names of files": [("f", "a b.txt", b"1"), ("f", "ü 日本.txt", b"2"), ("f", "a;b=c.txt", b"3"), ("f", "%22.txt", b"4")],
    "empty files": [("f", "a.bin", b""), ("g", "b", b"")],
    "delimiters": [("a", None, b"--"), ("b", "f", b"\r\n--\r\n----\r\n------WebKitFormBoundary\r\n-"), ("c", None, b"\r\n--")],
    "octets": [("all", "all.bin", bytes(range(256)) * 3), ("a", None, b"behind")],
    "many": [(f"f{at}", None, str(at).encode() * at) for at in range(25)],
}

Encoded = tuple[str, bytes]  # content type, body
Encoder = Callable[[str, Form], Encoded]


@pytest.fixture(scope="module")
def received() -> Iterator[tuple[str, list[Encoded]]]:
    """A server's URL, and what came to it."""
    app, found = App(), list[Encoded]()
    app.add_route("/", lambda: "<!doctype html>", media_type="text/html")

    def take(request: Request) -> None:
        found.append((request.headers["content-type"], request.body()))

    app.add_route("/", take, ["POST"], status=204)
    with live_server(app) as server:
        yield server.url, found


@pytest.fixture(scope="module")
def by_chromium(received: tuple[str, list[Encoded]]) -> Iterator[Encoder]:
    url, found = received
    with browser() as chromium, chromium.page(url) as page:

        def encode(_: str, form: Form) -> Encoded:
            parts = [(name, filename, base64.b64encode(content).decode()) for name, filename, content in form]
            page.value(f"""(async () => {{
                const form = new FormData();
                for (const [name, filename, text] of {json.dumps(parts)}) {{
                    const octets = Uint8Array.from(atob(text), c => c.charCodeAt(0));
                    if (filename === null) form.append(name, new TextDecoder().decode(octets));
                    else form.append(name, new File([octets], filename, {{type: "text/plain"}}));
                }}
                return (await fetch("/", {{method: "POST", body: form}})).status;
            }})()""")
            return found.pop()

        yield encode


@pytest.fixture
def by_curl(received: tuple[str, list[Encoded]], tmp_path: Path) -> Encoder:
    url, found = received

    def encode(_: str, form: Form) -> Encoded:
        command = ["curl", "-sS", "--fail", url + "/"]
        for at, (name, filename, content) in enumerate(form):
            (tmp_path / str(at)).write_bytes(content)
            value = f"{name}=<{tmp_path}/{at}" if filename is None else f'{name}=@{tmp_path}/{at};filename="{filename}"'
            command += ["-F", value]
        subprocess.run(command, check=True, timeout=60)
        return found.pop()

    return encode


def _files(form: Form) -> list[Any]:
    return [(name, (filename, content)) for name, filename, content in form]


@pytest.fixture
def by_httpx() -> Encoder:
    def encode(_: str, form: Form) -> Encoded:
        request = httpx.Request("POST", "http://a", files=_files(form))
        return request.headers["content-type"], request.read()

    return encode


@pytest.fixture
def by_requests() -> Encoder:
    def encode(_: str, form: Form) -> Encoded:
        request = requests.Request("POST", "http://a", files=_files(form)).prepare()
        assert isinstance(request.body, bytes)
        return request.headers["content-type"], request.body

    return encode


@pytest.fixture
def by_pelton() -> Encoder:
    def encode(_: str, form: Form) -> Encoded:
        body, kind = encoded_form({}, _files(form))
        return kind, body

    return encode


def parts_of(kind: str, body: bytes, cut: int) -> Form:
    reader = _native.FormReader(kind, LIMITS)
    found: Form = []
    for event in [*reader.feed(body[:cut]), *reader.feed(body[cut:]), *reader.end()]:
        if type(event) is tuple:
            found.append((event[0], event[2], b""))
        elif event is not None:
            name, filename, content = found[-1]
            found[-1] = (name, filename, content + bytes(event))
    assert reader.failure is None, (reader.failure, body)
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("client", ["chromium", "curl", "httpx", "requests", "pelton"])
def test_VER_012_what_clients_write(client: str, form: str, request: pytest.FixtureRequest) -> None:
    if client in ("chromium", "curl") and shutil.which(client) is None:
        pytest.skip(f"no {client}")
    encode: Encoder = request.getfixturevalue(f"by_{client}")
    kind, body = encode(form, FORMS[form])
    assert kind.startswith("multipart/form-data; boundary=")
    for cut in range(len(body) + 1):
        assert parts_of(kind, body, cut) == FORMS[form], (cut, body)


def test_there_are_forty_documents_and_more() -> None:
    assert len(FORMS) * 5 >= 40
