"""Whole WSGI applications, checked by the validator of the standard library, and at a path of an App."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from asgi_applications import request
from wire import ask
from wsgi_applications import PLAIN, Environ, StartResponse, hosted

from pelton import App
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]


def shop(environ: Environ, start_response: StartResponse) -> Any:
    path = environ["PATH_INFO"]
    if path == "/missing":
        start_response("404 Not Found", PLAIN)
        return [b"no such thing"]
    if path == "/empty":
        start_response("204 No Content", [])
        return []
    body = environ["wsgi.input"].read(10_000_000)
    if path == "/broken":
        raise ValueError("broken")
    if path == "/stream":
        start_response("200 OK", PLAIN)
        return (b"%d\n" % number for number in range(1000))
    if path == "/file":
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](BytesIO(b"f" * 200_000), 8192)
    environ["wsgi.errors"].flush()
    whole = b"%b %b" % (environ["REQUEST_METHOD"].encode(), body)
    start_response("200 OK", [*PLAIN, ("Content-Length", str(len(whole)))])
    return [whole]


CHUNKED = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


@pytest.mark.parametrize("is_inline", [False, True])
@pytest.mark.parametrize(
    ("octets", "status", "body"),
    [
        (request("/"), 200, b"GET "),
        (request("/", "HEAD"), 200, b""),
        (request("/", "POST", body=b"x" * 100), 200, b"POST " + b"x" * 100),
        (request("/", "POST", body=b"y" * (2 * 2**20)), 200, b"POST " + b"y" * (2 * 2**20)),
        (request("/", "POST", "Transfer-Encoding: chunked") + CHUNKED, 200, b"POST abcde"),
        (request("/stream"), 200, b"0\n\r\n"),
        (request("/stream", "HEAD"), 200, b""),
        (request("/file"), 200, b"f" * 1000),
        (request("/missing"), 404, b"no such thing"),
        (request("/empty"), 204, b""),
        (request("/broken"), 500, b"Internal Server Error"),
    ],
)  # fmt: skip
def test_the_validator_finds_nothing(
    serve: Serve, octets: bytes, status: int, body: bytes, is_inline: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(serve(hosted(shop, is_inline=is_inline, is_validated=True)).port or 0, octets)
    assert answer.startswith(b"HTTP/1.1 %d " % status) and body in answer.partition(b"\r\n\r\n")[2]
    if status != 500:
        assert not caplog.records
    assert "AssertionError" not in caplog.text


@pytest.mark.parametrize("method", ["DELETE", "BREW", "OPTIONS", "TRACE", "PATCH"])
def test_every_method_and_target_arrives(serve: Serve, method: str) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", PLAIN)
        return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}".encode("latin-1")]

    port = serve(hosted(app)).port or 0
    assert ask(port, request("//a/../%ff", method)).endswith(f"{method} //a/../\xff".encode("latin-1"))
    asking = request("/socket", "GET", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {'A' * 22}==")
    assert ask(port, asking).endswith(b"GET /socket")


def test_mounted_beside_routes() -> None:
    app = App()
    app.add_route("/new", lambda: "new")
    app.mount("/old", shop)
    with TestClient(app) as client:
        assert client.get("/new").json() == "new"
        assert client.get("/old/").text == "GET " and client.get("/old").text == "GET "
        assert client.post("/old/x", content=b"abc").text == "POST abc"
        assert client.get("/old/missing").status_code == 404
        assert client.get("/old/stream").text.endswith("999\n")
        assert client.get("/other").status_code == 404
