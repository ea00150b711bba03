"""What is said of a date or time that cannot be read is what pydantic says, for thousands of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from random import Random

import pytest
from pydantic import TypeAdapter, ValidationError

from pelton.scalars import date_problem, datetime_problem, time_problem

GOOD = {
    date: ("2024-02-29", "2023-12-31", "2024-01-01T10:00:00"),
    datetime: ("2024-02-29T10:20:30", "2024-02-29T10:20:30.123Z", "2024-02-29 10:20+01:30", "2024-02-29"),
    time: ("10:20", "10:20:30", "10:20:30.25", "10:20:30Z", "10:20:30+01:30"),
}


def worsened(random: Random, text: str) -> str:
    chars = list(text)
    for _ in range(random.choice((1, 1, 2, 3))):
        at, what = random.randrange(len(chars) + 1), random.random()
        if what < 0.35 and at < len(chars):
            chars[at] = random.choice("0123456789-:TZ+x é.,_ ")
        elif what < 0.6:
            chars[at:at] = random.choice("0123456789-:TZ+x .")
        elif what < 0.8 and at < len(chars):
            del chars[at]
        else:
            chars = chars[:at] or chars
    return "".join(chars)


@pytest.mark.parametrize(
    ("kind", "problem_of"), [(date, date_problem), (datetime, datetime_problem), (time, time_problem)]
)
def test_problems_are_those_of_pydantic(
    kind: type[date | time], problem_of: Callable[[str], str | None]
) -> None:
    random, adapter, compared = Random(4), TypeAdapter(kind), 0
    for _ in range(10_000):
        text = worsened(random, random.choice(GOOD[kind]))
        try:
            kind.fromisoformat(text)
            continue
        except ValueError:
            pass
        try:
            adapter.validate_python(text)
            continue  # a number, which pydantic takes for a time since 1970
        except ValidationError as error:
            told = error.errors()[0]
        if told["type"] != "date_from_datetime_inexact":
            assert (text, problem_of(text)) == (text, told["ctx"]["error"])
            compared += 1
    assert compared > 5_000


def test_a_date_with_a_time_is_no_problem_of_its_characters() -> None:
    assert date_problem("2024-01-01T10:00:00") is None
