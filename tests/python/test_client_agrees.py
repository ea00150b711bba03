"""What is asked of the test client and of a live server is answered the same, octet for octet but for the date."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from static_tree import MODIFIED, write
from wire import ask, vectors

from pelton import App, Cookie, HTTPError, Request, Response, SseEvent, StaticFilesConfig, WebSocket
from pelton.testing import TestClient, live_server
from samples.kits import pelton_kit
from samples.shop import shop
from samples.traffic import ROUTES, Sent, requests_to

REQUESTS_EACH = 25
SEED = 3

GET = b"GET %b HTTP/1.1\r\nHost: a\r\n%b\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n%b"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: %b\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b"
)
FRAMES = b"\x81\x82\0\0\0\0hi" + b"\x82\x80\0\0\0\0" + b"\x89\x81\0\0\0\0p" + b"\x88\x82\0\0\0\0\x03\xe8"

ODD = (
    # Targets, methods and versions.
    b"GET /text HTTP/1.0\r\n\r\n",
    b"GET /text HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://a/text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://b/text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS /text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD /text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n",
    b"TRACE /text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"BREW /text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /text HTTP/2.0\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\nGET /text HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    *(GET % (target, b"") for target in (b"/none", b"/text/", b"//text", b"/a%2Fb", b"/%ff", b"/%zz", b"/text?a=%00", b"/" + b"x" * 9000)),
    # Fields.
    GET % (b"/echo", b"Cookie: a=1; a=2; b=\"x\"\r\nCookie: c\r\nX-A: 1\r\nx-a: 2\r\n"),
    GET % (b"/echo", b"X-A: " + b"v" * 70_000 + b"\r\n"),
    GET % (b"/echo", b"".join(b"X-%d: 1\r\n" % at for at in range(200))),
    b"GET /text HTTP/1.1\r\n\r\n",
    b"GET /text HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    # Bodies.
    POST % (b"/echo", b"Content-Length: 3", b"abc"),
    POST % (b"/echo", b"Content-Length: 3", b"ab"),
    POST % (b"/echo", b"Content-Length: 3, 3", b"abc"),
    POST % (b"/echo", b"Content-Length: -1", b""),
    POST % (b"/echo", b"Transfer-Encoding: chunked", b"3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"),
    POST % (b"/echo", b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"3\r\nabc\r\n0\r\n\r\n"),
    POST % (b"/echo", b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    POST % (b"/echo", b"Transfer-Encoding: chunked", b"zz\r\n"),
    POST % (b"/echo", b"Content-Length: 3\r\nContent-Encoding: gzip", b"abc"),
    POST % (b"/echo", b"Content-Length: 3\r\nExpect: 100-continue", b"abc"),
    POST % (b"/echo", b"Content-Length: 3\r\nExpect: rain", b"abc"),
    POST % (b"/small", b"Content-Length: 20", b"x" * 20),
    POST % (b"/small", b"Transfer-Encoding: chunked", b"14\r\n" + b"x" * 20 + b"\r\n0\r\n\r\n"),
    POST % (b"/json", b"Content-Type: application/json\r\nContent-Length: 8", b'{"a":1,}'),
    POST % (b"/json", b"Content-Type: application/json\r\nContent-Length: 7", b'{"a":1}'),
    POST % (b"/json", b"Content-Type: text/plain\r\nContent-Length: 7", b'{"a":1}'),
    POST % (b"/form", b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7", b"a=%zz&b"),
    POST % (b"/form", b"Content-Type: multipart/form-data\r\nContent-Length: 2", b"--"),
    POST % (b"/form", b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5", b"--b--"),
    # One after the other on one connection.
    (GET % (b"/text", b"")) * 3 + GET % (b"/text", b"Connection: close\r\n") + GET % (b"/text", b""),
    POST % (b"/echo", b"Content-Length: 3", b"abc") + GET % (b"/fail", b"") + GET % (b"/text", b""),
    GET % (b"/text", b"") + b"nonsense\r\n\r\n" + GET % (b"/text", b""),
    # Answers of every kind.
    *(GET % (target, b"") for target in (b"/fail", b"/refuse", b"/cookies", b"/empty", b"/redirect", b"/stream", b"/events", b"/in/x")),
    # Files.
    *(GET % (b"/static/" + name, b"") for name in (b"a.txt", b"", b"none", b"sub", b"../a.txt", b"%2e%2e/a.txt", b"big.bin")),
    *(
        GET % (b"/static/a.txt", fields)
        for fields in (
            b"Range: bytes=1-2\r\n", b"Range: bytes=-1\r\n", b"Range: bytes=9-\r\n", b"Range: bytes=0-0,3-4\r\n",
            b"If-Modified-Since: Sun, 13 Sep 2020 12:26:40 GMT\r\n", b"If-None-Match: *\r\n", b'If-Match: "x"\r\n',
        )
    ),
    b"HEAD /static/a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    # WebSockets.
    GET % (b"/ws", UPGRADE % (b"13", b"")) + FRAMES,
    GET % (b"/ws", UPGRADE % (b"13", b"")) + b"\x81\x02hi",
    GET % (b"/ws", UPGRADE % (b"8", b"")),
    GET % (b"/ws", UPGRADE % (b"13", b"Origin: http://b\r\n")),
    GET % (b"/ws", b""),
    GET % (b"/text", UPGRADE % (b"13", b"")),
)  # fmt: skip


def corners(folder: Path) -> App:
    """Answers of every kind."""
    write(folder / "a.txt", b"hello", MODIFIED)
    write(folder / "sub" / "index.html", b"<p>sub</p>", MODIFIED)
    write(folder / "big.bin", bytes(range(256)) * 3000, MODIFIED)
    app, inner = App(), App()
    app.enable_static_files(StaticFilesConfig(root=folder))
    app.add_route("/text", lambda: Response.text("text"))
    app.add_route("/small", lambda request: request.text(), ["POST"], max_body=10)
    app.add_route("/fail", lambda: {}["none"])
    app.add_route("/empty", lambda: None, status=204)
    app.add_route("/redirect", lambda: Response.redirect("/text"))
    inner.add_route("/x", lambda request: request.url.path)
    app.mount("/in", inner)

    @app.route("/echo", methods=["GET", "POST"])
    def echo(request: Request, a: Annotated[str, Cookie()] = "") -> Any:
        return {"fields": request.headers.multi_items(), "a": a, "body": request.text()}

    @app.post("/json")
    def json(body: dict[str, int]) -> dict[str, int]:
        return body

    @app.post("/form")
    def form(request: Request) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in request.form().multi_items()]

    @app.get("/refuse")
    def refuse() -> None:
        raise HTTPError(409, {"why": "so"}, headers={"x-why": "é"})

    @app.get("/cookies")
    def cookies() -> Response:
        response = Response.json({"a": 1.5})
        response.set_cookie("a", "b c", max_age=3)
        return response

    @app.get("/stream")
    async def stream() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"a" * 10, b"", b"b" * 70_000):
                yield piece

        return Response.stream(pieces())

    @app.get("/events")
    async def events() -> AsyncIterator[SseEvent]:
        yield SseEvent("a\nb", event="x", id="1")
        yield SseEvent("c")

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    return app


def octets_of(sent: Sent) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in sent.headers)
    if sent.body or sent.method in ("POST", "PUT", "PATCH"):
        fields += f"content-length: {len(sent.body)}\r\n"
    return f"{sent.method} {sent.target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode("latin-1") + sent.body


def same(octets: bytes) -> bytes:
    if b"multipart/byteranges" in octets:  # each answer has a boundary of its own
        octets = re.sub(rb"pelton-[0-9a-f]+|\r\nContent-Length: [0-9]+", b"", octets)
    return re.sub(rb"(?i)\r\ndate: [^\r]*", b"\r\ndate: now", octets)


def agree(serve: Callable[..., live_server], make: Callable[[], App], asked: list[bytes]) -> list[bytes]:
    """The answers of a test client, where a live server gives the same."""
    client, port = TestClient(make(), raise_server_exceptions=False), serve(make()).port
    assert port is not None
    found, unlike = [], []
    for octets in asked:
        ours, theirs = same(client.raw(octets)), same(ask(port, octets))
        found.append(ours)
        if ours != theirs:
            unlike.append(f"{octets[:300]!r}\n  test client {ours[:500]!r}\n  live server {theirs[:500]!r}")
    if unlike:
        pytest.fail("\n".join([f"{len(unlike)} of {len(asked)} differ:", *unlike[:8]]), pytrace=False)
    return found


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "pelton.error")
    caplog.set_level(logging.CRITICAL, "pelton")


def test_the_shop(serve: Callable[..., live_server]) -> None:
    asked = [octets_of(sent) for traffic in ROUTES for sent in requests_to(traffic, REQUESTS_EACH, SEED)]
    found = agree(serve, lambda: shop(pelton_kit()), asked)
    statuses = {int(octets[9:12]) for octets in found}
    assert statuses >= {200, 201, 204, 400, 404, 415, 418, 422, 500}, statuses


def test_odd_requests(serve: Callable[..., live_server], tmp_path: Path) -> None:
    found = agree(serve, lambda: corners(tmp_path), list(ODD))
    statuses = {int(octets[9:12]) for octets in found if octets}
    assert statuses >= {101, 200, 204, 206, 302, 304, 400, 404, 405, 409, 412, 413, 415, 416, 417, 426, 431, 500, 501, 505}, statuses


def test_vectors_of_the_wire(serve: Callable[..., live_server], tmp_path: Path) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    asked = [one.octets for one in vectors("head")] + [head + one.octets for one in vectors("chunked")]
    agree(serve, lambda: corners(tmp_path), asked)
