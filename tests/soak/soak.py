"""Serves at half load for a long time: `python tests/soak/soak.py [--minutes 60] [--engine ENGINE]`.

Half of what the machine can do in a closed loop, as requests of all kinds: kept connections, new
ones, bodies, errors of the client's and of the handler's, resets in the middle. Behind the first
sixth of the time nothing may grow: memory by less than 1 MiB an hour, descriptors, connections,
leases, operations in flight and Python's objects not at all. Prints one line a sample and ends with
`soak passed` or what grew; `--minutes 5` is for every build.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

APP = """
import gc, os, sys
from pelton import App, HTTPError, Request, Response
app = App()

@app.get("/item/{number:int}")
def item(number: int, q: str = "none"):
    return {"number": number, "q": q, "tags": ["a", "b"]}

@app.post("/echo")
def echo(request: Request):
    return Response(request.body())

@app.post("/json")
def read_json(request: Request):
    return request.json()

@app.get("/large")
def large():
    return Response(b"x" * 300_000)

@app.get("/gone")
def gone():
    raise HTTPError(404, "gone")

@app.get("/fail")
def fail():
    raise ValueError("an error of the handler's")

@app.get("/state")
def state():
    gc.collect()
    return {
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "gauges": app._parts.service.server.gauges(),
    }
"""

KEPT_CONNECTIONS = 8
CALIBRATION_S = 3
RSS_SLOPE_KIB_PER_HOUR_MAX = 1024
SAMPLES = 60
ROOM = {"objects": 50, "blocks": 200, "descriptors": 4, "connections": 4, "leases": 0, "operations": 8}


class Peer:
    """One blocking connection that asks and reads whole answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        self.socket.sendall(request)
        received = b""
        while True:
            head, end, body = received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if end and length is not None and len(body) >= int(length[1]):
                assert len(body) == int(length[1])
                return int(head[9:12]), body
            piece = self.socket.recv(1 << 18)
            if not piece:
                raise ConnectionResetError(head[:60])
            received += piece

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def post(path: str, body: bytes, kind: str = "application/octet-stream") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


