"""A thousand slow clients beside a good one: `python tests/soak/slow_clients.py [--engine ENGINE] [MODE...]`.

Debian's slowhttptest plays them, in its modes H (heads that never end), B (bodies that drip), R (a
thousand ranges, then silence) and X (answers that nobody takes). Each of them is gone within its limit
and a second more, none of the good client's requests fails, and its 99th percentile stays within twice
what it was alone (CON-011). slowhttptest keeps a whole core busy with looking at its sockets, so it gets one to
itself: the server and the good client run on the others, alone as beside it. Prints one line a mode and
ends with `slow clients passed` or what failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from threading import Event, Thread

from soak import Peer, get, start

APP = """
from pelton import App, Request, Response, ServerConfig, TimeoutConfig
app = App(server=ServerConfig(timeouts=TimeoutConfig(idle=KEEP_ALIVE_S)))

@app.get("/")
def root():
    return {"hello": "world"}

@app.post("/")
def echo(request: Request):
    return Response(request.body())

@app.get("/large")
def large():
    return Response(b"x" * 200_000)

@app.get("/state")
def state():
    return {"gauges": app._parts.service.server.gauges(), "stats": app._parts.service.server.stats()}
"""

CLIENTS = 1000
CLIENTS_PER_S = 250
KEEP_ALIVE_S = 5
# Of the good client: one request each so many seconds.
PACE_S = 0.005
ALONE_S = 10
LOOK_S = 0.1
ALL_CORES = os.sched_getaffinity(0)
ATTACKERS_CORE = max(ALL_CORES)
# The good client and who looks; gauges are as of the last second.
OURS = 2
GAUGE_AGE_S = 1


@dataclass(frozen=True)
class Mode:
    options: list[str]
    path: str
    limit_s: float  # the longest that one of them may stay


# The rate credit begins at 5 s and is capped at 30 s, which a peer with room in its socket's buffers
# may earn (CON-010); what drips in here earns a tenth of a second each time.
MODES = {
    "H": Mode(["-H", "-i", "5", "-x", "24"], "/", 10),
    "B": Mode(["-B", "-i", "5", "-x", "24", "-s", "8192"], "/", 5.5),
    "R": Mode(["-R"], "/", KEEP_ALIVE_S),
    "X": Mode(["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32"], "/large", 30),
}


@dataclass
class Good:
    """What a client that behaves met while `over` was not set."""

    port: int
    over: Event = field(default_factory=Event)
    took_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def run(self) -> None:
        peer = Peer(self.port)
        due = time.perf_counter()
        while not self.over.is_set():
            began = time.perf_counter()
            try:
                check(peer.ask(get("/")))
            except OSError as error:
                self.failed.append(repr(error))
                peer = Peer(self.port)
            self.took_s.append(time.perf_counter() - began)
            due = max(due + PACE_S, time.perf_counter() - PACE_S)
            self.over.wait(max(0.0, due - time.perf_counter()))
        peer.socket.close()

    def p99_ms(self) -> float:
        return sorted(self.took_s)[int(len(self.took_s) * 0.99)] * 1000


def check(answer: tuple[int, bytes]) -> bytes:
    if answer[0] != 200:
        raise ConnectionError(f"status {answer[0]}")
    return answer[1]


def state(watcher: Peer) -> tuple[int, int]:
    """How many connections are open, and how many have been ended for what they did."""
    told = json.loads(check(watcher.ask(get("/state"))))
    (gauges,) = told["gauges"]
    is_open = sum(value for name, value in gauges.items() if name.startswith("connections_"))
    ended = sum(value for name, value in told["stats"].items() if name.split(".")[0] in ("refused", "cut", "closed"))
    return is_open, ended


def measured(good: Good, seconds: float) -> Good:
    thread = Thread(target=good.run)
    thread.start()
    thread.join(seconds)
    good.over.set()
    thread.join()
    return good


def attack(name: str, port: int) -> list[str]:
    """What went wrong in a mode."""
    mode = MODES[name]
    alone = measured(Good(port), ALONE_S)
    good = Good(port)
    thread = Thread(target=good.run)
    thread.start()
    watcher = Peer(port)
    _, ended_before = state(watcher)
    command = ["slowhttptest", "-c", str(CLIENTS), "-r", str(CLIENTS_PER_S), "-l", "90", "-p", "5"]
    url = f"http://127.0.0.1:{port}{mode.path}"
    attackers = subprocess.Popen([*command, *mode.options, "-u", url], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    os.sched_setaffinity(attackers.pid, {ATTACKERS_CORE})
    began = time.monotonic()
    most, full_at, gone_at, came = OURS, began, None, 0
    while time.monotonic() - began < CLIENTS / CLIENTS_PER_S + mode.limit_s + 20:
        now_open, ended = state(watcher)
        came = max(came, now_open - OURS, ended - ended_before)
        if now_open > most:
            most, full_at = now_open, time.monotonic()
        if came >= CLIENTS and now_open <= OURS:
            gone_at = time.monotonic()
            break
        thread.join(LOOK_S)
    good.over.set()
    thread.join()
    attackers.send_signal(signal.SIGINT)
    attackers.wait(60)
    watcher.socket.close()

    wrong = [f"{name}: the good client met {error}" for error in good.failed[:3]]
    ratio = good.p99_ms() / alone.p99_ms()
    stayed = "stayed" if gone_at is None else f"gone {gone_at - full_at:.1f} s after the last came"
    print(
        f"{name}: {came} slow clients, {stayed} (limit {mode.limit_s:g} s); good client: "
        f"p99 {good.p99_ms():.2f} ms beside them, {alone.p99_ms():.2f} ms alone, ratio {ratio:.2f}, "
        f"{len(good.failed)} of {len(good.took_s)} failed",
        flush=True,
    )
    if came < CLIENTS:
        wrong.append(f"{name}: only {came} slow clients came")
    if gone_at is None or gone_at - full_at > mode.limit_s + 1 + GAUGE_AGE_S + LOOK_S:
        wrong.append(f"{name}: slow clients stayed beyond their limit")
    if ratio > 2:
        wrong.append(f"{name}: the good client's p99 rose to {ratio:.2f} times")
    return wrong


def run(engine: str, modes: list[str]) -> list[str]:
    if len(ALL_CORES) > 1:
        os.sched_setaffinity(0, ALL_CORES - {ATTACKERS_CORE})
    process, port, _, used = start(engine, APP.replace("KEEP_ALIVE_S", str(KEEP_ALIVE_S)))
    try:
        print(f"engine {used}", flush=True)
        return [wrong for mode in modes for wrong in attack(mode, port)]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modes", nargs="*", default=list(MODES), metavar="MODE")
    parser.add_argument("--engine", default="auto")
    asked = parser.parse_args()
    wrong = run(asked.engine, asked.modes)
    for line in wrong:
        print(line)
    print("slow clients failed" if wrong else "slow clients passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
