"""The environ that a WSGI application gets of a request."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from asgi_applications import request
from wire import Peer, ask
from wsgi_applications import PLAIN, Environ, StartResponse, hosted

from pelton import App
from pelton.hosting.file_wrapper import FileWrapper
from pelton.testing import live_server

Serve = Callable[..., live_server]


class Seen:
    """An application that keeps the environs it is called with."""

    def __init__(self, *, is_inline: bool = False) -> None:
        self.environs: list[Environ] = []
        self.app = hosted(self.handle, is_inline=is_inline)

    def handle(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        self.environs.append({**environ, "body": environ["wsgi.input"].read()})
        start_response("200 OK", PLAIN)
        return [b"seen"]


@pytest.mark.parametrize("is_inline", [False, True])
def test_every_key_of_a_request(serve: Serve, is_inline: bool) -> None:
    seen = Seen(is_inline=is_inline)
    server = serve(seen.app)
    with Peer(server.port or 0) as peer:
        peer.send(request("/a%20b/c%2Fd%C3%A9?x=1&y=%20", "GET", "X-Thing: One", "Latin: \xe9", "Content-Type: a/b"))
        assert peer.one().body == b"seen"
        address = peer.socket.getsockname()
    environ = seen.environs[0]
    del environ["wsgi.input"]
    assert environ == {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/c/d\xc3\xa9",
        "QUERY_STRING": "x=1&y=%20",
        "CONTENT_TYPE": "a/b",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(server.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "pelton",
        "REMOTE_ADDR": address[0],
        "REMOTE_PORT": str(address[1]),
        "HTTP_HOST": "h",
        "HTTP_X_THING": "One",
        "HTTP_LATIN": "\xe9",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": not is_inline,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
        "body": b"",
    }


def environ_of(serve: Serve, *fields: str, method: str = "GET", body: bytes = b"", **settings: Any) -> Environ:
    seen = Seen()
    assert ask(serve(seen.app, **settings).port or 0, request("/", method, *fields, body=body)).endswith(b"seen")
    return seen.environs[0]


def test_names_with_underscores_and_proxy_are_left_out(serve: Serve) -> None:
    environ = environ_of(serve, "X-User: true", "X_User: forged", "Content_Length: 9", "Proxy: http://evil", "Proxy-Name: p")
    assert environ["HTTP_X_USER"] == "true" and environ["HTTP_PROXY_NAME"] == "p"
    assert "HTTP_PROXY" not in environ and "CONTENT_LENGTH" not in environ and "HTTP_CONTENT_LENGTH" not in environ


def test_h1_037_what_is_left_out_is_counted(serve: Serve) -> None:
    server = serve(Seen().app)
    ask(server.port or 0, request("/", "POST", "A_B: 1", "_: 2", "Proxy: x", "Proxy-Authorization: y", "X-A: 3", body=b"x"))
    assert server.stats()["dropped.header_alias"] == 3


def test_fields_of_one_name_are_joined_and_cookies_in_their_own_way(serve: Serve) -> None:
    environ = environ_of(serve, "A: 1", "a: 2", "Cookie: x=1", "cookie: y=2", "A: 3")
    assert environ["HTTP_A"] == "1,2,3" and environ["HTTP_COOKIE"] == "x=1; y=2"


def test_fields_whose_names_share_a_place_keep_their_own_keys(serve: Serve) -> None:
    names = [f"X-{first}{second}" for first in "abcdefgh" for second in "abcdefgh"]
    seen = Seen()
    server = serve(seen.app, limit_header_count=200)
    for _ in range(2):
        ask(server.port or 0, request("/", "GET", *(f"{name}: {name}" for name in names)))
    for environ in seen.environs:
        assert {key: environ[key] for key in environ if key.startswith("HTTP_X_")} == {
            f"HTTP_X_{name[2:].upper()}": name for name in names
        }


@pytest.mark.parametrize("body", [b"", b"x" * 1000, b"y" * (3 * 2**20)])
def test_a_body_has_its_length_however_it_came(serve: Serve, body: bytes) -> None:
    environ = environ_of(serve, *(["Content-Length: 0"] if not body else []), method="POST", body=body)
    assert environ["CONTENT_LENGTH"] == str(len(body)) and environ["body"] == body
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:7], body[7:]) if piece) + b"0\r\n\r\n"
    seen = Seen()
    head = request("/", "POST", "Transfer-Encoding: chunked")
    assert ask(serve(seen.app).port or 0, head + chunked).endswith(b"seen")
    assert seen.environs[0]["CONTENT_LENGTH"] == str(len(body)) and seen.environs[0]["body"] == body
    assert "HTTP_TRANSFER_ENCODING" not in seen.environs[0]


def test_what_a_trusted_proxy_says(serve: Serve) -> None:
    fields = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /shop"]
    environ = environ_of(serve, *fields)
    assert environ["wsgi.url_scheme"] == "https" and environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["SCRIPT_NAME"] == "/shop" and environ["PATH_INFO"] == "/"
    untrusted = environ_of(serve, *fields, forwarded_allow_ips=("10.0.0.1",))
    assert untrusted["wsgi.url_scheme"] == "http" and untrusted["REMOTE_ADDR"] == "127.0.0.1"
    assert untrusted["SCRIPT_NAME"] == ""


def test_a_unix_socket_has_no_client_address(serve: Serve, tmp_path: Any) -> None:
    import socket

    seen = Seen()
    path = os.fspath(tmp_path / "s")
    serve(seen.app, uds=path)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        peer.sendall(request("/", "GET", "Connection: close"))
        while peer.recv(65536):
            pass
    environ = seen.environs[0]
    assert environ["REMOTE_ADDR"] == "" and "REMOTE_PORT" not in environ
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("localhost", "80")


@pytest.mark.parametrize(
    ("target", "script_name", "path_info"),
    [("/old/x", "/old", "/x"), ("/old", "/old", ""), ("/old/", "/old", "/"), ("/%6Fld/a%2Fb", "/old", "/a/b"), ("/old/own", "/old", "/own")],
)
def test_a_mount_is_the_script_name(serve: Serve, target: str, script_name: str, path_info: str) -> None:
    seen = Seen()
    app = App()
    app.add_route("/old/own", lambda: "own")
    app.mount("/old", seen.handle)
    method = "GET" if not target.endswith("own") else "POST"
    assert ask(serve(app).port or 0, request(target, method)).endswith(b"seen")
    assert (seen.environs[0]["SCRIPT_NAME"], seen.environs[0]["PATH_INFO"]) == (script_name, path_info)
