"""Texts to scalars and constraints, compared with pydantic 2 where it is installed."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal

import pytest

from pelton.scalars import Invalid, as_choice, as_timedelta, checker, listed
from pelton.validation.annotations import scalar_converter

pydantic = pytest.importorskip("pydantic")


class Letter(Enum):
    a = "x"
    b = "y"


class Number(IntEnum):
    one = 1


def ours(tp: Any, text: str) -> Any:
    converter = scalar_converter(tp)
    assert converter is not None
    try:
        return converter(text)
    except Invalid as error:
        return (error.kind, error.message, error.context or {})


def theirs(tp: Any, text: Any) -> Any:
    try:
        return pydantic.TypeAdapter(tp).validate_python(text)
    except pydantic.ValidationError as error:
        (found,) = error.errors(include_url=False)
        return (found["type"], found["msg"], found.get("ctx", {}))


@pytest.mark.parametrize(
    ("tp", "text"),
    [
        (int, "7"),
        (int, "+7"),
        (int, "-0"),
        (int, "x"),
        (int, ""),
        (int, "1.5"),
        (float, "1.5"),
        (float, "-1e3"),
        (float, "x"),
        (float, ""),
        (Decimal, "1.50"),
        (Decimal, "x"),
        (Decimal, "nan"),
        (bool, "TRUE"),
        (bool, "y"),
        (bool, "off"),
        (bool, "maybe"),
        (bool, ""),
        (uuid.UUID, "00000000-0000-0000-0000-00000000000A"),
        (uuid.UUID, "x"),
        (uuid.UUID, ""),
        (uuid.UUID, "1" * 33),
        (uuid.UUID, "1" * 36),
        (uuid.UUID, "é" * 23),
        (uuid.UUID, "1" * 34 + "é"),
        (uuid.UUID, "1-2-3-4"),
        (uuid.UUID, "00000000-0000-0000-00000-0000000000A"),
        (uuid.UUID, "00000000-0000-0000-0000-00000000000AA"),
        (datetime.date, "2024-02-29T10:00:00"),
        (datetime.date, "2024-02-29"),
        (datetime.date, "x"),
        (datetime.datetime, "2024-02-29T10:00:00+02:00"),
        (datetime.datetime, "x"),
        (datetime.time, "10:30:00"),
        (datetime.time, "x"),
        (Letter, "x"),
        (Letter, "z"),
        (Literal["a", "b", "c"], "b"),
        (Literal["a", "b", "c"], "d"),
        (Literal["a", "b"], "d"),
    ],
)
def test_scalars_are_read_and_refused_as_pydantic_does(tp: Any, text: str) -> None:
    assert ours(tp, text) == theirs(tp, text)


@pytest.mark.parametrize("text", [" 1", "1 ", "1_0", "0x1", "１", "1.0"])
def test_int_takes_nothing_else(text: str) -> None:
    assert ours(int, text)[0] == "int_parsing"


@pytest.mark.parametrize("digits", [4299, 4300, 4301])
def test_int_has_at_most_4300_digits(digits: int) -> None:
    made = ours(int, "1" * digits)
    assert (made[0] == "int_parsing_size") if digits > 4300 else isinstance(made, int)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999"])
def test_float_is_finite(text: str) -> None:
    assert ours(float, text)[0] == "finite_number"


@pytest.mark.parametrize("text", ["0" * 32, "{00000000-0000-0000-0000-000000000000}", "urn:uuid:0"])
def test_uuid_is_hyphenated(text: str) -> None:
    assert ours(uuid.UUID, text)[0] == "uuid_parsing"


def test_enum_and_literal_by_the_text_of_the_value() -> None:
    assert ours(Number, "1") is Number.one
    assert ours(Literal[1, True, "x"], "true") is True
    assert ours(Number, "2") == ("enum", "Input should be 1", {"expected": "1"})


def test_listed() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed([1, 2, 3])] == ["'a'", "'a' or 'b'", "1, 2 or 3"]
    assert as_choice("literal_error", {"a": 1}, ["a"])("a") == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT1M30S", 90), ("P1DT1H", 90000), ("-PT0.5S", -0.5), ("P1W", 604800), ("P", None), ("1", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(Invalid):
            as_timedelta(text)
    else:
        assert as_timedelta(text).total_seconds() == seconds


@pytest.mark.parametrize(
    ("tp", "constraints", "value"),
    [
        (int, {"gt": 1}, 1),
        (int, {"gt": 1}, 2),
        (int, {"ge": 1}, 0),
        (int, {"lt": 1}, 1),
        (int, {"le": 1}, 2),
        (float, {"gt": 1.5}, 1.0),
        (int, {"multiple_of": 2}, 3),
        (int, {"multiple_of": 2}, 4),
        (float, {"multiple_of": 0.1}, 0.3),
        (float, {"multiple_of": 0.1}, 0.35),
        (float, {"multiple_of": 0.1}, 0.1 * 10**9),
        (float, {"multiple_of": 0.1}, 0.3 + 2e-9),
        (float, {"multiple_of": 0.01}, -19.99),
        (float, {"multiple_of": 3.0}, 3e300),
        (float, {"multiple_of": 1e-300}, 1e300),
        (datetime.date, {"ge": datetime.date(2020, 1, 2)}, datetime.date(2020, 1, 2)),
        (datetime.datetime, {"ge": datetime.datetime(2020, 1, 1)}, datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
        (datetime.time, {"lt": datetime.time(1, tzinfo=datetime.UTC)}, datetime.time(0)),
        (str, {"min_length": 2}, "a"),
        (str, {"min_length": 1}, ""),
        (str, {"max_length": 1}, "ab"),
        (str, {"max_length": 2}, "abc"),
        (bytes, {"min_length": 2}, b""),
        (str, {"pattern": "^a"}, "b"),
        (str, {"pattern": "b$"}, "ab"),
        (list[int], {"min_length": 2}, [1]),
        (list[int], {"max_length": 1}, [1, 2]),
    ],
)
def test_constraints_speak_as_pydantic_does(tp: Any, constraints: dict[str, Any], value: Any) -> None:
    check = checker(constraints)
    assert check is not None
    try:
        made = check(value)
    except Invalid as error:
        made = (error.kind, error.message, error.context)
    assert made == theirs(Annotated[tp, pydantic.Field(**constraints)], value)


def test_no_constraints_no_check() -> None:
    assert checker({}) is None
