"""Servers: a transport for each connection, and what goes wrong with one is nobody else's trouble."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import gc
import resource
import socket
from typing import Any

import pytest
from transports import Recorder, turns

import pelton.loop


def served(loop: pelton.loop.Loop, factory: Any, **options: Any) -> tuple[asyncio.Server, Any]:
    server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0, **options))
    return server, server.sockets[0].getsockname()


def end(loop: pelton.loop.Loop, server: asyncio.Server) -> None:
    server.close()
    loop.run_until_complete(server.wait_closed())


def test_each_connection_has_its_protocol_and_its_context(loop: pelton.loop.Loop) -> None:
    number = contextvars.ContextVar("number", default=0)
    made: list[Recorder] = []
    seen: list[tuple[int, int]] = []

    class Counting(Recorder):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            seen.append((number.get(), len(made)))

    def factory() -> Recorder:
        assert number.get() == 0
        made.append(Counting())
        number.set(len(made))
        return made[-1]

    server, address = served(loop, factory)
    clients = [socket.create_connection(address) for _ in range(5)]
    turns(loop)
    assert [protocol.seen for protocol in made] == [[("made",)]] * 5
    # Each callback runs in the context of its own factory call.
    assert [mine for mine, _ in seen] == [1, 2, 3, 4, 5]
    peers = [protocol.transport.get_extra_info("peername") for protocol in made]
    assert sorted(peers) == sorted(client.getsockname() for client in clients)
    for client in clients:
        client.close()
    turns(loop)
    assert [protocol.seen[1:] for protocol in made] == [[("eof",), ("lost", type(None))]] * 5
    end(loop, server)


def test_a_factory_that_fails_is_told_of_in_debug_mode_alone(loop: pelton.loop.Loop) -> None:
    told: list[str] = []
    loop.set_exception_handler(lambda _, about: told.append(about["message"]))
    protocols: list[Recorder] = []

    def factory() -> Recorder:
        if not protocols:
            protocols.append(Recorder())
            raise RuntimeError("no protocol")
        return protocols[0]

    for debug in (False, True):
        loop.set_debug(debug)
        protocols.clear()
        server, address = served(loop, factory)
        with pytest.warns(ResourceWarning), socket.create_connection(address) as first:
            turns(loop)
            with socket.create_connection(address):
                turns(loop)
                assert protocols[0].seen == [("made",)]
            turns(loop)
            gc.collect()  # asyncio's exception keeps the connection in debug mode
            first.settimeout(5)
            assert first.recv(1) == b""
        end(loop, server)
        assert told == (["Error on transport creation for incoming connection"] if debug else [])
    loop.set_debug(False)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_what_ends_the_program_is_not_held(loop: pelton.loop.Loop, error: type[BaseException]) -> None:
    def factory() -> Recorder:
        raise error

    server, address = served(loop, factory)
    with pytest.warns(ResourceWarning), socket.create_connection(address):
        with pytest.raises(error):
            turns(loop, 40)
    end(loop, server)


def test_a_protocol_may_close_its_server(loop: pelton.loop.Loop) -> None:
    protocols: list[Recorder] = []

    def factory() -> Recorder:
        server.close()
        protocols.append(Recorder())
        return protocols[-1]

    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    server = loop.run_until_complete(loop.create_server(Recorder, sock=listener, start_serving=False))
    server._protocol_factory = factory  # type: ignore[attr-defined]
    loop.run_until_complete(server.start_serving())
    clients = [socket.create_connection(address) for _ in range(3)]
    told: list[Any] = []
    loop.set_exception_handler(lambda _, about: told.append(about))
    with pytest.warns(ResourceWarning, match="unclosed transport"):
        turns(loop)
    assert len(protocols) == 1 and told == []
    for client in clients:
        client.close()
    turns(loop)


def test_more_in_a_burst_but_no_more_than_the_backlog(loop: pelton.loop.Loop) -> None:
    protocols: list[Recorder] = []

    def factory() -> Recorder:
        protocols.append(Recorder())
        return protocols[-1]

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(9)]
    counts = []
    for _ in range(6):
        loop._accept_connection(factory, listener, None, None, 3)
        counts.append(len(protocols))
    assert counts == [1, 3, 6, 9, 9, 9]
    for client in clients:
        client.close()
    turns(loop)
    listener.close()
    with pytest.raises(TypeError):
        loop._accept_connection()


def test_without_descriptors_it_waits_as_asyncio_does(loop: pelton.loop.Loop) -> None:
    told: list[Any] = []
    loop.set_exception_handler(lambda _, about: told.append(about))
    protocols: list[Recorder] = []

    def factory() -> Recorder:
        protocols.append(Recorder())
        return protocols[-1]

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    client = socket.create_connection(listener.getsockname())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    loop.add_reader(listener, loop._accept_connection, factory, listener, None, None, 100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
    try:
        loop._accept_connection(factory, listener, None, None, 100)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [about["message"] for about in told] == ["socket.accept() out of system resource"]
    assert told[0]["exception"].errno == errno.EMFILE
    assert not loop._has_reader(listener) and protocols == []
    loop._accept_connection(factory, listener, None, None, 100)
    assert len(protocols) == 1
    client.close()
    turns(loop)
    loop.remove_reader(listener)
    listener.close()
