"""Bodies over 1 MiB wait in a file, and nobody can tell: on real connections, whatever reads them."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from pelton import App, File, Form, Request, UploadedFile
from pelton.testing import live_server

LARGE = os.urandom(64) * 50_000
TEXT = {"items": ["x" * 1000] * 3000}
FORM = "multipart/form-data; boundary=b"


def part(name: str, content: bytes) -> bytes:
    return f"--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n".encode() + content + b"\r\n"


def form_of(*contents: bytes) -> bytes:
    files = b"".join(part(f'f; filename="{at}.bin"', one) for at, one in enumerate(contents))
    return part("a", b"first") + files + part("z", b"last") + b"--b--\r\n"


def app_with(kept: list[Any]) -> App:
    app = App()

    @app.post("/body", max_body=0)
    def body(request: Request) -> Any:
        kept.append(request)
        return [len(request.body()), request.body() == LARGE]

    @app.post("/later", max_body=0)
    async def later(request: Request) -> Any:
        await asyncio.sleep(0)
        kept.append(request)
        return [len(request.body()), request.body() == LARGE]

    @app.post("/stream", max_body=0)
    async def stream(request: Request) -> Any:
        pieces = [piece async for piece in request.stream()]
        return [max(map(len, pieces)), b"".join(pieces) == LARGE]

    @app.post("/json", max_body=0)
    def read_json(data: dict[str, Any]) -> Any:
        return data == TEXT

    @app.post("/form")
    def form(a: Annotated[str, Form()], z: Annotated[str, Form()], f: Annotated[list[UploadedFile], File()]) -> Any:
        kept.extend(f)
        return [a, z, [[one.filename, one.size()] for one in f]]

    @app.post("/form/async", max_body=0)
    async def form_async(request: Request) -> Any:
        found = await request.form_async()
        kept.extend(found.get_files("f"))
        return [found["a"], found["z"], [[one.filename, one.size()] for one in found.get_files("f")]]

    return app


@pytest.fixture
def kept() -> list[Any]:
    return []


@pytest.fixture
def client(serve: Callable[..., live_server], kept: list[Any]) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", serve(app_with(kept)).port or 0, timeout=30)
    yield connection
    connection.close()


def post(client: http.client.HTTPConnection, path: str, content: bytes, type: str, chunked: bool) -> Any:
    pieces = (content[at : at + 70_001] for at in range(0, len(content), 70_001))
    client.request("POST", path, pieces if chunked else content, {"Content-Type": type}, encode_chunked=chunked)
    answer = client.getresponse()
    data = answer.read()
    assert answer.status == 200, data
    return json.loads(data)


@pytest.mark.parametrize("chunked", [False, True])
def test_who_reads_it(client: http.client.HTTPConnection, kept: list[Any], chunked: bool) -> None:
    for _ in range(3):
        for path in ("/body", "/later"):
            assert post(client, path, LARGE, "text/plain", chunked) == [len(LARGE), True]
            assert kept[-1].body() == LARGE
        assert post(client, "/stream", LARGE, "text/plain", chunked) == [65536, True]
        assert post(client, "/json", json.dumps(TEXT).encode(), "application/json", chunked) is True
    kept.clear()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/form", "/form/async"])
def test_frm_009_files_lie_in_the_body(
    client: http.client.HTTPConnection, kept: list[Any], path: str, chunked: bool, tmp_path: Path
) -> None:
    sizes = [0, 1, 300_000, 2_000_000, 5_000_000]
    contents = [(LARGE * 2)[:size] for size in sizes]
    found = post(client, path, form_of(*contents), FORM, chunked)
    assert found == ["first", "last", [[f"{at}.bin", size] for at, size in enumerate(sizes)]]
    # They outlive the request, and each is read by itself.
    for file, content in zip(kept, contents, strict=True):
        assert file.read(10) == content[:10] and file.read() == content[10:] and file.read(1) == b""
        file.save(tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
    descriptors = {one._file.fileno() for one in kept}
    assert len(descriptors) == 1
    del file
    kept.clear()
    assert not Path(f"/proc/self/fd/{descriptors.pop()}").exists()


def test_requests_behind_a_large_body_wait_for_it(client: http.client.HTTPConnection, kept: list[Any]) -> None:
    one = f"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: {len(LARGE)}\r\n\r\n".encode() + LARGE
    with socket.create_connection((client.host, client.port), timeout=30) as peer:
        peer.sendall(one * 3 + one.replace(b"Host: a", b"Host: a\r\nConnection: close", 1))
        received = b""
        while data := peer.recv(65536):
            received += data
    assert received.count(f"[{len(LARGE)},true]".encode()) == 4
    kept.clear()


def test_upl_005_limits_are_met_on_the_way(client: http.client.HTTPConnection) -> None:
    body = form_of(*[b"x"] * 101) + b"x" * 3_000_000
    head = f"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\nContent-Length: {len(body) + 10_000_000}\r\n\r\n"
    with socket.create_connection((client.host, client.port), timeout=30) as peer:
        peer.sendall(head.encode() + body)
        answer = peer.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ") and b"multipart_parts" in answer


def test_PRC_044_max_spooled_bounds_bodies_in_sum(serve: Callable[..., live_server], kept: list[Any]) -> None:
    """Also those that a handler keeps; their room is free again with the last who holds them."""
    server = serve(app_with(kept), limit_spooled=len(LARGE) + len(LARGE) // 2)
    client = http.client.HTTPConnection("127.0.0.1", server.port or 0, timeout=30)
    for _ in range(3):
        assert post(client, "/body", LARGE, "text/plain", False) == [len(LARGE), True]
        client.request("POST", "/body", LARGE, {"Content-Type": "text/plain"})
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())["reason"]) == (507, "spool_full")
        client.close()
        kept.clear()
    client.close()
    assert server.stats()["answered.spool_full"] == 3
