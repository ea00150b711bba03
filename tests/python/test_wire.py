"""The rules of the wire over real sockets, on each engine."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable

import pytest
from wire import Peer, Vector, answers, ask, vectors

from pelton import App, Request, Response
from pelton.testing import live_server

Serve = Callable[..., live_server]
GOOD = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def application() -> App:
    app = App()

    @app.get("/")
    def home() -> bytes:
        return b"hello"

    @app.post("/echo")
    def echo(request: Request) -> bytes:
        return request.body()

    @app.get("/big")
    def big() -> bytes:
        return b"x" * (8 << 20)

    return app


@pytest.fixture
def server(serve: Serve) -> live_server:
    return serve(application(), timeout_linger_idle=0.2)


def port_of(server: live_server) -> int:
    assert server.port is not None
    return server.port


def judge(vector: Vector, received: bytes, prefix: list[str]) -> None:
    found = answers(received, [len(prefix)] if vector.octets.startswith(b"HEAD") else [])
    assert [answer.body.decode() for answer in found[: len(prefix)]] == prefix, vector
    found = found[len(prefix) :]
    if vector.mark == "-":
        (refusal,) = found
        assert refusal.closes and refusal.status >= 400, vector
        if not vector.octets.startswith(b"HEAD"):
            assert refusal.body.endswith(f'"reason":"{vector.reason}"}}'.encode()), (vector, refusal)


@pytest.mark.parametrize("piece_bytes", [0, 1, 7])
def test_SEG_002_ENG_008_refused_vectors_on_sockets(server: live_server, piece_bytes: int) -> None:
    for kind, prefix in (("head", b""), ("chunked", CHUNKED)):
        for vector in vectors(kind):
            if vector.mark == "-" and len(vector.octets) < 2048:
                judge(vector, ask(port_of(server), prefix + vector.octets, piece_bytes), [])
                if not piece_bytes:
                    judge(vector, ask(port_of(server), GOOD + prefix + vector.octets), ["hello"])


@pytest.mark.parametrize("piece_bytes", [0, 5])
def test_SEG_005_ENG_008_accepted_vectors_on_sockets(server: live_server, piece_bytes: int) -> None:
    """What follows an accepted chunked body is the next request, nothing else."""
    for vector in vectors("chunked"):
        if vector.mark == "+":
            octets = CHUNKED + vector.octets[: vector.point] + GOOD
            found = answers(ask(port_of(server), octets, piece_bytes))
            assert [answer.status for answer in found] == [200, 200], vector
            assert found[1].body == b"hello", vector
            if "body" in vector.facts:
                assert found[0].body.decode("latin-1") == vector.facts["body"], vector


def test_CON_030_H1_057_a_413_reaches_a_client_that_is_still_sending(serve: Serve) -> None:
    server = serve(application(), limit_body_size=1000)
    with Peer(port_of(server)) as peer:
        peer.send(POST + b"Content-Length: 4000000\r\n\r\n")
        sender = threading.Thread(target=peer.send, args=(b"x" * 4_000_000,))
        sender.start()
        sender.join()
        assert peer.one().status == 413
        peer.finish()
        assert peer.rest() == b""


def test_CON_042_whole_requests_before_a_half_close_are_answered(server: live_server) -> None:
    found = answers(ask(port_of(server), GOOD * 50 + b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n"))
    assert [len(answer.body) for answer in found] == [5] * 50 + [8 << 20]


def test_CON_044_a_reset_costs_its_connection_alone(server: live_server) -> None:
    with Peer(port_of(server)) as other:
        for _ in range(5):
            with Peer(port_of(server)) as peer:
                peer.send(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n" * 3)
                assert peer.socket.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            other.send(GOOD)
            assert other.one().body == b"hello"


def test_H1_071_100_is_sent_when_the_body_is_wanted(server: live_server) -> None:
    expecting = b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with Peer(port_of(server)) as peer:
        peer.send(POST + expecting)
        assert peer.socket.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.send(b"hi")
        answer = peer.one()
        assert (answer.status, answer.closes, answer.body) == (200, False, b"hi")


def test_H1_072_a_final_answer_in_place_of_the_100_closes(server: live_server) -> None:
    lost = b"POST /lost HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
    with Peer(port_of(server)) as peer:
        peer.send(lost + b"Content-Length: 30\r\n\r\n")
        answer = peer.one()
        assert (answer.status, answer.closes) == (404, True)
        peer.send(GOOD)  # the body, as far as the server is concerned
        peer.finish()
        assert peer.rest() == b""
    for body in (b"Content-Length: 2\r\n\r\nhi", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"):
        found = answers(ask(port_of(server), lost + body + GOOD))
        assert [answer.status for answer in found] == [404, 200]


def test_H1_073_an_upgrade_to_h2c_is_ignored(server: live_server) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    found = answers(ask(port_of(server), b"GET / HTTP/1.1\r\nHost: h\r\n" + upgrade + GOOD))
    assert [(answer.status, answer.body) for answer in found] == [(200, b"hello")] * 2


def test_CON_022_the_answer_does_not_wait_for_the_body_it_does_not_read(server: live_server) -> None:
    with Peer(port_of(server)) as peer:
        peer.send(b"POST /lost HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (2 * len(GOOD)))
        answer = peer.one()
        assert (answer.status, answer.closes) == (404, False)
        peer.send(GOOD * 3, 5)
        assert peer.one().body == b"hello"
        peer.finish()
        assert peer.rest() == b""


def test_CON_021_an_unwanted_chunked_body_waits_for_the_answer_and_is_drained_behind_it(serve: Serve) -> None:
    """While the handler works little is read, and the connection that was kept goes on."""
    app = App()
    begun, go_on = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        loops.append(asyncio.get_running_loop())
        begun.set()
        await go_on.wait()
        return Response("none", 404)

    app.add_route("/", lambda: b"hello")
    chunk = b"10000\r\n%s\r\n" % (b"x" * 0x10000)
    with Peer(port_of(serve(app))) as peer:
        peer.send(b"POST /lost HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert begun.wait(10)
        peer.socket.settimeout(0.5)
        sent, left = 0, b""
        with pytest.raises(TimeoutError):
            while sent < 1 << 28:
                left = chunk
                while left:
                    left = left[peer.socket.send(left) :]
                sent += len(chunk)
        loops[0].call_soon_threadsafe(go_on.set)
        peer.socket.settimeout(10)
        peer.send(left + chunk * 10 + b"0\r\n\r\n" + GOOD)
        found = []
        while len(found) < 2:
            found.append(peer.one())
        assert [answer.status for answer in found] == [404, 200]


def test_H1_024_H1_042_absolute_form_and_Host_are_one_authority(serve: Serve) -> None:
    app = App()
    app.add_route("/", lambda request: [request.url.host, request.url.port, str(request.url)])
    port = port_of(serve(app))
    for target, host, seen in (
        (b"http://EXAMPLE.org:80/?q", b"example.org", b'["example.org",null,"http://example.org/?q"]'),
        (b"http://a.b:81", b"A.B:81", b'["a.b",81,"http://a.b:81/"]'),
        (b"//evil.example/x", b"h", None),
    ):
        (answer,) = answers(ask(port, b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host)))
        assert (answer.status, answer.body if seen else None) == (200 if seen else 404, seen)
    for target in (b"http://a/", b"https://h:81/", b"http://h.:80/"):
        (answer,) = answers(ask(port, b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % target))
        assert answer.status == 400 and b"authority_mismatch" in answer.body


INJECTED = ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\0b", "a\x7fb", "a\x0bb")


@pytest.mark.parametrize("text", INJECTED, ids=ascii)
def test_RSP_014_no_application_can_inject_a_field(serve: Serve, text: str) -> None:
    app = App()

    def cookie() -> Response:
        response = Response("x")
        response.set_cookie("c", text)
        return response

    def side(request: Request) -> Response:
        response = Response("x")
        response.headers["X-Good"] = text
        return response

    paths = {
        "/value": (lambda: Response("x", headers={"X-Good": text})),
        "/name": (lambda: Response("x", headers={text: "x"})),
        "/type": (lambda: Response("x", content_type=text)),
        "/redirect": (lambda: Response.redirect("/" + text)),
        "/tuple": (lambda: ("x", 200, {"X-Good": text})),
        "/cookie": cookie,
    }
    for path, handler in paths.items():
        app.add_route(path, handler)
    app.add_route("/later", side)
    port = port_of(serve(app))
    for path in (*paths, "/later"):
        received = ask(port, f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        (answer,) = answers(received)
        assert answer.status == 500 and "x-evil" not in answer.fields, (path, received)
        assert b"X-Evil" not in received


@pytest.mark.parametrize("status", [204, 205, 304])
def test_RSP_001_RSP_003_answers_without_a_body_frame_themselves(serve: Serve, status: int) -> None:
    app = App()
    app.add_route("/", lambda: Response("a body that must not be sent", status))
    app.add_route("/next", lambda: b"next")
    port = port_of(serve(app))
    after = b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
    received = ask(port, GOOD + after)
    first, _, rest = received.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status) and rest.startswith(b"HTTP/1.1 200 OK\r\n")
    lower = first.lower()
    assert (b"content-length: 0" in lower) == (status == 205)
    assert (b"content-length" in lower) == (status == 205) and b"transfer-encoding" not in lower
    received = ask(port, b"HEAD /next HTTP/1.1\r\nHost: h\r\n\r\n" + after)
    first, _, rest = received.partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: 4" in first and rest.startswith(b"HTTP/1.1 200 OK\r\n")
