"""A Gradio interface answers under pelton as under uvicorn: its page, its assets, calls that stream, uploads."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import engines

from frameworks.environments import environment
from frameworks.servers import Sample, Server, other_server, pelton_server

SAMPLE = Sample("gradio", "gradio_sample:app")
API = "/demo/gradio_api"
BOUNDARY = "5f0c1a"
FORM = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="large.bin"\r\n\r\n'.encode()
    + bytes(range(256)) * 8192
    + f"\r\n--{BOUNDARY}--\r\n".encode()
)


class Answer(NamedTuple):
    status: int
    media_type: str
    body: bytes


@pytest.fixture(scope="module")
def python() -> Path:
    return environment(SAMPLE.name)


@pytest.fixture(scope="module")
def expected(python: Path) -> Iterator[list[Answer]]:
    with other_server(python, SAMPLE) as server:
        yield visit(server)


def ask(server: Server, path: str, body: bytes | None = None, media_type: str = "application/json") -> Answer:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", body, {"Content-Type": media_type})
    with urllib.request.urlopen(request, timeout=60) as answer:
        # Pages name the port, and every start has a key of its own.
        text = re.sub(rb'127\.0\.0\.1:\d+|"app_id":\d+', b"", answer.read())
        return Answer(answer.status, answer.headers["Content-Type"], text)


def call(server: Server, name: str, *arguments: object) -> Answer:
    """Has a function of the interface run, and hears its events to the end."""
    begun = json.loads(ask(server, f"{API}/call/{name}", json.dumps({"data": arguments}).encode()).body)
    return ask(server, f"{API}/call/{name}/{begun['event_id']}")


def visit(server: Server) -> list[Answer]:
    """What a browser asks for: the page, a script of it, the interface's description, events, an upload and what becomes of it."""
    page = ask(server, "/demo/")
    script = re.search(rb'src="\./(assets/[^"]+\.js)"', page.body)
    assert script is not None
    uploaded = ask(server, f"{API}/upload", FORM, f"multipart/form-data; boundary={BOUNDARY}")
    [path] = json.loads(uploaded.body)
    return [
        ask(server, "/"),
        page,
        ask(server, f"/demo/{script[1].decode()}"),
        ask(server, f"{API}/info"),
        call(server, "greet", "Ada", 2),
        call(server, "count", 3),
        uploaded,
        call(server, "measure", {"path": path, "meta": {"_type": "gradio.FileData"}}),
        ask(server, f"{API}/file={path}"),
    ]


@pytest.mark.parametrize("engine", engines())
def test_an_interface_works_as_under_uvicorn(python: Path, expected: list[Answer], engine: str) -> None:
    with pelton_server(python, SAMPLE, engine) as server:
        assert visit(server) == expected
        assert f"engine {engine}" in "".join(server.said)
    assert b'data: ["Hello Ada! Hello Ada! "]' in expected[4].body
    assert expected[5].body.count(b"event: generating") == 3
    assert expected[7].body.endswith(b"data: [2097152]\n\n")
    assert expected[8].body == bytes(range(256)) * 8192
