"""Three times what a server can do, and four times the clients it may hold: who is served, who is told?"""

from __future__ import annotations

import json
import resource
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

QUESTION = "What do clients meet at three times the capacity, and when descriptors run out?"

HANDLER_S = 0.002
# As many as find out what the server can do at most.
PEAK_CONNECTIONS = 8
# More clients than ever wait: a request that is due has a connection to leave on.
CONNECTIONS = 1000
# The setting `timeouts.queue` of a server that is told nothing.
QUEUE_S = 0.25
HANDLERS = ("sync", "async")
NORMAL_S = 5
# An answer is normal again if it takes at most so many times as long as one when nobody else asks.
NORMAL_SHARE = 5
DESCRIPTORS = 256
CLIENTS = 1000
FULL_S = 3

# Serves until its input ends, then prints its counters.
SERVER = """
import asyncio, json, resource, sys, time
from pelton import App, LimitsConfig, ServerConfig, TimeoutConfig
from pelton.testing import live_server
settings = json.loads(sys.argv[1])
if settings["descriptors"]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (settings["descriptors"],) * 2)
limits, timeouts = LimitsConfig(**settings["limits"]), TimeoutConfig(**settings["timeouts"])
app = App(server=ServerConfig(limits=limits, timeouts=timeouts))
def root():
    time.sleep(settings["handler"])
    return {"hello": "world"}
async def suspending():
    await asyncio.sleep(0)
    return root()
app.get("/")(suspending if settings["kind"] == "async" else root)
with live_server(app, engine=settings["engine"]) as server:
    print(server.port, flush=True)
    sys.stdin.read()
    print(json.dumps(server.stats()), flush=True)
"""
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Server:
    """A server in a process of its own; `stats` once it has ended."""

    stats: dict[str, int]

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.pid = process.pid
        self.port = int(process.stdout.readline())

    def cpu_s(self) -> float:
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e9

    def end(self) -> None:
        self.stats = json.loads(self._process.communicate(timeout=60)[0])


