"""What the tests of transports share: socket pairs, a protocol that writes down its calls, and trials
that asyncio's own transport must agree with."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pelton.loop

KINDS = ("inet", "unix")


def pair(kind: str = "unix") -> tuple[socket.socket, socket.socket]:
    if kind == "unix":
        ends = socket.socketpair()
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        first = socket.create_connection(listener.getsockname())
        ends = first, listener.accept()[0]
        listener.close()
    for end in ends:
        end.setblocking(False)
    return ends


class Recorder(asyncio.Protocol):
    """Writes down every call; `trouble` names those that fail."""

    def __init__(self, trouble: frozenset[str] = frozenset(), keeps_open: bool = False) -> None:
        self.seen: list[Any] = []
        self.trouble = trouble
        self.keeps_open = keeps_open
        self.transport: Any = None

    def _note(self, name: str, *values: object) -> None:
        self.seen.append((name, *values))
        if name in self.trouble:
            raise RuntimeError(name)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._note("made")

    def data_received(self, data: bytes) -> None:
        self._note("data", data)

    def eof_received(self) -> bool:
        self._note("eof")
        return self.keeps_open

    def connection_lost(self, exc: BaseException | None) -> None:
        self._note("lost", type(exc))

    def pause_writing(self) -> None:
        self._note("pause")

    def resume_writing(self) -> None:
        self._note("resume")


def turns(loop: asyncio.AbstractEventLoop, count: int = 4) -> None:
    """Rounds in which all that is ready on this machine is seen."""

    async def some() -> None:
        for _ in range(count):
            later = loop.create_future()
            loop.call_later(0.0005, later.set_result, None)
            await later

    loop.run_until_complete(some())


Trial = Callable[[asyncio.AbstractEventLoop, Recorder, Any, socket.socket], None]


def on_both(loop: pelton.loop.Loop, trial: Trial, kind: str = "unix", **options: Any) -> tuple[Any, Any]:
    """What a protocol saw, and what was told of errors: of ours, and of asyncio's own."""
    stock = asyncio.SelectorEventLoop()
    results = []
    try:
        for each in (loop, stock):
            told: list[Any] = []

            def tell(_: object, about: dict[str, Any], told: list[Any] = told) -> None:
                message = about["message"].split("(")[0].split("<")[0]
                told.append((message, repr(about.get("exception"))))

            each.set_exception_handler(tell)
            ours, theirs = pair(kind)
            protocol = Recorder(**options)
            transport = each._make_socket_transport(ours, protocol)  # type: ignore[attr-defined]
            trial(each, protocol, transport, theirs)
            if transport.get_protocol() is not None:
                transport.abort()
            turns(each)
            theirs.close()
            results.append((protocol.seen, told))
    finally:
        stock.close()
    return results[0], results[1]
