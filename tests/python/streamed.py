"""A sink that keeps what is sent, producers that note how far they came, and the sending of one to the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from pelton import json
from pelton.errors import ClientDisconnected
from pelton.messages.streams import Streaming
from pelton.serving.pool import BlockingPool
from pelton.streaming.sending import Delivery, send


class KeptSink:
    """Notes the calls in order; `room` writes are taken before it is full."""

    def __init__(self, *, room: int | None = None, gone: bool = False) -> None:
        self.calls: list[str] = []
        self.produces: list[bool] = []  # whether events
        self.status = 0
        self.left: int | None = None  # of the declared length
        self.fields: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.room = room
        self.gone = gone
        self.disconnected = False
        self.waited: asyncio.Future[None] | None = None
        self.wrote = asyncio.Event()

    def produce(self, is_events: bool) -> None:
        self.produces.append(is_events)

    def begin(self, status: int, fields: list[tuple[bytes, bytes]]) -> None:
        self.calls.append("begin")
        self.status, self.fields = status, fields
        length = self.field(b"content-length")
        self.left = None if length is None else int(length)

    def write(self, data: bytes) -> bool:
        assert data and self.calls[0] == "begin" and self.calls[-1] not in ("end", "cut")
        self.calls.append("write")
        self.pieces.append(data[: self.left])
        self.wrote.set()
        if self.left is not None:
            self.left -= len(self.pieces[-1])
            self.gone = self.gone or self.left == 0
        if self.room is None:
            return True
        self.room -= 1
        return self.room > 0

    def writable(self) -> Awaitable[None]:
        self.waited = asyncio.get_running_loop().create_future()
        return self.waited

    def make_room(self, room: int) -> None:
        self.room = room
        assert self.waited is not None
        self.waited.set_result(None)

    def leave(self) -> None:
        """The client goes away."""
        self.gone = True
        if self.waited is not None and not self.waited.done():
            self.waited.set_exception(ClientDisconnected("the client has left"))

    def end(self) -> None:
        self.calls.append("end")

    def cut(self) -> None:
        self.calls.append("cut")

    @property
    def last(self) -> str:
        return self.calls[-1] if self.calls else ""

    def field(self, name: bytes) -> bytes | None:
        found = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(found) <= 1
        return found[0] if found else None


class Producer:
    """Items, sync or async, with a note of how far it came and whether it was closed."""

    def __init__(self, *items: Any) -> None:
        self.items = items
        self.asked = 0
        self.closed = 0

    def sync(self) -> Iterator[Any]:
        try:
            for item in self.items:
                self.asked += 1
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.closed += 1

    async def asynchronous(self) -> AsyncIterator[Any]:
        try:
            for item in self.items:
                self.asked += 1
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, asyncio.Event):
                    await item.wait()
                else:
                    yield item
        finally:
            await asyncio.sleep(0)
            self.closed += 1

    def of(self, kind: str) -> Any:
        return self.asynchronous() if kind == "async" else self.sync()


KINDS = ("sync", "async", "pool")


def delivery(logged: list[BaseException] | None = None, **changes: Any) -> Delivery:
    found = [] if logged is None else logged
    given: dict[str, Any] = {"status": 200, "fields": [], "dumps": json.dumps, "log": found.append}
    return Delivery(**given | changes)


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await main()
        assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    asyncio.run(whole())


def sent(stream: Any, sink: KeptSink | None = None, *, pool: bool = False, **changes: Any) -> tuple[KeptSink, list[BaseException]]:
    """What became of a stream that is sent alone."""
    logged: list[BaseException] = []
    made: list[KeptSink] = []

    async def main() -> None:
        made.append(sink or KeptSink())
        threads = BlockingPool("p", 2, 0) if pool else None
        streaming = stream if isinstance(stream, Streaming) else Streaming(stream)
        await send(made[0], streaming, delivery(logged, pool=threads, **changes))
        assert threads is None or threads.shutdown(10)

    run(main)
    return made[0], logged
