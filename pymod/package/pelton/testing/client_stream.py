"""A response that a test client reads while the server still sends it."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any, TypeVar

from pelton.streaming.sse import EventReader
from pelton.testing.received import TestResponse
from pelton.hosting.response_parser import ResponseParser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from typing import Protocol, Self

    from pelton.streaming.sse import ReceivedEvent
    from pelton.testing import TestClient

    class Wire(Protocol):
        """The client's end of one connection."""

        async def send(self, data: bytes) -> None: ...
        async def receive(self) -> bytes:
            """What has come, at least an octet; nothing once the server has closed. May raise TimeoutError."""
            ...

        async def leave(self) -> None:
            """Disconnects, and waits until the server has cleaned up. Nothing the second time."""


T = TypeVar("T")


def at_once(steps: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, because its wire does not."""
    try:
        steps.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    steps.close()
    raise RuntimeError("a synchronous client cannot wait for this")


QUIET_TURNS = 5  # in which no handler has ended: those that are left wait for the test


class MemoryWire:
    """A connection of the in-process server, for at_once()."""

    def __init__(self, client: TestClient, connection: int) -> None:
        self._client = client
        self._driving = client._driving
        self._server = client._memory()
        self._connection = connection
        client._wires.add(self)

    async def send(self, data: bytes) -> None:
        with self._driving():
            if not self._server.closed(self._connection):
                self._server.send(self._connection, data)

    async def receive(self, timeout: float = 10.0) -> bytes:
        server, connection = self._server, self._connection
        if data := server.receive(connection):
            return data
        with self._driving() as drive:
            received: list[bytes] = []

            def has_come() -> bool:
                received.append(server.receive(connection))
                return bool(received[-1]) or server.closed(connection)

            if not drive(has_come, timeout):
                raise TimeoutError(f"the server has sent nothing within {timeout:g} s")
        return received[-1]

    async def leave(self) -> None:
        client = self._client
        if self not in client._wires:
            return
        client._wires.remove(self)
        server, connection = self._server, self._connection
        with self._driving() as drive:
            if not server.closed(connection):
                server.finish(connection)
            is_through = drive(self._are_through(), 10.0)
            client._is_late = server.pending() > 0 and (client._is_late or not is_through)
        server.leave(connection)

    def _are_through(self) -> Callable[[], bool]:
        """Whether no handler is left but those of other open wires and late ones, which cannot be told apart."""
        client, server, seen = self._client, self._server, list[int]()

        def are_through() -> bool:
            seen.append(server.pending())
            others = bool(client._wires) or client._is_late
            return seen[-1] == 0 or (others and seen[-QUIET_TURNS:] == [seen[-1]] * QUIET_TURNS)

        return are_through


class LineReader:
    """Octets in, cut anywhere; lines without their ends out, LF or CRLF."""

    def __init__(self, charset: str) -> None:
        self._decoder = getincrementaldecoder(charset)("replace")
        self._line = ""

    def feed(self, data: bytes) -> list[str]:
        *whole, self._line = (self._line + self._decoder.decode(data)).split("\n")
        return [line.removesuffix("\r") for line in whole]

    def end(self) -> list[str]:
        """The last line, if it has no end."""
        line = self._line + self._decoder.decode(b"", True)
        return [line] if line else []


class Arriving(TestResponse):
    """An answer whose body still comes. One that ends before it is whole raises ConnectionError."""

    def __init__(self, url: str, wire: Wire, reader: ResponseParser, begun: list[bytes]) -> None:
        super().__init__(url, reader.version, reader.status, reader.fields, b"")
        self._wire = wire
        self._reader = reader
        self._begun = begun  # pieces that came with the head

    async def _piece(self) -> bytes:
        """The next one, as it came; nothing at the end."""
        while not self._begun and not self._reader.is_whole:
            data = await self._wire.receive()
            if data:
                self._begun += self._reader.feed(data)
            else:
                self._reader.end()
        return self._begun.pop(0) if self._begun else b""

    async def _rest(self) -> bytes:
        while piece := await self._piece():
            self.content += piece
        return self.content


class StreamedResponse(Arriving):
    """An answer whose body is read piece by piece; `read()` makes it an ordinary one.

    A body that ends before it is whole raises ConnectionError.
    """

    def iter_bytes(self) -> Iterator[bytes]:
        """The pieces of the body, as they come."""
        while piece := at_once(self._piece()):
            yield piece

    def iter_lines(self) -> Iterator[str]:
        """The lines of the body without their ends, LF or CRLF."""
        reader = LineReader(self.charset)
        for piece in self.iter_bytes():
            yield from reader.feed(piece)
        yield from reader.end()

    def iter_sse(self) -> Iterator[ReceivedEvent]:
        """The events of a stream of server-sent events, with `data`, `event`, `id`, `retry` and `json()`."""
        reader = EventReader()
        for piece in self.iter_bytes():
            yield from reader.feed(piece)

    def read(self) -> bytes:
        """Everything that is still to come; `content`, `text` and `json()` then have it."""
        return at_once(self._rest())

    def close(self) -> None:
        """Disconnects, as leaving the block does."""
        at_once(self._wire.leave())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


class AsyncStreamedResponse(Arriving):
    """The same for the asynchronous client, with the names that httpx has: `aread()` reads it all.

    A body that ends before it is whole raises ConnectionError.
    """

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The pieces of the body, as they come."""
        while piece := await self._piece():
            yield piece

    async def aiter_lines(self) -> AsyncIterator[str]:
        """The lines of the body without their ends, LF or CRLF."""
        reader = LineReader(self.charset)
        while piece := await self._piece():
            for line in reader.feed(piece):
                yield line
        for line in reader.end():
            yield line

    async def aiter_sse(self) -> AsyncIterator[ReceivedEvent]:
        """The events of a stream of server-sent events, with `data`, `event`, `id`, `retry` and `json()`."""
        reader = EventReader()
        while piece := await self._piece():
            for event in reader.feed(piece):
                yield event

    async def aread(self) -> bytes:
        """Everything that is still to come; `content`, `text` and `json()` then have it."""
        return await self._rest()

    async def aclose(self) -> None:
        """Disconnects, as leaving the block does."""
        await self._wire.leave()


async def begun(wire: Wire, method: str) -> tuple[ResponseParser, list[bytes]]:
    """The answer on a wire to which a request was sent, as soon as its head is there; pieces that came with it."""
    reader = ResponseParser(method)
    pieces: list[bytes] = []
    while reader.status == 0:
        data = await wire.receive()
        if not data:
            reader.end()
        pieces += reader.feed(data)
    return reader, pieces


def begun_response(wire: Wire, method: str, url: str) -> StreamedResponse:
    """The response on a wire that never waits."""
    return StreamedResponse(url, wire, *at_once(begun(wire, method)))
