"""A response that the test client reads while the server still sends it."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any

from noria.received import TestResponse
from noria.response_parser import ResponseParser
from noria.sse import EventReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol, Self

    from noria._native import MemoryServer
    from noria.sse import ReceivedEvent

    class Wire(Protocol):
        """The client's end of one connection."""

        def send(self, data: bytes) -> None: ...
        def receive(self) -> bytes:
            """What has come, at least an octet; nothing once the server has closed. May raise TimeoutError."""

        def leave(self) -> None:
            """Disconnects, and waits until the server has cleaned up. Nothing the second time."""


class MemoryWire:
    """A connection of the in-process server. `driving` lets its handlers run."""

    def __init__(self, driving: Callable[[], Any], server: MemoryServer, connection: int) -> None:
        self._driving = driving
        self._server = server
        self._connection = connection
        self._left = False

    def send(self, data: bytes) -> None:
        with self._driving():
            if not self._server.closed(self._connection):
                self._server.send(self._connection, data)

    def receive(self, timeout: float = 10.0) -> bytes:
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

    def leave(self) -> None:
        if self._left:
            return
        self._left = True
        server, connection = self._server, self._connection
        with self._driving() as drive:
            if not server.closed(connection):
                server.finish(connection)
            drive(lambda: server.pending() == 0, 10.0)
        server.receive(connection)


class StreamedResponse(TestResponse):
    """An answer whose body is read piece by piece; `read()` makes it an ordinary one.

    A body that ends before it is whole raises ConnectionError.
    """

    def __init__(self, url: str, wire: Wire, reader: ResponseParser, begun: list[bytes]) -> None:
        super().__init__(url, reader.version, reader.status, reader.fields, b"")
        self._wire = wire
        self._reader = reader
        self._begun = begun  # pieces that came with the head

    def iter_bytes(self) -> Iterator[bytes]:
        """Pieces as they came."""
        while True:
            while self._begun:
                yield self._begun.pop(0)
            if self._reader.is_whole:
                return
            data = self._wire.receive()
            if data:
                self._begun += self._reader.feed(data)
            else:
                self._reader.end()

    def iter_lines(self) -> Iterator[str]:
        """Lines without their ends, LF or CRLF."""
        decoder = getincrementaldecoder(self.charset)("replace")
        line = ""
        for piece in self.iter_bytes():
            *whole, line = (line + decoder.decode(piece)).split("\n")
            for one in whole:
                yield one.removesuffix("\r")
        line += decoder.decode(b"", True)
        if line:
            yield line

    def iter_sse(self) -> Iterator[ReceivedEvent]:
        reader = EventReader()
        for piece in self.iter_bytes():
            yield from reader.feed(piece)

    def read(self) -> bytes:
        """Everything that is still to come; `content`, `text` and `json()` then have it."""
        self.content += b"".join(self.iter_bytes())
        return self.content

    def close(self) -> None:
        self._wire.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def begun_response(wire: Wire, method: str, url: str) -> StreamedResponse:
    """The response on a wire to which a request was sent, as soon as its head is there."""
    reader = ResponseParser(method)
    pieces: list[bytes] = []
    while reader.status == 0:
        data = wire.receive()
        if not data:
            reader.end()
        pieces += reader.feed(data)
    return StreamedResponse(url, wire, reader, pieces)
