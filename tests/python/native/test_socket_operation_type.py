"""Calls on sockets are coroutines in all but their class, and refuse what asyncio's do."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest
from transports import Recorder, pair, turns

import pelton.loop


def test_refuses_as_asyncio_does(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    run = loop.run_until_complete
    secured = ssl.create_default_context().wrap_socket(
        socket.socket(), do_handshake_on_connect=False, server_hostname="x"
    )
    for call in (
        loop.sock_recv(secured, 1),
        loop.sock_recv_into(secured, bytearray(1)),
        loop.sock_sendall(secured, b"x"),
        loop.sock_accept(secured),
    ):
        with pytest.raises(TypeError, match="SSLSocket"):
            run(call)
    secured.close()
    with pytest.raises(ValueError, match="negative buffersize"):
        run(loop.sock_recv(ours, -1))
    with pytest.raises(TypeError):
        run(loop.sock_sendall(ours, "text"))  # type: ignore[arg-type]
    transport = loop._make_socket_transport(ours, Recorder())
    with pytest.raises(RuntimeError, match="is used by transport"):
        run(loop.sock_recv(ours, 1))
    transport.abort()
    turns(loop)
    with pytest.raises(OSError):
        run(loop.sock_recv(ours, 1))
    loop.set_debug(True)
    theirs.setblocking(True)
    with pytest.raises(ValueError, match="must be non-blocking"):
        run(loop.sock_recv(theirs, 1))
    theirs.close()


def test_never_awaited_it_warns(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    with pytest.warns(RuntimeWarning, match="'Loop.sock_recv' was never awaited"):
        loop.sock_recv(ours, 1)
    loop.sock_recv(ours, 1).close()  # type: ignore[attr-defined]
    ours.close()
    theirs.close()


def test_closed_and_thrown_into(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    for ended in (False, True):
        waits = loop.sock_recv(ours, 1)
        asyncio.set_event_loop(loop)
        assert asyncio.isfuture(waits.send(None)) and loop._has_reader(ours)
        with pytest.raises(RuntimeError, match="wasn't used with future"):
            waits.send(None)
        if ended:
            waits.close()
        else:
            with pytest.raises(KeyError, match="thrown"):
                waits.throw(KeyError("thrown"))
        assert not loop._has_reader(ours)
        with pytest.raises(RuntimeError, match="already awaited"):
            waits.send(None)
    with pytest.raises(TypeError, match="must be classes or instances"):
        loop.sock_recv(ours, 1).throw(5)  # type: ignore[call-overload]
    asyncio.set_event_loop(None)
    ours.close()
    theirs.close()


def test_a_tuple_is_returned_as_one(loop: pelton.loop.Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with socket.create_connection(listener.getsockname()):
            waits = loop.sock_accept(listener)
            with pytest.raises(StopIteration) as accepted:
                waits.send(None)
            connection, address = accepted.value.value
            assert connection.getpeername() == address
            connection.close()
