"""create_connection() ends as asyncio's does, whether its address is plain or has to be looked up."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pelton.loop


class Silent(asyncio.Protocol):
    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost.set_result(exc)


@pytest.fixture
def stock() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.SelectorEventLoop()
    yield made
    made.close()


def open_descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
@pytest.mark.parametrize("debug", [False, True])
def test_connects(loop: pelton.loop.Loop, host: str, debug: bool) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.bind((host, 0))
    except OSError as error:
        pytest.skip(str(error))
    listener.listen()
    port = listener.getsockname()[1]

    async def main() -> None:
        loop.set_debug(debug)
        transport, protocol = await loop.create_connection(Silent, host, port)
        assert protocol.transport is transport and type(transport).__name__ == "StreamTransport"
        ours: Any = transport.get_extra_info("socket")
        assert (ours.family, ours.type, ours.proto) == (family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        assert ours.gettimeout() == 0 and not os.get_blocking(ours.fileno())
        assert not os.get_inheritable(ours.fileno())
        assert transport.get_extra_info("peername") == listener.getsockname()
        transport.close()
        assert await protocol.lost is None
        loop.set_debug(False)

    loop.run_until_complete(main())
    listener.close()


def outcome(
    loop: asyncio.AbstractEventLoop, connect: Callable[[asyncio.AbstractEventLoop], Any]
) -> tuple[type, str]:
    with pytest.raises(Exception) as raised:  # noqa: PT011: which one asyncio says
        loop.run_until_complete(connect(loop))
    return raised.type, str(raised.value)


def test_a_refusal_is_asyncios_and_leaves_nothing_open(
    loop: pelton.loop.Loop, stock: asyncio.AbstractEventLoop
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    loop.run_until_complete(asyncio.sleep(0))
    before = open_descriptors()
    for arguments in (("127.0.0.1", port), ("127.0.0.1", -1), ("127.0.0.1", 1 << 17), ("127.0.0.1", "x")):
        mine, theirs = (
            outcome(each, lambda each, to=arguments: each.create_connection(Silent, *to))  # type: ignore[misc]
            for each in (loop, stock)
        )
        assert mine == theirs, arguments
    # Fewer, where what earlier tests began ends meanwhile.
    assert open_descriptors() <= before


def test_what_contradicts_itself_is_refused_as_by_asyncio(
    loop: pelton.loop.Loop, stock: asyncio.AbstractEventLoop
) -> None:
    given: tuple[dict[str, Any], ...] = (
        {},
        {"host": "127.0.0.1", "port": 1, "server_hostname": "x"},
        {"host": "127.0.0.1", "port": 1, "ssl_handshake_timeout": 1},
        {"host": "127.0.0.1", "port": 1, "unknown": 1},
    )
    for options in given:
        mine, theirs = (
            outcome(each, lambda each, options=options: each.create_connection(Silent, **options))  # type: ignore[misc]
            for each in (loop, stock)
        )
        assert mine[0] == theirs[0], options
        assert options.get("unknown") or mine == theirs


def test_a_factory_that_fails(loop: pelton.loop.Loop, stock: asyncio.AbstractEventLoop) -> None:
    def factory() -> Silent:
        raise KeyError("no protocol")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            mine = outcome(loop, lambda each: each.create_connection(factory, *address))
            gc.collect()
        assert not told  # of a socket that nobody has closed, as asyncio's before 3.14 is
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            assert mine == outcome(stock, lambda each: each.create_connection(factory, *address))
            gc.collect()


def test_cancelled_it_leaves_nothing_open(loop: pelton.loop.Loop) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        loop.run_until_complete(asyncio.sleep(0))
        before = open_descriptors()
        with pytest.raises(TimeoutError):
            loop.run_until_complete(
                asyncio.wait_for(loop.create_connection(Silent, *listener.getsockname()), 0.001)
            )
        assert open_descriptors() == before
        for filler in fillers:
            filler.close()


def test_cancelled_once_connected_the_transport_closes(loop: pelton.loop.Loop) -> None:
    made: list[Silent] = []

    async def main() -> None:
        def factory() -> Silent:
            made.append(Silent())
            asyncio.get_running_loop().call_soon(connecting.cancel)
            return made[-1]

        with socket.create_server(("127.0.0.1", 0)) as listener:
            connecting = asyncio.ensure_future(loop.create_connection(factory, *listener.getsockname()))
            with pytest.raises(asyncio.CancelledError):
                await connecting
            assert await made[0].lost is None

    loop.run_until_complete(main())
