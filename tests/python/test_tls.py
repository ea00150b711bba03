"""TLS of a server as clients meet it: versions, certificates, answers of every kind, and how connections end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect as open_websocket

from authorities import SILENCE_S, Authority, Pair, ask, common_name, connect
from pelton import App, RegistrationError, Request, Response, ServerConfig, StartupError, StaticFilesConfig, TlsConfig, WebSocket
from pelton.testing import live_server

LARGE = os.urandom(1 << 20) * 3


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("server")


def application(folder: Path) -> App:
    app = App()

    @app.get("/", name="home")
    def home(request: Request) -> dict[str, Any]:
        return {"scheme": request.scheme, "url": str(request.url_for("home")), "is_secure": request.is_secure()}

    @app.get("/tls")
    def tls(request: Request) -> Any:
        return request.tls

    @app.get("/kept")
    async def kept(request: Request) -> Any:
        import asyncio

        await asyncio.sleep(0)
        return request.tls and request.tls.version

    @app.get("/cookie")
    def cookie(request: Request) -> Response:
        response = Response.text("ok")
        response.set_cookie("a", "b")
        return response

    @app.get("/ticks")
    def ticks() -> Response:
        return Response.stream((b"x" * 1000 for _ in range(500)), "text/plain", content_length=500_000)

    @app.post("/digest")
    def digest(request: Request) -> dict[str, str]:
        return {"sha256": hashlib.sha256(request.body()).hexdigest()}

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        await ws.accept()
        async for message in ws:
            await ws.send_text(f"{ws.url.scheme}: {message}")

    (folder / "large.bin").write_bytes(LARGE)
    app.enable_static_files(StaticFilesConfig(root=folder))
    return app


@pytest.fixture
def served(serve: Callable[..., live_server], tmp_path: Path, pair: Pair) -> live_server:
    return serve(application(tmp_path), ssl_certfile=pair.certificate, ssl_keyfile=pair.key, limit_body_size="8MiB")


def asked(served: live_server, context: ssl.SSLContext, path: str = "/", *fields: str) -> tuple[bytes, bytes]:
    assert served.port is not None
    with connect(served.port, context) as connection:
        return ask(connection, path, *fields)


# --- what applications see ---


def test_the_scheme_is_https_everywhere(served: live_server, authority: Authority) -> None:
    assert served.url.startswith("https://127.0.0.1:")
    _, body = asked(served, authority.client())
    assert json.loads(body) == {"scheme": "https", "url": "https://localhost/", "is_secure": True}


def test_request_tls(served: live_server, authority: Authority) -> None:
    _, body = asked(served, authority.client(), "/tls")
    version, cipher, sni, client, chain = json.loads(body)
    assert (version, sni, client, chain) == ("TLSv1.3", "localhost", None, []) and cipher.startswith("TLS_")
    _, body = asked(served, authority.client(), "/kept")
    assert json.loads(body) == "TLSv1.3"


def test_request_tls_is_none_on_a_plain_connection(serve: Callable[..., live_server], tmp_path: Path) -> None:
    plain = serve(application(tmp_path))
    for path in ("/tls", "/kept"):
        with socket.create_connection(("127.0.0.1", plain.port or 0), timeout=SILENCE_S) as connection:
            assert ask(connection, path)[1] == b"null"


def test_cookies_are_secure(served: live_server, authority: Authority) -> None:
    head, _ = asked(served, authority.client(), "/cookie")
    assert b"; Secure" in head


def test_large_answers_files_and_uploads(served: live_server, authority: Authority) -> None:
    context = authority.client()
    assert asked(served, context, "/static/large.bin")[1] == LARGE
    assert asked(served, context, "/ticks")[1] == b"x" * 500_000
    assert served.stats()["fallback.splice"] == 0
    with connect(served.port or 0, context) as connection:
        connection.sendall(b"POST /digest HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(LARGE))
        connection.sendall(LARGE)
        assert json.loads(read_answer(connection)) == {"sha256": hashlib.sha256(LARGE).hexdigest()}


def read_answer(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        received += connection.recv(65536)
    return received.partition(b"\r\n\r\n")[2]


def test_a_range_of_a_file(served: live_server, authority: Authority) -> None:
    head, body = asked(served, authority.client(), "/static/large.bin", "Range: bytes=1000000-1999999")
    assert head.startswith(b"HTTP/1.1 206") and body == LARGE[1_000_000:2_000_000]


def test_websockets(served: live_server, authority: Authority) -> None:
    async def talk() -> None:
        # The client without asyncio reads and writes one ssl.SSLSocket from two threads, which CPython does not allow.
        async with open_websocket(f"wss://localhost:{served.port}/echo", ssl=authority.client(), open_timeout=SILENCE_S) as ws:
            for text in ("hello", "x" * 100_000):
                await ws.send(text)
                assert await ws.recv() == f"https: {text}"

    asyncio.run(talk())


def test_curl(served: live_server, authority: Authority) -> None:
    for version in ("--tlsv1.2", "--tls-max 1.2", "--tlsv1.3"):
        done = subprocess.run(
            ["curl", "-sS", *version.split(), "--cacert", authority.path, f"https://localhost:{served.port}/"],
            capture_output=True, timeout=SILENCE_S, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["scheme"] == "https"


# --- versions, protocols, certificates ---


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_TLS_001_versions(served: live_server, authority: Authority, version: ssl.TLSVersion) -> None:
    context = authority.client()
    context.minimum_version = context.maximum_version = version
    with connect(served.port or 0, context) as connection:
        assert ask(connection)[0].startswith(b"HTTP/1.1 200")
        assert connection.compression() is None


def test_TLS_001_older_versions_are_refused(served: live_server) -> None:
    for version in ("-tls1", "-tls1_1"):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"localhost:{served.port}", version, "-cipher", "ALL:@SECLEVEL=0"],
            input=b"", capture_output=True, timeout=SILENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode != 0 and b"protocol version" in done.stderr


def test_TLS_002_ALPN(served: live_server, authority: Authority) -> None:
    with connect(served.port or 0, authority.client(alpn=["h2", "http/1.1"])) as connection:
        assert connection.selected_alpn_protocol() == "h2"
    with connect(served.port or 0, authority.client(alpn=["http/1.1"])) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
    with connect(served.port or 0, authority.client()) as connection:
        assert connection.selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        connect(served.port or 0, authority.client(alpn=["imap"]))
    assert served.stats()["cut.tls_alpn"] == 1


def test_TLS_002_SNI(serve: Callable[..., live_server], authority: Authority, tmp_path: Path, pair: Pair) -> None:
    stars = authority.issue("stars", "*.example.org", "example.org")
    served = serve(
        application(tmp_path), ssl_certfile=[pair.certificate, stars.certificate], ssl_keyfile=[pair.key, stars.key]
    )
    context = authority.client()
    for host, name in (("localhost", "server"), ("example.org", "stars"), ("www.example.org", "stars")):
        with connect(served.port or 0, context, host) as connection:
            assert common_name(connection) == name
    context.check_hostname = False
    with connect(served.port or 0, context, "other.net") as connection:
        assert common_name(connection) == "server"


def test_TLS_006_client_certificates(serve: Callable[..., live_server], authority: Authority, tmp_path: Path, pair: Pair) -> None:
    robot = authority.issue("robot", "robot.example")
    (tmp_path / "strangers").mkdir()
    stranger = Authority(tmp_path / "strangers").issue("stranger")
    tls = {"ssl_certfile": pair.certificate, "ssl_keyfile": pair.key, "ssl_ca_certs": authority.path}
    optional = serve(application(tmp_path), **tls, ssl_cert_reqs=1)
    assert json.loads(asked(optional, authority.client(), "/tls")[1])[3:] == [None, []]
    _, _, _, name, chain = json.loads(asked(optional, authority.client(robot), "/tls")[1])
    assert name.startswith("CN=robot") and chain
    assert ssl.PEM_cert_to_DER_cert(chain[0])
    required = serve(application(tmp_path), **tls, ssl_cert_reqs="required")
    assert asked(required, authority.client(robot))[0].startswith(b"HTTP/1.1 200")
    for context in (authority.client(), authority.client(stranger)):
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            asked(required, context)
    assert required.stats()["cut.tls_client_certificate"] == 2


def test_keys_in_the_file_of_the_certificate_and_encrypted_keys(
    serve: Callable[..., live_server], authority: Authority, tmp_path: Path, pair: Pair
) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    assert asked(serve(application(tmp_path), ssl_certfile=both), authority.client())[0].startswith(b"HTTP/1.1 200")
    encrypted = tmp_path / "encrypted.key"
    command = ["openssl", "pkcs8", "-topk8", "-in", pair.key, "-out", encrypted, "-passout", "pass:sesame"]
    subprocess.run(command, check=True, capture_output=True)
    served = serve(application(tmp_path), ssl_certfile=pair.certificate, ssl_keyfile=encrypted, ssl_keyfile_password="sesame")
    assert asked(served, authority.client())[0].startswith(b"HTTP/1.1 200")


def test_TLS_001_sessions_are_resumed(served: live_server, authority: Authority) -> None:
    context = authority.client()
    with connect(served.port or 0, context) as first:
        ask(first)
        session = first.session
        assert session is not None
        with connect(served.port or 0, context, session=session) as second:
            assert ask(second)[0].startswith(b"HTTP/1.1 200") and second.session_reused


# --- configuration in code ---


def test_an_app_with_TLS_of_its_own(engine: str, monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path, pair: Pair) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    config = TlsConfig(pair.certificate, pair.key, min_version="1.3")
    app = application(tmp_path)
    app.enable_tls(config)
    with pytest.raises(RegistrationError, match="the app has TLS already"):
        app.enable_tls(config)
    with live_server(app) as served:
        assert served.url.startswith("https:")
        context = authority.client()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            connect(served.port or 0, context)
        assert asked(served, authority.client())[0].startswith(b"HTTP/1.1 200")
    with live_server(App(server=ServerConfig(tls=config))) as served:
        assert served.url.startswith("https:")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ssl_certfile": "/nowhere/a.pem"}, "TLS: /nowhere/a.pem cannot be read: No such file or directory"),
        ({"ssl_ciphers": "AES128-SHA"}, "TLS: the ciphers have AES128-SHA, which is not ECDHE with AEAD"),
    ],
)
def test_what_cannot_start(pair: Pair, change: dict[str, Any], said: str) -> None:
    settings: dict[str, Any] = {"ssl_certfile": pair.certificate, "ssl_keyfile": pair.key, **change}
    with pytest.raises(StartupError) as raised:
        with live_server(App(), **settings):
            pass
    assert str(raised.value) == said


# --- handshakes that go wrong, and the end of connections ---


def test_TLS_006_clear_text_is_cut(served: live_server, authority: Authority) -> None:
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=SILENCE_S) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            assert plain.recv(100) == b""
        except ConnectionResetError:
            pass
    assert asked(served, authority.client())[0].startswith(b"HTTP/1.1 200")
    assert served.stats()["cut.tls_not_tls"] == 1


def test_LIM_100_a_handshake_that_takes_too_long_is_cut(serve: Callable[..., live_server], tmp_path: Path, pair: Pair) -> None:
    served = serve(application(tmp_path), ssl_certfile=pair.certificate, ssl_keyfile=pair.key, timeout_tls_handshake=0.2)
    with socket.create_connection(("127.0.0.1", served.port or 0), timeout=SILENCE_S) as silent:
        silent.sendall(b"\x16\x03\x01")
        try:
            assert silent.recv(100) == b""
        except ConnectionResetError:
            pass
    assert served.stats()["cut.tls_handshake_timeout"] == 1


def test_TLS_005_close_notify(served: live_server, authority: Authority) -> None:
    with connect(served.port or 0, authority.client(), suppress_ragged_eofs=False) as connection:
        assert b"Connection: close" in ask(connection, "/", "Connection: close")[0]
        assert connection.recv(100) == b""  # an end without close_notify would be an error
    with connect(served.port or 0, authority.client(), suppress_ragged_eofs=False) as connection:
        ask(connection)
        connection.unwrap()  # says its end, and waits for the server's


def test_TLS_005_idle_connections_end_with_close_notify(
    serve: Callable[..., live_server], authority: Authority, tmp_path: Path, pair: Pair
) -> None:
    served = serve(application(tmp_path), ssl_certfile=pair.certificate, ssl_keyfile=pair.key, timeout_idle=0.2)
    with connect(served.port or 0, authority.client(), suppress_ragged_eofs=False) as connection:
        ask(connection)
        assert connection.recv(100) == b""


def test_TLS_005_a_bare_FIN_is_an_end(served: live_server, authority: Authority) -> None:
    connection = connect(served.port or 0, authority.client())
    ask(connection)
    raw = socket.socket(fileno=connection.detach())
    raw.close()
    assert asked(served, authority.client())[0].startswith(b"HTTP/1.1 200")


@pytest.fixture
def hostile() -> Iterator[list[bytes]]:
    yield [
        b"\x16\x03\x01\x00\x00" * 100,  # records without a handshake
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(501),
        b"\x16\x03\x01\xff\xff" + bytes(100),  # a record that is too long
        b"\x16\x03\x01\x00\x04\x00\x00\x00\x00",  # HelloRequest, which a client must not send
        b"\x15\x03\x01\x00\x02\x02\x28",  # an alert first
        b"\x16" * 1000,
    ]


def test_hostile_handshakes_end_and_leave_others_alone(served: live_server, authority: Authority, hostile: list[bytes]) -> None:
    with connect(served.port or 0, authority.client()) as good:
        for octets in hostile:
            with socket.create_connection(("127.0.0.1", served.port or 0), timeout=SILENCE_S) as bad:
                try:
                    bad.sendall(octets)
                    bad.shutdown(socket.SHUT_WR)
                    while bad.recv(4096):
                        pass
                except OSError:
                    pass  # a reset
            assert ask(good)[0].startswith(b"HTTP/1.1 200")
    stats = served.stats()
    ended = ("cut.tls_not_tls", "cut.tls_handshake", "lost.tls_handshake")
    assert sum(stats[name] for name in ended) == len(hostile)
