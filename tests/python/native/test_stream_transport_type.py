"""The methods of a stream transport refuse what they cannot take."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from transports import Recorder, pair, turns

import pelton.loop


def test_refuses_what_it_cannot_take(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    with pytest.raises(TypeError, match="sock, protocol, waiter"):
        loop._make_socket_transport(ours)
    with pytest.raises(TypeError, match="sock, protocol, waiter"):
        loop._make_socket_transport(ours, Recorder(), other=1)
    transport = loop._make_socket_transport(ours, Recorder())
    with pytest.raises(TypeError):
        type(transport)()
    with pytest.raises(TypeError, match="must be a bytes-like object, not 'str'"):
        transport.write("text")
    with pytest.raises(TypeError):
        transport.writelines([b"a", "b"])
    with pytest.raises(ValueError, match=r"high \(1\) must be >= low \(2\)"):
        transport.set_write_buffer_limits(1, 2)
    assert transport.get_write_buffer_limits() == (16384, 65536)
    transport.set_write_buffer_limits(low=10)
    assert transport.get_write_buffer_limits() == (10, 40)
    transport.set_write_buffer_limits(high=0)
    assert transport.get_write_buffer_limits() == (0, 0)
    assert transport.get_write_buffer_size() == 0
    transport.write_eof()
    with pytest.raises(RuntimeError, match="after write_eof"):
        transport.write(b"x")
    with pytest.raises(RuntimeError, match="after write_eof"):
        transport.writelines([b"x"])
    transport.abort()
    turns(loop)
    theirs.close()


def test_an_abandoned_transport_warns(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    transport = loop._make_socket_transport(ours, Recorder())
    turns(loop)
    transport.pause_reading()
    gone = weakref.ref(transport)
    with pytest.warns(ResourceWarning, match="unclosed transport <StreamTransport fd="):
        del transport
        gc.collect()
    assert gone() is None and ours.fileno() == -1
    theirs.close()
