"""MultiDict: a decoded query; the last value of a key, all of them in order."""

from __future__ import annotations

from typing import Any

import pytest
from native_wire import value_of
from pelton import _native


def query(text: str) -> Any:
    return value_of(lambda request: request.query, target=f"/?{text}")


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        ("", []),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("=a", [("", "a")]),
        ("a=1&&b=2&", [("a", "1"), ("b", "2")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a=b=c", [("a", "b=c")]),
        ("a+b=c+d", [("a b", "c d")]),
        ("a%2Bb=%26%3D", [("a+b", "&=")]),
        ("%C3%A9=%c3%a9", [("é", "é")]),
        ("a=%FF%C3", [("a", "\ufffd\ufffd")]),
        ("a=1%0A%00", [("a", "1\n\0")]),
    ],
)
def test_URL_004_queries(raw: str, pairs: list[tuple[str, str]]) -> None:
    assert query(raw).multi_items() == pairs


def test_look_up() -> None:
    found = query("a=1&b=2&a=3&c")
    assert found["a"] == found.get("a") == "3" and found["c"] == ""
    assert found.getlist("a") == found.get_all("a") == ["1", "3"] and found.getlist("z") == []
    assert "a" in found and "z" not in found and 1 not in found
    assert found.get("z") is None and found.get("z", 5) == 5
    assert found.get("z", default=5) == 5 and found.get(key="a", default=5) == "3"
    with pytest.raises(KeyError, match="z"):
        found["z"]
    with pytest.raises(TypeError):
        found["a"] = "1"
    with pytest.raises(TypeError):
        found.get()


def test_as_a_mapping() -> None:
    found = query("a=1&b=2&a=3")
    assert list(found.keys()) == list(found) == ["a", "b"] and len(found) == 2
    assert list(found.values()) == ["3", "2"] and list(found.items()) == [("a", "3"), ("b", "2")]
    assert found.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert dict(found) == {"a": "3", "b": "2"} and len(query("")) == 0 and len(query("a=1")) == 1


def test_equality_and_repr() -> None:
    assert query("a=1&b=2") == query("a=1&b=2") and query("a=1&b=2") != query("b=2&a=1")
    assert query("a=1&a=2") == {"a": "2"} and query("a=1") != {"a": "2"} and query("a=1") != 5
    assert repr(query("a=1")) == "MultiDict([('a', '1')])"
    with pytest.raises(TypeError):
        hash(query(""))
    with pytest.raises(TypeError):
        _native.MultiDict()
