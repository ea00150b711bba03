"""What the items of a stream are on the wire: its content type, and how an item becomes octets."""

from __future__ import annotations

from pelton.errors import ResponseTypeError
from pelton.messages.headers import with_charset
from pelton.messages.streams import EVENTS, OCTETS
from pelton.streaming.sse import SseEvent, data_text, event_text
from pelton.validation.annotations import described, is_union, origin_and_arguments, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Dumps = Callable[[Any], bytes]

LINES = "application/x-ndjson"

_STREAMS = ("AsyncGenerator", "AsyncIterable", "AsyncIterator", "Generator", "Iterable", "Iterator")


class ItemEncoding:
    """The content type of a stream and `encode(item)`, which raises for an item of another kind."""

    __slots__ = ("content_type", "encode")

    def __init__(self, content_type: str, encode: Callable[[Any], bytes]) -> None:
        self.content_type = content_type  # empty: that of the headers, if there is one
        self.encode = encode

    @property
    def is_events(self) -> bool:
        return self.content_type == EVENTS


def is_stream_type(tp: Any) -> bool:
    """Whether what is declared so is sent item by item."""
    tp = unwrapped(tp)
    origin = origin_and_arguments(tp)[0] or tp
    return getattr(origin, "__module__", None) == "collections.abc" and origin.__name__ in _STREAMS


def declared_item(annotation: Any) -> Any:
    """T of `-> AsyncIterator[T]` and its like; None for an annotation that is no stream or leaves T open."""
    arguments = origin_and_arguments(unwrapped(annotation))[1]
    if not arguments or not is_stream_type(annotation):
        return None
    from typing import Any as AnyType

    item = unwrapped(arguments[0])
    return None if item is AnyType or item is object or type(item).__name__ == "TypeVar" else item


def encoding_declared(
    item: Any, media_type: str | None, dumps: Dumps, convert: Callable[[Any], Any] | None = None
) -> ItemEncoding:
    """For items of this declared type; `convert` takes an item through that type before it is JSON."""
    if holds_events(item):
        return events(dumps)
    if all(one in (bytes, bytearray, memoryview) for one in _members(item)):
        return octets(media_type)
    if item is str and _is_text(media_type):
        return text(media_type)
    return lines(media_type, dumps, convert, described(item))


def encoding_of(first: Any, media_type: str | None, dumps: Dumps) -> ItemEncoding:
    """For a stream of which nothing is known but its first item."""
    if isinstance(first, SseEvent):
        return events(dumps)
    if isinstance(first, bytes | bytearray | memoryview):
        return octets(media_type)
    if isinstance(first, str) and _is_text(media_type):
        return text(media_type)
    return lines(media_type, dumps, None, type(first).__name__)


def encoding_as(content_type: str, first: Any, dumps: Dumps) -> ItemEncoding:
    """For a stream whose content type is settled: what the items must be follows from it.

    text/event-stream takes events, application/x-ndjson and its aliases any JSON value, every other
    type octets, or str as UTF-8.
    """
    bare = _bare(content_type)
    if bare == EVENTS:
        return events(dumps)
    if isinstance(first, bytes | bytearray | memoryview):
        return octets(content_type)
    if _is_lines(bare):
        return lines(content_type, dumps, None, type(first).__name__)
    return text(content_type)


def type_without_items(content_type: str) -> str:
    """The type that encoding_as() gives to items of text, where no item says what it is: for HEAD, and an empty stream."""
    return EVENTS if _bare(content_type) == EVENTS else with_charset(content_type)


def events(dumps: Dumps) -> ItemEncoding:
    def encode(item: Any) -> bytes:
        # SseEvent or, as users forget, what should be its data.
        return (event_text(item, dumps) if isinstance(item, SseEvent) else data_text(item, dumps)).encode()

    return ItemEncoding(EVENTS, encode)


def octets(media_type: str | None) -> ItemEncoding:
    def encode(item: Any) -> bytes:
        if type(item) is bytes:
            return item
        if isinstance(item, bytes | bytearray | memoryview):
            return bytes(item)
        raise another_kind(item, "bytes")

    return ItemEncoding(media_type or OCTETS, encode)


def text(media_type: str | None) -> ItemEncoding:
    def encode(item: Any) -> bytes:
        if isinstance(item, str):
            return item.encode()
        raise another_kind(item, "str")

    return ItemEncoding(with_charset(media_type or "text/plain"), encode)


def lines(
    media_type: str | None, dumps: Dumps, convert: Callable[[Any], Any] | None, kind: str
) -> ItemEncoding:
    if _is_text(media_type):
        raise ResponseTypeError(f"a stream of {kind} on a {media_type} route; yield str or bytes, or leave media_type out")

    def encode(item: Any) -> bytes:
        if isinstance(item, bytes | bytearray | memoryview | SseEvent):
            raise another_kind(item, "JSON values")
        if convert is not None:
            item = convert(item)
            if type(item) is bytes:
                return item + b"\n"  # finished JSON
        return dumps(item) + b"\n"

    return ItemEncoding(media_type if media_type is not None and _is_lines(_bare(media_type)) else LINES, encode)


def another_kind(item: Any, kind: str) -> ResponseTypeError:
    return ResponseTypeError(f"a stream of {kind} yielded a {type(item).__name__}; all items of a stream are of one kind")


def _members(item: Any) -> list[Any]:
    origin, arguments = origin_and_arguments(item)
    return [unwrapped(one) for one in arguments] if is_union(origin) else [item]


def holds_events(item: Any) -> bool:
    return any(isinstance(one, type) and issubclass(one, SseEvent) for one in _members(item))


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_text(media_type: str | None) -> bool:
    return media_type is not None and media_type.lower().startswith("text/")


def _is_lines(bare: str) -> bool:
    return bare.endswith(("ndjson", "jsonl", "jsonlines"))
