"""A transport is made of a socket and a protocol, and none shares its descriptor."""

from __future__ import annotations

import asyncio
import socket

import pytest
from transports import Recorder, pair, turns

import pelton.loop


def test_is_an_asyncio_transport(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair("inet")
    protocol = Recorder()
    waiter = loop.create_future()
    transport = loop._make_socket_transport(ours, protocol, waiter, extra={"more": 1})
    assert isinstance(transport, asyncio.Transport)
    assert transport.get_extra_info("peername") == theirs.getsockname()
    assert transport.get_extra_info("sockname") == theirs.getpeername()
    assert transport.get_extra_info("more") == 1
    assert transport.get_extra_info("absent") is None
    assert transport.get_extra_info("absent", 7) == 7
    assert transport.get_extra_info("socket").fileno() == ours.fileno()
    assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert transport.get_protocol() is protocol
    assert transport.can_write_eof()
    assert transport.is_reading()
    assert not transport.is_closing()
    assert protocol.seen == [] and not waiter.done()
    loop.run_until_complete(waiter)
    assert protocol.seen == [("made",)] and protocol.transport is transport
    assert repr(transport) == f"<StreamTransport fd={ours.fileno()} read=polling write=<idle, bufsize=0>>"
    with pytest.raises(RuntimeError, match="is used by transport"):
        loop.add_reader(ours, print)
    transport.close()
    assert transport.is_closing() and not transport.is_reading()
    assert "closing" in repr(transport)
    turns(loop)
    assert protocol.seen[-1] == ("lost", type(None))
    assert "closed" in repr(transport) and ours.fileno() == -1
    assert transport.get_protocol() is None
    theirs.close()
