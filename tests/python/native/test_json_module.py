"""The two functions as functions: names, arguments, documentation."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest

from pelton import _native, json


def test_they_are_the_native_ones_and_say_where_they_live() -> None:
    assert json.dumps is _native.json_dumps and json.loads is _native.json_loads
    assert json.dumps.__module__ == "pelton.json" and json.dumps.__name__ == "dumps"
    assert list(inspect.signature(json.dumps).parameters) == ["obj", "default", "nan"]
    assert "RFC 8259" in str(json.loads.__doc__)
    assert json.JSONDecodeError.__module__ == json.JSONEncodeError.__module__ == "pelton.json"
    assert type(pickle.loads(pickle.dumps(json.JSONEncodeError("x")))) is json.JSONEncodeError


def test_arguments_by_name() -> None:
    assert json.dumps(obj=[1], default=None, nan="null") == b"[1]"
    assert json.loads(data=b"[1]") == [1]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((), {}),
        ((1, 2), {}),
        ((1,), {"indent": 2}),
        ((1,), {"obj": 2}),
        ((1,), {"nan": "zero"}),
        ((1,), {"nan": None}),
    ],
)
def test_wrong_arguments_of_dumps(arguments: tuple[Any, ...], names: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        json.dumps(*arguments, **names)


@pytest.mark.parametrize(
    "names",
    [{"duplicate_keys": "first"}, {"depth_max": -1}, {"depth_max": "1"}, {"number_bytes_max": 2**31}],
)
def test_wrong_arguments_of_loads(names: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        _native.json_loads(b"1", **names)
