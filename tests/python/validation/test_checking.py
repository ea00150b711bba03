"""The built-in checker: strict JSON types, pydantic's words, unions that differ in JSON."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NotRequired, Optional, TypedDict, Union

import pytest

from pelton import json
from pelton.scalars import Problems
from pelton.validation.annotations import Unfit
from pelton.validation.checking import compiled


class Colour(Enum):
    red = "r"


@dataclass
class Inner:
    n: int


@dataclass
class Outer:
    name: str
    inner: Inner
    many: list[Inner] = field(default_factory=list)
    maybe: Optional[Inner] = None


@dataclass
class Tree:
    children: list[Tree]


@dataclass
class Guarded:
    n: int

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError("n is negative")


class Typed(TypedDict):
    a: int
    b: NotRequired[str]


def judged(tp: Any, value: Any, python: bool = False) -> Any:
    try:
        return compiled(tp, python=python)(value)
    except Problems as problems:
        return [(one["type"], one["loc"]) for one in problems.entries]


@pytest.mark.parametrize(
    ("tp", "value", "seen"),
    [
        (int, 1, 1),
        (int, 2**80, 2**80),
        (int, True, [("int_type", [])]),
        (int, 1.0, [("int_type", [])]),
        (int, "1", [("int_type", [])]),
        (float, 1, 1.0),
        (float, True, [("float_type", [])]),
        (float, 10**400, [("float_type", [])]),
        (str, 1, [("string_type", [])]),
        (bool, 1, [("bool_type", [])]),
        (None, 1, [("none_required", [])]),
        (Decimal, "1.50", Decimal("1.50")),
        (Decimal, 1.5, Decimal("1.5")),
        (Decimal, True, [("decimal_type", [])]),
        (uuid.UUID, 3, [("uuid_type", [])]),
        (datetime.date, "2024-01-02", datetime.date(2024, 1, 2)),
        (datetime.date, "x", [("date_parsing", [])]),
        (datetime.date, 3, [("date_type", [])]),
        (datetime.timedelta, "PT1S", datetime.timedelta(seconds=1)),
        (Colour, "r", Colour.red),
        (Colour, "x", [("enum", [])]),
        (Literal["a", 1], 1, 1),
        (Literal["a", 1], True, [("literal_error", [])]),
        (list[int], [1, "x"], [("int_type", [1])]),
        (list[int], {}, [("list_type", [])]),
        (set[int], [1, 1], {1}),
        (frozenset[int], 3, [("frozen_set_type", [])]),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, str], [1], [("missing", [1])]),
        (tuple[int, str], [1, "a", 2], [("too_long", [])]),
        (tuple[int, ...], [1, 2], (1, 2)),
        (dict[str, int], {"a": "x"}, [("int_type", ["a"])]),
        (dict[int, int], {"1": 1}, {1: 1}),
        (dict[int, int], {"a": 1}, [("int_parsing", ["a", "[key]"])]),
        (Typed, {"a": 1, "z": 2}, {"a": 1}),
        (Typed, {"b": 1}, [("missing", ["a"]), ("string_type", ["b"])]),
        (Typed, 3, [("dict_type", [])]),
        (Inner, {"n": 1, "other": 2}, Inner(1)),
        (Inner, 3, [("dataclass_type", [])]),
        (Outer, {"name": 1, "inner": {}}, [("string_type", ["name"]), ("missing", ["inner", "n"])]),
        (Outer, {"name": "x", "inner": {"n": 1}, "maybe": None}, Outer("x", Inner(1))),
        (Tree, {"children": [{"children": []}]}, Tree([Tree([])])),
        (Guarded, {"n": -1}, [("value_error", [])]),
        (Union[int, str, None], None, None),
        (Union[int, str], "x", "x"),
        (Union[int, float], 1, 1),
        (Union[int, str], [], [("int_type", ["int"]), ("string_type", ["str"])]),
        (Any, object, object),
    ],
)
def test_json_values(tp: Any, value: Any, seen: Any) -> None:
    made = judged(tp, value)
    assert made == seen and type(made) is type(seen)


@pytest.mark.parametrize("tp", [Union[Inner, Outer], Union[str, Colour], Union[list[int], set[int]], complex, bytes])
def test_what_cannot_be_checked_is_refused_at_once(tp: Any) -> None:
    with pytest.raises(Unfit):
        compiled(tp, python=False)


def test_objects_stand_for_models_in_results() -> None:
    class Row:
        n = 5
        secret = "s"

    assert judged(Inner, Row(), python=True) == Inner(5)
    assert judged(list[Inner], (Row(),), python=True) == [Inner(5)]
    assert judged(datetime.date, datetime.date(2024, 1, 1), python=True) == datetime.date(2024, 1, 1)
    assert judged(Inner, {"n": "x"}, python=True) == [("int_type", ["n"])]


def test_too_deep_is_an_entry_not_a_crash() -> None:
    deep: Any = {"children": []}
    for _ in range(1000):
        deep = {"children": [deep]}
    assert judged(Tree, deep) == [("recursion_loop", [])]


def test_messages_are_those_of_pydantic() -> None:
    pydantic = pytest.importorskip("pydantic")
    body = b'{"name":1,"inner":3,"many":[{"n":"x"}],"maybe":[]}'
    with pytest.raises(pydantic.ValidationError) as theirs:
        pydantic.TypeAdapter(Outer).validate_json(body, strict=True)
    with pytest.raises(Problems) as ours:
        compiled(Outer, python=False)(json.loads(body))
    wanted = [{**one, "loc": list(one["loc"])} for one in theirs.value.errors(include_url=False)]
    assert ours.value.entries == wanted
