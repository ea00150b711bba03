"""Trailers of an ASGI application's response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, hosted, over_http, request
from wire import Peer

from pelton.testing import live_server

Serve = Callable[..., live_server]
START: Event = {"type": "http.response.start", "status": 200, "trailers": True, "headers": [(b"trailer", b"x-sum, x-more")]}
BODY: Event = {"type": "http.response.body", "body": b"ab"}
TRAILERS: Event = {"type": "http.response.trailers", "headers": [(b"x-sum", b"7")]}
TAKES = ("TE: trailers", "Connection: TE, close")
MIB = 2**20


def sends(*events: Event) -> Any:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        assert "http.response.trailers" in scope["extensions"]
        for event in events:
            await send(event)

    return hosted(over_http(handle))


def octets_after_head(server: live_server, *fields: str, method: str = "GET") -> bytes:
    with Peer(server.port or 0) as peer:
        peer.send(request("/", method, *fields))
        head, _, rest = peer.rest().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\ntrailer: x-sum, x-more" in head
        return rest


@pytest.mark.parametrize("body", [[BODY], [{**BODY, "more_body": True}, {"type": "http.response.body"}]])
@pytest.mark.parametrize(
    ("trailers", "octets"),
    [
        ([TRAILERS], b"x-sum: 7\r\n"),
        ([{**TRAILERS, "more_trailers": True}, {**TRAILERS, "headers": [[b"x-more", b"8"]]}], b"x-sum: 7\r\nx-more: 8\r\n"),
        ([{**TRAILERS, "more_trailers": True}, {"type": "http.response.trailers"}], b"x-sum: 7\r\n"),
        ([{"type": "http.response.trailers", "headers": []}], b""),
    ],
)
def test_trailers_follow_the_body(serve: Serve, body: list[Event], trailers: list[Event], octets: bytes) -> None:
    server = serve(sends(START, *body, *trailers))
    assert octets_after_head(server, *TAKES) == b"2\r\nab\r\n0\r\n" + octets + b"\r\n"


def test_a_client_that_does_not_ask_for_trailers_gets_none(serve: Serve) -> None:
    server = serve(sends(START, BODY, TRAILERS))
    assert octets_after_head(server, "Connection: close") == b"2\r\nab\r\n0\r\n\r\n"
    assert octets_after_head(server, *TAKES, method="HEAD") == b""


def test_a_body_with_a_length_has_none(serve: Serve) -> None:
    start = {**START, "headers": [*START["headers"], (b"content-length", b"2")]}
    assert octets_after_head(serve(sends(start, BODY, TRAILERS)), *TAKES) == b"ab"


def test_trailers_wait_for_a_body_that_has_not_left(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        unsent = send({**BODY, "body": bytes(8 * MIB)})
        await send(TRAILERS)
        await unsent

    with Peer(serve(hosted(over_http(handle))).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/", "GET", *TAKES))
        octets = peer.rest()
    assert len(octets) > 8 * MIB and octets.endswith(b"\r\n0\r\nx-sum: 7\r\n\r\n")


def test_trailers_of_another_task(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        await send(BODY)
        waiting = asyncio.ensure_future(receive())
        waiting.cancel()
        await asyncio.create_task(_awaits(send(TRAILERS)))
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"

    assert octets_after_head(serve(hosted(over_http(handle))), *TAKES).endswith(b"0\r\nx-sum: 7\r\n\r\n")


async def _awaits(awaitable: Any) -> None:
    await awaitable


NOT_ANNOUNCED: Event = {"type": "http.response.start", "status": 200}
CUT: list[tuple[list[Event], str]] = [
    ([START, BODY], "returned without sending http.response.trailers"),
    ([START, BODY, BODY], "http.response.body was sent although the response was complete"),
    ([START, BODY, {**TRAILERS, "headers": [("x", b"y")]}], "the headers of http.response.trailers are pairs of bytes: a name is str"),
    ([START, {**BODY, "more_body": True}, TRAILERS], "was sent before the last http.response.body"),
    ([NOT_ANNOUNCED, {**BODY, "more_body": True}, TRAILERS], "http.response.start did not announce trailers"),
]


@pytest.mark.parametrize(("events", "says"), CUT, ids=[says for _, says in CUT])
def test_a_response_without_its_trailers_is_cut(serve: Serve, caplog: pytest.LogCaptureFixture, events: list[Event], says: str) -> None:
    server = serve(sends(*events))
    for _ in range(2):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            httpx.get(server.url, headers={"te": "trailers"})
    assert caplog.text.count(says) == 2


def test_trailers_out_of_order_are_refused(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        with pytest.raises(RuntimeError, match="did not announce trailers"):
            await send(TRAILERS)
        await answer(send, b"fine")
        with pytest.raises(RuntimeError, match="sent although the response was complete"):
            await send(TRAILERS)

    assert httpx.get(serve(hosted(over_http(handle))).url).text == "fine"
    assert caplog.text == ""


def test_a_denial_has_no_trailers(serve: Serve) -> None:
    async def app(scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({**START, "type": "websocket.http.response.start", "status": 401})
            await send({**BODY, "type": "websocket.http.response.body"})

    fields = ("Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==")
    with Peer(serve(hosted(app, lifespan="off")).port or 0) as peer:
        peer.send(request("/", "GET", *fields))
        found = peer.one()
        assert (found.status, found.body) == (401, b"ab")
