"""One connection that pipelines all it can beside ordinary ones: what do those notice?"""

from __future__ import annotations

import subprocess
import sys
import time

import client
import contenders

QUESTION = "What do 64 ordinary connections notice of one that pipelines without end?"

SLICES = 3
SLICE_S = 3

# Sends requests as fast as they are taken, reads what comes, and says how many answers it had.
PIPELINING = """
import select, socket, sys
port, path = int(sys.argv[1]), sys.argv[2]
request = f"GET {path} HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n".encode()
block = memoryview(request * 4096)
connection = socket.create_connection(("127.0.0.1", port))
connection.setblocking(False)
at = answers = 0
print("begun", flush=True)
while True:
    readable, writable, _ = select.select([connection, sys.stdin], [connection], [])
    if sys.stdin in readable:
        break
    if writable:
        at = (at + connection.send(block[at:])) % len(block)
    if readable:
        octets = connection.recv(1 << 20)
        if not octets:
            sys.exit("the server closed the connection")
        answers += octets.count(b"HTTP/1.1 200 ")
print(answers, flush=True)
"""


class Pipelining:
    """The greedy connection, in a process of its own on the client's core."""

    def __init__(self, server: contenders.Running) -> None:
        command = ["taskset", "-c", str(client.CLIENT_CORE), sys.executable, "-c", PIPELINING]
        self._process = subprocess.Popen(
            [*command, str(server.port), server.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "begun\n":
            raise contenders.Unavailable("the connection that pipelines did not begin")
        self._began = time.monotonic()

    def end(self) -> float:
        """Answers a second."""
        seconds = time.monotonic() - self._began
        answers, _ = self._process.communicate("\n", timeout=30)
        if self._process.returncode != 0:
            raise contenders.Unavailable("the connection that pipelines was cut")
        return int(answers) / seconds


def _p99_us(server: contenders.Running) -> float:
    run = client.Load(server, SLICE_S).finish()
    if run.errors:
        raise contenders.Unavailable(f"{run.errors} errors or refusals")
    return run.p99_us


def measure(server: contenders.Running) -> dict[str, float]:
    """Alone and beside it in turns, so that a slow minute meets both."""
    alone: list[float] = []
    beside: list[float] = []
    rates: list[float] = []
    for _ in range(SLICES):
        alone.append(_p99_us(server))
        pipelining = Pipelining(server)
        try:
            beside.append(_p99_us(server))
        finally:
            rates.append(pipelining.end())
    return {
        "p99_us_alone": min(alone),
        "p99_us_beside": min(beside),
        "p99_beside_to_alone": min(beside) / min(alone),
        "pipelined_per_second": max(rates),
    }
