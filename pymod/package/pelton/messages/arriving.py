"""The half of Request that goes on while a handler waits: a body that arrives, a client that may leave."""

from __future__ import annotations

from pelton import _native
from pelton._native import Request
from pelton.messages.request import decoded_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

PIECE_BYTES_MAX = 64 * 1024
EVENT_ID_BYTES_MAX = 1024
_STREAMED, _COLLECTED = "pelton.streamed", "pelton.collected"


def is_disconnected(self: Request) -> bool:
    """Whether the client has ended its side, or is gone."""
    driver = self._driver
    return driver is not None and driver.disconnected


async def disconnected(self: Request) -> None:
    """Returns when the client has ended its side, is gone, or has its answer."""
    driver = self._driver
    if driver is None:
        raise RuntimeError("disconnected() is for async def handlers, while they run")
    if not driver.disconnected:
        from asyncio import shield

        await shield(driver.wait_disconnected())  # all who wait share one future


async def stream(self: Request) -> AsyncIterator[bytes]:
    """The body as it arrives, in pieces of at most 64 KiB; on ordinary routes what was buffered.

    BodyTooLarge over the limit, ClientDisconnected if it is cut short; RuntimeError for a second one.
    """
    if self.route is None or not self.route.options.get("stream_body"):
        file = self._body_file
        if file is not None:
            from os import pread

            for at in range(0, len(file), PIECE_BYTES_MAX):
                yield pread(file.fileno(), PIECE_BYTES_MAX, at)
            return
        body = self.body()
        for at in range(0, len(body), PIECE_BYTES_MAX):
            yield body[at : at + PIECE_BYTES_MAX]
        return
    driver = self._driver
    if self.context.get(_STREAMED):
        raise RuntimeError("the body has been read already; it is there once")
    self.context[_STREAMED] = True
    if driver is None:
        raise RuntimeError("stream() is for handlers, while they run")
    while True:
        data = driver.read_body()
        if data is None:
            await driver.body_arrived()
        elif not data:
            return
        else:
            yield data


async def body_async(self: Request) -> bytes:
    """The whole body; in a `stream_body` route it is collected first."""
    if self.route is None or not self.route.options.get("stream_body"):
        return self.body()
    collected = self.context.get(_COLLECTED)
    if collected is None:
        collected = b"".join([piece async for piece in stream(self)])
        self.context[_COLLECTED] = collected
    return collected


async def text_async(self: Request) -> str:
    """`text()`, awaitable; on a `stream_body` route it collects the body first."""
    return decoded_text(self, await body_async(self))


async def json_async(self: Request) -> Any:
    """`json()`, awaitable; on a `stream_body` route it collects the body first."""
    if self.route is None or not self.route.options.get("stream_body"):
        return self.json()
    from pelton.validation.models import bad_json

    try:
        return self.app._json_reading.loads(await body_async(self))
    except _native.JSONDecodeError as error:
        raise bad_json(error) from error


def _last_event_id(self: Request) -> str | None:
    """What a client that comes back has seen last."""
    value = self.headers.get("last-event-id")
    return value if value is None or len(value) <= EVENT_ID_BYTES_MAX else None


def _attach() -> None:
    for method in (is_disconnected, disconnected, stream, body_async, text_async, json_async):
        method.__qualname__ = f"Request.{method.__name__}"
        setattr(Request, method.__name__, method)
    setattr(Request, "last_event_id", property(_last_event_id))


_attach()
