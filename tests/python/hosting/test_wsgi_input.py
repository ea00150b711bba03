"""`wsgi.input`: the ways to read a body."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import request
from wire import SILENCE_S, Peer
from wsgi_applications import PLAIN, Environ, StartResponse, hosted

from pelton.testing import live_server

Serve = Callable[..., live_server]
LINES = b"one\ntwo\n\nlast"
LONG = b"".join(b"%07d\n" % number for number in range(400_000))


@pytest.mark.parametrize("body", [LINES, LONG], ids=["small", "in a file"])
@pytest.mark.parametrize(
    "read",
    [
        lambda file: file.read(),
        lambda file: file.read(-1),
        lambda file: b"".join(iter(lambda: file.read(1000), b"")),
        lambda file: b"".join(iter(file.readline, b"")),
        lambda file: file.readline(3) + file.read(),
        lambda file: b"".join(file.readlines()),
        lambda file: b"".join(file),
    ],
)
@pytest.mark.parametrize("is_inline", [False, True])
def test_reading(serve: Serve, body: bytes, read: Callable[[Any], bytes], is_inline: bool) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        whole = read(environ["wsgi.input"])
        assert environ["wsgi.input"].read(10) == environ["wsgi.input"].readline() == b""
        start_response("200 OK", PLAIN)
        return [whole]

    got = httpx.post(serve(hosted(app, is_inline=is_inline)).url, content=body, timeout=SILENCE_S)
    assert got.status_code == 200 and got.content == body


def test_an_application_is_not_called_before_the_body_is_there(serve: Serve) -> None:
    called = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        called.set()
        start_response("200 OK", PLAIN)
        return [environ["wsgi.input"].read()]

    with Peer(serve(hosted(app)).port or 0) as peer:
        peer.send(request("/", "POST", "Content-Length: 5", "Expect: 100-continue"))
        assert peer.socket.recv(100).startswith(b"HTTP/1.1 100")
        peer.send(b"ab")
        assert not called.is_set()
        peer.send(b"cde")
        assert peer.one().body == b"abcde"


def test_a_limit_of_bodies_holds_if_it_is_set(serve: Serve) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", PLAIN)
        return [str(len(environ["wsgi.input"].read())).encode()]

    assert httpx.post(serve(hosted(app)).url, content=b"x" * (2 * 2**20)).text == str(2 * 2**20)
    assert httpx.post(serve(hosted(app), limit_body_size=10).url, content=b"x" * 11).status_code == 413
