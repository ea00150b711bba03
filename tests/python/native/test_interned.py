"""Strings that requests hand out are made once."""

from __future__ import annotations

import sys

from native_wire import value_of


def test_known_texts_are_the_interned_ones() -> None:
    for name, text in (("method", "GET"), ("http_version", "1.1"), ("scheme", "http")):
        assert value_of(lambda request, n=name: getattr(request, n)) is sys.intern(text)


def test_no_body_is_the_empty_bytes() -> None:
    assert value_of(lambda request: request.body()) is b""  # noqa: F632