class Load:
    """One step is one request, or one of the things that go wrong."""

    def __init__(self, port: int, seed: int) -> None:
        self.port = port
        self.random = random.Random(seed)
        self.kept = [Peer(port) for _ in range(KEPT_CONNECTIONS)]
        self.steps = 0
        self.wrong = 0

    def expect(self, answer: tuple[int, bytes], status: int) -> None:
        if answer[0] != status:
            self.wrong += 1

    def step(self) -> None:
        self.steps += 1
        number = self.steps
        peer = self.kept[number % len(self.kept)]
        kind = self.random.randrange(100)
        if kind < 60:
            self.expect(peer.ask(get(f"/item/{number}?q=%C3%A4{number % 7}")), 200)
        elif kind < 70:
            body = b"z" * self.random.randrange(1, 20_000)
            self.expect(peer.ask(post("/echo", body)), 200)
        elif kind < 76:
            self.expect(peer.ask(post("/json", json.dumps({"n": number, "s": "ä" * 20}).encode(), "application/json")), 200)
        elif kind < 78:
            self.expect(peer.ask(get("/large")), 200)
        elif kind < 82:
            self.expect(peer.ask(get("/gone")), 404)
        elif kind < 84:
            self.expect(peer.ask(get("/nowhere")), 404)
        elif kind < 86:
            self.expect(peer.ask(get("/fail")), 500)
        elif kind < 88:
            self.expect(peer.ask(post("/json", b"{", "application/json")), 400)
        elif kind < 94:
            fresh = Peer(self.port)
            self.expect(fresh.ask(get("/item/1")), 200)
            fresh.socket.close()
        elif kind < 96:
            # Gone in the middle of its request, of its answer, or before it said anything.
            fresh = Peer(self.port)
            with suppress(OSError):
                fresh.socket.sendall((b"", get("/large"), post("/echo", b"x" * 5000)[:-100])[number % 3])
            fresh.reset()
        elif kind < 98:
            fresh = Peer(self.port)
            self.expect(fresh.ask(b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"), 400)
            fresh.socket.close()
        else:
            index = number % len(self.kept)
            self.kept[index].socket.close()
            self.kept[index] = Peer(self.port)

    def close(self) -> None:
        for peer in self.kept:
            peer.socket.close()


@dataclass
class Sample:
    at_s: float
    rss_kib: int
    figures: dict[str, int]


def rss_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    assert found is not None
    return int(found[1])


def sample(pid: int, peer: Peer, began: float) -> Sample:
    status, body = peer.ask(get("/state"))
    assert status == 200, body
    state = json.loads(body)
    figures = {name: state[name] for name in ("objects", "blocks", "descriptors")}
    (gauges,) = state["gauges"]
    figures["connections"] = sum(value for name, value in gauges.items() if name.startswith("connections_"))
    figures["leases"] = gauges["leases_out"]
    figures["operations"] = gauges["operations_in_flight"]
    return Sample(time.monotonic() - began, rss_kib(pid), figures)


def slope_per_hour(samples: list[Sample]) -> float:
    """KiB an hour, by least squares."""
    mean_t = sum(one.at_s for one in samples) / len(samples)
    mean_y = sum(one.rss_kib for one in samples) / len(samples)
    up = sum((one.at_s - mean_t) * (one.rss_kib - mean_y) for one in samples)
    down = sum((one.at_s - mean_t) ** 2 for one in samples)
    return up / down * 3600


def verdicts(samples: list[Sample]) -> list[str]:
    """What grew behind the first sixth: a slope for memory, for the rest the later half against the earlier."""
    steady = [one for one in samples if one.at_s >= samples[-1].at_s / 6]
    grown = []
    slope = slope_per_hour(steady)
    spread = max(one.rss_kib for one in steady) - min(one.rss_kib for one in steady)
    print(f"memory: {slope:+.0f} KiB an hour, {spread} KiB between least and most")
    if slope >= RSS_SLOPE_KIB_PER_HOUR_MAX:
        grown.append(f"memory grows by {slope:.0f} KiB an hour")
    half = len(steady) // 2
    for name in steady[0].figures:
        earlier = max(one.figures[name] for one in steady[:half])
        later = max(one.figures[name] for one in steady[half:])
        # Free lists fill by a few, connections come and go; what leaks grows by the thousand.
        if later > earlier + ROOM[name]:
            grown.append(f"{name} grew from {earlier} to {later}")
    return grown


def drain(stream: IO[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    """Takes what handlers fail with, which is told for ever; the server's folder stays as long as it does."""
    deque(stream, 0)
    folder.cleanup()


def start(engine: str, app: str = APP) -> tuple[subprocess.Popen[bytes], int, int, str]:
    """A server, its port, its worker's process id and the engine it uses."""
    folder = tempfile.TemporaryDirectory()
    (Path(folder.name) / "web.py").write_text(app)
    process = subprocess.Popen(
        [sys.executable, "-m", "pelton", "run", "web.py", "--port", "0"],
        stderr=subprocess.PIPE,
        cwd=folder.name,
        env={**os.environ, "PELTON_ENGINE": engine},
    )
    assert process.stderr is not None
    line = process.stderr.readline().decode()
    Thread(target=drain, args=(process.stderr, folder), daemon=True).start()
    found = re.search(r"listening on \S+:(\d+) \(engine (\w+), pid (\d+)\)", line)
    assert found is not None, line
    return process, int(found[1]), int(found[3]), found[2]


def soak(minutes: float, engine: str, seed: int) -> list[str]:
    process, port, worker, used = start(engine)
    try:
        grown = _soaked(minutes, process, port, worker, seed, used)
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        return grown if code == 0 else [*grown, f"exit code {code}"]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _soaked(
    minutes: float, process: subprocess.Popen[bytes], port: int, worker: int, seed: int, engine: str
) -> list[str]:
    load, watcher = Load(port, seed), Peer(port)
    began = time.monotonic()
    while time.monotonic() - began < CALIBRATION_S:
        load.step()
    interval_s = 2 * CALIBRATION_S / load.steps
    print(f"engine {engine}, seed {seed}: {load.steps / CALIBRATION_S:.0f} requests a second at most, half of it for {minutes} min")
    samples: list[Sample] = []
    began = time.monotonic()
    whole_s = minutes * 60
    next_step, next_sample = began, began
    while time.monotonic() - began < whole_s:
        load.step()
        next_step += interval_s
        now = time.monotonic()
        if now >= next_sample:
            next_sample += whole_s / SAMPLES
            one = sample(worker, watcher, began)
            samples.append(one)
            print(f"{one.at_s:7.0f} s  {one.rss_kib} KiB  {one.figures}", flush=True)
        if next_step > now:
            with suppress(subprocess.TimeoutExpired):
                process.wait(next_step - now)
                raise RuntimeError("the server has ended")
        else:
            next_step = now  # no catching up: it would be more than half
    load.close()
    watcher.socket.close()
    grown = verdicts(samples)
    if load.wrong:
        grown.append(f"{load.wrong} answers of another status than expected")
    print(f"{load.steps} requests")
    return grown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    grown = soak(asked.minutes, asked.engine, asked.seed)
    for line in grown:
        print(line)
    print("soak failed" if grown else "soak passed")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
