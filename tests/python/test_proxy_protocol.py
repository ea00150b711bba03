"""PXY-003: connections that begin with a header of the PROXY protocol, on real sockets."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from wire import answers

from pelton import App, Request, ServerConfig
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TEXT = b"PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n"
TEXT_IPV6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"
ENDS = socket.inet_aton("203.0.113.7") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 56324, 443)
TLS = b"\x20" + struct.pack("!H", 5) + b"\x01\0\0\0\0"


def binary(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)) + rest


def get(path: str = "/", *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: h", "Connection: close", *lines, "", ""]).encode()


def application(**options: Any) -> App:
    app = App(**options)

    @app.get("/")
    def origin(request: Request) -> list[Any]:
        return [request.client and list(request.client), request.server and list(request.server), request.scheme]

    return app


@contextmanager
def connected(server: live_server) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX if server.uds else socket.AF_INET) as peer:
        peer.settimeout(10)
        peer.connect(server.uds or ("127.0.0.1", server.port))
        yield peer


def read(peer: socket.socket) -> bytes:
    """All until the server's end; what a reset took is not there."""
    octets = b""
    try:
        while more := peer.recv(65536):
            octets += more
    except ConnectionResetError:
        pass
    return octets


def told(server: live_server, octets: bytes, *lines: str) -> Any:
    with connected(server) as peer:
        peer.sendall(octets + get("/", *lines))
        [answer] = answers(read(peer))
    return json.loads(answer.body)


def count(server: live_server) -> int:
    found = server.app._parts.service.server
    assert found is not None
    return found.stats()["cut.proxy_header"]


NAMED = [["203.0.113.7", 56324], ["198.51.100.1", 443], "http"]


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        (TEXT, NAMED),
        (TEXT_IPV6, [["2001:db8::7", 56324], ["2001:db8::1", 443], "http"]),
        (binary(0x21, 0x11, ENDS), NAMED),
        (binary(0x21, 0x11, ENDS + TLS), [*NAMED[:2], "https"]),
    ],
)
def test_the_client_is_the_one_that_the_header_names(serve: Serve, header: bytes, seen: Any) -> None:
    server = serve(application(), proxy_protocol=True)
    assert told(server, header) == seen


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", binary(0x20, 0, b""), binary(0x21, 0, b""), binary(0x21, 0x31, b"p" * 216)])
def test_a_connection_of_the_proxys_own_is_what_it_is(serve: Serve, header: bytes) -> None:
    server = serve(application(), proxy_protocol=True)
    client, server_end, scheme = told(server, header)
    assert (client[0], server_end, scheme) == ("127.0.0.1", ["127.0.0.1", server.port], "http")


def test_octet_by_octet(serve: Serve) -> None:
    server = serve(application(), proxy_protocol=True)
    with connected(server) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in TEXT + get():
            peer.sendall(bytes([octet]))
        [answer] = answers(read(peer))
    assert json.loads(answer.body) == NAMED


def test_on_a_unix_socket(serve: Serve, tmp_path: Path) -> None:
    server = serve(application(), proxy_protocol=True, uds=str(tmp_path / "sock"))
    assert told(server, TEXT) == NAMED
    assert told(server, b"PROXY UNKNOWN\r\n") == [None, None, "http"]


@pytest.mark.parametrize("trusted", ["none", "127.0.0.2", "unix"])
def test_a_header_of_somebody_who_is_not_trusted_changes_nothing(serve: Serve, trusted: str) -> None:
    server = serve(application(), proxy_protocol=True, forwarded_allow_ips=trusted)
    client, server_end, scheme = told(server, binary(0x21, 0x11, ENDS + TLS))
    assert (client[0], server_end, scheme) == ("127.0.0.1", ["127.0.0.1", server.port], "http")
    with connected(server) as peer:  # nor may it be left out
        peer.sendall(get())
        assert read(peer) == b""


def test_fields_of_the_client_that_it_names_are_believed_by_its_own_address(serve: Serve) -> None:
    server = serve(application(), proxy_protocol=True)
    forged = ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https")
    assert told(server, TEXT, *forged) == NAMED
    assert told(server, b"PROXY TCP4 127.0.0.8 127.0.0.9 1 2\r\n", *forged) == [["6.6.6.6", 0], ["127.0.0.9", 2], "https"]
    unread = serve(application(), proxy_protocol=True, proxy_headers=False)
    assert told(unread, TEXT) == NAMED


@pytest.mark.parametrize(
    "octets",
    [
        get(),
        b"\x16\x03\x01\x02\x00\x01",
        b"PROXY TCP4 203.0.113.7\r\n" + get(),
        b"PROXY UNKNOWN\n" + get(),
        b"PROXY UNKNOWN " + b"x" * 107,
        binary(0x21, 0x11, ENDS[1:]) + get(),
        binary(0x22, 0x11, ENDS) + get(),
        SIGNATURE + b"\x20\0\xff\xff",
    ],
)
def test_what_begins_otherwise_is_cut_without_an_answer(serve: Serve, octets: bytes) -> None:
    server = serve(application(), proxy_protocol=True)
    with connected(server) as peer:
        peer.sendall(octets)
        assert read(peer) == b""
    assert count(server) == 1


def test_a_header_that_stays_unfinished_is_cut_in_time(serve: Serve) -> None:
    server = serve(application(), proxy_protocol=True, timeout_read_header=0.2)
    with connected(server) as slow, connected(server) as ended:
        slow.sendall(TEXT[:20])
        ended.sendall(SIGNATURE)
        ended.shutdown(socket.SHUT_WR)
        assert read(ended) == b"" == read(slow)
    assert count(server) == 2


def test_off_it_is_no_request(serve: Serve) -> None:
    with connected(serve(application())) as peer:
        peer.sendall(TEXT + get())
        [answer] = answers(read(peer))
    assert answer.status == 400


def test_the_test_client_needs_none() -> None:
    client = TestClient(application(server=ServerConfig(proxy_protocol=True)))
    assert client.get("/").json()[0][0] == "testclient"
