"""PXY-001, PXY-002: what trusted proxies say of a request's origin, everywhere a handler or an operator sees it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websocket_peer import Peer, Refused

from pelton import App, Request, Response, ServerConfig, WebSocket
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]

FIELDS = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example:8443",
    "X-Forwarded-Prefix": "/caf%C3%A9/",
}
FORWARDED = {"Forwarded": 'for=6.6.6.6, for="[2001:db8::7]:99";proto=https;host="shop.example:8443"'}
SEEN = {
    "client": ["203.0.113.7", 0],
    "ip": "203.0.113.7",
    "scheme": "https",
    "secure": True,
    "host": "shop.example:8443",
    "url": "https://shop.example:8443/caf%C3%A9/in/plain?q=1",
    "for": "https://shop.example:8443/caf%C3%A9/in/plain",
    "root": "/café/in",
}


def seen(request: Request) -> dict[str, Any]:
    return {
        "client": request.client and list(request.client),
        "ip": request.client_ip(),
        "scheme": request.scheme,
        "secure": request.is_secure(),
        "host": request.host(),
        "url": str(request.url),
        "for": request.url_for("plain"),
        "root": request.root_path,
    }


def application(**options: Any) -> App:
    inner, app, kept = App(), App(**options), list[Request]()

    @inner.get("/plain", name="plain")
    def plain(request: Request) -> dict[str, Any]:
        return seen(request)

    @inner.get("/waits")
    async def waits(request: Request) -> dict[str, Any]:
        await asyncio.sleep(0)
        return seen(request)

    @inner.get("/keeps")
    def keeps(request: Request) -> str:
        kept.append(request)
        return "kept"

    @inner.get("/kept")
    def was_kept() -> dict[str, Any]:
        return seen(kept.pop())

    @app.get("/cookie")
    def cookie() -> Response:
        answer = Response("")
        answer.set_cookie("c", "v")
        return answer

    @app.websocket("/ws")
    async def echo(ws: WebSocket) -> None:
        await ws.send(json.dumps([ws.client and ws.client.host, ws.url]))

    @app.get("/stats")
    def stats() -> dict[str, int]:
        server = app._parts.service.server
        assert server is not None
        return server.stats()

    app.mount("/in", inner)
    return app


class Connection:
    """One connection of a proxy to the server, kept alive."""

    def __init__(self, server: live_server) -> None:
        self._to = http.client.HTTPConnection("inner", server.port)
        self._to.sock = socket.socket(socket.AF_UNIX if server.uds else socket.AF_INET)
        self._to.sock.connect(server.uds or ("127.0.0.1", server.port))

    def get(self, path: str, fields: dict[str, str] = FIELDS) -> http.client.HTTPResponse:
        self._to.request("GET", path, headers={"Host": "inner", **fields})
        return self._to.getresponse()

    def json(self, path: str, fields: dict[str, str] = FIELDS) -> Any:
        return json.loads(self.get(path, fields).read())


# Of a connection on a Unix socket, from which nothing is believed.
UNFORWARDED = {
    "client": None,
    "ip": None,
    "scheme": "http",
    "secure": False,
    "host": "inner",
    "url": "http://inner/in/plain?q=1",
    "for": "http://inner/in/plain",
    "root": "/in",
}


# --- who is trusted ---


def test_a_proxy_on_loopback_is_trusted_unless_told_otherwise(serve: Serve) -> None:
    assert Connection(serve(application())).json("/in/plain?q=1") == SEEN


@pytest.mark.parametrize("trusted", ["127.0.0.1", "10.0.0.0/8, 127.0.0.0/30", ["::1", "127.0.0.1"]])
def test_a_proxy_is_trusted_by_its_address_or_network(serve: Serve, trusted: Any) -> None:
    assert Connection(serve(application(), forwarded_allow_ips=trusted)).json("/in/plain?q=1") == SEEN


def test_if_all_are_trusted_the_first_address_counts(serve: Serve) -> None:
    assert Connection(serve(application(), forwarded_allow_ips="*")).json("/in/plain?q=1") == {
        **SEEN, "client": ["6.6.6.6", 0], "ip": "6.6.6.6",
    }  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {"forwarded_allow_ips": "127.0.0.2"},
        {"forwarded_allow_ips": "10.0.0.0/8,unix"},
        {"forwarded_allow_ips": "none"},
        {"forwarded_allow_ips": ()},
        {"proxy_headers": False},
        {"proxy_headers": False, "forwarded_allow_ips": "*"},
        {"forwarded_header": "forwarded"},
    ],
)
def test_forged_fields_change_nothing(serve: Serve, settings: dict[str, Any]) -> None:
    server = serve(application(), **settings)
    connection = Connection(server)
    answer = connection.json("/in/plain?q=1")
    assert answer.pop("client")[0] == answer.pop("ip") == "127.0.0.1"
    assert answer == {name: value for name, value in UNFORWARDED.items() if name not in ("client", "ip")}
    assert "Secure" not in (connection.get("/cookie").getheader("set-cookie") or "")


def test_a_peer_on_a_unix_socket_is_trusted_unless_told_otherwise(serve: Serve, tmp_path: Path) -> None:
    server = serve(application(), uds=str(tmp_path / "sock"))
    assert Connection(server).json("/in/plain?q=1") == SEEN
    other = serve(application(), uds=str(tmp_path / "other"), forwarded_allow_ips="127.0.0.1")
    assert Connection(other).json("/in/plain?q=1") == UNFORWARDED


# --- what they say ---


def test_forwarded_instead_of_its_elder_kin(serve: Serve) -> None:
    connection = Connection(serve(application(), forwarded_header="forwarded"))
    answer = connection.json("/in/plain?q=1", FORWARDED | {"X-Forwarded-Prefix": "/no", "X-Forwarded-For": "9.9.9.9"})
    assert answer == {
        **SEEN, "client": ["2001:db8::7", 99], "ip": "2001:db8::7", "url": "https://shop.example:8443/in/plain?q=1",
        "for": "https://shop.example:8443/in/plain", "root": "/in",
    }  # fmt: skip


def test_a_handler_that_waits_knows_it_still(serve: Serve) -> None:
    answer = Connection(serve(application())).json("/in/waits")
    assert answer == {**SEEN, "url": "https://shop.example:8443/caf%C3%A9/in/waits"}


def test_a_request_that_is_kept_knows_it_still(serve: Serve) -> None:
    connection = Connection(serve(application()))
    connection.get("/in/keeps").read()
    answer = connection.json("/in/kept", {"X-Forwarded-For": "198.51.100.1"})
    assert answer == {**SEEN, "url": "https://shop.example:8443/caf%C3%A9/in/keeps"}


def test_each_request_of_a_connection_has_an_origin_of_its_own(serve: Serve) -> None:
    connection = Connection(serve(application()))
    for ip in ("198.51.100.1", "198.51.100.2"):
        assert connection.json("/in/plain", {"X-Forwarded-For": ip})["ip"] == ip
    answer = connection.json("/in/plain", {})
    assert (answer["ip"], answer["scheme"], answer["host"]) == ("127.0.0.1", "http", "inner")


def test_a_proxy_may_hide_the_client(serve: Serve) -> None:
    answer = Connection(serve(application())).json("/in/plain", {"X-Forwarded-For": "unknown"})
    assert answer["client"] is None and answer["ip"] is None


def test_a_port_apart_from_the_host(serve: Serve) -> None:
    connection = Connection(serve(application()))
    assert connection.json("/in/plain", {"X-Forwarded-Port": "8080"})["host"] == "inner:8080"
    fields = {"X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}
    assert connection.json("/in/plain", fields)["url"] == "https://inner/in/plain"


def test_malformed_fields_are_ignored_and_counted(serve: Serve) -> None:
    connection = Connection(serve(application()))
    fields = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "a b", "X-Forwarded-Proto": "gopher"}
    answer = connection.json("/in/plain", fields)
    assert (answer["ip"], answer["host"], answer["scheme"]) == ("203.0.113.7", "inner", "http")
    answer = connection.json("/in/plain", {"X-Forwarded-For": "203.0.113.7, <script>"})
    assert answer["ip"] == "127.0.0.1"
    assert connection.json("/stats", {})["dropped.forwarded"] == 2


# --- where it shows ---


@pytest.mark.parametrize("proto", ["https", "http"])
def test_cookies_follow_the_scheme(serve: Serve, proto: str) -> None:
    answer = Connection(serve(application())).get("/cookie", {"X-Forwarded-Proto": proto})
    assert ("Secure" in (answer.getheader("set-cookie") or "")) == (proto == "https")


def test_the_access_log_names_the_client_and_the_host(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = serve(application(), access_log=str(log), access_log_format="{client} {host} {path}")
    connection = Connection(server)
    connection.get("/in/plain").read()
    connection.get("/in/waits").read()
    connection.get("/nowhere").read()
    connection.get("/in/plain", {}).read()
    server.__exit__(None, None, None)
    assert log.read_text().splitlines() == [
        "203.0.113.7 shop.example:8443 /in/plain",
        "203.0.113.7 shop.example:8443 /in/waits",
        "203.0.113.7 shop.example:8443 /nowhere",
        "127.0.0.1 inner /in/plain",
    ]


def test_websockets(serve: Serve) -> None:
    server = serve(application())
    fields = [f"{name}: {value}" for name, value in FIELDS.items()]
    peer = Peer(server.port, "/ws", *fields, "Origin: https://shop.example:8443")
    assert json.loads(peer.text()) == ["203.0.113.7", "https://shop.example:8443/caf%C3%A9/ws"]
    for lines in ([*fields, "Origin: http://h"], ["Origin: https://shop.example:8443"]):
        with pytest.raises(Refused):
            Peer(server.port, "/ws", *lines)


def test_the_test_client_is_no_proxy_unless_it_says_so() -> None:
    assert TestClient(application()).get("/in/plain", headers=FIELDS).json()["ip"] == "testclient"
    proxied = TestClient(application(), client=("127.0.0.1", 5000), base_url="http://inner")
    assert proxied.get("/in/plain?q=1", headers=FIELDS).json() == SEEN
    other = application(server=ServerConfig(forwarded_allow_ips="10.0.0.1"))
    assert TestClient(other, client=("127.0.0.1", 5000)).get("/in/plain", headers=FIELDS).json()["ip"] == "127.0.0.1"
