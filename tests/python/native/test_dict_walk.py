"""Dictionaries of every layout are written as Python iterates over them."""

from __future__ import annotations

import json as standard
from typing import Any

import pytest

from pelton import json


def expect(value: dict[Any, Any]) -> None:
    assert json.dumps(value).decode() == standard.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("size", [0, 1, 5, 6, 10, 11, 127, 128, 200, 1000, 70_000])
@pytest.mark.parametrize("key", [str, int, lambda i: i if i % 2 else str(i)])
def test_sizes_kinds_of_keys_and_holes(size: int, key: Any) -> None:
    value = {key(i): i for i in range(size)}
    expect(value)
    for i in range(0, size, 3):
        del value[key(i)]
    expect(value)
    value["new"] = 1
    expect(value)
    value.clear()
    expect(value)


def test_the_dictionaries_of_instances() -> None:
    class Thing:
        def __init__(self, count: int) -> None:
            for name in "abcdefgh"[:count]:
                setattr(self, name, count)

    things = [Thing(count) for count in (8, 3, 5)]
    for thing in things:
        expect(vars(thing))
    del things[0].b  # type: ignore[attr-defined]
    things[1].z = 1  # type: ignore[attr-defined]
    for thing in things:
        expect(vars(thing))
    expect(dict(vars(things[2])))
    expect({**vars(things[0]), "more": 1})
