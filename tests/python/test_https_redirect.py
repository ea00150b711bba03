"""`https_redirect`: a request by plain http gets 308 and the same place by https, before any handler."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from wire import Peer

from authorities import Authority
from pelton import App, ConfigError, Request, Response, ServerConfig
from pelton.hosting.interfaces import served
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]


def native() -> App:
    app = App()

    @app.get("/")
    def home(request: Request) -> Response:
        return Response(request.scheme)

    return app


def hosted() -> App:
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        assert scope["type"] == "http", scope["type"]
        body = scope["scheme"].encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    return served(app, "hosted:app", "asgi", App, "off")


@pytest.fixture(params=[native, hosted])
def application(request: pytest.FixtureRequest) -> App:
    made: App = request.param()
    return made


def get(*fields: str, line: str = "GET / HTTP/1.1", host: str = "example.org") -> bytes:
    return "\r\n".join([line, *([f"Host: {host}"] if host else []), *fields, "", ""]).encode()


def location(peer: Peer, octets: bytes, is_head: bool = False) -> str:
    peer.send(octets)
    answer = peer.one(is_head=is_head)
    assert (answer.status, answer.body) == (308, b"")
    return answer.fields["location"]


@pytest.mark.parametrize(
    ("host", "target", "place"),
    [
        ("example.org", "/", "https://example.org/"),
        ("example.org:8000", "/a%20b/c?d=e%26f&g", "https://example.org/a%20b/c?d=e%26f&g"),
        ("[::1]:8000", "/nowhere", "https://[::1]/nowhere"),
        ("[::1]", "//evil.org/?", "https://[::1]//evil.org/"),
        ("example.org:8000", "http://example.org:8000/a?b", "https://example.org/a?b"),
        ("example.org", "http://example.org?b", "https://example.org/?b"),
    ],
)
def test_the_same_place_by_https(serve: Serve, application: App, host: str, target: str, place: str) -> None:
    with Peer(serve(application, https_redirect=443).port or 0) as peer:
        assert location(peer, get(line=f"GET {target} HTTP/1.1", host=host)) == place


def test_every_method_and_every_target_and_the_connection_goes_on(serve: Serve, application: App) -> None:
    with Peer(serve(application, https_redirect=8443).port or 0) as peer:
        body, chunks = b"body", b"4\r\nbody\r\n0\r\n\r\n"
        assert location(peer, get("Content-Length: 4", line="POST /a HTTP/1.1") + body) == "https://example.org:8443/a"
        assert location(peer, get("Transfer-Encoding: chunked", line="PUT / HTTP/1.1") + chunks) == "https://example.org:8443/"
        assert location(peer, get(line="HEAD /a HTTP/1.1"), is_head=True) == "https://example.org:8443/a"
        assert location(peer, get(line="OPTIONS * HTTP/1.1")) == "https://example.org:8443/"
        fields = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 22 + "==")
        assert location(peer, get(*fields, line="GET /ws HTTP/1.1")) == "https://example.org:8443/ws"
        assert location(peer, get()) == "https://example.org:8443/"


def test_without_Host_the_address_counts(serve: Serve) -> None:
    with Peer(serve(native(), https_redirect=443).port or 0) as peer:
        peer.send(get(line="GET /a HTTP/1.0", host=""))
        assert b"\r\nLocation: https://127.0.0.1/a\r\n" in peer.rest()


def test_without_Host_a_unix_socket_has_no_place_to_name(serve: Serve, tmp_path: Path) -> None:
    path = str(tmp_path / "sock")
    serve(native(), https_redirect=443, uds=path)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.connect(path)
        unix.sendall(get(line="GET / HTTP/1.0", host=""))
        assert unix.recv(100).split(b" ")[1] == b"421"


def test_what_a_trusted_proxy_says_counts(serve: Serve, application: App) -> None:
    by_https = get("X-Forwarded-Proto: https")
    by_http = get("X-Forwarded-Proto: http", "X-Forwarded-Host: shop.org:80", "X-Forwarded-Prefix: /a%20b", host="inner", line="GET /c HTTP/1.1")
    server = serve(application, https_redirect=443, forwarded_allow_ips="127.0.0.1")
    with Peer(server.port or 0) as peer:
        peer.send(by_https)
        assert peer.one().body == b"https"
        assert location(peer, by_http) == "https://shop.org/a%20b/c"
    server.__exit__(None, None, None)
    with Peer(serve(application, https_redirect=443, forwarded_allow_ips="none").port or 0) as peer:
        assert location(peer, by_https) == "https://example.org/"


def test_another_host_than_the_allowed_ones_is_not_redirected(serve: Serve, application: App) -> None:
    with Peer(serve(application, https_redirect=443, allowed_hosts="example.org").port or 0) as peer:
        peer.send(get(host="evil.org"))
        assert peer.one().status == 421
        assert location(peer, get()) == "https://example.org/"


def test_beside_an_address_with_tls(serve: Serve, application: App, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("server")
    plain, secure = str(tmp_path / "plain"), str(tmp_path / "secure")
    tls = {"ssl_certfile": str(pair.certificate), "ssl_keyfile": str(pair.key)}
    serve(application, https_redirect=443, bind=[f"unix:{plain}", f"unix:{secure},tls"], **tls)
    for path, status in ((plain, b"308"), (secure, b"200")):
        connection: socket.socket = socket.socket(socket.AF_UNIX)
        with connection:
            connection.connect(path)
            if path == secure:
                context = authority.client()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                connection = context.wrap_socket(connection)
            connection.sendall(get("Connection: close"))
            assert connection.recv(100).split(b" ")[1] == status
            connection.close()


def test_it_is_off_unless_a_port_is_named(serve: Serve, application: App) -> None:
    for port in (None, 0, "none"):
        server = serve(application, https_redirect=port)
        with Peer(server.port or 0) as peer:
            peer.send(get())
            assert peer.one().body == b"http"
        server.__exit__(None, None, None)


def test_the_test_client_is_redirected_too() -> None:
    app = App(server=ServerConfig(https_redirect=443))
    app.add_route("/", lambda: "home")
    answer = TestClient(app, follow_redirects=False).get("/")
    assert (answer.status_code, answer.headers["location"]) == (308, "https://testserver/")
    assert TestClient(app, base_url="https://testserver").get("/").status_code == 200


@pytest.mark.parametrize("port", [-1, 65536, "https"])
def test_what_is_no_port_is_refused(port: object) -> None:
    with pytest.raises(ConfigError, match="https_redirect.* is a port from 0 to 65535"):
        ServerConfig(https_redirect=port)  # type: ignore[arg-type]
