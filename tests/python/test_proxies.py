"""VER-005: behind real proxies no answer reaches another request than its own."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from proxies import Proxy, is_installed
from wire import Peer, answers

from pelton import App, Request, Response
from pelton.testing import live_server

CLIENTS = 8
# Ours alone: a server takes every PELTON_ variable for a setting.
REQUESTS = int(os.environ.pop("PELTON_PROXIED_REQUESTS", "2000"))
SEED = int(os.environ.pop("PELTON_SEED", int.from_bytes(os.urandom(3), "big")))
KINDS = ("nginx", "nginx unbuffered", "haproxy", "apache2")


def application() -> App:
    app = App()

    @app.get("/id/{id}")
    def named(id: str) -> Response:
        return Response(id, headers={"X-Id": id})

    @app.post("/echo/{id}")
    def echo(id: str, request: Request) -> Response:
        return Response(request.body(), headers={"X-Id": id})

    @app.get("/status/{status}/{id}")
    def status(status: int, id: str) -> Response:
        return Response(id, status, headers={"X-Id": id})

    @app.get("/fail/{id}")
    def fail(id: str) -> None:
        raise RuntimeError(id)

    @app.post("/small/{id}", max_body=100)
    def small(id: str, request: Request) -> Response:
        return Response(request.body(), headers={"X-Id": id})

    return app


class Asked(NamedTuple):
    octets: bytes
    status: int
    body: bytes | None  # None: whatever it is
    named: bool = True  # the answer bears the request's identity
    is_head: bool = False
    ends: bool = False  # the connection may end behind the answer
    hostile: bool = False  # the proxy may say what it likes, and so may we


def draw_request(draw: random.Random, id: str) -> Asked:
    def head(line: str, *fields: str) -> bytes:
        return "\r\n".join([f"{line} HTTP/1.1", "Host: h", *fields, "", ""]).encode()

    body = id.encode() * draw.randrange(1, 1 << draw.randrange(1, 11))
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 777]), body[at : at + 777]) for at in range(0, len(body), 777))
    smuggled = b"GET /id/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
    kind = draw.randrange(16)
    if kind < 4:
        return Asked(head(f"GET /id/{id}"), 200, id.encode())
    if kind == 4:
        return Asked(head(f"HEAD /id/{id}"), 200, b"", is_head=True)
    if kind < 7:
        return Asked(head(f"POST /echo/{id}", f"Content-Length: {len(body)}") + body, 200, body)
    if kind < 9:
        return Asked(head(f"POST /echo/{id}", "Transfer-Encoding: chunked") + chunked + b"0\r\n\r\n", 200, body)
    if kind == 9:
        return Asked(head(f"GET /status/{draw.choice((204, 304))}/{id}"), 0, b"")
    if kind == 10:
        return Asked(head(f"GET /fail/{id}"), 500, None, named=False)
    if kind == 11:
        # Drained by us, or the connection behind the proxy ends.
        size = draw.choice((10, 1000, 200_000))
        octets = head(f"POST /lost/{id}", f"Content-Length: {size}") + (smuggled * (size // len(smuggled) + 1))[:size]
        return Asked(octets, 404, None, named=False, ends=True)
    if kind == 12:
        size = draw.choice((99, 100, 101, 5000))
        octets = head(f"POST /small/{id}", f"Content-Length: {size}") + b"s" * size
        refused = size > 100
        return Asked(octets, 413 if refused else 200, None, named=not refused, ends=refused)
    if kind == 13:
        return Asked(head(f"GET /id/{id}", "Connection: close"), 200, id.encode(), ends=True)
    if kind == 14:
        return Asked(head(f"GET /id/{id}?{'q' * draw.randrange(9000)}"), 0, None, named=False, ends=True)
    fields = draw.choice(
        (
            ("Content-Length: 3", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: xchunked", f"Content-Length: {len(smuggled) + 5}"),
            ("Transfer-Encoding : chunked",),
            ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
            ("Content-Length: +5",),
            ("Content-Length: 5", "Content-Length: 6"),
            ("X: a\n b: c",),
            ("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABk"),
            ("Expect: 100-continue", f"Content-Length: {len(smuggled) + 5}"),
        )
    )
    return Asked(head(f"POST /echo/{id}", *fields) + b"0\r\n\r\n" + smuggled, 0, None, hostile=True)


class Client:
    """Asks one thing after the other over kept connections, and remembers what was wrong."""

    def __init__(self, port: int, number: int, requests: int, seed: int) -> None:
        self.wrong: list[str] = []
        self.answered = 0
        self.again = 0
        self._port = port
        self._number = number
        self._requests = requests
        self._random = random.Random(seed * 1000 + number)

    def run(self) -> None:
        peer: Peer | None = None
        for count in range(self._requests):
            id = f"{self._number}-{count}-{self._random.getrandbits(32):08x}"
            asked = draw_request(self._random, id)
            kept = peer is not None
            peer = peer or Peer(self._port)
            try:
                if not self._ask(asked, id, peer):
                    # A proxy may end a kept connection at any time; then the request goes anew.
                    assert kept, "a fresh connection was ended"
                    peer.socket.close()
                    peer = Peer(self._port)
                    assert self._ask(asked, id, peer), "two connections were ended"
                    self.again += 1
            except Exception as error:
                if not (asked.hostile or asked.ends):
                    self.wrong.append(f"{error!r} to {asked.octets[:200]!r}")
            if asked.hostile or asked.ends:
                peer.socket.close()
                peer = None
        if peer is not None:
            peer.socket.close()

    def _ask(self, asked: Asked, id: str, peer: Peer) -> bool:
        peer.send(asked.octets)
        if asked.hostile:
            peer.finish()
            peer.rest()
            return True
        if not peer.socket.recv(1, socket.MSG_PEEK):
            return False
        self._judge(asked, id, peer)
        return True

    def _judge(self, asked: Asked, id: str, peer: Peer) -> None:
        answer = peer.one(is_head=asked.is_head)
        self.answered += 1
        named = answer.fields.get("x-id")
        right = (
            asked.status in (0, answer.status)
            and (asked.body is None or answer.body == asked.body)
            and named == (id if asked.named else None)
        )
        if not right and not (asked.status == 0 and named in (None, id)):
            self.wrong.append(f"{answer.status} {answer.fields} to {asked.octets[:200]!r}")


@pytest.mark.parametrize("kind", ["nginx", "nginx unbuffered"])
def test_CON_021_an_early_answer_to_a_chunked_body_ends_no_connection_that_it_keeps(
    kind: str, serve: Callable[..., live_server], tmp_path: Path
) -> None:
    """The proxy has sent the body whole, so it asks again over the same connection at once."""
    if not is_installed(kind):
        pytest.skip(f"{kind} is not installed")
    app = App()
    sent = threading.Event()

    @app.post("/early", stream_body=True)
    def early() -> Response:
        sent.wait(10)  # nothing is read meanwhile
        return Response("no", 401)

    app.add_route("/", lambda: "up")
    server = serve(app)
    assert server.port is not None
    body = b"4000\r\n%s\r\n" % (b"x" * 0x4000) * 12 + b"0\r\n\r\n"
    upload = b"POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    with Proxy(kind, server.port, tmp_path) as proxy:
        for _ in range(100):
            with Peer(proxy.port) as peer:
                sent.clear()
                peer.send(upload + b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                sent.set()
                # nginx may end the client's connection, if it had not read the body by then.
                assert [answer.status for answer in answers(peer.rest())] in ([401], [401, 200])


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_is_that_of_its_request(
    kind: str, serve: Callable[..., live_server], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "pelton.error")
    if not is_installed(kind):
        pytest.skip(f"{kind} is not installed")
    server = serve(application())
    assert server.port is not None
    with Proxy(kind, server.port, tmp_path) as proxy:
        clients = [Client(proxy.port, number, REQUESTS // CLIENTS, SEED) for number in range(CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    wrong = [what for client in clients for what in client.wrong]
    assert not wrong, (SEED, len(wrong), wrong[:5])
    assert sum(client.answered for client in clients) > REQUESTS * 0.8
    assert sum(client.again for client in clients) < REQUESTS * 0.2
