"""Values beyond JSON's own types, as values and as keys."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest

from pelton import json


class Text(str):
    pass


class Number(int):
    def __repr__(self) -> str:
        return "not a number"


class Real(float):
    pass


class Items(list[Any]):
    pass


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    SMALL = 1


class Name(str, enum.Enum):
    ADA = "ada"


Pair = collections.namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, 2), "[1,2]"),
        ((), "[]"),
        (Pair(1, "x"), '[1,"x"]'),
        ({7}, "[7]"),
        (frozenset({7}), "[7]"),
        (set(), "[]"),
        (Text('a"é'), '"a\\"é"'),
        (Text(""), '""'),
        (Number(5), "5"),
        (Number(2**70), str(2**70)),
        (Real(1.5), "1.5"),
        (Real("nan"), "null"),
        (Items([1, Items()]), "[1,[]]"),
        (collections.OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
        (collections.defaultdict(int, a=1), '{"a":1}'),
        (collections.Counter("aa"), '{"a":2}'),
        (Decimal("1.50"), '"1.50"'),
        (Decimal("1E+400"), '"1E+400"'),
        (Decimal("NaN"), '"NaN"'),
        (uuid.UUID(int=0xFEDC), '"00000000-0000-0000-0000-00000000fedc"'),
        (Colour.RED, '"red"'),
        (Size.SMALL, "1"),
        (Name.ADA, '"ada"'),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert json.dumps(value).decode() == text
    assert json.dumps([{"a": value}]).decode() == f'[{{"a":{text}}}]'


def test_the_order_of_an_ordered_dict_is_its_own() -> None:
    value = collections.OrderedDict(a=1, b=2)
    value.move_to_end("a")
    assert json.dumps(value) == b'{"b":2,"a":1}'


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (1, "1"),
        (2**70, str(2**70)),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (Text("x"), "x"),
        (Colour.RED, "red"),
        (Size.SMALL, "1"),
        (Name.ADA, "ada"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc), "2024-01-02T00:00:00Z"),
    ],
)
def test_keys(key: Any, text: str) -> None:
    assert json.dumps({"a": 0, key: [1], "b": 2}).decode() == f'{{"a":0,"{text}":[1],"b":2}}'


@pytest.mark.parametrize("key", [(1, 2), b"x", object(), frozenset()])
def test_other_keys_are_refused(key: Any) -> None:
    with pytest.raises(json.JSONEncodeError):
        json.dumps({key: 1}, default=str)


def test_equal_texts_are_not_merged() -> None:
    assert json.dumps({1: "a", "1": "b"}) == b'{"1":"a","1":"b"}'


def test_json_default_is_asked_for_the_rest_and_asked_again() -> None:
    class Wrapped:
        def __init__(self, value: Any) -> None:
            self.value = value

    nested = Wrapped(Wrapped([Wrapped(1), b"x"]))
    unwrap = lambda v: v.decode() if isinstance(v, bytes) else v.value  # noqa: E731
    assert json.dumps({"a": nested}, default=unwrap) == b'{"a":[1,"x"]}'
    with pytest.raises(json.JSONEncodeError):
        json.dumps(nested)
    with pytest.raises(json.JSONEncodeError):
        json.dumps(nested, default=lambda value: value)
    with pytest.raises(json.JSONEncodeError):
        json.dumps(nested, default=lambda value: [value])


@dataclasses.dataclass
class Plain:
    b: int
    a: list[Any]
    _hidden: int = 3
    shared: dataclasses.InitVar[int] = 0


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int
    y: Any = dataclasses.field(init=False)


class Child(Plain):
    pass


def test_dataclasses_give_their_declared_fields_in_order() -> None:
    value = Plain(1, [Plain(2, [])])
    value.extra = 5  # type: ignore[attr-defined]
    assert json.dumps(value) == b'{"b":1,"a":[{"b":2,"a":[],"_hidden":3}],"_hidden":3}'
    assert json.dumps(Child(1, [])) == b'{"b":1,"a":[],"_hidden":3}'
    with pytest.raises(json.JSONEncodeError):
        json.dumps(Slotted(1))
    with pytest.raises(json.JSONEncodeError):
        json.dumps(Plain)


def test_msgspec_and_pydantic_use_their_own_engines() -> None:
    msgspec = pytest.importorskip("msgspec")
    pydantic = pytest.importorskip("pydantic")
    point = msgspec.defstruct("Point", [("x", int), ("y", Any)], rename={"x": "ex"})
    named = pydantic.Field(alias="N")
    model = pydantic.create_model("Model", when=(dt.timedelta, ...), n=(float, named))
    value = model(when=dt.timedelta(seconds=90), N=1)
    written = json.dumps({"s": [point(1, None)], "m": value, "after": 1})
    assert written == b'{"s":[{"ex":1,"y":null}],"m":{"when":"PT1M30S","N":1.0},"after":1}'
    assert json.dumps(point(1, object()), default=lambda _: "hook") == b'{"ex":1,"y":"hook"}'
