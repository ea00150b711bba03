"""Scopes of ASGI as the octets of a request."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgi_applications import Recorded, scope_of

from pelton import App, Request
from pelton.hosting.asgi_octets import BadScope, Framing, request_head, response_fields, upgrade_head


def told(path: str, **more: Any) -> Any:
    """What a handler sees of its request."""
    app = App()

    @app.get("/x/{name}")
    async def seen(request: Request, name: str) -> Any:
        return [name, request.path, request.root_path, request.scheme, request.client, str(request.url), request.url_for("seen", name="n")]

    async def ask() -> bytes:
        one = Recorded()
        await app.asgi(scope_of(path, **more), one.receive, one.send)
        return one.body

    return json.loads(asyncio.run(ask()))


def test_what_the_server_says_of_a_request_holds() -> None:
    fields = [(b"host", b"shop.example"), (b"x-forwarded-for", b"192.0.2.7"), (b"x-forwarded-prefix", b"/forged")]
    seen = told("/in/x/a", root_path="/in", scheme="https", client=("127.0.0.1", 99), headers=fields)
    assert seen[:4] == ["a", "/x/a", "/in", "https"]
    assert seen[4] == ["127.0.0.1", 99]
    assert seen[5:] == ["https://shop.example/in/x/a", "https://shop.example/in/x/n"]


def test_servers_differ_in_what_raw_path_has() -> None:
    for raw in (b"/a%20b/x/c", b"/x/c", None):
        assert told("/a b/x/c", root_path="/a b", raw_path=raw)[:3] == ["c", "/x/c", "/a b"]


HOST = (b"host", b"h")


def test_a_head() -> None:
    fields = [HOST, (b"connection", b"close"), (b"x", b"1"), (b"x", b"2"), (b"te", b"trailers"), (b"expect", b"100-continue")]
    head = request_head(scope_of("/a", query_string=b"b=1", headers=fields), False)
    assert head == (b"GET /a?b=1 HTTP/1.1\r\nhost: h\r\nx: 1\r\nx: 2\r\n\r\n", Framing(0))


@pytest.mark.parametrize(
    ("fields", "has_body", "length"),
    [
        ([(b"content-length", b"5")], False, 5),
        ([(b"transfer-encoding", b"chunked")], False, None),
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"5")], False, None),
        ([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], False, None),
        ([], True, None),
        ([], False, 0),
    ],
)
def test_framings(fields: Any, has_body: bool, length: int | None) -> None:
    head, framing = request_head(scope_of("/", headers=[HOST, *fields]), has_body)
    assert framing.length == length
    assert head.count(b"content-length") == (length is not None and length > 0)
    assert head.count(b"transfer-encoding: chunked") == (length is None)


def test_a_request_without_a_host_has_the_servers() -> None:
    assert b"host: 192.0.2.1:80\r\n" in request_head(scope_of("/", headers=[], server=("192.0.2.1", 80)), False)[0]
    assert b"host: localhost\r\n" in request_head(scope_of("/", headers=[]), False)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET /x"},
        {"method": "G\r\n"},
        {"method": ""},
        {"raw_path": b"/a b"},
        {"raw_path": b"/a\r\nx: 1"},
        {"query_string": b"a b"},
        {"query_string": b"\x00"},
        {"headers": [(b"x", b"1\r\ny: 2")]},
        {"headers": [(b"x\n", b"1")]},
        {"headers": [(b"x", b"\x00")]},
        {"headers": [(b"content-length", b"1,2")]},
    ],
)
def test_what_would_be_another_request_is_refused(change: Any) -> None:
    with pytest.raises(BadScope):
        request_head(scope_of("/", **change), False)
    one = Recorded()
    asyncio.run(App().asgi(scope_of("/", **change), one.receive, one.send))
    assert one.sent[0]["status"] == 400


def test_a_handshake() -> None:
    fields = [HOST, (b"upgrade", b"websocket"), (b"sec-websocket-key", b"theirs"), (b"sec-websocket-extensions", b"permessage-deflate")]
    head = upgrade_head(scope_of("/a", headers=fields, subprotocols=["one", "two"]))
    assert head.startswith(b"GET /a HTTP/1.1\r\nhost: h\r\nsec-websocket-protocol: one, two\r\nconnection: upgrade\r\n")
    assert b"theirs" not in head and b"deflate" not in head


def test_the_fields_of_a_response() -> None:
    fields = [("Connection", "close"), ("Transfer-Encoding", "chunked"), ("X-A", "\xe9"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
    assert response_fields(fields) == [(b"x-a", b"\xe9"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
