"""MutableHeaders and what may stand in a field."""

from __future__ import annotations

from collections.abc import MutableMapping

import pytest

from pelton import Headers, InvalidHeader, MutableHeaders
from pelton.messages.headers import checked_status, field, fields_of, pairs_of, with_charset


def test_reads_and_changes_by_any_case() -> None:
    headers = MutableHeaders([(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"3")])
    assert headers["x-a"] == "1" and headers.getlist("X-A") == ["1", "2"] and "b" in headers
    headers["X-a"] = "4"
    assert headers.multi_items() == [("X-a", "4"), ("B", "3")]
    headers.append("B", "5")
    assert headers.getlist("b") == ["3", "5"] and len(headers) == 2 and list(headers) == ["x-a", "b"]
    del headers["b"]
    assert headers.get("b") is None and headers.get("b", "d") == "d"
    assert headers.setdefault("c", "6") == headers.setdefault("C", "7") == "6"
    headers.update({"c": "8"})
    assert dict(headers.items()) == {"x-a": "4", "c": "8"}
    assert list(headers.keys()) == ["x-a", "c"] and list(headers.values()) == ["4", "8"]
    with pytest.raises(KeyError):
        headers["nope"]
    with pytest.raises(KeyError):
        del headers["nope"]
    assert headers == MutableHeaders([(b"x-a", b"4"), (b"c", b"8")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", "a\r\nb: c"),
        ("x", "a\nb"),
        ("x", "a\0"),
        ("x", "a\x7f"),
        ("x", "a\x01"),
        ("x", "☃"),
        ("x y", "a"),
        ("x:", "a"),
        ("", "a"),
        ("x\n", "a"),
        ("é", "a"),
    ],
)
def test_RSP_014_what_may_not_go_on_the_wire(name: str, value: str) -> None:
    with pytest.raises(InvalidHeader) as raised:
        field(name, value)
    assert repr(name) in str(raised.value) and isinstance(raised.value, ValueError)


def test_what_may() -> None:
    assert field("X-a!", "\ttab é") == (b"X-a!", "\ttab é".encode("latin-1"))
    assert fields_of([("a", "1"), ("a", "2")]) == [(b"a", b"1"), (b"a", b"2")]
    assert fields_of({"a": "1"}) == [(b"a", b"1")]
    with pytest.raises(TypeError):
        field("a", 1)  # type: ignore[arg-type]


def test_charset_and_status() -> None:
    assert with_charset("text/css") == "text/css; charset=utf-8"
    assert with_charset("text/css; charset=x") == "text/css; charset=x" and with_charset("a/b") == "a/b"
    assert checked_status(200) == 200
    for bad in (199, 600, 101):
        with pytest.raises(ValueError):
            checked_status(bad)
    with pytest.raises(TypeError):
        checked_status("200")


def test_it_is_a_mutable_mapping() -> None:
    headers = MutableHeaders([(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"3")])
    assert isinstance(headers, MutableMapping) and {**headers} == {"x-a": "1", "b": "3"}
    assert headers.get("none", default="d") == "d" and headers.keys() & {"b", "c"} == {"b"}
    assert headers.pop("X-A") == "1" and headers.pop("x-a", None) is None and headers.popitem() == ("b", "3")
    headers.update(A="1", b="2")
    headers.clear()
    assert headers.multi_items() == [] and not headers


def test_update_replaces_each_field_by_all_its_values() -> None:
    headers = MutableHeaders([(b"Set-Cookie", b"z=0"), (b"X-A", b"1"), (b"X-B", b"1")])
    other = MutableHeaders([(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-a", b"2")])
    headers.update(other, x="3")
    pairs = [("X-B", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-a", "2"), ("x", "3")]
    assert headers.multi_items() == pairs
    headers.update(headers)
    assert headers.multi_items() == pairs
    with pytest.raises(InvalidHeader):
        headers.update({"x-c": "ok", "x-d": "no\n"})
    assert "x-c" not in headers


def test_pairs_of_a_multi_dict_are_all_of_them() -> None:
    pairs = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    for given in (Headers(pairs), MutableHeaders(fields_of(pairs)), pairs, iter(pairs)):
        assert list(pairs_of(given)) == pairs
    assert list(pairs_of({"a": "1"})) == [("a", "1")]
