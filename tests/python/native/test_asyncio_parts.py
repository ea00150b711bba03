"""What transports take from asyncio is there, and what it is taken for."""

from __future__ import annotations

import asyncio
from asyncio import transports

from transports import Recorder, pair, turns

import pelton.loop


def test_transports_are_what_asyncio_asks_for(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair()
    transport = loop._make_socket_transport(ours, Recorder())
    # sendfile() wants this class, and start_tls() and sendfile() these marks.
    assert isinstance(transport, transports._FlowControlMixin)  # type: ignore[attr-defined]
    assert transport._start_tls_compatible is True
    assert transport._sendfile_compatible is asyncio.constants._SendfileMode.TRY_NATIVE
    assert transport.max_size == 256 * 1024
    transport.close()
    turns(loop)
    theirs.close()
