"""Headers: names without case, the first value, pairs in wire order."""

from __future__ import annotations

from typing import Any

import pytest
from native_wire import value_of
from pelton import _native

FIELDS = [("X-A", "1"), ("Accept", "text/html"), ("x-a", "2"), ("X-Empty", ""), ("X-Latin", "\xe9")]


def received() -> Any:
    return value_of(lambda request: request.headers, fields=FIELDS)


def test_look_up() -> None:
    headers = received()
    assert headers["X-A"] == headers["x-a"] == headers.get("X-a") == "1"
    assert headers["x-latin"] == "\xe9" and headers["x-empty"] == ""
    assert "HOST" in headers and "x-none" not in headers and 5 not in headers
    assert headers.get("x-none") is None and headers.get("x-none", 7) == 7
    assert headers.get("x-none", default=7) == 7 and headers.get(default=7, key="x-A") == "1"
    for wrong in ((), ("a", "b", "c")):
        with pytest.raises(TypeError, match="get\\(\\) takes a key and a default"):
            headers.get(*wrong)
    for names in ({"other": 1}, {"key": "a"}, {"default": 1}):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            headers.get("a", 1, **names)
    assert headers.get("\u20ac") is None and headers.getlist("\u20ac") == []
    assert headers.getlist("x-A") == headers.get_all("X-a") == ["1", "2"]
    with pytest.raises(KeyError, match="x-none"):
        headers["x-none"]


def test_as_a_mapping() -> None:
    headers = received()
    names = ["host", "x-a", "accept", "x-empty", "x-latin"]
    assert list(headers.keys()) == list(headers) == names and len(headers) == 5
    assert list(headers.values()) == ["example.org", "1", "text/html", "", "\xe9"]
    assert list(headers.items()) == list(zip(names, headers.values(), strict=True))
    assert headers.keys() & {"x-a", "x-none"} == {"x-a"} and ("x-a", "1") in headers.items()
    assert headers.multi_items() == [("Host", "example.org"), *FIELDS]
    assert dict(headers) == dict(headers.items())


def test_it_survives_the_request() -> None:
    headers = received()
    received()
    assert headers.multi_items() == [("Host", "example.org"), *FIELDS]


def test_equality_and_repr() -> None:
    one = _native.Headers([("A", "1"), ("b", "2")])
    assert one == _native.Headers([("a", "1"), ("B", "2")]) and one != _native.Headers([("b", "2"), ("a", "1")])
    assert one == {"a": "1", "b": "2"} and one != {"a": "1"} and one != "a"
    assert repr(one) == "Headers([('A', '1'), ('b', '2')])"
    with pytest.raises(TypeError):
        hash(one)


def test_made_by_hand() -> None:
    assert len(_native.Headers()) == 0 and _native.Headers(()).multi_items() == []
    assert _native.Headers([["a", "1"]]).multi_items() == [("a", "1")]
    assert _native.Headers({"ab": "1"}).multi_items() == [("ab", "1")]
    pairs = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    assert _native.Headers(_native.Headers(pairs)).multi_items() == pairs
    assert _native.Headers([("a", "x" * 100_000)])["A"] == "x" * 100_000
    for wrong in ([("a",)], [("a", 1)], [("a", "\u20ac")], 5, [5]):
        with pytest.raises(TypeError):
            _native.Headers(wrong)


def test_a_request_without_fields() -> None:
    from native_wire import Wire

    seen: list[Any] = []
    Wire().add(lambda request: seen.append(request.headers.multi_items())).exchange(b"GET / HTTP/1.0\r\n\r\n")
    assert seen == [[]]
