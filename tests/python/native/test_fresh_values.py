"""Values that the reader makes in place are what the interpreter itself would have made."""

from __future__ import annotations

import sys

import pytest

from pelton import json

EDGES = sorted(
    {
        sign * (2**bits + step)
        for sign in (1, -1)
        for bits in (0, 8, 14, 15, 16, 29, 30, 31, 45, 59, 60, 61, 62)
        for step in (-1, 0, 1)
    }
)


@pytest.mark.parametrize("value", EDGES)
def test_an_int_is_the_interpreters_own(value: int) -> None:
    made = json.loads(str(value))
    assert type(made) is int
    assert made == value and hash(made) == hash(value) and repr(made) == repr(value)
    assert made + 1 - 1 == value and -made == -value and made * made == value * value
    assert sys.getsizeof(made) == sys.getsizeof(int(str(value)))


def test_small_ints_are_shared() -> None:
    for value in range(-5, 257):
        assert json.loads(str(value)) is int(str(value))


@pytest.mark.parametrize("value", [0.5, -2.25, 1e300, 5e-324, 179.98765432109876])
def test_a_float_is_the_interpreters_own(value: float) -> None:
    made = json.loads(repr(value))
    assert type(made) is float
    assert made == value and hash(made) == hash(value) and repr(made) == repr(value)


@pytest.mark.parametrize("text", ["", "a", "ab", "seven77", "eight888", "x" * 100, "x" * 5000])
def test_an_ascii_string_is_the_interpreters_own(text: str) -> None:
    made = json.loads(f'"{text}"')
    assert type(made) is str and made.isascii()
    assert made == text and hash(made) == hash(text) and {made: 1}[text] == 1
    assert sys.getsizeof(made) == sys.getsizeof("".join(list(text)))
    assert made + "é" == text + "é" and made.encode() == text.encode()
    assert sys.intern(made) == text


def test_nothing_is_leaked() -> None:
    text = json.dumps([[1000 + i, -(10**12) - i, i + 0.5, f"text {i}"] for i in range(200)])
    json.loads(text)
    before = sys.getallocatedblocks()
    for _ in range(50):
        json.loads(text)
    assert abs(sys.getallocatedblocks() - before) < 100
