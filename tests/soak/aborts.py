"""Clients that leave in the middle: `python tests/soak/aborts.py [ABORTS] [--engine ENGINE] [--seed SEED]`.

Each opens a connection, begins something and leaves it by a FIN or an RST: in a head, in a body, in
handlers that wait, in streams of all kinds, in a WebSocket. Every handler that began must be told
within a second, every generator closed, and when all have left no task, slot or descriptor may be
kept. Prints a line for each engine and ends with `aborts passed` or what was wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import soak  # noqa: E402

APP = """
import asyncio, gc, os, time
from pelton import App, ClientDisconnected, Request, SseEvent

app = App()
began, told, faults = {}, {}, []
KEPT = ("connections_reading", "connections_lingering", "connections_closing", "exchanges_queued", "leases_out")

class Stay:
    # Notes when a handler begins, and when it is at its end.
    def __init__(self, number):
        self.number = number
    def __enter__(self):
        began[self.number] = time.monotonic()
    def __exit__(self, kind, value, trace):
        told[self.number] = time.monotonic()
        if kind not in (None, GeneratorExit, asyncio.CancelledError, ClientDisconnected):
            faults.append(f"{self.number}: {value!r}")

@app.post("/whole/{number:int}")
async def whole(number: int, request: Request):
    with Stay(number):
        return len(request.body())

@app.post("/body/{number:int}", stream_body=True)
async def body(number: int, request: Request):
    with Stay(number):
        return sum([len(piece) async for piece in request.stream()])

@app.get("/cancelled/{number:int}", cancel_on_disconnect=True)
async def cancelled(number: int):
    with Stay(number):
        await asyncio.Event().wait()

@app.get("/told/{number:int}")
async def hears(number: int, request: Request):
    with Stay(number):
        await request.disconnected()

@app.get("/async/{number:int}")
async def asynchronous(number: int):
    with Stay(number):
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0)

@app.get("/fast/{number:int}")
async def fast(number: int):
    with Stay(number):
        while True:
            yield b"x" * 65536

@app.get("/sync/{number:int}")
def sync(number: int):
    with Stay(number):
        while True:
            yield b"x" * 65536

@app.get("/events/{number:int}")
async def events(number: int):
    with Stay(number):
        yield SseEvent("hello")
        await asyncio.Event().wait()

@app.websocket("/socket/{number:int}")
async def messages(ws, number: int):
    with Stay(number):
        async for message in ws:
            await ws.send(message)

@app.get("/turn")
def turn():
    return None

@app.get("/report")
async def report():
    gc.collect()
    told_now = {number: told.pop(number) for number in list(told)}
    return {
        "told": [[number, began.pop(number), at] for number, at in told_now.items()],
        "waiting": len(began),
        "faults": faults,
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "kept": [{name: gauges[name] for name in KEPT} for gauges in app._parts.service.server.gauges()],
    }
