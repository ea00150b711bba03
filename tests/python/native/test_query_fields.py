"""URL-004 and URL-006: how queries and cookies are cut and decoded."""

from __future__ import annotations

import pytest
from native_wire import value_of


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
    assert value_of(lambda request: request.query.multi_items(), target=f"/?{raw}") == pairs


@pytest.mark.parametrize(
    ("lines", "cookies"),
    [
        ([], {}),
        (["a=1; b=2"], {"a": "1", "b": "2"}),
        (["a=1;b=2 ;\tc=3"], {"a": "1", "b": "2", "c": "3"}),
        (['a="q"; b=x=y'], {"a": '"q"', "b": "x=y"}),
        (["a=1; a=2", "a=3; c=4"], {"a": "1", "c": "4"}),
        (["nothing; ; a=; =b"], {"a": "", "": "b"}),
        (["a=%20\xe9"], {"a": "%20\xe9"}),
    ],
)
def test_URL_006_cookies(lines: list[str], cookies: dict[str, str]) -> None:
    fields = [("Cookie", line) for line in lines]
    assert value_of(lambda request: request.cookies, fields=fields) == cookies
