"""Results to responses: exact types, Responses, tuples; what fails leaves nothing behind."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import gc
import sys
import uuid
from typing import Any

import pytest
from native_wire import Answer, Recorder, Wire
from pelton.messages.response import Response


def answered(value: Any, recorder: Recorder | None = None, method: str = "GET", **plan: Any) -> Answer:
    return Wire(recorder).add(lambda request: value, methods=("GET",), **plan).ask(method=method)


class Text(str):
    pass


class Point(collections.namedtuple("Point", "x y")):
    pass


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Item:
    name: str


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({"a": 1}, b'{"a":1}'),
        ([], b"[]"),
        ("é", '"é"'.encode()),
        (Text("x"), b'"x"'),
        (1, b"1"),
        (2**70, str(2**70).encode()),
        (1.5, b"1.5"),
        (True, b"true"),
        (None, b"null"),
        (collections.OrderedDict(a=1), b'{"a":1}'),
        ({1}, b"[1]"),
        (Point(1, 2), b"[1,2]"),
        (Colour.RED, b'"red"'),
        (Item("cup"), b'{"name":"cup"}'),
        (datetime.date(2020, 1, 2), b'"2020-01-02"'),
        (uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
    ],
)
def test_json(value: Any, body: bytes) -> None:
    answer = answered(value)
    assert (answer.status, answer.field("content-type"), answer.body) == (200, "application/json", body)


@pytest.mark.parametrize("value", [b"x\0", bytearray(b"x\0"), memoryview(b"x\0")])
def test_octets(value: Any) -> None:
    answer = answered(value)
    assert (answer.field("content-type"), answer.body) == ("application/octet-stream", b"x\0")


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("value", [None, {"a": 1}, "x", b"x", ("x", 204), (None, 304)])
def test_RSP_001_what_has_no_body_has_no_type(status: int, value: Any) -> None:
    answer = answered(value, status=status)
    assert answer.status in (204, 304) and answer.field("content-type") is None and answer.body == b""
    assert answer.field("content-length") is None and answer.rest == b""


def test_a_response_as_it_is() -> None:
    response = Response(b"body", 418, {"X-A": "1", "Content-Type": "a/b"})
    for status in (200, 204):
        answer = answered(response, status=status, media_type="text/html")
        assert (answer.status, answer.body) == (418, b"body")
        assert [f for f in answer.fields if f[0] in ("X-A", "Content-Type")] == [("X-A", "1"), ("Content-Type", "a/b")]

    class Special(Response):
        __slots__ = ()

    assert answered(Special("x", 201)).status == 201


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 200])
def test_every_number_of_fields(count: int) -> None:
    response = Response(b"", 200)
    for n in range(count):
        response.add_header(f"X-{n}", str(n))
    fields = [field for field in answered(response).fields if field[0].startswith("X-")]
    assert fields == [(f"X-{n}", str(n)) for n in range(count)]


def test_tuples() -> None:
    answer = answered(({"a": 1}, 201))
    assert (answer.status, answer.body, answer.field("content-type")) == (201, b'{"a":1}', "application/json")
    answer = answered(("x", 202, {"X-A": "1", "x-b": "2"}), media_type="text/plain")
    assert (answer.status, answer.body, answer.field("X-A"), answer.field("x-b")) == (202, b"x", "1", "2")
    answer = answered((None, 404))
    assert (answer.status, answer.body, answer.field("content-type")) == (404, b"", None)
    answer = answered(({}, 200, {"content-TYPE": "application/x"}))
    assert [value for name, value in answer.fields if name.lower() == "content-type"] == ["application/x"]
    for headers in ([("X-A", "1"), ["X-A", "2"]], iter([("X-A", "1"), ("X-A", "2")])):
        answer = answered(({}, 200, headers))
        assert [value for name, value in answer.fields if name == "X-A"] == ["1", "2"]
    assert answered(({}, 200, collections.UserDict({"X-A": "\xe9"}))).field("X-A") == "\xe9"


@pytest.mark.parametrize(
    "value",
    [(), (1,), (1, 2, 3, 4), ("x", "y"), ("x", True), ("x", 199), ("x", 600), ("x", 10**30), ((1, 2), 200), (Response(), 200)],
)
def test_other_tuples_are_for_python_to_judge(value: Any) -> None:
    assert answered(value).body == b"TypeError: unsendable tuple"


@pytest.mark.parametrize(
    "headers", [{"X-A": 1}, {1: "x"}, {"X": "\u20ac"}, [("X",)], [5], 5, "ab", {"X A": "1"}, {"X": "a\r\nb: c"}, {"X": "\x7f"}]
)
def test_bad_headers_of_a_tuple(headers: Any) -> None:
    """RSP-014: refused before the first octet, whatever the road."""
    answer = answered(({"a": 1}, 200, headers))
    assert answer.status == 500 and answer.body.startswith((b"TypeError", b"ValueError"))


def test_the_unknown_is_converted() -> None:
    class Odd:
        pass

    assert answered(Odd()).body == b"TypeError: unsendable Odd"

    class Converting(Recorder):
        def convert_result(self, value: Any, info: Any) -> Any:
            return Response(info, 203) if isinstance(value, Odd) else [str(value)]

    assert (made := answered(Odd(), Converting())).status == 203 and made.body == b"/"
    # JSON on a text route is not sent as it is.
    assert answered({"a": 1}, Converting(), media_type="text/plain").json == ["{'a': 1}"]
    assert answered(1, media_type="text/plain").body == b"TypeError: unsendable int"


def test_declared_types() -> None:
    def encode(value: Any) -> Any:
        return [value] if value != "bytes" else b'{"raw":1}'

    assert answered("x", encode=encode).json == ["x"]
    assert answered("bytes", encode=encode).json == {"raw": 1}
    assert answered(("x", 201), encode=encode).json == ["x"]
    assert answered((None, 404), encode=encode).body == b""
    assert answered("x", encode=encode, encode_unless=str).json == "x"
    assert answered(("x", 200), encode=encode, encode_unless=str).json == "x"
    assert answered(Text("x"), encode=encode, encode_unless=str).json == ["x"]
    assert answered(None, encode=encode).json == [None]
    assert answered(None, encode=encode, status=204).body == b""
    assert answered(Response("r"), encode=encode).body == b"r"

    def fails(value: Any) -> Any:
        raise ValueError("no field")

    assert answered({}, encode=fails).body == b"ValueError: no field"


def test_what_fails_half_way_leaves_nothing() -> None:
    answer = answered({"a": "x" * 100_000, "b": object()})
    assert answer.status == 500 and answer.body.startswith(b"JSONEncodeError") and answer.rest == b""
    answer = answered({"a": 1, "b": object()}, media_type="application/json")
    assert answer.status == 500 and b"$.b" in answer.body


def test_json_options() -> None:
    wire = Wire(json_default=lambda value: "made", json_nan="error")
    wire.add(lambda request: {"a": object()}, path="/d").add(lambda request: [float("nan")], path="/n")
    assert wire.ask("/d").json == {"a": "made"} and wire.ask("/n").status == 500
    assert Wire().add(lambda request: [float("nan")]).ask().body == b"[null]"


def test_faults_of_a_response() -> None:
    for status in (0, 100, 199, 600, 1000, -5, 10**30):
        response = Response("x")
        response._status = status
        assert answered(response).status == (200 if status == 0 else 500)
    response = Response("x", headers={"Content-Length": "5"})
    assert answered(response).body.startswith(b"ValueError")
    response = Response("x")
    response._fields = [(b"X", b"a\r\nb")]
    assert answered(response).body.startswith(b"ValueError")
    for fields in ([(b"a",)], [("a", "b")], ["ab"], (), None):
        response._fields = fields  # type: ignore[assignment]
        assert answered(response).body.startswith(b"TypeError")
    assert answered(Response.__new__(Response)).body.startswith(b"TypeError")


def test_head_has_the_head_of_get() -> None:
    """RSP-003."""
    for value in ({"a": 1}, "x", b"abc", Response("r"), None, ("x", 201)):
        get, head = answered(value), answered(value, method="HEAD")
        assert head.status == get.status and head.rest == b"" and head.body == b""
        assert head.field("content-length") == get.field("content-length") == str(len(get.body))


def test_counts_stay_flat() -> None:
    sentinel: list[Any] = []
    shared = Response("x", headers={"X-A": "1"})
    values: list[Any] = [
        {"a": sentinel},
        [sentinel],
        shared,
        ("x", 201, {"X-A": "1"}),
        (sentinel, 200, [("X-A", "1")]),
        ({"a": sentinel}, 200, {"X A": "1"}),
        {"a": [sentinel, object()]},
        (sentinel,),
        None,
        b"x",
        bytearray(b"x"),
        Item("x"),
    ]
    wire = Wire()
    for at, value in enumerate(values):
        wire.add(lambda request, v=value: v, path=f"/{at}")
    octets = b"".join(f"GET /{at} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for at in range(len(values)))

    def run(times: int) -> tuple[int, ...]:
        for _ in range(times):
            wire.exchange(octets)
            wire.recorder.errors.clear()
        gc.collect()
        held = (sentinel, shared, *values[:8])
        return (len(gc.get_objects()), *(sys.getrefcount(one) for one in held))

    run(20)
    before = run(20)
    assert run(2000) == before
