"""PRC-036: a server whose address space ends; what there is no memory for fails alone, and the worker goes on."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wire import Peer

SCRIPT = """
import resource
from pathlib import Path
from pelton import App, Request
app = App()

@app.get("/limit")
def limit() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (100 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return limit

@app.get("/up")
def up() -> bytes:
    return b"up"

@app.get("/bytes")
def octets() -> bytes:
    return b"x" * (60 << 20)

@app.get("/text")
def text() -> str:
    return "x" * (60 << 20)

@app.get("/json")
def values() -> dict:
    return {"values": ["x" * (30 << 20)] * 4}

@app.get("/later")
async def later() -> bytes:
    return b"x" * (60 << 20)

@app.get("/stream")
async def stream():
    yield b"x" * 1000
    yield b"x" * (90 << 20) + b"y" * (90 << 20)

@app.post("/values", max_body=200 << 20)
def read(request: Request) -> int:
    return len(request.json())

app.run(port=0, engine="ENGINE")
"""


@pytest.fixture
def port(engine: str, tmp_path: Path) -> Iterator[int]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("ENGINE", engine))
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    ready = process.stderr.readline()
    found = re.search(r"listening on http://127.0.0.1:(\d+) ", ready)
    assert found is not None, ready
    with Peer(int(found[1])) as peer:
        peer.send(b"GET /limit HTTP/1.1\r\nHost: h\r\n\r\n")
        assert peer.one().status == 200
    yield int(found[1])
    process.send_signal(signal.SIGTERM)
    assert "MemoryError" in process.communicate(timeout=30)[1]
    assert process.returncode == 0


def is_up(port: int) -> bool:
    with Peer(port) as peer:
        peer.send(b"GET /up HTTP/1.1\r\nHost: h\r\n\r\n")
        return peer.one().body == b"up"


def test_PRC_036_answers_that_there_is_no_memory_for_are_500(port: int) -> None:
    with Peer(port) as peer:
        for path in ("/bytes", "/text", "/json", "/later"):
            peer.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            assert peer.one().status == 500, path
        assert is_up(port)


def test_PRC_036_a_stream_that_there_is_no_memory_for_is_cut(port: int) -> None:
    with Peer(port) as peer:
        peer.send(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\nGET /up HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b""
        try:
            received = peer.rest()
        except ConnectionResetError:
            pass
        assert b"\r\n0\r\n\r\n" not in received
    assert is_up(port)


def test_PRC_036_a_body_that_there_is_no_memory_for_is_refused(port: int) -> None:
    body = b"[" + b"1," * (15 << 20) + b"1]"
    with Peer(port) as peer:
        peer.send(f"POST /values HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        peer.send(body)
        assert peer.one().status in (500, 503, 507)
    assert is_up(port)
    with Peer(port) as peer:
        peer.send(b"GET /bytes HTTP/1.1\r\nHost: h\r\n\r\n")
        assert peer.one().status == 500
