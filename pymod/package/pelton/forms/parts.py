"""The parts of a multipart body one by one, as they arrive; nothing of them is stored."""

from __future__ import annotations

from collections import deque

from pelton._native import Headers
from pelton.errors import UnsupportedMediaType
from pelton.forms.form_reading import check, limits_of, reader_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from pelton._native import Request
    from pelton.config.settings import Values

_NO_LIMIT = 2**64 - 1


class Part:
    """One part of a form that `request.parts()` gives. Its head is there; `async for chunk in part` reads its content once."""

    # With a docstring each, which help() shows.
    __slots__ = {
        "_arriving": None,
        "filename": "The last component of the name that was sent, without controls; None for a field.",
        "headers": "The header fields of the part.",
        "name": "The name of the field.",
        "raw_filename": "The name as it was sent; None for a field.",
    }

    def __init__(self, arriving: _Arriving, head: tuple[str, bool, str | None, str | None, Any]) -> None:
        self._arriving: _Arriving | None = arriving
        self.name, _, self.raw_filename, self.filename, fields = head
        self.headers = Headers(fields)

    @property
    def content_type(self) -> str | None:
        """The type that the client claims; None without."""
        return self.headers.get("content-type")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pieces of bytes, never empty; nothing once the next part has begun."""
        while self._arriving is not None:
            event = await self._arriving.next()
            if event is None:
                self._arriving = None
                return
            yield bytes(event)

    async def _skip(self) -> None:
        while self._arriving is not None:
            if await self._arriving.next() is None:
                self._arriving = None

    def __repr__(self) -> str:
        return f"<Part {self.name!r}, file {self.filename!r}>"


class _Arriving:
    """Events of the native reader, fed when there are none."""

    def __init__(self, request: Request, settings: Values) -> None:
        limits = list(limits_of(settings))
        limits[5] = _NO_LIMIT  # LIM-053 is of what is kept
        self._reader = reader_of(request, tuple(limits))
        if self._reader.kind != "multipart":
            raise UnsupportedMediaType("parts are those of multipart/form-data")
        self._pieces = request.stream()
        self._events: deque[Any] = deque()

    async def next(self) -> Any:
        """A head, a piece, or None after a part; StopAsyncIteration after the last one."""
        while not self._events:
            check(self._reader)
            try:
                piece = await anext(self._pieces)
            except StopAsyncIteration:
                self._reader.end()
                check(self._reader)
                raise
            self._events.extend(self._reader.feed(piece))
        return self._events.popleft()


async def parts(request: Request, settings: Values) -> AsyncIterator[Part]:
    """Part by part; what is not read of one is passed over. Errors are those of request.form()."""
    arriving = _Arriving(request, settings)
    while True:
        try:
            head = await arriving.next()
        except StopAsyncIteration:
            return
        part = Part(arriving, head)
        yield part
        await part._skip()
