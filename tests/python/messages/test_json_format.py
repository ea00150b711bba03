"""How an application reads JSON, and that its check agrees with its reader."""

from __future__ import annotations

import random

import pytest

from pelton.config.settings import defaults
from pelton.json import JSONDecodeError, dumps
from pelton.messages.json_format import JsonFormat

SEEDS = range(40)
PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud800", b"\\udc00", b"\\n", b"e", b"E", b".", b"-", b"+", b"0", b"1",
    b"9" * 30, b"true", b"null", b"NaN", b" ", b"\n", b"\0", b"\x7f", b"\x01", b"\xc3", b"\xa9", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
    b"1e400", b"1e-400", b"[" * 20, b"]" * 20,
]  # fmt: skip


def reading(depth: int = 16, number: int = 25, **options: str) -> JsonFormat:
    made = JsonFormat(**options)  # type: ignore[arg-type]
    made.take_limits({**defaults(), "limit_json_depth": depth, "limit_json_number": number})
    return made


def judged(one: JsonFormat, data: bytes) -> tuple[str, int] | None:
    try:
        one.loads(data)
    except JSONDecodeError as error:
        return (error.reason, error.pos)
    return None


def checked(one: JsonFormat, data: bytes) -> tuple[str, int] | None:
    try:
        one.check(data)
    except JSONDecodeError as error:
        return (error.reason, error.pos)
    return None


def document(chance: random.Random, depth: int = 0) -> object:
    kind = chance.randrange(9 if depth < 20 else 6)
    if kind < 6:
        text = "".join(chance.choices('ab\u00e9\u20ac\U0001f600"\\/\n\t', k=chance.randrange(24)))
        return [chance.randrange(-(10**30), 10**30), chance.random() * 1e6, text, True, None, chance.randrange(99)][kind]
    if kind == 8:
        return {f"k{n}{chance.randrange(3)}": document(chance, depth + 1) for n in range(chance.randrange(4))}
    return [document(chance, depth + 1) for _ in range(chance.randrange(4))]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_check_refuses_what_the_reader_refuses_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    ways = [reading(), reading(3, 4), reading(1024, 4300), reading(duplicate_keys="reject")]
    outcomes = set()
    for _ in range(150):
        data = dumps(document(chance))
        for _ in range(chance.randrange(4)):
            at, end = sorted(chance.choices(range(len(data) + 1), k=2))
            data = data[:at] + chance.choice(PIECES) + data[chance.choice([at, end]) :]
        for way in ways:
            told = judged(way, data)
            assert checked(way, data) == told, data
            outcomes.add(told is None)
    assert outcomes == {True, False}


def test_without_a_server_the_limits_are_the_defaults() -> None:
    one = JsonFormat()
    assert one.loads(b"[" * 1024 + b"]" * 1024) and judged(one, b"[" * 1025 + b"]" * 1025) == ("json_depth", 1024)
    assert judged(one, b"1" * 4300) is None and judged(one, b"1" * 4301) == ("json_number", 0)
    assert (defaults()["limit_json_depth"], defaults()["limit_json_number"]) == (1024, 4300)


def test_text_is_read_too() -> None:
    assert reading(duplicate_keys="reject").loads('{"a":1}') == {"a": 1}
    with pytest.raises(JSONDecodeError, match="twice"):
        reading(duplicate_keys="reject").loads('{"a":1,"a":2}')
