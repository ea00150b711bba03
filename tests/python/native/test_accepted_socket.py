"""A socket that is accepted is the same as socket.accept() makes it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

import pelton.loop


def accepted(
    loop: pelton.loop.Loop, listener: socket.socket, client: socket.socket
) -> tuple[socket.socket, object]:
    client.connect(listener.getsockname())
    listener.setblocking(False)
    return loop.run_until_complete(loop.sock_accept(listener))


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
@pytest.mark.parametrize("named", [False, True])
def test_is_as_the_socket_module_makes_it(
    loop: pelton.loop.Loop, tmp_path: Path, family: socket.AddressFamily, named: bool
) -> None:
    places = {
        socket.AF_INET: ("127.0.0.1", 0),
        socket.AF_INET6: ("::1", 0),
        socket.AF_UNIX: str(tmp_path / "listener"),
    }
    with socket.socket(family) as listener, socket.socket(family) as client:
        try:
            listener.bind(places[family])
        except OSError as error:
            pytest.skip(str(error))
        listener.listen()
        if named and family == socket.AF_UNIX:
            client.bind("\0" + tmp_path.name if os.uname().sysname == "Linux" else str(tmp_path / "client"))
        connection, address = accepted(loop, listener, client)
        with connection:
            assert type(connection) is socket.socket
            assert (connection.family, connection.type, connection.proto) == (
                listener.family,
                listener.type,
                listener.proto,
            )
            assert connection.gettimeout() == 0 and not os.get_blocking(connection.fileno())
            assert not connection.get_inheritable()
            assert address == connection.getpeername() == client.getsockname()
            client.sendall(b"x")
            assert connection.recv(1) == b"x"
        assert connection.fileno() == -1


def test_a_default_timeout_is_not_its_own(loop: pelton.loop.Loop) -> None:
    socket.setdefaulttimeout(9)
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
            connection, _ = accepted(loop, listener, client)
            assert connection.gettimeout() == 0
            connection.close()
    finally:
        socket.setdefaulttimeout(None)


def test_one_that_may_block_is_asked_itself(loop: pelton.loop.Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        listener.settimeout(5)
        connection, _ = loop.run_until_complete(loop.sock_accept(listener))
        assert connection.gettimeout() == 0
        connection.close()


def test_who_does_not_listen_accepts_nobody(loop: pelton.loop.Loop) -> None:
    with socket.socket() as idle:
        idle.setblocking(False)
        with pytest.raises(OSError, match="Invalid argument"):
            loop.run_until_complete(loop.sock_accept(idle))
    with pytest.raises(OSError, match="Bad file descriptor"):
        loop.run_until_complete(loop.sock_accept(idle))
