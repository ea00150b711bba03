"""URL-007: Set-Cookie lines."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pelton import Response
from pelton.messages.cookies import http_date


def line(name: str = "a", value: str = "b", **options: Any) -> str:
    response = Response()
    response.set_cookie(name, value, **options)
    return response.headers["set-cookie"]


def test_URL_007_attributes_stand_in_order() -> None:
    options: dict[str, Any] = {
        "max_age": 60,
        "expires": datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=2))),
        "domain": "example.org",
        "path": "/x",
        "secure": True,
        "same_site": "None",
        "partitioned": True,
    }
    assert line(**options) == (
        "a=b; Max-Age=60; Expires=Thu, 29 Feb 2024 10:00:00 GMT; Domain=example.org; Path=/x; Secure; "
        "HttpOnly; SameSite=None; Partitioned"
    )


def test_defaults() -> None:
    assert line() == "a=b; Path=/; HttpOnly; SameSite=Lax"
    assert line(http_only=False, same_site=None, path="") == "a=b"


@pytest.mark.parametrize("value", ["a b", "a;b", "a,b", 'a"b', "a\\b", "é", "a\nb", "\x7f"])
def test_values_outside_the_alphabet_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="percent-encode"):
        line(value=value)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "é", "a;"])
def test_names_are_tokens(name: str) -> None:
    with pytest.raises(ValueError, match="token"):
        line(name=name)


@pytest.mark.parametrize("count", [4095, 4096, 4097])
def test_name_and_value_have_at_most_4096_bytes(count: int) -> None:
    if count <= 4096:
        assert line(value="v" * (count - 1))
    else:
        with pytest.raises(ValueError, match="4096"):
            line(value="v" * (count - 1))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("__Host-a", {}),
        ("__Host-a", {"secure": False}),
        ("__Host-a", {"secure": True, "path": "/x"}),
        ("__Host-a", {"secure": True, "domain": "a.b"}),
        ("__Secure-a", {"secure": False}),
        ("a", {"same_site": "None"}),
        ("a", {"partitioned": True}),
        ("a", {"same_site": "lax"}),
        ("a", {"path": "/;x"}),
        ("a", {"domain": "a\nb"}),
    ],
)
def test_prefixes_and_same_site_demand_secure(name: str, options: Any) -> None:
    with pytest.raises(ValueError):
        line(name, **options)


def test_prefixes_that_keep_the_rules() -> None:
    assert "Secure" in line("__Host-a", secure=True) and "Secure" in line("__Secure-a", secure=True, path="/x")


def test_dates() -> None:
    assert http_date(datetime(1994, 11, 6, 8, 49, 37)) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert http_date(0).endswith(" GMT") and len(http_date(3600)) == 29
