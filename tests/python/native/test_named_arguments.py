"""What asyncio takes by name, the native methods take by asyncio's names; and refuse what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from transports import Recorder, pair, turns

import pelton.loop

Scheduled = Callable[[Any, Callable[..., object]], asyncio.Handle]

SCHEDULED: list[Scheduled] = [
    lambda loop, call: loop.call_soon(callback=call),
    lambda loop, call: loop.call_soon_threadsafe(callback=call, context=None),
    lambda loop, call: loop.call_later(delay=0, callback=call),
    lambda loop, call: loop.call_later(0, callback=call),
    lambda loop, call: loop.call_at(callback=call, when=0),
    lambda loop, call: loop.call_at(0, context=None, callback=call),
]


@pytest.mark.parametrize("schedule", SCHEDULED)
@pytest.mark.parametrize("debug", [False, True])
def test_callbacks_by_name(loop: pelton.loop.Loop, schedule: Scheduled, debug: bool) -> None:
    loop.set_debug(debug)
    seen: list[int] = []
    schedule(loop, lambda: seen.append(1))
    turns(loop)
    assert seen == [1]


REFUSED: list[tuple[Callable[[Any], object], str]] = [
    (lambda loop: loop.call_soon(print, callback=print), "multiple values for argument 'callback'"),
    (lambda loop: loop.call_later(0, print, delay=0), "multiple values for argument 'delay'"),
    (lambda loop: loop.call_later(0, print, when=0), "unexpected keyword argument 'when'"),
    (lambda loop: loop.call_later(callback=print), "misses its delay"),
    (lambda loop: loop.call_at(when=0), "misses its callback"),
    (lambda loop: loop.call_soon(call=print), "unexpected keyword argument 'call'"),
]


@pytest.mark.parametrize(("call", "says"), REFUSED)
def test_callbacks_refused(loop: pelton.loop.Loop, call: Callable[[Any], object], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        call(loop)


def test_transports_by_name(loop: pelton.loop.Loop) -> None:
    ours, theirs = pair("inet")
    first, second = Recorder(), Recorder()
    transport = loop._make_socket_transport(sock=ours, protocol=first)
    turns(loop)
    transport.write(data=b"one")
    transport.writelines(list_of_data=[b" ", b"two"])
    assert theirs.recv(99) == b"one two"
    assert transport.get_extra_info(name="peername") == theirs.getsockname()
    assert transport.get_extra_info(name="absent", default=7) == 7
    assert transport.get_extra_info("absent", default=7) == 7
    transport.set_protocol(protocol=second)
    assert transport.get_protocol() is second
    refused: list[Callable[[], object]] = [
        lambda: transport.write(),
        lambda: transport.write(b"x", b"y"),
        lambda: transport.write(b"x", data=b"y"),
        lambda: transport.write(octets=b"x"),
        lambda: transport.get_extra_info(default=7),
        lambda: transport.get_extra_info("name", 7, name="name"),
        lambda: transport.set_protocol(),
    ]
    for call in refused:
        with pytest.raises(TypeError):
            call()
    transport.abort()
    turns(loop)
    theirs.close()
