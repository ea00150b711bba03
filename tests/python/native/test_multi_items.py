"""What Headers and MultiDict share: winners, order, equality."""

from __future__ import annotations

from typing import Any

import pytest
from native_wire import value_of
from pelton import _native

PAIRS = [("b", "1"), ("a", "2"), ("b", "3")]


def both() -> list[Any]:
    query = value_of(lambda request: request.query, target="/?b=1&a=2&b=3")
    return [_native.Headers(PAIRS), query]


def test_the_first_wins_in_headers_the_last_in_a_query() -> None:
    headers, query = both()
    assert (headers["b"], query["b"]) == ("1", "3")
    assert (dict(headers), dict(query)) == ({"b": "1", "a": "2"}, {"b": "3", "a": "2"})


def test_keys_keep_the_order_of_their_first_appearance() -> None:
    for one in both():
        assert list(one.keys()) == ["b", "a"] and one.multi_items() == PAIRS and len(one) == 2


def test_they_are_mappings() -> None:
    import collections.abc

    import pelton.messages.request  # which says so

    for one in both():
        assert isinstance(one, collections.abc.Mapping) and isinstance(one, pelton.messages.request.Mapping)
        assert isinstance(one.keys(), collections.abc.KeysView) and isinstance(one.items(), collections.abc.ItemsView)
        assert isinstance(one.values(), collections.abc.ValuesView) and {**one} == dict(one)
        match one:
            case {"a": found}:
                assert found == "2"
            case _:
                raise AssertionError("no mapping to a match statement")


def test_comparisons() -> None:
    headers, query = both()
    assert headers != query and query != headers
    for one in (headers, query):
        assert one == dict(one) and not one != dict(one) and one != {}
        assert one.__eq__(5) is NotImplemented
        with pytest.raises(TypeError):
            one < one


def test_case_counts_in_a_query_alone() -> None:
    assert list(_native.Headers([("A", "1"), ("a", "2")]).items()) == [("a", "1")]
    assert list(value_of(lambda request: request.query.items(), target="/?A=1&a=2")) == [("A", "1"), ("a", "2")]
