"""The message of JSONEncodeError ends with the path to the value."""

from __future__ import annotations

import collections
import dataclasses
from typing import Any

import pytest

from pelton import json


@dataclasses.dataclass
class Item:
    name: str
    photo: Any


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (b"", "$"),
        ({"items": [0, 1, 2, {"photo": b""}]}, "$.items[3].photo"),
        ([(1, {2: object()})], "$[0][1][2]"),
        ({"two words": object()}, "$['two words']"),
        ({"a": collections.OrderedDict(b=object())}, "$.a.b"),
        ([Item("x", b"")], "$[0].photo"),
        ({"a": {1, "x"}, "b": object()}, "$.b"),
        ({b"key": 1}, "$[b'key']"),
        ({"a": 1, "b": "\ud800"}, "$.b"),
        ([1, ["x", 2, 10**4400]], "$[1][2]"),
    ],
)
def test_paths(value: Any, path: str) -> None:
    with pytest.raises(json.JSONEncodeError) as caught:
        json.dumps(value)
    assert str(caught.value).endswith(f" at {path}")


def test_the_path_to_a_nan() -> None:
    with pytest.raises(json.JSONEncodeError, match=r"at \$\.a\[1\]$"):
        json.dumps({"a": [1.0, float("nan"), 2.0]}, nan="error")


def test_a_deleted_key_does_not_spoil_the_path() -> None:
    value = {f"k{i}": i for i in range(10)}
    for i in range(0, 10, 2):
        del value[f"k{i}"]
    value["last"] = object()  # type: ignore[assignment]
    with pytest.raises(json.JSONEncodeError, match=r"at \$\.last$"):
        json.dumps(value)


def test_what_json_default_raises_is_passed_on() -> None:
    def fail(_: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        json.dumps([object()], default=fail)


def test_the_cause_of_an_engines_refusal_is_kept() -> None:
    msgspec = pytest.importorskip("msgspec")
    holder = msgspec.defstruct("Holder", ["value"])
    with pytest.raises(json.JSONEncodeError, match=r"at \$\[0\]$") as caught:
        json.dumps([holder(object())])
    assert isinstance(caught.value.__cause__, TypeError)
