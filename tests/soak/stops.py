"""Stops a server that works hard, many times: `python tests/soak/stops.py [COUNT] [--engine ENGINE]`.

Clients of several kinds ask without a pause; at a moment chosen by a seed the supervisor gets TERM.
What was handed to the kernel as a whole request before that must be answered wholly and rightly;
what came later may find the door closed, but not half an answer (PRC-018). The exit code is 0.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

APP = """
from pelton import App, Request, Response
app = App()

@app.get("/text/{number:int}/{times:int}")
def text(number: int, times: int):
    return Response(f"{number:08d}." * times)

@app.post("/echo")
def echo(request: Request):
    return Response(request.body())
"""

GRACEFUL_S = 10
CLIENTS = 24
SILENCE_S = 60


def asked(number: int) -> tuple[bytes, bytes]:
    """A request and the body of its answer; some are long, some bring a body."""
    kind = number % 16
    if kind == 0:
        body = f"{number:08d}#".encode() * 3000
        head = f"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return head + body, body
    times = 200_000 if number % 101 == 0 else 4000 if kind == 1 else 1
    request = f"GET /text/{number}/{times} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    return request, f"{number:08d}.".encode() * times


@dataclass
class Tally:
    answered: int = 0  # of those that arrived before the stop
    late: int = 0  # answered although they came later
    turned_away: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Expected:
    body: bytes
    before_stop: bool = False


class Client:
    """One connection after the other; up to `depth` requests under way, a new connection after `keep` of them."""

    def __init__(self, run: StopRun, depth: int, keep: int) -> None:
        self.run = run
        self.depth = depth
        self.keep = keep
        self.socket: socket.socket | None = None
        self.begin()

    def begin(self) -> None:
        self.left = self.keep
        self.out = b""
        self.unsent: deque[Expected] = deque()  # not wholly with the kernel
        self.ends: deque[int] = deque()  # octets of `out` until each of them is
        self.waiting: deque[Expected] = deque()
        self.received = bytearray()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(("127.0.0.1", self.run.port))
        self.run.selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def ask(self) -> None:
        while self.left and len(self.unsent) + len(self.waiting) < self.depth:
            request, body = asked(self.run.next_number())
            self.out += request
            self.ends.append(len(self.out))
            self.unsent.append(Expected(body))
            self.left -= 1

    def write(self) -> None:
        assert self.socket is not None
        self.ask()
        if not self.out:
            self.run.selector.modify(self.socket, selectors.EVENT_READ, self)
            return
        sent = self.socket.send(self.out)
        self.out = self.out[sent:]
        self.ends = deque(end - sent for end in self.ends)
        while self.ends and self.ends[0] <= 0:
            self.ends.popleft()
            self.waiting.append(self.unsent.popleft())

    def read(self) -> bool:
        """False at the end of the connection."""
        assert self.socket is not None
        piece = self.socket.recv(1 << 18)
        self.received += piece
        while self.waiting:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                break
            head = bytes(self.received[:end])
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            if length is None or len(self.received) < end + 4 + int(length[1]):
                break
            body = bytes(self.received[end + 4 : end + 4 + int(length[1])])
            del self.received[: end + 4 + int(length[1])]
            expected = self.waiting.popleft()
            self.run.settle(expected, head.startswith(b"HTTP/1.1 200 ") and body == expected.body)
        if piece and (self.left or self.waiting or self.unsent) and self.socket.fileno() >= 0:
            self.run.selector.modify(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        return bool(piece) and bool(self.left or self.waiting or self.unsent)

    def turn(self, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self.write()
            if events & selectors.EVENT_READ and not self.read():
                self.end("FIN")
        except BlockingIOError:
            pass
        except OSError as error:
            # What arrived before a reset is still there to be read.
            try:
                while self.read():
                    pass
            except OSError:
                pass
            self.end(str(error))

    def end(self, how: str) -> None:
        assert self.socket is not None
        self.run.selector.unregister(self.socket)
        self.socket.close()
        self.socket = None
        for expected in self.waiting:
            if expected.before_stop:
                self.run.tally.faults.append(f"no whole answer to a request that had arrived: {how}")
            else:
                self.run.tally.turned_away += 1
        if self.received:
            self.run.tally.faults.append(f"half an answer of {len(self.received)} octets: {how}")
        if self.run.stopped:
            return
        if how != "FIN" or self.waiting:
            self.run.tally.faults.append(f"a connection ended before the stop: {how}")
        self.begin()


class StopRun:
    def __init__(self, folder: Path, engine: str, seed: int, workers: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.tally = Tally()
        self.selector = selectors.DefaultSelector()
        self.stopped = False
        self.numbers = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pelton", "run", "web.py", "--port", "0", "--workers", str(workers)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={
                **os.environ,
                "PELTON_ENGINE": engine,
                "PELTON_TIMEOUT_GRACEFUL": str(GRACEFUL_S),
                "PELTON_TIMEOUT_READ_HEADER": str(GRACEFUL_S - 1),
                "PELTON_TIMEOUT_LIFESPAN_SHUTDOWN": "1",
            },
        )
        assert self.process.stderr is not None
        for _ in range(workers):
            line = self.process.stderr.readline()
            found = re.search(r"listening on \S+:(\d+)", line)
            assert found is not None, line
            self.port = int(found[1])

    def next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    def settle(self, expected: Expected, right: bool) -> None:
        if not right:
            self.tally.faults.append("a wrong answer")
        elif expected.before_stop:
            self.tally.answered += 1
        elif self.stopped:
            self.tally.late += 1

    def run(self) -> Tally:
        clients = [Client(self, depth=1 + index % 4, keep=(1, 7, 10**9)[index % 3]) for index in range(CLIENTS)]
        stop_behind = self.random.randrange(CLIENTS, 1500)
        began = time.monotonic()
        while any(client.socket is not None for client in clients):
            assert time.monotonic() - began < SILENCE_S, "the connections do not end"
            if not self.stopped and self.numbers >= stop_behind:
                for client in clients:
                    for expected in client.waiting:
                        expected.before_stop = True
                self.process.send_signal(signal.SIGTERM)
                self.stopped = True
                began_stop = time.monotonic()
            events = self.selector.select(1)
            self.random.shuffle(events)
            for key, mask in events:
                if key.data.socket is key.fileobj:
                    key.data.turn(mask)
        code = self.process.wait(SILENCE_S)
        took = time.monotonic() - began_stop
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        self.process.stderr.close()
        self.selector.close()
        if code != 0:
            self.tally.faults.append(f"exit code {code}: {said}")
        if took > GRACEFUL_S + 1:
            self.tally.faults.append(f"the stop took {took:.1f} s")
        return self.tally


def stop_under_load(engine: str, seed: int, workers: int = 2) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "web.py").write_text(APP)
        run = StopRun(Path(folder), engine, seed, workers)
        try:
            return run.run()
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=50)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked_for = parser.parse_args()
    whole = Tally()
    for seed in range(asked_for.seed, asked_for.seed + asked_for.count):
        tally = stop_under_load(asked_for.engine, seed)
        for fault in tally.faults:
            print(f"seed {seed}: {fault}", flush=True)
        whole.answered += tally.answered
        whole.late += tally.late
        whole.turned_away += tally.turned_away
        whole.faults += tally.faults
    print(
        f"{asked_for.count} stops on {asked_for.engine}, seeds from {asked_for.seed}: {whole.answered} requests "
        f"that had arrived were answered, {whole.late} later ones too, {whole.turned_away} turned away, "
        f"{len(whole.faults)} faults"
    )
    return 1 if whole.faults else 0


if __name__ == "__main__":
    sys.exit(main())