"""

CLIENTS = 8
ABORTS = 100_000
PATIENCE_S = 30
TOLD_WITHIN_S = 1.0
# In so many of them somebody asks what the server has noted.
REPORT_EVERY = 2_000
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def request(method: str, path: str, number: int, fields: str = "") -> bytes:
    return f"{method} {path}/{number} HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode()


# What a client sends before it leaves, and whether it waits for octets first.
KINDS: dict[str, Callable[[int], tuple[bytes, bool]]] = {
    "head": lambda number: (request("GET", "/cancelled", number)[:-7], False),
    "whole": lambda number: (request("POST", "/whole", number, "Content-Length: 100\r\n") + b"0123456789", False),
    "body": lambda number: (request("POST", "/body", number, "Content-Length: 100\r\n") + b"0123456789", False),
    "cancelled": lambda number: (request("GET", "/cancelled", number), False),
    "told": lambda number: (request("GET", "/told", number), False),
    "async": lambda number: (request("GET", "/async", number), True),
    "fast": lambda number: (request("GET", "/fast", number), True),
    "sync": lambda number: (request("GET", "/sync", number), True),
    "events": lambda number: (request("GET", "/events", number), True),
    "socket": lambda number: (request("GET", "/socket", number, UPGRADE), True),
}


class Client(threading.Thread):
    """Leaves `count` times; `left` says when, by number."""

    def __init__(self, port: int, first: int, count: int, seed: int) -> None:
        super().__init__()
        self.left: dict[int, float] = {}
        self.wrong: list[str] = []
        self.kinds = Counter[str]()
        self._port = port
        self._other = soak.Peer(port)
        self._numbers = range(first, first + count)
        self._random = random.Random(seed * 1000 + first)

    def run(self) -> None:
        for number in self._numbers:
            try:
                self.leave(number)
            except OSError as error:
                self.wrong.append(f"{number}: {error!r}")
                if len(self.wrong) > 10:
                    break
        self._other.socket.close()

    def leave(self, number: int) -> None:
        kind = self._random.choice(list(KINDS))
        octets, answered = KINDS[kind](number)
        how = self._random.choice(["FIN", "RST"])
        self.kinds[f"{kind} {how}"] += 1
        with socket.socket() as connection:
            connection.settimeout(PATIENCE_S)
            # Streams without end fill what the kernel keeps for a reader.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            connection.connect(("127.0.0.1", self._port))
            connection.sendall(octets)
            if answered:
                assert connection.recv(self._random.choice([100, 1 << 16])).startswith(b"HTTP/1.1 ")
            elif self._random.random() < 0.5:
                # By its answer the handler has begun.
                self._other.ask(soak.get("/turn"))
            if how == "RST":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.left[number] = time.monotonic()


class Watcher:
    """Asks the server what became of those that left."""

    def __init__(self, port: int) -> None:
        self._peer = soak.Peer(port)
        self.told: list[tuple[int, float, float]] = []
        self.state: dict[str, object] = {}

    def ask(self) -> None:
        self.state = json.loads(self._peer.ask(soak.get("/report"))[1])
        self.told += [(number, began, at) for number, began, at in self.state.pop("told")]  # type: ignore[attr-defined]

    def settle(self, baseline: dict[str, object]) -> list[str]:
        """Waits until nothing is kept; what is kept when patience is over."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.ask()
            kept = [f"{name}: {self.state[name]} (was {was})" for name, was in baseline.items() if self.state[name] != was]
            if not kept or time.monotonic() > deadline:
                return kept


def late(told: list[tuple[int, float, float]], left: dict[int, float]) -> list[str]:
    """Handlers that were told more than a second after both they began and their client left."""
    return [
        f"{number} was told {at - max(began, left[number]):.2f} s late"
        for number, began, at in told
        if at - max(began, left[number]) > TOLD_WITHIN_S
    ]


def run(aborts: int, engine: str, seed: int) -> list[str]:
    """What was wrong, over this many aborts on one engine."""
    process, port, _, used = soak.start(engine, APP)
    wrong: list[str] = []
    try:
        watcher = Watcher(port)
        watcher.ask()
        watcher.ask()
        baseline = watcher.state
        began = time.monotonic()
        left: dict[int, float] = {}
        kinds = Counter[str]()
        for batch in range(0, aborts, REPORT_EVERY):
            share = min(REPORT_EVERY, aborts - batch) // CLIENTS
            clients = [Client(port, batch + index * share, share, seed) for index in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
                left |= client.left
                kinds += client.kinds
                wrong += client.wrong
            watcher.ask()
            if len(wrong) > 10:
                break
        kept = watcher.settle(baseline)
        wrong += [f"when all have left the server keeps {one}" for one in kept]
        wrong += late(watcher.told, left)[:10]
        took_s = time.monotonic() - began
        print(
            f"engine {used}: {len(left)} aborts of {len(kinds)} kinds in {took_s:.0f} s,"
            f" {len(watcher.told)} handlers told, {len(wrong)} wrong",
            flush=True,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE_S)
    return wrong if code == 0 else [*wrong, f"the server ended with {code}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("aborts", type=int, nargs="?", default=ABORTS)
    parser.add_argument("--engine", action="append", choices=("epoll", "uring"))
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    wrong: list[str] = []
    for engine in asked.engine or ("epoll", "uring"):
        wrong += run(asked.aborts, engine, asked.seed)
    for what in wrong:
        print(what)
    print("aborts failed" if wrong else "aborts passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
