"""A burst of large requests, and the minute behind it: what of it does the server still hold?"""

from __future__ import annotations

import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import processes

QUESTION = "How much memory does a burst of 10 000 large pipelined requests and uploads leave behind?"

CONNECTIONS = 128
DEPTH = 16  # requests written together
PIPELINED = 8000
PIPELINED_BYTES = 64 << 10
UPLOADS = 2000
UPLOAD_BYTES = (900 << 10, 2 << 20)  # one that stays in memory, and one that goes into a file
WARM_UP = 200
SAMPLE_S = 1.0
# What may be left of it: a tenth of what there was, or so much.
LEFT_SHARE_MAX = 0.1
LEFT_MIB_MAX = 16
READ_BYTES = 1 << 18

# Serves until its input ends.
SERVER = """
import sys
from pelton import App, Request
from pelton.testing import live_server
app = App()
@app.post("/echo", max_body="4MiB")
def echo(request: Request) -> bytes:
    return request.body()
@app.post("/size", max_body="4MiB")
def size(request: Request) -> int:
    return len(request.body())
with live_server(app, engine=sys.argv[1]) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _served(engine: str) -> Iterator[tuple[int, int]]:
    """The port and the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
        process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()


def _request(path: str, size: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size


class _Client:
    """One connection that writes what it has as fast as the server takes it, and reads all answers."""

    def __init__(self, port: int, octets: bytes, answers: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.unsent = memoryview(octets)
        self.missing = answers
        self._tail = b""

    def write(self) -> None:
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            pass

    def read(self) -> None:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError(f"the server ended a connection that waits for {self.missing} answers")
        seen = self._tail + data
        mark = b"HTTP/1.1 200 "  # no body holds it
        self.missing -= seen.count(mark)
        # A mark that is cut in two is counted with what follows it.
        self._tail = seen[-(len(mark) - 1) :]


def _burst(port: int, batches: list[tuple[bytes, int]]) -> None:
    """Every batch on a connection of its own, many of them side by side."""
    waiting = list(batches)
    with selectors.DefaultSelector() as selector:
        while waiting or selector.get_map():
            while waiting and len(selector.get_map()) < CONNECTIONS:
                client = _Client(port, *waiting.pop())
                selector.register(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
            for key, events in selector.select():
                client = key.data
                if events & selectors.EVENT_WRITE:
                    client.write()
                if events & selectors.EVENT_READ:
                    client.read()
                if client.missing == 0:
                    selector.unregister(client.socket)
                    client.socket.close()
                elif not client.unsent:
                    selector.modify(client.socket, selectors.EVENT_READ, client)


def _batches(pipelined: int, uploads: int) -> list[tuple[bytes, int]]:
    echo = _request("/echo", PIPELINED_BYTES) * DEPTH
    made = [(echo, DEPTH)] * (pipelined // DEPTH)
    for number in range(uploads):
        made.append((_request("/size", UPLOAD_BYTES[number % 2]), 1))
    return made


def curve(engine: str, seconds: float) -> dict[str, float]:
    """Resident memory in MiB: before the burst, at its end, and for so long behind it."""
    with _served(engine) as (port, pid):
        # What is there once: pools, free lists, the interpreter's warm-up.
        _burst(port, _batches(WARM_UP, WARM_UP // 10))
        time.sleep(2 * SAMPLE_S)

        def resident_mib() -> float:
            return processes.resident_bytes([pid]) / 2**20

        start = resident_mib()
        began = time.monotonic()
        _burst(port, _batches(PIPELINED, UPLOADS))
        burst_s = time.monotonic() - began
        sampled = {"0 s": resident_mib()}
        end = time.monotonic()
        for second in (1, 2, 5, 10, 20, 30, 60):
            if second > seconds:
                break
            time.sleep(max(0.0, end + second - time.monotonic()))
            sampled[f"{second} s"] = resident_mib()
        left = list(sampled.values())[-1] - start
        return {
            "burst_s": burst_s,
            "before_mib": start,
            **{f"{name.replace(' ', '_')}_after_mib": mib for name, mib in sampled.items()},
            "left_mib": left,
            "is_within": float(left <= max(LEFT_SHARE_MAX * start, LEFT_MIB_MAX)),
        }


def measure(seconds: float) -> dict[str, dict[str, float]]:
    """Of both engines."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        return {engine: curve(engine, seconds) for engine in ("epoll", "uring")}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
