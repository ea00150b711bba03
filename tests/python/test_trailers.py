"""Trailers of requests and of responses, by HTTP/1.1 and by HTTP/2."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from wire import Peer

from pelton import App, Request, Response
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
TAKES = b"TE: trailers\r\nConnection: TE, close\r\n"
CHUNKED = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n%s\r\n"


def application() -> App:
    app = App()

    @app.post("/whole")
    def whole(request: Request) -> dict[str, Any]:
        return {"body": request.text(), "trailers": request.trailers.multi_items(), "sum": request.headers.get("x-sum")}

    @app.post("/late")
    async def late(request: Request) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"body": request.text(), "trailers": request.trailers.multi_items()}

    @app.post("/arriving", stream_body=True)
    async def arriving(request: Request) -> dict[str, Any]:
        before = len(request.trailers)
        body = b"".join([piece async for piece in request.stream()])
        return {"before": before, "body": body.decode(), "trailers": request.trailers.multi_items()}

    kept: list[Request] = []

    @app.post("/keep")
    def keep(request: Request) -> None:
        kept[:] = [request]

    @app.get("/kept")
    def again() -> list[tuple[str, str]]:
        return kept[0].trailers.multi_items()

    @app.get("/stream")
    def stream() -> Response:
        def items() -> Iterator[bytes]:
            yield b"ab"
            response.trailers["X-Sum"] = "7"
            yield b"cd"
            response.trailers["X-More"] = "8"

        response = Response.stream(items())
        return response

    @app.get("/answer")
    def answer() -> Response:
        response = Response(b"abcd", headers={"X-Kind": "whole"})
        response.trailers["X-Sum"] = "7"
        response.trailers["X-More"] = "8"
        return response

    @app.get("/empty")
    async def empty() -> Response:
        response = Response(content_type="application/grpc")
        response.trailers["Grpc-Status"] = "12"
        return response

    @app.get("/side")
    async def side(response: Response) -> AsyncIterator[bytes]:
        yield b"abcd"
        response.trailers["X-Sum"] = "7"

    @app.get("/side-of-json")
    def side_of_json(response: Response) -> dict[str, int]:
        response.trailers["X-Sum"] = "7"
        return {"a": 1}

    @app.get("/forbidden")
    def forbidden() -> Response:
        response = Response(b"abcd")
        response.trailers["Content-Length"] = "9"
        response.trailers["X-Sum"] = "7"
        return response

    return app


def asked(server: live_server, octets: bytes) -> tuple[bytes, bytes]:
    """Head and octets behind it of the only answer."""
    with Peer(server.port or 0) as peer:
        peer.send(octets)
        head, _, rest = peer.rest().partition(b"\r\n\r\n")
    return head, rest


def sent(server: live_server, path: bytes, lines: bytes = b"X-Sum: 7\r\nx-sum:\t8 \r\nX-Empty:\r\n") -> Any:
    head, body = asked(server, CHUNKED % (path, lines))
    assert head.startswith(b"HTTP/1.1 200 "), head
    return json.loads(body)


TRAILERS = [["x-sum", "7"], ["x-sum", "8"], ["x-empty", ""]]


def lower(pairs: list[list[str]]) -> list[list[str]]:
    return [[name.lower(), value] for name, value in pairs]


@pytest.mark.parametrize("path", [b"/whole", b"/late", b"/arriving"])
def test_h1_067_trailers_of_a_request_are_no_headers(serve: Serve, path: bytes) -> None:
    server = serve(application())
    got = sent(server, path)
    assert (got["body"], lower(got["trailers"])) == ("ab", TRAILERS)
    assert not got.get("before") and got.get("sum") is None
    assert sent(server, path, b"")["trailers"] == []


def test_trailers_that_come_octet_by_octet(serve: Serve) -> None:
    server = serve(application())
    for path in (b"/whole", b"/arriving"):
        with Peer(server.port or 0) as peer:
            for octet in CHUNKED % (path, b"X-Sum: 7\r\n"):
                peer.send(bytes([octet]))
            _, _, body = peer.rest().partition(b"\r\n\r\n")
        assert lower(json.loads(body)["trailers"]) == [["x-sum", "7"]]


def test_trailers_of_a_request_that_is_kept(serve: Serve) -> None:
    server = serve(application())
    asked(server, CHUNKED % (b"/keep", b"X-Sum: 7\r\n"))
    _, body = asked(server, b"GET /kept HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert lower(json.loads(body)) == [["x-sum", "7"]]


def test_a_body_that_went_to_a_file_has_its_trailers(serve: Serve) -> None:
    server = serve(application(), limit_body_size="2MiB")
    chunks = (b"10000\r\n" + bytes(0x10000).replace(b"\0", b"x") + b"\r\n") * 20
    request = b"POST /whole HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    _, body = asked(server, request + chunks + b"0\r\nX-Sum: 7\r\n\r\n")
    got = json.loads(body)
    assert len(got["body"]) == 20 * 0x10000 and lower(got["trailers"]) == [["x-sum", "7"]]


@pytest.mark.parametrize("path", ["/stream", "/answer"])
def test_rsp_022_trailers_of_a_response(serve: Serve, path: str) -> None:
    server = serve(application())
    head, octets = asked(server, b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (path.encode(), TAKES))
    assert b"\r\nTransfer-Encoding: chunked" in head
    assert octets.endswith(b"\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n"), octets
    head, octets = asked(server, b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
    assert octets.endswith(b"\r\n0\r\n\r\n"), octets


def test_headers_of_an_answer_with_trailers_stay(serve: Serve) -> None:
    server = serve(application())
    head, octets = asked(server, b"GET /answer HTTP/1.1\r\nHost: a\r\n%s\r\n" % TAKES)
    assert b"\r\nX-Kind: whole" in head and b"\r\nContent-Type: application/octet-stream" in head
    assert octets == b"4\r\nabcd\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n"


def test_an_answer_with_trailers_may_be_returned_again_and_asked_for_by_head(serve: Serve) -> None:
    app = App()
    constant = Response(b"abcd")
    constant.trailers["X-Sum"] = "7"
    app.add_route("/", lambda: constant)
    server = serve(app)
    for _ in range(2):
        _, octets = asked(server, b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % TAKES)
        assert octets == b"4\r\nabcd\r\n0\r\nX-Sum: 7\r\n\r\n"
    _, octets = asked(server, b"HEAD / HTTP/1.1\r\nHost: a\r\n%s\r\n" % TAKES)
    assert octets == b""


@pytest.mark.parametrize("path", [b"/side", b"/side-of-json"])
def test_trailers_said_beside_the_result(serve: Serve, path: bytes) -> None:
    _, octets = asked(serve(application()), b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (path, TAKES))
    assert octets.endswith(b"\r\n0\r\nX-Sum: 7\r\n\r\n"), octets


def test_h1_068_names_that_are_no_trailers_are_left_out(serve: Serve) -> None:
    _, octets = asked(serve(application()), b"GET /forbidden HTTP/1.1\r\nHost: a\r\n%s\r\n" % TAKES)
    assert octets == b"4\r\nabcd\r\n0\r\nX-Sum: 7\r\n\r\n"


def test_a_trailer_that_may_not_be_sent_is_an_error_where_it_is_set() -> None:
    with pytest.raises(ValueError, match="X-Sum"):
        Response(b"").trailers["X-Sum"] = "a\r\nb"


def test_the_test_client_passes_over_trailers() -> None:
    with TestClient(application()) as client:
        assert client.get("/answer").content == b"abcd"
        assert client.post("/whole", content=b"ab").json()["trailers"] == []
