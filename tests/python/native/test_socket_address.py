"""Addresses are told as the socket module tells them, and taken as asyncio resolves them."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from transports import Recorder, pair, turns

import pelton.loop

HOSTS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def connected(family: int, host: str) -> tuple[socket.socket, socket.socket]:
    with socket.socket(family) as listener:
        try:
            listener.bind((host, 0))
        except OSError as error:
            pytest.skip(str(error))
        listener.listen()
        client = socket.create_connection(listener.getsockname()[:2])
        ends = client, listener.accept()[0]
    for end in ends:
        end.setblocking(False)
    return ends


@pytest.mark.parametrize(("family", "host"), HOSTS)
def test_a_transport_tells_what_its_socket_tells(loop: pelton.loop.Loop, family: int, host: str) -> None:
    ours, theirs = connected(family, host)
    transport = loop._make_socket_transport(ours, Recorder())
    for name, told in (("sockname", ours.getsockname()), ("peername", ours.getpeername())):
        found = transport.get_extra_info(name)
        assert found == told and [type(part) for part in found] == [type(part) for part in told]
    transport.abort()
    turns(loop)
    theirs.close()


def test_of_sockets_by_path_too(loop: pelton.loop.Loop, tmp_path: Path) -> None:
    ours, theirs = pair("unix")
    transport = loop._make_socket_transport(ours, Recorder())
    assert transport.get_extra_info("sockname") == transport.get_extra_info("peername") == ""
    transport.abort()
    theirs.close()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "named"))
        listener.listen()
        client = socket.socket(socket.AF_UNIX)
        client.connect(listener.getsockname())
        client.setblocking(False)
        transport = loop._make_socket_transport(client, Recorder())
        assert transport.get_extra_info("peername") == listener.getsockname()
        assert transport.get_extra_info("sockname") == ""
        transport.abort()
    turns(loop)


def test_of_a_socket_that_is_not_connected_there_is_no_peer(loop: pelton.loop.Loop) -> None:
    ours = socket.socket()
    ours.setblocking(False)
    transport = loop._make_socket_transport(ours, Recorder())
    assert transport.get_extra_info("peername", "absent") is None
    assert transport.get_extra_info("sockname") == ours.getsockname()
    transport.abort()
    turns(loop)


TAKEN: tuple[tuple[int, Any], ...] = (
    (socket.AF_INET, ("127.0.0.1", 1)),
    (socket.AF_INET6, ("::1", 1, 0, 0)),
)
# Of these asyncio looks up or refuses something.
LEFT: tuple[tuple[int, Any], ...] = (
    (socket.AF_INET, ("localhost", 1)),
    (socket.AF_INET, ("127.0.0.1\0", 1)),
    (socket.AF_INET, ("\ud800", 1)),
    (socket.AF_INET, ("", 1)),
    (socket.AF_INET, (b"127.0.0.1", 1)),
    (socket.AF_INET, ["127.0.0.1", 1]),
    (socket.AF_INET, ("127.0.0.1", True)),
    (socket.AF_INET, ("127.0.0.1", "1")),
    (socket.AF_INET, ("127.0.0.1", -1)),
    (socket.AF_INET, ("127.0.0.1", 65536)),
    (socket.AF_INET, ("127.0.0.1", 1 << 70)),
    (socket.AF_INET, ("127.0.0.1", 1, 0, 0)),
    (socket.AF_INET, ("::1", 1)),
    (socket.AF_INET6, ("::1", 1)),
    (socket.AF_INET6, ("::1", 1, 1 << 20, 0)),
    (socket.AF_INET6, ("::1", 1, 0, 1 << 32)),
    (socket.AF_INET6, ("::1", 1, 0, "lo")),
    (socket.AF_INET6, ("127.0.0.1", 1, 0, 0)),
    (socket.AF_INET, None),
)


@pytest.mark.parametrize("native", [True, False])
def test_which_are_taken_as_they_stand(loop: pelton.loop.Loop, native: bool) -> None:
    for family, address in TAKEN if native else LEFT:
        with socket.socket(family) as ours:
            ours.setblocking(False)
            made = loop.sock_connect(ours, address)
            assert (type(made).__name__ == "SocketOperation") == native, address
            made.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("family", "address"), LEFT)
def test_the_rest_ends_as_with_asyncio(loop: pelton.loop.Loop, family: int, address: Any) -> None:
    def outcome(each: asyncio.AbstractEventLoop) -> tuple[type, str]:
        with socket.socket(family) as ours:
            ours.setblocking(False)
            with pytest.raises(Exception) as raised:  # noqa: PT011: which one asyncio says
                each.run_until_complete(each.sock_connect(ours, address))
            return raised.type, str(raised.value)

    stock = asyncio.SelectorEventLoop()
    try:
        assert outcome(loop) == outcome(stock)
    finally:
        stock.close()
