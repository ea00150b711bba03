"""The table of section 10: declared item type, else the first item, to content type and octets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import pytest

from pelton import ResponseTypeError, ResponseValidationError, json
from pelton.signature.results import encoding_of_result
from pelton.streaming.item_encoding import ItemEncoding, declared_item, encoding_as, encoding_declared, encoding_of
from pelton.streaming.sse import SseEvent

T = TypeVar("T")
EVENT = SseEvent("a", "e")


def dumps(value: Any) -> bytes:
    return json.dumps(value, default=str)


def written(encoding: ItemEncoding, *items: Any) -> tuple[str, list[bytes]]:
    return encoding.content_type, [encoding.encode(item) for item in items]


@pytest.mark.parametrize(
    ("annotation", "item"),
    [
        (AsyncIterator[SseEvent], SseEvent),
        (Iterator[bytes], bytes),
        (Iterable[str], str),
        (AsyncIterable[dict[str, int]], dict[str, int]),
        (Generator[int, None, str], int),
        (AsyncGenerator[Annotated[str, 1], None], str),
        (Annotated[Iterator[int], 1], int),
        (Iterator[SseEvent | str], SseEvent | str),
        (Iterator[Any], None),
        (Iterator[object], None),
        (Iterator[T], None),  # type: ignore[valid-type]
        (Iterator, None),
        (list[bytes], None),
        (dict[str, int], None),
        (bytes, None),
        (None, None),
    ],
)
def test_declared_items(annotation: Any, item: Any) -> None:
    assert declared_item(annotation) == item


# Items, the route's media type, content type, octets of each item.
TABLE: list[tuple[list[Any], str | None, str, list[bytes]]] = [
    ([EVENT], None, "text/event-stream", [b"event: e\ndata: a\n\n"]),
    ([EVENT, "x\ny", {"n": 1}], "text/plain", "text/event-stream", [b"event: e\ndata: a\n\n", b"data: x\ndata: y\n\n", b'data: {"n":1}\n\n']),
    ([b"a", bytearray(b"b"), memoryview(b"c"), b""], None, "application/octet-stream", [b"a", b"b", b"c", b""]),
    ([b"a"], "image/png", "image/png", [b"a"]),
    ([b"a"], "text/csv", "text/csv", [b"a"]),
    (["é", "b"], "text/plain", "text/plain; charset=utf-8", ["é".encode(), b"b"]),
    (["a"], "text/csv; charset=UTF-8", "text/csv; charset=UTF-8", [b"a"]),
    (["é"], None, "application/x-ndjson", ['"é"\n'.encode()]),
    ([{"n": 1}, [2], None, 3, "x"], None, "application/x-ndjson", [b'{"n":1}\n', b"[2]\n", b"null\n", b"3\n", b'"x"\n']),
    ([{"n": 1j}], None, "application/x-ndjson", [b'{"n":"1j"}\n']),
    ([1], "image/png", "application/x-ndjson", [b"1\n"]),
    ([1], "application/json", "application/x-ndjson", [b"1\n"]),
    ([1, "a"], "application/jsonl", "application/jsonl", [b"1\n", b'"a"\n']),
]


@pytest.mark.parametrize(("items", "media_type", "content_type", "octets"), TABLE)
def test_by_the_first_item(items: list[Any], media_type: str | None, content_type: str, octets: list[bytes]) -> None:
    assert written(encoding_of(items[0], media_type, dumps), *items) == (content_type, octets)


@pytest.mark.parametrize(("items", "media_type", "content_type", "octets"), TABLE)
def test_by_the_declared_type(items: list[Any], media_type: str | None, content_type: str, octets: list[bytes]) -> None:
    encoding = encoding_declared(type(items[0]), media_type, dumps)
    assert written(encoding, *items) == (content_type, octets)
    assert encoding.is_events is (content_type == "text/event-stream")


def test_a_declared_type_wins_over_the_first_item() -> None:
    assert written(encoding_declared(SseEvent, None, dumps), "a") == ("text/event-stream", [b"data: a\n\n"])
    assert encoding_declared(SseEvent | str, None, dumps).is_events
    assert encoding_declared(bytes | memoryview, None, dumps).content_type == "application/octet-stream"
    assert encoding_declared(str | int, None, dumps).content_type == "application/x-ndjson"
    assert encoding_declared(dict[str, int], None, dumps).content_type == "application/x-ndjson"


def test_items_go_through_their_declared_type() -> None:
    def convert(item: Any) -> Any:
        return b'{"finished":1}' if item == "finished" else {"n": item["n"]}

    encoding = encoding_declared(dict, None, dumps, convert)
    assert written(encoding, {"n": 1, "secret": 2}, "finished")[1] == [b'{"n":1}\n', b'{"finished":1}\n']


@dataclass
class Row:
    n: int


@dataclass
class SecretRow(Row):
    secret: str = "x"


@pytest.mark.parametrize("validator", ["auto", "builtin"])
def test_of_a_return_annotation(validator: str) -> None:
    def made(annotation: Any, media_type: str | None = None) -> ItemEncoding:
        encoding = encoding_of_result(annotation, media_type, dumps, validator)
        assert encoding is not None
        return encoding

    rows = made(AsyncIterator[Row])
    assert written(rows, Row(1), SecretRow(2), {"n": 3, "secret": 4}) == (
        "application/x-ndjson",
        [b'{"n":1}\n', b'{"n":2}\n', b'{"n":3}\n'],
    )
    with pytest.raises(ResponseValidationError):
        rows.encode({"secret": 4})
    assert written(made(Iterator[dict[str, int]]), {"n": 1}) == ("application/x-ndjson", [b'{"n":1}\n'])
    assert written(made(Iterator[str]), "a") == ("application/x-ndjson", [b'"a"\n'])
    assert written(made(Iterator[str], "text/plain"), "a") == ("text/plain; charset=utf-8", [b"a"])
    assert made(Iterator[bytes], "image/png").content_type == "image/png"
    assert made(Iterator[SseEvent]).is_events and made(Iterator[SseEvent | str]).is_events
    for open_ in (Iterator[Any], list[int], dict[str, int], None, Row):
        assert encoding_of_result(open_, None, dumps, validator) is None


@pytest.mark.parametrize(
    ("first", "media_type", "later", "says"),
    [
        (b"a", None, "b", "a stream of bytes yielded a str"),
        (b"a", None, EVENT, "a stream of bytes yielded a SseEvent"),
        ("a", "text/plain", b"b", "a stream of str yielded a bytes"),
        ("a", "text/plain", 1, "a stream of str yielded a int"),
        (1, None, b"b", "a stream of JSON values yielded a bytes"),
        (1, None, EVENT, "a stream of JSON values yielded a SseEvent"),
    ],
)
def test_a_later_item_of_another_kind(first: Any, media_type: str | None, later: Any, says: str) -> None:
    for encoding in (encoding_of(first, media_type, dumps), encoding_declared(type(first), media_type, dumps)):
        encoding.encode(first)
        with pytest.raises(ResponseTypeError, match=says):
            encoding.encode(later)


@pytest.mark.parametrize("first", [{"n": 1}, 1, None])
def test_json_values_are_no_text(first: Any) -> None:
    with pytest.raises(ResponseTypeError, match="on a text/plain route"):
        encoding_of(first, "text/plain", dumps)
    with pytest.raises(ResponseTypeError, match="on a text/plain route"):
        encoding_declared(dict[str, int], "text/plain", dumps)


@pytest.mark.parametrize(
    ("content_type", "items", "shown", "octets"),
    [
        ("text/event-stream", ["a", {"n": 1}, EVENT], "text/event-stream", [b"data: a\n\n", b'data: {"n":1}\n\n', b"event: e\ndata: a\n\n"]),
        ("application/octet-stream", [b"a"], "application/octet-stream", [b"a"]),
        ("application/octet-stream", ["é"], "application/octet-stream", ["é".encode()]),
        ("text/csv", ["a", "b"], "text/csv; charset=utf-8", [b"a", b"b"]),
        ("text/csv", [b"a"], "text/csv", [b"a"]),
        ("application/json", ["[1,", "2]"], "application/json", [b"[1,", b"2]"]),
        ("application/x-ndjson; charset=utf-8", [{"n": 1}, "a"], "application/x-ndjson; charset=utf-8", [b'{"n":1}\n', b'"a"\n']),
        ("application/x-ndjson", [b"1\n"], "application/x-ndjson", [b"1\n"]),
    ],
)
def test_by_a_settled_content_type(content_type: str, items: list[Any], shown: str, octets: list[bytes]) -> None:
    assert written(encoding_as(content_type, items[0], dumps), *items) == (shown, octets)


def test_a_settled_content_type_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(ResponseTypeError, match="a stream of str yielded a dict"):
        encoding_as("application/octet-stream", {}, dumps).encode({})
