"""OBS-003, OBS-004: what clients meet, what the access log says and what the counters hold are the same."""

from __future__ import annotations

import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pelton import App, Request, Response
from pelton.testing import live_server
from wire import Peer

CONNECTIONS = 400
ABNORMAL = ("refused", "answered", "cut", "shed", "lost", "fault")

HEAD = b"Host: h\r\n"
GET = b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
# Each is refused; why is read from the answer.
REFUSED = [
    b"GET / HTTP/1.1\n",
    b"GET  / HTTP/1.1\r\n",
    b"G@T / HTTP/1.1\r\n",
    b"GET /\x80 HTTP/1.1\r\n",
    b"GET / HTTP/1.2\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + b"Bad Name: x\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + b"X: \x01\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + b" folded\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + HEAD + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + b"Expect: tea\r\n\r\n",
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\n" + HEAD + b"X: 1\r\n" * 200,
    b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 999999999\r\n\r\n",
    b"POST /echo HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    CHUNKED + b"zz\r\n",
    CHUNKED + b"1;a=\x00\r\n",
    CHUNKED + b"1\r\nab",
    CHUNKED + b"0\r\nHost: x\r\n\r\n",
]
# Each is answered and the connection goes on: the octets, the status, the reason.
ANSWERED = [
    (b"GET /nowhere HTTP/1.1\r\n" + HEAD + b"\r\n", 404, "answered.not_found"),
    (b"PUT / HTTP/1.1\r\n" + HEAD + b"\r\n", 405, "answered.method_not_allowed"),
    (b"BREW / HTTP/1.1\r\n" + HEAD + b"\r\n", 501, "answered.method_unknown"),
    (b"TRACE / HTTP/1.1\r\n" + HEAD + b"\r\n", 405, "answered.trace_disabled"),
    (b"GET /%ff HTTP/1.1\r\n" + HEAD + b"\r\n", 400, "answered.path_not_utf8"),
    (b"GET /fail HTTP/1.1\r\n" + HEAD + b"\r\n", 500, "fault.handler"),
]


def make_app() -> App:
    app = App()

    @app.get("/")
    def root() -> dict[str, str]:
        return {"hello": "world"}

    @app.post("/echo")
    def echo(request: Request) -> Response:
        return Response(request.body())

    @app.get("/large")
    def large() -> Response:
        return Response(b"x" * 20_000_000)

    @app.get("/fail")
    def fail() -> None:
        raise ValueError

    return app


def meet(port: int, kind: int, draw: random.Random) -> tuple[str, bool]:
    """One connection that ends in one way: the counter it belongs to, and whether an exchange was begun."""
    with Peer(port) as peer:
        peer.send(GET)
        assert peer.one().status == 200
        if kind < 5:
            octets = draw.choice(REFUSED)
            peer.send(octets)
            answer = peer.one()
            assert answer.fields["connection"] == "close", octets
            return f"refused.{json.loads(answer.body)['reason']}", True
        if kind < 7:
            octets, status, reason = draw.choice(ANSWERED)
            peer.send(octets)
            assert peer.one().status == status
            return reason, True
        if kind == 7:
            peer.send(draw.choice([b"GET / HT", b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\nhalf"]))
            peer.socket.shutdown(socket.SHUT_WR)
            return f"refused.{json.loads(peer.one().body)['reason']}", True
        if kind == 8:
            peer.send(b"GET /large HTTP/1.1\r\n" + HEAD + b"\r\n")
            assert peer.socket.recv(16)
        else:
            peer.send(b"GET / HT")
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return "lost.reset", False


def test_OBS_003_OBS_004_every_abnormal_end_has_one_reason_everywhere(
    serve: Callable[..., live_server], tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    log = tmp_path / "access.log"
    server = serve(make_app(), access_log=str(log), access_log_format="json")
    assert server.port is not None
    met, logged = Counter[str](), Counter[str]()

    for _ in range(CONNECTIONS):
        counter, is_exchange = meet(server.port, draw.randrange(10), draw)
        met[counter] += 1
        if is_exchange:
            logged[counter.partition(".")[2]] += 1
    def counted() -> dict[str, int]:
        stats = server.stats().items()
        return {name: count for name, count in stats if count and name.partition(".")[0] in ABNORMAL}

    # A reset is counted when the server comes by it: one answer later at the latest.
    with Peer(server.port) as last:
        for _ in range(100):
            last.send(GET)
            assert last.one().status == 200
    assert counted() == dict(met)
    server.__exit__(None, None, None)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert Counter(line["reason"] for line in lines if line["reason"] is not None) == logged
