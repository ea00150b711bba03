"""A large upload costs disk or nothing, not memory, where its body is taken as it comes."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest

from pelton import App, File, Request, UploadedFile
from pelton.forms.form_reading import FormCollector
from pelton.testing import live_server

PIECE = bytes(range(256)) * 4096
PIECES = int(os.environ.pop("PELTON_UPLOAD_MIB", "96"))


def resident_bytes() -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def upload_app(peak: list[int]) -> App:
    app = App()

    @app.post("/parts", stream_body=True, max_body=0)
    async def parts(request: Request) -> int:
        size = 0
        async for part in request.parts():
            async for chunk in part:
                size += len(chunk)
            peak.append(resident_bytes())
        return size

    @app.post("/form", stream_body=True, max_body=0)
    async def form(request: Request) -> int:
        found = (await request.form_async()).get_file("f")
        peak.append(resident_bytes())
        assert found is not None and found.read(300) == PIECE[:300]
        return found.size()

    @app.post("/typed", max_body=0)
    def typed(f: Annotated[UploadedFile, File()]) -> int:
        peak.append(resident_bytes())
        assert f.read(300) == PIECE[:300] and f.seek(f.size() - 300) and f.read() == PIECE[-300:]
        return f.size()

    @app.post("/typed/async", max_body=0)
    async def typed_async(request: Request, f: Annotated[UploadedFile, File()]) -> int:
        await asyncio.sleep(0)
        peak.append(resident_bytes())
        assert f.read(300) == PIECE[:300]
        return f.size()

    return app


def upload(port: int, path: str, pieces: int, peak: list[int]) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
    length = len(head) + pieces * len(PIECE) + len(b"\r\n--b--")
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode() + head
        )
        for _ in range(pieces):
            client.sendall(PIECE)
            peak.append(resident_bytes())
        client.sendall(b"\r\n--b--")
        answer = b""
        while more := client.recv(65536):
            answer += more
    return answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("path", ["/parts", "/form", "/typed", "/typed/async"])
def test_frm_009_frm_010_memory_stays_small(serve: Callable[..., live_server], path: str) -> None:
    peak: list[int] = []
    port = serve(upload_app(peak)).port
    assert port is not None
    upload(port, path, 4, peak)  # what is made once
    peak.clear()
    before = resident_bytes()
    assert upload(port, path, PIECES, peak) == str(PIECES * len(PIECE)).encode()
    assert max(peak) - before < 8 * 1024 * 1024


def test_frm_009_files_are_written_off_the_loop(serve: Callable[..., live_server], monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()
    spool = FormCollector.spool

    def watched(self: FormCollector) -> None:
        threads.add(threading.current_thread().name)
        spool(self)

    monkeypatch.setattr(FormCollector, "spool", watched)
    port = serve(upload_app([])).port
    assert port is not None
    assert upload(port, "/form", 4, []) == str(4 * len(PIECE)).encode()
    assert threads and "live_server" not in threads
