"""HTTP/2 by ALPN and by prior knowledge: one request after the other, as handlers and clients see them."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from http2_peer import Http2Peer

from authorities import Authority
from pelton import App, HTTPException, Request, Response
from pelton.testing import live_server

Serve = Callable[..., live_server]


def application() -> App:
    app = App()

    @app.get("/")
    def home() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/seen")
    def seen(request: Request) -> dict[str, Any]:
        return {
            "version": request.http_version, "scheme": request.scheme, "host": request.headers["host"],
            "query": dict(request.query_params), "cookies": dict(request.cookies), "client": request.client is not None,
        }  # fmt: skip

    @app.post("/echo")
    def echo(request: Request) -> Response:
        return Response(request.body(), headers={"X-Length": request.headers.get("content-length", "none")})

    @app.post("/slow-echo", stream_body=True)
    async def slow_echo(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            await asyncio.sleep(0)
            body += piece
        return Response(body)

    def trailed_answer(request: Request, body: bytes) -> Response:
        response = Response.json(request.trailers.multi_items())
        response.trailers["Grpc-Status"] = "0"
        response.trailers["X-Length"] = str(len(body))
        return response

    @app.post("/trailed")
    def trailed(request: Request) -> Response:
        return trailed_answer(request, request.body())

    @app.post("/trailed-stream", stream_body=True)
    async def trailed_stream(request: Request) -> Response:
        body = await request.body_async()
        return trailed_answer(request, body)

    @app.get("/late")
    async def late() -> dict[str, bool]:
        await asyncio.sleep(0)
        return {"late": True}

    @app.get("/stream")
    def stream() -> Iterator[bytes]:
        for number in range(1000):
            yield b"%d" % number

    @app.get("/large/{size:int}")
    def large(size: int) -> Response:
        return Response(bytes(size), media_type="application/octet-stream")

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("broken")

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418, "short and stout")

    @app.delete("/nothing", status_code=204)
    def nothing() -> None:
        return None

    return app


@pytest.fixture(params=["h2c", "tls"])
def connect(serve: Serve, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Http2Peer]:
    if request.param == "h2c":
        port = serve(application(), h2c=True).port or 0
        return lambda **options: Http2Peer(port, **options)
    authority = Authority(tmp_path)
    pair = authority.issue("localhost")
    port = serve(application(), ssl_certfile=pair.certificate, ssl_keyfile=pair.key).port or 0
    return lambda **options: Http2Peer(port, authority.client(alpn=["h2"]), **options)


def test_one_request_after_the_other(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        for _ in range(3):
            answer = peer.ask("/")
            assert (answer.status, json.loads(answer.body)) == (200, {"hello": "world"})
            assert answer.fields["content-type"] == "application/json"
            assert answer.fields["content-length"] == str(len(answer.body))
            assert "date" in answer.fields


def test_what_a_handler_sees(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        answer = peer.ask("/seen?a=b&c=%20", fields=[("cookie", "one=1"), ("x-other", "x"), ("cookie", "two=2")])
        assert json.loads(answer.body) == {
            "version": "2", "scheme": peer.scheme, "host": peer.authority,
            "query": {"a": "b", "c": " "}, "cookies": {"one": "1", "two": "2"}, "client": True,
        }  # fmt: skip


def test_a_host_field_that_says_the_same_as_the_authority(connect: Callable[..., Http2Peer]) -> None:
    with connect(checks=False) as peer:
        assert peer.ask("/seen", fields=[("host", peer.authority)]).status == 200
        answer = peer.ask("/seen", fields=[("host", "elsewhere")])
        assert answer.reset == 1


@pytest.mark.parametrize("path", ["/echo", "/slow-echo"])
@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 1 << 20])
def test_bodies_come_back(connect: Callable[..., Http2Peer], path: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    with connect() as peer:
        answer = peer.ask(path, "POST", body=body)
        assert (answer.status, answer.body) == (200, body)
        answer = peer.ask(path, "POST", [("content-length", str(size))], body=body)
        assert (answer.status, answer.body) == (200, body)


def test_answers_that_come_later_and_in_pieces(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        assert json.loads(peer.ask("/late").body) == {"late": True}
        answer = peer.ask("/stream")
        assert answer.body == b"".join(b"%d" % number for number in range(1000))
        assert "content-length" not in answer.fields
        assert "transfer-encoding" not in answer.fields


@pytest.mark.parametrize("size", [65535, 1 << 22])
def test_bodies_larger_than_the_windows(connect: Callable[..., Http2Peer], size: int) -> None:
    with connect() as peer:
        assert peer.ask(f"/large/{size}").body == bytes(size)


def test_refusals_and_failures(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        for path, method, status in (
            ("/nowhere", "GET", 404), ("/", "POST", 405), ("/broken", "GET", 500), ("/teapot", "GET", 418),
            ("/nothing", "DELETE", 204), ("/%zz", "GET", 400), ("/", "FETCH", 501), ("/", "OPTIONS", 204),
        ):  # fmt: skip
            answer = peer.ask(path, method)
            assert answer.status == status, (path, method)
        assert peer.ask("/", "POST", body=b"unread").status == 405
        assert peer.ask("/").status == 200


def test_HEAD_has_the_length_and_no_body(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        whole = peer.ask("/")
        head = peer.ask("/", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.fields["content-length"] == whole.fields["content-length"]


def test_many_streams_at_once(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        streams = [peer.begin(path) for _ in range(33) for path in ("/late", "/", "/stream")]
        assert {peer.answer(stream).status for stream in streams} == {200}


def test_a_body_that_is_too_large(connect: Callable[..., Http2Peer]) -> None:
    with connect() as peer:
        stream = peer.begin("/echo", "POST", [("content-length", str((1 << 20) + 1))], ends=False)
        assert peer.answer(stream).status == 413
        stream = peer.begin("/echo", "POST", ends=False)
        sent = 0
        while not peer.answers[stream].status:  # what is refused is taken off the windows all the same
            peer.send(stream, bytes(16384))
            sent += 16384
            if sent > 1 << 20:
                peer.turn()
        assert peer.answers[stream].status == 413
        assert peer.ask("/").status == 200


def test_without_h2c_the_preface_is_no_request(serve: Serve) -> None:
    server = serve(application())
    with socket.create_connection(("127.0.0.1", server.port or 0), timeout=30) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 505 ")


def test_with_h2c_clients_of_version_1_are_served_too(serve: Serve) -> None:
    port = serve(application(), h2c=True).port or 0
    for octets in (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"PRI / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
        for cut in (1, 3, 5, len(octets)):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
                plain.sendall(octets[:cut])
                plain.sendall(octets[cut:])
                status = 200 if octets.startswith(b"GET") else 501
                assert plain.recv(100).startswith(b"HTTP/1.1 %d " % status)


def test_ALPN_decides(serve: Serve, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("localhost")
    both = serve(application(), ssl_certfile=pair.certificate, ssl_keyfile=pair.key).port or 0
    one = serve(application(), ssl_certfile=pair.certificate, ssl_keyfile=pair.key, http="1").port or 0

    def chosen(port: int, *offers: str) -> str | None:
        context = authority.client(alpn=list(offers))
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as secure:
            return secure.selected_alpn_protocol()

    assert chosen(both, "http/1.1", "h2") == "h2"
    assert chosen(both, "http/1.1") == "http/1.1"
    assert chosen(one, "http/1.1", "h2") == "http/1.1"


# --- trailers ---


@pytest.mark.parametrize("path", ["/trailed", "/trailed-stream"])
def test_trailers_of_a_request(connect: Callable[..., Http2Peer], path: str) -> None:
    with connect() as peer:
        stream = peer.begin(path, "POST", ends=False)
        peer.send(stream, b"ab")
        peer.h2.send_headers(stream, [("x-sum", "7"), ("x-more", "8")], end_stream=True)
        peer.flush()
        answer = peer.answer(stream)
        assert json.loads(answer.body) == [["x-sum", "7"], ["x-more", "8"]]
        assert answer.trailers == {"grpc-status": "0", "x-length": "2"}


@pytest.mark.parametrize("path", ["/trailed", "/trailed-stream"])
def test_h1_067_and_h1_068_hold_for_trailers_of_http2(connect: Callable[..., Http2Peer], path: str) -> None:
    with connect(checks=False) as peer:
        for trailers, status in (([("cookie", "a=b")], 400), ([("x-sum", "7" * 40_000)], 431)):
            stream = peer.begin(path, "POST", ends=False)
            peer.send(stream, b"ab")
            peer.h2.send_headers(stream, trailers, end_stream=True)
            peer.flush()
            assert peer.answer(stream).status == status
        assert peer.ask("/").status == 200


def test_pseudo_fields_are_no_trailers(connect: Callable[..., Http2Peer]) -> None:
    with connect(checks=False) as peer:
        stream = peer.begin("/trailed", "POST", ends=False)
        peer.send(stream, b"ab")
        peer.h2.send_headers(stream, [(":path", "/")], end_stream=True)
        peer.flush()
        assert peer.answer(stream).reset == 1
        assert peer.ask("/").status == 200
