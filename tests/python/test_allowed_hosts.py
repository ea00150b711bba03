"""H1-043: a request that names another host than the allowed ones gets 421, before any handler."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from wire import Peer

from pelton import App, ConfigError, Request, Response, ServerConfig, WebSocket
from pelton.hosting.interfaces import served
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
ALLOWED = ["example.org", "*.example.org"]


def native() -> App:
    app = App()

    @app.get("/")
    def home() -> Response:
        return Response("home")

    @app.post("/")
    def upload(request: Request) -> str:
        return str(len(request.body()))

    @app.websocket("/ws")
    async def ws(ws: WebSocket) -> None:
        await ws.send("hello")

    return app


def hosted() -> App:
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
            return
        assert scope["type"] == "http", scope["type"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"home"})

    return served(app, "hosted:app", "asgi", App, "off")


@pytest.fixture(params=[native, hosted])
def application(request: pytest.FixtureRequest) -> App:
    made: App = request.param()
    return made


def get(host: str, *fields: str, line: str = "GET / HTTP/1.1") -> bytes:
    return "\r\n".join([line, *([f"Host: {host}"] if host else []), *fields, "", ""]).encode()


@pytest.mark.parametrize("host", ["example.org", "EXAMPLE.org:8000", "www.example.org", "a.b.example.org:1"])
def test_H1_043_an_allowed_host_is_served(serve: Serve, application: App, host: str) -> None:
    server = serve(application, allowed_hosts=ALLOWED)
    with Peer(server.port or 0) as peer:
        peer.send(get(host))
        assert peer.one().body == b"home"


@pytest.mark.parametrize("host", ["example.com", "example.org.", "example.org.evil.com", "127.0.0.1", "[::1]:80"])
def test_H1_043_another_host_gets_421_and_the_connection_goes_on(serve: Serve, application: App, host: str) -> None:
    server = serve(application, allowed_hosts=ALLOWED)
    with Peer(server.port or 0) as peer:
        # Its body is read past, in one piece and in chunks, and the next request is served.
        peer.send(get(host, "Content-Length: 4", line="POST / HTTP/1.1") + b"body")
        peer.send(get(host, "Transfer-Encoding: chunked", line="POST / HTTP/1.1") + b"4\r\nbody\r\n0\r\n\r\n")
        peer.send(get(host, line="GET http://" + host + "/ HTTP/1.1") + get("example.org"))
        for _ in range(3):
            answer = peer.one()
            assert (answer.status, json.loads(answer.body)) == (421, {"detail": "Misdirected Request"})
        assert peer.one().body == b"home"
    assert server.stats()["answered.host_not_allowed"] == 3


def test_H1_043_a_websocket_of_another_host_gets_421(serve: Serve, application: App) -> None:
    server = serve(application, allowed_hosts=ALLOWED)
    key = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 22 + "==")
    with Peer(server.port or 0) as peer:
        peer.send(get("evil.org", *key, line="GET /ws HTTP/1.1"))
        assert peer.one().status == 421
        peer.send(get("www.example.org", *key, line="GET /ws HTTP/1.1"))
        assert peer.socket.recv(100).startswith(b"HTTP/1.1 101 ")


def test_H1_040_without_Host_the_address_counts(serve: Serve, tmp_path: Path) -> None:
    old = get("", line="GET / HTTP/1.0")
    for allowed, status in (("127.0.0.1", b"200"), ("example.org", b"421")):
        server = serve(native(), allowed_hosts=allowed)
        with Peer(server.port or 0) as peer:
            peer.send(old)
            assert peer.rest().split(b" ")[1] == status
    path = str(tmp_path / "sock")
    serve(native(), allowed_hosts="127.0.0.1", uds=path)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.connect(path)
        unix.sendall(old)
        assert unix.recv(100).split(b" ")[1] == b"421"


def test_H1_043_a_trusted_proxy_names_the_host(serve: Serve, application: App) -> None:
    inner, named = get("inner"), get("inner", "X-Forwarded-Host: www.example.org")
    forged = get("example.org", "X-Forwarded-Host: evil.org")
    for trusted, statuses in (("127.0.0.1", (421, 200, 421)), ("none", (421, 421, 200))):
        server = serve(application, allowed_hosts=ALLOWED, forwarded_allow_ips=trusted)
        with Peer(server.port or 0) as peer:
            peer.send(inner + named + forged)
            assert tuple(peer.one().status for _ in range(3)) == statuses
        server.__exit__(None, None, None)


@pytest.mark.parametrize("allowed", [(), "*", ["example.org", "*"]])
def test_all_hosts_are_allowed_unless_some_are_listed(serve: Serve, allowed: object) -> None:
    server = serve(native(), allowed_hosts=allowed)
    with Peer(server.port or 0) as peer:
        peer.send(get("whatever.test"))
        assert peer.one().status == 200


def test_the_test_client_names_the_host_of_its_base_url() -> None:
    allowing = App(server=ServerConfig(allowed_hosts=ALLOWED))
    allowing.add_route("/", lambda: "home")
    assert TestClient(allowing).get("/").status_code == 421
    assert TestClient(allowing, base_url="http://www.example.org").get("/").status_code == 200


@pytest.mark.parametrize(
    ("hosts", "says"),
    [
        ("example.org:80", "'example.org:80' that has a port, which does not count; leave it out"),
        (["http://example.org"], "'http://example.org' that is no host and no domain such as *.example.org"),
        ("a*.org", "'a*.org' that is no host"),
    ],
)
def test_hosts_that_cannot_be_are_refused(hosts: object, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        ServerConfig(allowed_hosts=hosts)  # type: ignore[arg-type]
    assert str(refused.value).startswith(f"allowed_hosts has {says}")
    assert str(refused.value).endswith("; it takes hosts, domains such as *.example.org, and *")