@contextmanager
def served(
    engine: str,
    handler: float = 0,
    descriptors: int = 0,
    kind: str = "sync",
    queue: float | None = QUEUE_S,
    limits: dict[str, int] | None = None,
) -> Iterator[Server]:
    settings = {
        "engine": engine,
        "handler": handler,
        "descriptors": descriptors,
        "kind": kind,
        "limits": limits or {},
        "timeouts": {} if queue == QUEUE_S else {"queue": queue},
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()


# --- requests at a rate -----------------------------------------------------------------------


@dataclass
class Met:
    """What the clients of one run met: latencies by status, each from when its request was due."""

    latencies: dict[int, list[float]] = field(default_factory=dict)
    unanswered: int = 0
    seconds: float = 0
    course: list[tuple[float, int, float]] = field(default_factory=list)  # when, the status, how late

    def p99_ms(self, status: int) -> float:
        found = self.latencies.get(status, [])
        return statistics.quantiles(found, n=100)[98] * 1e3 if len(found) > 1 else 0.0

    def seconds_until_normal(self, latency_max: float) -> float:
        """When the last answer came that was none of 200 within so long."""
        return max((at for at, status, late in self.course if status != 200 or late > latency_max), default=0.0)

    def per_second(self, status: int) -> float:
        return len(self.latencies.get(status, [])) / self.seconds


class Clients:
    """Connections that one thread asks on, each with at most one request under way."""

    def __init__(self, port: int, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._free: deque[socket.socket] = deque()
        self._due_of: dict[socket.socket, float] = {}
        self._began = 0.0
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ)
            self._free.append(connection)

    def ask(self, seconds: float, rate: float | None) -> Met:
        """So many a second, whatever comes back; without a rate, as soon as a connection is free."""
        met = Met()
        self._began = began = time.monotonic()
        due = began
        end = began + seconds
        while (now := time.monotonic()) < end:
            while self._free and due <= now:
                self._send(due if rate else now)
                due = due + 1 / rate if rate else now
            self._collect(met, max(0.0, min(due, end) - now) if self._free else end - now)
        met.seconds = time.monotonic() - began
        while self._due_of and time.monotonic() < end + 10:
            self._collect(met, 0.1)
        met.unanswered = len(self._due_of)
        return met

    def _send(self, due: float) -> None:
        connection = self._free.popleft()
        connection.sendall(GET)
        self._due_of[connection] = due

    def _collect(self, met: Met, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            answer = connection.recv(65536)
            if not answer.endswith(b"}"):
                raise RuntimeError(f"a connection got {answer!r}")
            now = time.monotonic()
            latency = now - self._due_of.pop(connection)
            status = int(answer[9:12])
            met.latencies.setdefault(status, []).append(latency)
            met.course.append((now - self._began, status, latency))
            self._free.append(connection)

    def close(self) -> None:
        for connection in (*self._free, *self._due_of):
            connection.close()
        self._selector.close()


def three_times(engine: str, kind: str, seconds: float) -> dict[str, float]:
    """With the settings that a server has unless it is told otherwise."""
    with served(engine, HANDLER_S, kind=kind) as server:
        # Each when it is needed: a connection that says nothing has ten seconds, and an idle one 75.
        one = Clients(server.port, 1)
        alone = one.ask(seconds / 4, None)
        few = Clients(server.port, PEAK_CONNECTIONS)
        peak = few.ask(seconds / 4, None)
        many = Clients(server.port, CONNECTIONS)
        met = many.ask(seconds, 3 * peak.per_second(200))
        again = Clients(server.port, 1)
        after = again.ask(NORMAL_S + seconds / 4, None)
        for clients in (one, few, many, again):
            clients.close()
        server.end()
        shed = sum(len(run.latencies.get(503, [])) for run in (alone, peak, met, after))
        others = {status for run in (alone, peak, met, after) for status in run.latencies} - {200, 503}
        return {
            "peak_per_second": peak.per_second(200),
            "goodput_share_of_peak": met.per_second(200) / peak.per_second(200),
            "accepted_p99_ms": met.p99_ms(200),
            "accepted_p99_ms_alone": alone.p99_ms(200),
            "accepted_p99_ms_after": after.p99_ms(200),
            "seconds_until_normal": after.seconds_until_normal(NORMAL_SHARE * alone.p99_ms(200) / 1e3),
            "shed_per_second": met.per_second(503),
            "shed_p99_ms": met.p99_ms(503),
            "unanswered": sum(run.unanswered for run in (alone, peak, met, after)),
            "other_statuses": len(others),
            # OBS-003: what was counted and what was met.
            "shed_counted_less_met": server.stats["shed.handler_queue"] - shed,
            "ended_abnormally_counted": abnormal(server.stats),
        }


def abnormal(stats: dict[str, int]) -> int:
    """Ends of exchanges and connections that no client of these met."""
    return sum(count for name, count in stats.items() if name.startswith(("refused.", "cut.", "lost.", "fault.")))


# --- descriptors ------------------------------------------------------------------------------


def _answered(connections: list[socket.socket], wanted: int, timeout_s: float) -> list[socket.socket]:
    """Those that have an answer of 200, once that many have or the time is over."""
    found: list[socket.socket] = []
    end = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while len(found) < wanted and (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                answered = key.fileobj
                assert isinstance(answered, socket.socket)
                selector.unregister(answered)
                if answered.recv(65536).startswith(b"HTTP/1.1 200 "):
                    found.append(answered)
    return found


def few_descriptors(engine: str, starved: bool) -> dict[str, float]:
    """`starved`: accept(2) itself fails, for other descriptors took the room that connections have."""
    limits = {"max_connections": DESCRIPTORS - 32} if starved else {}
    with served(engine, descriptors=DESCRIPTORS, limits=limits) as server, ExitStack() as stack:
        if starved:
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS // 2, DESCRIPTORS))
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(CLIENTS)]
        for client in clients:
            client.sendall(GET)
        held = _answered(clients, CLIENTS, 0.5)
        # Whoever is in the middle of a request is not idle, so nobody gives way to those who wait.
        for client in held:
            client.sendall(GET[:1])
        before_s, began = server.cpu_s(), time.monotonic()
        time.sleep(FULL_S)
        busy_share = (server.cpu_s() - before_s) / (time.monotonic() - began)
        for client in held:
            client.sendall(GET[1:])
        existing_served = len(_answered(held, len(held), 0.5))
        for client in held:
            client.close()
        began = time.monotonic()
        # Half: a ring's accept keeps to the limit of when it was armed, so it may have let in more than
        # the lowered limit allows now.
        room = len(held)
        waiting = [client for client in clients if client not in set(held)]
        waiting_served = len(_answered(waiting, room // 2, 5))
        resumed_s = time.monotonic() - began
        server.end()
        return {
            "cpu_share_while_full": busy_share,
            "existing_unanswered": len(held) - existing_served,
            "room_made": room,
            "waiting_served_of_half_as_many": waiting_served,
            "seconds_until_they_were": resumed_s,
            "shed_connections": server.stats["shed.connections"],
            "shed_accept": server.stats["shed.accept"],
        }


def measure(seconds: float) -> dict[str, dict[str, float]]:
    """Of both engines, at three times the capacity for so long."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        found: dict[str, dict[str, float]] = {}
        for engine in ("epoll", "uring"):
            for kind in HANDLERS:
                found[f"{engine}, three times the capacity, {kind}"] = three_times(engine, kind, seconds)
            found[f"{engine}, {DESCRIPTORS} descriptors"] = few_descriptors(engine, starved=False)
            found[f"{engine}, no descriptor to accept with"] = few_descriptors(engine, starved=True)
        return found
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
