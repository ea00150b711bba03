"""Server-sent events as the HTML standard has them: written for a stream, read from one."""

from __future__ import annotations

import pelton.json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Self

__all__ = ["SseEvent", "SseStream"]

# What goes out when a stream has nothing to say: a comment, which a reader drops.
KEEP_ALIVE = b":\n\n"


class SseEvent:
    """One server-sent event.

    Args:
        data: Sent as it is if it is a `str`, else as JSON. A line break splits it into several lines.
        event: The event's type, which clients listen to; `message` to them without one.
        id: What a client that connects again sends as `Last-Event-ID`.
        retry: How many milliseconds a client waits before it connects again.
        comment: A line that clients ignore.

    Raises:
        ValueError: `event` or `id` has a line break or NUL, or `retry` is no number of milliseconds.
    """

    # With a docstring each, which help() shows.
    __slots__ = {
        "comment": "A line that clients ignore.",
        "data": "What it carries: a `str`, or a value for JSON.",
        "event": "Its type, None for `message`.",
        "id": "What a client that connects again sends as `Last-Event-ID`.",
        "retry": "How many milliseconds a client waits before it connects again.",
    }

    def __init__(
        self,
        data: Any,
        event: str | None = None,
        id: str | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment
        self._check()

    def _check(self) -> None:
        # At the making, where the mistake is; and again when written, as attributes may be set.
        if self.id is not None:
            _check_line("id", self.id)
        if self.event is not None:
            _check_line("event", self.event)
        retry = self.retry
        if retry is not None and (type(retry) is not int or retry < 0):
            raise ValueError(f"retry of an event is a whole number of milliseconds from 0, not {retry!r}")
        if self.comment is not None and not isinstance(self.comment, str):
            raise TypeError(f"comment of an event is a str, not {type(self.comment).__name__}")

    def to_sse_string(self) -> str:
        """The event as it goes on the wire, with the empty line that ends it."""
        from pelton.messages.response import JSON_ENCODER

        return event_text(self, JSON_ENCODER.get())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SseEvent):
            return all(getattr(self, name) == getattr(other, name) for name in SseEvent.__slots__)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [repr(self.data)]
        for name in ("event", "id", "retry", "comment"):
            value = getattr(self, name)
            if value is not None:
                shown.append(f"{name}={value!r}")
        return f"SseEvent({', '.join(shown)})"


def _check_line(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} of an event is a str, not {type(value).__name__}; write str(...)")
    for char in "\r\n\0":
        if char in value:
            raise ValueError(f"{name} of an event has {char!r} at {value.index(char)}: {value!r}")


def _lines(text: str) -> list[str]:
    # Not splitlines(): it also splits where a reader of events does not.
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def event_text(event: SseEvent, dumps: Callable[[Any], bytes]) -> str:
    event._check()
    text = "" if event.comment is None else "".join(f": {line}\n" for line in _lines(event.comment))
    if event.id is not None:
        text += f"id: {event.id}\n"
    if event.event is not None:
        text += f"event: {event.event}\n"
    if event.retry is not None:
        text += f"retry: {event.retry}\n"
    return text + data_text(event.data, dumps)


def data_text(data: Any, dumps: Callable[[Any], bytes]) -> str:
    """The lines that carry a value, and the end of the event."""
    if not isinstance(data, str):
        return f"data: {dumps(data).decode()}\n\n"
    if "\n" in data or "\r" in data:
        return "".join(f"data: {line}\n" for line in _lines(data)) + "\n"
    return f"data: {data}\n\n"


class SseStream:
    """A finite list of events that a handler may return."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: list[SseEvent] = []

    def add(self, event: SseEvent) -> Self:
        """Appends an event."""
        if not isinstance(event, SseEvent):
            raise TypeError(f"add() takes an SseEvent, not {type(event).__name__}; add_data() takes any value")
        self._events.append(event)
        return self

    def add_data(self, data: Any) -> Self:
        """Appends an event of this data."""
        self._events.append(SseEvent(data))
        return self

    def add_event(self, event: str, data: Any) -> Self:
        """Appends an event and returns the stream.

        Args:
            event: The event's type.
            data: Its data: a text, or a value that is sent as JSON.
        """
        self._events.append(SseEvent(data, event))
        return self

    def __iter__(self) -> Iterator[SseEvent]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)


class ReceivedEvent:
    """An event as a client sees it; `event` is "message" and `id` the last one seen unless it says."""

    __slots__ = ("data", "event", "id", "retry")

    def __init__(self, data: str, event: str, id: str, retry: int | None) -> None:
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry

    def json(self) -> Any:
        return pelton.json.loads(self.data)

    def __repr__(self) -> str:
        return f"<event {self.event!r} id={self.id!r} {self.data!r}>"


class EventReader:
    """Octets of an event stream in, cut anywhere; events out as soon as they are whole."""

    def __init__(self) -> None:
        from codecs import getincrementaldecoder

        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._begun = False
        self._after_cr = False  # a LF that comes next belongs to the line that has ended
        self._line = ""
        self._data: list[str] = []
        self._event = ""
        self._retry: int | None = None
        self.last_id = ""

    def feed(self, data: bytes) -> list[ReceivedEvent]:
        """The events that these octets complete. What is unfinished at the end of a stream is no event."""
        text = self._decoder.decode(data)
        if not text:
            return []
        if not self._begun:
            self._begun = True
            text = text.removeprefix("\ufeff")
        if self._after_cr:
            self._after_cr = False
            text = text.removeprefix("\n")
        self._after_cr = text.endswith("\r")
        first, *rest = _lines(text)
        found = []
        self._line += first
        for line in rest:
            whole, self._line = self._line, line
            event = self._take(whole)
            if event is not None:
                found.append(event)
        return found

    def _take(self, line: str) -> ReceivedEvent | None:
        if not line:
            return self._dispatched()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self.last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self._retry = int(value)
        return None

    def _dispatched(self) -> ReceivedEvent | None:
        data, event, retry = self._data, self._event, self._retry
        self._data, self._event, self._retry = [], "", None
        return ReceivedEvent("\n".join(data), event or "message", self.last_id, retry) if data else None
