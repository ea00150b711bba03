"""Bodies that are sent item by item: what Response.stream() and Response.sse() leave to be sent."""

from __future__ import annotations

from pelton.messages.headers import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.dependencies.closers import Closing
    from pelton.messages.response import Response
    from pelton.streaming.item_encoding import ItemEncoding

EVENTS, OCTETS = "text/event-stream", "application/octet-stream"


class Streaming:
    """The body of a streaming Response. It can be sent once.

    `encoding` is settled by the handler's declared type, `content_type` by the user; with neither the
    first item and `media_type`, the route's, decide.
    """

    __slots__ = (
        "asked", "closing", "content_length", "content_type", "encoding", "keep_alive_s", "media_type", "side", "side_yields", "stream", "taken"
    )  # fmt: skip

    def __init__(
        self,
        stream: Any,
        *,
        encoding: ItemEncoding | None = None,
        content_type: str | None = None,
        media_type: str | None = None,
        content_length: int | None = None,
        keep_alive_s: float | None = None,
    ) -> None:
        self.stream = stream
        self.encoding = encoding
        self.content_type = content_type
        self.media_type = media_type
        self.content_length = content_length
        self.keep_alive_s = keep_alive_s
        self.taken = False
        self.asked: str | None = None  # what the log names in place of the route
        self.closing: Closing | None = None  # of the dependencies, when it has been sent
        self.side: Response | None = None  # what a generator says before its first item goes with the head
        self.side_yields = False  # to the status and the fields that were returned beside the generator

    def take(self) -> Any:
        if self.taken:
            raise RuntimeError("a streaming response can be sent once; make a new one for each request")
        self.taken = True
        return self.stream


def is_stream(value: Any) -> bool:
    """Whether a handler that returns this streams: generators and iterators do, lists do not."""
    return hasattr(value, "__next__") or hasattr(value, "__anext__")


def stream_of(
    iterable: Any, content_type: str, content_length: int | None, fields: list[tuple[bytes, bytes]]
) -> Streaming:
    """The body of Response.stream(); a Content-Type among `fields` wins over `content_type`."""
    for name, value in fields:
        if name.lower() == b"content-type":
            content_type = value.decode("latin-1")
        elif name.lower() == b"content-length":
            raise ValueError("the length of a stream is told by content_length=, not by a header")
    if content_length is not None and (type(content_length) is not int or content_length < 0):
        raise ValueError(f"content_length is a number of octets from 0, not {content_length!r}")
    field("Content-Type", content_type)
    return Streaming(_iterable(iterable), content_type=content_type, content_length=content_length)


def events_of(iterable: Any, keepalive: float | None) -> Streaming:
    """The body of Response.sse(); a comment goes out after `keepalive` silent seconds, 0 for never."""
    if keepalive is not None and not 0 <= keepalive < 2**32:
        raise ValueError(f"keepalive is a number of seconds from 0, not {keepalive!r}")
    return Streaming(_iterable(iterable), content_type=EVENTS, keep_alive_s=keepalive)


def _iterable(value: Any) -> Any:
    if isinstance(value, str | bytes | bytearray | memoryview) or not (
        hasattr(value, "__iter__") or hasattr(value, "__aiter__") or is_stream(value)
    ):
        raise TypeError(f"a streaming response takes an iterable of its items, not {type(value).__name__}")
    return value
