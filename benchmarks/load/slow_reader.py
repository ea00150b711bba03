"""A stream of 1 GiB to a reader that is slower than the server: what it holds, and what others notice."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import client
import contenders
import processes

STREAM_BYTES = 1 << 30
READ_BYTES = 256 << 10
READER_BYTES_PER_SECOND = 48 << 20
NEIGHBOUR_S = 6
SAMPLE_S = 0.1


def resident_bytes(pids: list[int]) -> int:
    """Resident set size: unlike the proportional one it is read without walking the mappings."""
    page = 4096
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in pids)


class Reader(threading.Thread):
    """Takes /long at its pace; `received` are the octets it has so far."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        self.received = 0

    def run(self) -> None:
        began = time.monotonic()
        buffer = bytearray(READ_BYTES)
        while count := self._socket.recv_into(buffer):
            self.received += count
            ahead_s = self.received / READER_BYTES_PER_SECOND - (time.monotonic() - began)
            if ahead_s > 0:
                time.sleep(ahead_s)
        self._socket.close()


def neighbour_p99_us(server: contenders.Running) -> float:
    """Of a good client beside it, by wrk."""
    return client.Load(server, NEIGHBOUR_S).finish().p99_us


def measure(server: contenders.Running, pids: list[int]) -> dict[str, dict[str, Any]]:
    """RSS growth (MiB) while 1 GiB passes, and the neighbour's p99 beside and without the reader (ratio)."""
    before_us = neighbour_p99_us(server)
    held = resident_bytes(pids)
    reader = Reader(server.port)
    reader.start()
    beside: list[float] = []

    def ask() -> None:
        beside.append(neighbour_p99_us(server))

    neighbour = threading.Thread(target=ask)
    neighbour.start()
    most = held
    while reader.is_alive():
        most = max(most, resident_bytes(pids))
        time.sleep(SAMPLE_S)
    neighbour.join()
    if reader.received < STREAM_BYTES:
        raise contenders.Unavailable(f"the stream of 1 GiB ended after {reader.received} octets")
    after_us = neighbour_p99_us(server)
    baseline_us = (before_us + after_us) / 2
    return {
        "RSS growth beside a slow reader of 1 GiB (MiB)": {"value": (most - held) / 2**20},
        "p99 of a neighbour beside it, to the one without": {
            "value": beside[0] / baseline_us,
            "p99_us": beside[0],
            "alone_us": [before_us, after_us],
        },
    }
