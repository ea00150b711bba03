"""Requests that a worker turns away for want of room, over real sockets."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from pelton import App, Request
from pelton.testing import live_server
from wire import Peer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "load"))

import overload  # noqa: E402

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_LIM_032_RSP_026_requests_behind_the_bound_are_shed(engine: str) -> None:
    """What arrives while a handler runs waits for it; of three, two may."""
    begun, go_on = threading.Event(), threading.Event()
    app = App()
    calls = []

    @app.get("/")
    def up() -> bytes:
        calls.append(1)
        begun.set()
        go_on.wait(10)
        return b"up"

    with live_server(app, engine=engine, limit_queued=2) as server, ExitStack() as stack:
        assert server.port is not None
        first, *others = [stack.enter_context(Peer(server.port)) for _ in range(4)]
        for peer in (first, *others):  # every connection is there before its request counts
            peer.send(GET.replace(b"/", b"/ready", 1))
            assert peer.one().status == 404
        first.send(GET)
        assert begun.wait(10)
        for peer in others:
            peer.send(GET)
        go_on.set()
        assert first.one().status == 200
        answers = [peer.one() for peer in others]
        assert sorted(answer.status for answer in answers) == [200, 200, 503]
        shed = next(answer for answer in answers if answer.status == 503)
        assert shed.fields["retry-after"] == "1" and "connection" not in shed.fields
        assert json.loads(shed.body)["reason"] == "handler_queue"
        assert len(calls) == 3 and server.stats()["shed.handler_queue"] == 1
        for peer in others:
            peer.send(GET)
            assert peer.one().status == 200


def test_PRC_044_too_much_in_buffers_sheds_and_what_was_begun_is_finished(engine: str) -> None:
    app = App()

    @app.get("/")
    def up() -> bytes:
        return b"up"

    @app.post("/")
    def length(request: Request) -> int:
        return len(request.body())

    with (
        live_server(app, engine=engine, limit_buffered_high="64KiB", limit_buffered_low="32KiB") as server,
        ExitStack() as stack,
    ):
        assert server.port is not None
        sending, asking = (stack.enter_context(Peer(server.port)) for _ in range(2))
        sending.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + bytes(99_999))
        for _ in range(10_000):  # what was sent is read in its own time
            asking.send(GET)
            if (answer := asking.one()).status == 503:
                break
        assert answer.status == 503 and answer.fields["retry-after"] == "1"
        assert json.loads(answer.body)["reason"] == "memory"
        sending.send(b"x")
        assert sending.one().body == b"100000"
        asking.send(GET)
        assert asking.one().status == 200
        assert server.stats()["shed.memory"] == 1


def test_PRC_041_turning_away_leaves_the_worker_to_those_it_serves(engine: str) -> None:
    """The bar itself takes a minute of load: `tools/dev bench overload`. What it rests on is that those
    who are turned away, twice as many as are served or more, cost less than if nobody were."""
    with overload.served(engine, overload.HANDLER_S, limits={"max_queued": 1}) as server, ExitStack() as stack:
        peers = [stack.enter_context(Peer(server.port)) for _ in range(8)]
        for peer in peers:
            peer.send(GET)
            assert peer.one().status == 200
        began_s, statuses = server.cpu_s(), []
        for _ in range(100):
            for peer in peers:
                peer.send(GET)
            statuses += [peer.one().status for peer in peers]
        spent_s = server.cpu_s() - began_s
        served, shed = statuses.count(200), statuses.count(503)
        assert shed >= 2 * served and served + shed == len(statuses)
        # The handler sleeps, so this is what pelton itself takes for the requests of one client after the other.
        began_s = server.cpu_s()
        for peer in peers * 100:
            peer.send(GET)
            assert peer.one().status == 200
        alone_s = server.cpu_s() - began_s
        assert spent_s <= alone_s, (spent_s, alone_s, served, shed)


@pytest.mark.parametrize("kind", overload.HANDLERS)
def test_PRC_040_who_would_wait_too_long_is_refused(engine: str, kind: str) -> None:
    """A hundred clients of a handler of 2 ms, who ask again and again, wait ten times as long as they may."""
    with overload.served(engine, overload.HANDLER_S, kind=kind, queue=0.02) as server:
        clients = overload.Clients(server.port, 100)
        met = clients.ask(1.5, None)
        clients.close()
        server.end()
        assert set(met.latencies) == {200, 503} and met.unanswered == 0
        assert server.stats["shed.handler_queue"] == len(met.latencies[503])


def test_PRC_040_without_a_bound_nobody_is_refused(engine: str) -> None:
    with overload.served(engine, overload.HANDLER_S, queue=None) as server:
        clients = overload.Clients(server.port, 100)
        met = clients.ask(1.5, None)
        clients.close()
        assert set(met.latencies) == {200}
