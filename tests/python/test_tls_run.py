"""`pelton run` with TLS: what cannot start, several listeners, sessions across workers, and certificates that change."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from authorities import SILENCE_S, Authority, ask, common_name, connect
from supervised import Supervised

NATIVE = """
from pelton import App, Request
app = App()

@app.get("/")
def seen(request: Request):
    import os
    return {"scheme": request.scheme, "pid": os.getpid(), "tls": request.tls}
"""
ASGI = """
import json

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = json.dumps([scope["scheme"], scope["extensions"].get("tls")]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
"""
WSGI = """
def app(environ, start_response):
    body = (environ["wsgi.url_scheme"] + " " + environ["SERVER_PORT"]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
IN_CODE = """
from pelton import App, ServerConfig, TlsConfig
app = App(server=ServerConfig(tls=TlsConfig("server.pem", "server.key")))

@app.get("/")
def home():
    return "hello"
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.issue("server")
    for name, text in (("native", NATIVE), ("asgi", ASGI), ("wsgi", WSGI), ("in_code", IN_CODE)):
        (tmp_path / f"{name}.py").write_text(text)
    return made


@pytest.fixture
def start(authority: Authority, engine: str) -> Iterator[Callable[..., Supervised]]:
    with ExitStack() as stack:

        def started(*arguments: str, **environment: str) -> Supervised:
            made = Supervised(authority.folder, *arguments, PELTON_ENGINE=engine, **environment)
            stack.callback(made.end)
            return made

        yield started


TLS = ("--ssl-certfile", "server.pem", "--ssl-keyfile", "server.key")


def test_it_says_where_it_listens_and_serves_by_each_interface(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("native:app", *TLS)
    line = server.say_until("listening on ")[-1]
    found = re.search(r"listening on https://127\.0\.0\.1:(\d+) ", line)
    assert found is not None, line
    with connect(int(found[1]), authority.client()) as connection:
        assert json.loads(ask(connection)[1])["scheme"] == "https"
    assert server.stop() == 0


def test_the_environment_and_files_name_certificates_too(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("native:app", PELTON_SSL_CERTFILE="server.pem", PELTON_SSL_KEYFILE="server.key")
    server.ready()
    with connect(server.port, authority.client()) as connection:
        ask(connection)
    server.stop()
    (authority.folder / "pelton.toml").write_text('ssl_certfile = "server.pem"\nssl_keyfile = ["server.key"]\n')
    server = start("native:app")
    server.ready()
    with connect(server.port, authority.client()) as connection:
        ask(connection)
    server.stop()


def test_an_app_has_TLS_of_its_own(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("in_code:app")
    server.ready()
    with connect(server.port, authority.client()) as connection:
        assert json.loads(ask(connection)[1]) == "hello"


def test_ASGI_and_WSGI_applications_see_the_scheme(start: Callable[..., Supervised], authority: Authority) -> None:
    robot = authority.issue("robot")
    server = start("asgi:app", *TLS, "--ssl-ca-certs", "authority.pem", "--ssl-cert-reqs", "1")
    server.ready()
    with connect(server.port, authority.client(robot)) as connection:
        scheme, tls = json.loads(ask(connection)[1])
        assert scheme == "https"
        assert tls["tls_version"] == 0x0304 and tls["cipher_suite"] >> 8 == 0x13 and tls["client_cert_error"] is None
        assert "CN=robot" in tls["client_cert_name"] and tls["client_cert_chain"]
        der = ssl.PEM_cert_to_DER_cert(tls["server_cert"])
        assert der == connection.getpeercert(binary_form=True)
    server.stop()
    server = start("wsgi:app", *TLS, "--interface", "wsgi")
    server.ready()
    with connect(server.port, authority.client()) as connection:
        assert ask(connection)[1] == f"https {server.port}".encode()


def test_several_listeners_with_TLS_and_without(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start(
        "native:app", *TLS, "--workers", "2", "--bind", "127.0.0.1:0,tls", "--bind", "127.0.0.1:0", "--bind", "unix:sock,tls"
    )
    lines = [server.say_until("listening on ")[-1] for _ in range(2)]
    for line in lines:
        found = re.search(r"listening on https://127\.0\.0\.1:(\d+), http://127\.0\.0\.1:(\d+), unix:sock ", line)
        assert found is not None, line
    assert found is not None
    with connect(int(found[1]), authority.client()) as connection:
        assert json.loads(ask(connection)[1])["scheme"] == "https"
    with socket.create_connection(("127.0.0.1", int(found[2])), timeout=SILENCE_S) as plain:
        seen = json.loads(ask(plain)[1])
        assert (seen["scheme"], seen["tls"]) == ("http", None)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.settimeout(SILENCE_S)
        unix.connect(str(authority.folder / "sock"))
        with authority.client().wrap_socket(unix, server_hostname="localhost") as connection:
            assert json.loads(ask(connection)[1])["scheme"] == "https"


def test_the_access_log_says_what_was_agreed_on(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("native:app", *TLS, "--access-log=./log", "--access-log-format", "{status} {tls_version} {tls_cipher} {sni}")
    server.ready()
    with connect(server.port, authority.client()) as connection:
        ask(connection)
        cipher = connection.cipher()
    server.stop()
    assert cipher is not None
    assert (authority.folder / "log").read_text() == f"200 TLSv1.3 {cipher[0]} localhost\n"


# --- sessions ---


def test_TLS_001_a_session_is_resumed_by_every_worker(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("native:app", *TLS, "--workers", "2")
    server.ready(2)
    context = authority.client()
    with connect(server.port, context) as first:
        made_by = json.loads(ask(first)[1])["pid"]
        session = first.session
        met: set[int] = set()
        while len(met) < 2:
            with connect(server.port, context, session=session) as again:
                met.add(json.loads(ask(again)[1])["pid"])
                assert again.session_reused
    assert made_by in met
    # After a reload too, for the supervisor and the memory that workers share stay.
    os.kill(server.pid, signal.SIGHUP)
    server.say_until("generation 2 serves")
    # The old workers take what had queued for them.
    pid = made_by
    while pid in met:
        with connect(server.port, context, session=session) as again:
            assert again.session_reused
            pid = json.loads(ask(again)[1])["pid"]


# --- certificates that change ---


def test_TLS_004_changed_certificates_are_served_and_bad_ones_are_not(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("native:app", *TLS)
    server.ready()
    context = authority.client()
    with connect(server.port, context) as before:
        assert common_name(before) == "server"
        authority.issue("server", common_name="second")
        server.say_until(r"info pelton\.tls: certificates were loaded anew")
        with connect(server.port, context) as after:
            assert common_name(after) == "second"
            ask(after)
        ask(before)
    other = authority.issue("other")
    (authority.folder / "server.key").write_bytes(other.key.read_bytes())
    server.say_until(r"error pelton\.tls: changed certificates cannot be used, those before stay: the key in server\.key is not")
    with connect(server.port, context) as still:
        assert common_name(still) == "second"
    (authority.folder / "server.pem").write_bytes(other.certificate.read_bytes())
    server.say_until(r"info pelton\.tls: certificates were loaded anew")
    with connect(server.port, context) as last:
        assert common_name(last) == "other"


def test_TLS_004_a_reload_takes_new_certificates_and_bad_ones_keep_the_old_workers(
    start: Callable[..., Supervised], authority: Authority
) -> None:
    server = start("native:app", *TLS)
    server.ready()
    context = authority.client()
    authority.issue("server", common_name="second")
    os.kill(server.pid, signal.SIGHUP)
    server.say_until("generation 2 serves")
    name = "server"
    while name != "second":
        with connect(server.port, context) as served:
            name = common_name(served)
    (authority.folder / "server.pem").unlink()
    os.kill(server.pid, signal.SIGHUP)
    server.say_until("server.pem cannot be read")
    with connect(server.port, context) as still:
        assert common_name(still) == "second" and ask(still)[0].startswith(b"HTTP/1.1 200")


# --- what cannot start ---


def outcome(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "native:app", "--port", "0", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=SILENCE_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_TLS_004_certificates_that_cannot_be_served(authority: Authority, workers: str) -> None:
    old = authority.issue("old", ends_in_s=-60)
    cases = {
        ("old.pem", "old.key"): rf"the certificate in {re.escape(old.certificate.name)} has expired on \w+ ",
        ("server.pem", "old.key"): "the key in old.key is not that of the certificate in server.pem",
        ("none.pem", "old.key"): "none.pem cannot be read: No such file or directory",
    }
    for (certificate, key), said in cases.items():
        code, lines = outcome(authority.folder, "--ssl-certfile", certificate, "--ssl-keyfile", key, "--workers", workers)
        assert code == 3, lines
        assert re.search(f"^pelton: cannot start: TLS: {said}", lines, re.MULTILINE), lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ssl-keyfile", "server.key"), "tls.key_path goes with a certificate; name its file with tls.cert_path, which is --ssl-certfile"),
        (("--ssl-crl", "a"), "tls.crl_path goes with a certificate; name its file with tls.cert_path, which is --ssl-certfile"),
        ((*TLS, "--ssl-keyfile", "b"), "tls.cert_path and tls.key_path go in pairs; there are 1 and 2"),
        ((*TLS, "--ssl-cert-reqs", "2"), "tls.client_certificates needs the authorities that clients have theirs from; name them with tls.ca_path, which is --ssl-ca-certs"),
        ((*TLS, "--ssl-cert-reqs", "3"), "tls.client_certificates is off, optional or required, or their numbers 0, 1 and 2, not '3'"),
        ((*TLS, "--ssl-protocol-min", "1.1"), "tls.min_version is 1.2 or 1.3, not '1.1'"),
        ((*TLS, "--ssl-protocol-min", "1.3", "--ssl-protocol-max", "1.2"), "tls.min_version must not be later than tls.max_version"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together(authority: Authority, arguments: tuple[str, ...], said: str) -> None:
    code, lines = outcome(authority.folder, *arguments)
    assert code == 3 and f"pelton: cannot start: command line: {said}\n" in lines, lines


def test_a_listener_with_TLS_needs_a_certificate(authority: Authority) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "native:app", "--bind", "127.0.0.1:0,tls"],
        cwd=authority.folder, capture_output=True, text=True, timeout=SILENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 3 and "bind asks for TLS, which needs a certificate" in done.stderr, done.stderr


# --- without TLS ---


def test_OpenSSL_is_not_loaded_without_TLS(start: Callable[..., Supervised], authority: Authority) -> None:
    server = start("native:app")
    (worker,) = server.ready()
    with server.connect() as connection:
        server.ask(connection)
    # A worker has the standard library's ssl, which asyncio imports; pelton's own part is in a module apart.
    assert "/_tls." not in Path(f"/proc/{worker}/maps").read_text()
    assert "libssl" not in Path(f"/proc/{server.pid}/maps").read_text()
    server.stop()
    server = start("native:app", *TLS)
    (worker,) = server.ready()
    assert "/_tls." in Path(f"/proc/{worker}/maps").read_text()
    assert "libssl" not in Path(f"/proc/{server.pid}/maps").read_text()
