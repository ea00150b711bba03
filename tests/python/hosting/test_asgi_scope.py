"""The scope that an ASGI application gets of a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, hosted, over_http, request
from wire import Peer, ask

from pelton.testing import live_server
from pelton.testing.websocket_session import new_key, upgrade_fields

Serve = Callable[..., live_server]


class Seen:
    """An application that keeps the scopes it is called with."""

    def __init__(self) -> None:
        self.scopes: list[Event] = []
        self.app = hosted(over_http(self.handle))

    async def handle(self, scope: Event, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await answer(send, b"seen")


def test_every_key_of_a_request(serve: Serve) -> None:
    seen = Seen()
    server = serve(seen.app)
    with Peer(server.port or 0) as peer:
        peer.send(request("/a%20b/c%2Fd?x=1&y=%20", "GET", "X-Thing: One", "x-thing:  two ", "A: b", "Latin: \xe9"))
        assert peer.one().body == b"seen"
        address = peer.socket.getsockname()
    scope = seen.scopes[0]
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a b/c/d",
        "raw_path": b"/a%20b/c%2Fd",
        "query_string": b"x=1&y=%20",
        "root_path": "",
        "headers": [(b"host", b"h"), (b"x-thing", b"One"), (b"x-thing", b"two"), (b"a", b"b"), (b"latin", b"\xe9")],
        "client": address,
        "server": ("127.0.0.1", server.port),
        "state": {},
        "extensions": {"http.response.trailers": {}, "http.response.early_hint": {}, "http.response.pathsend": {}},
    }


FORWARDED = ("X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /shop%20a")


@pytest.mark.parametrize(("trusted", "root_path"), [("127.0.0.1", "/shop a"), ("10.0.0.1", "")])
def test_a_trusted_proxy_says_where_a_request_comes_from(serve: Serve, trusted: str, root_path: str) -> None:
    scopes: dict[str, Event] = {}

    async def app(scope: Event, receive: Receive, send: Send) -> None:
        scopes[scope["type"]] = scope
        if scope["type"] == "http":
            await answer(send, b"seen")
        else:
            await send({"type": "websocket.close"})

    server = serve(hosted(app, lifespan="off"), forwarded_allow_ips=trusted)
    with Peer(server.port or 0) as peer:
        peer.send(request("/a%20b?x=1", "GET", *FORWARDED))
        assert peer.one().body == b"seen"
        fields = [f"{name}: {value}" for name, value in upgrade_fields(new_key())]
        peer.send(request("/a%20b?x=1", "GET", *FORWARDED, *fields))
        assert peer.one().status == 403
    for kind, scheme in (("http", "http"), ("websocket", "ws")):
        scope = scopes[kind]
        assert (scope["root_path"], scope["path"], scope["raw_path"]) == (root_path, f"{root_path}/a b", b"/a%20b")
        assert scope["scheme"] == (f"{scheme}s" if root_path else scheme)
        assert scope["client"][0] == ("192.0.2.7" if root_path else "127.0.0.1")


def test_each_request_has_dicts_of_its_own(serve: Serve) -> None:
    seen = Seen()
    server = serve(seen.app)
    with Peer(server.port or 0) as peer:
        for _ in range(2):
            peer.send(request())
            peer.one()
            scope = seen.scopes[-1]
            assert scope["state"] == {} and len(scope["extensions"]) == 3 and len(scope["asgi"]) == 2
            for name in ("state", "extensions", "asgi"):
                scope[name]["spoilt"] = True
    first, second = seen.scopes
    assert first["server"] == second["server"] and first["headers"] is not second["headers"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET / HTTP/1.0", {"http_version": "1.0", "path": "/"}),
        ("BREW /pot HTTP/1.1", {"method": "BREW", "path": "/pot"}),
        ("brew /pot HTTP/1.1", {"method": "BREW"}),
        ("DELETE /x HTTP/1.1", {"method": "DELETE"}),
        ("TRACE /x HTTP/1.1", {"method": "TRACE", "path": "/x"}),
        ("OPTIONS * HTTP/1.1", {"method": "OPTIONS", "path": "*", "raw_path": b"*"}),
        ("OPTIONS /x HTTP/1.1", {"method": "OPTIONS", "path": "/x"}),
        ("GET http://h/abs?q HTTP/1.1", {"path": "/abs", "raw_path": b"/abs", "query_string": b"q"}),
        ("GET http://h HTTP/1.1", {"path": "/", "raw_path": b"/"}),
        ("GET /%ff%C3%A9 HTTP/1.1", {"path": "/\ufffd\xe9", "raw_path": b"/%ff%C3%A9"}),
        ("GET /a/../b/./c HTTP/1.1", {"path": "/a/../b/./c", "raw_path": b"/a/../b/./c"}),
        ("GET //x//y/ HTTP/1.1", {"path": "//x//y/"}),
        ("GET /? HTTP/1.1", {"path": "/", "query_string": b""}),
        ("GET /?a?b HTTP/1.1", {"query_string": b"a?b"}),
    ],
)
def test_any_method_and_target_arrives(serve: Serve, line: str, expected: dict[str, Any]) -> None:
    seen = Seen()
    server = serve(seen.app)
    answered = ask(server.port or 0, f"{line}\r\nHost: h\r\n\r\n".encode())
    assert answered.startswith(b"HTTP/1.1 200"), answered
    assert {name: seen.scopes[0][name] for name in expected} == expected


def test_names_of_fields_that_share_a_place_are_told_apart(serve: Serve) -> None:
    seen = Seen()
    server = serve(seen.app)
    names = [f"a{middle}z" for middle in "bcdefghij"] * 2
    with Peer(server.port or 0) as peer:
        peer.send(request("/", "GET", *(f"{name.upper()}: {index}" for index, name in enumerate(names))))
        peer.one()
    fields = seen.scopes[0]["headers"][1:]
    assert fields == [(name.encode(), str(index).encode()) for index, name in enumerate(names)]


def test_a_unix_socket_is_its_path_and_its_client_has_no_address(serve: Serve, tmp_path: Path) -> None:
    seen = Seen()
    path = str(tmp_path / "socket")
    serve(seen.app, uds=path)
    with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
        assert client.get("http://h/").text == "seen"
        assert client.get("http://h/").text == "seen"
    for scope in seen.scopes:
        assert scope["client"] is None and scope["server"] == (path, None)


def test_behind_a_trusted_proxy(serve: Serve) -> None:
    fields = ("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /caf%C3%A9/")
    seen = Seen()
    for settings in ({}, {"forwarded_allow_ips": "none"}):
        server = serve(seen.app, **settings)
        with Peer(server.port or 0) as peer:
            peer.send(request("/a%20b", "GET", *fields))
            assert peer.one().body == b"seen"
        server.__exit__(None, None, None)
    trusted, forged = seen.scopes
    assert (trusted["client"], trusted["scheme"]) == (("203.0.113.7", 0), "https")
    assert (trusted["root_path"], trusted["path"], trusted["raw_path"]) == ("/café", "/café/a b", b"/a%20b")
    assert (forged["client"][0], forged["scheme"]) == ("127.0.0.1", "http")
    assert (forged["root_path"], forged["path"]) == ("", "/a b")
