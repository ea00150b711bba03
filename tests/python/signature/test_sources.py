"""Texts from path, query, header and cookie on the slower road."""

from __future__ import annotations

from typing import Any

import pytest

from pelton.scalars import Invalid, Problems, checker
from pelton.signature.sources import absent, default_of, limited, path_source, set_default, text_source
from pelton.validation.annotations import Unfit
from pelton.validation.markers import Cookie, Header, Query
from pelton.validation.parameters import EMPTY, Parameter


def parameter(name: str, default: Any = EMPTY) -> Parameter:
    return Parameter(name, EMPTY, default, True, False)


def test_defaults() -> None:
    assert default_of(parameter("a", 3), Query(4)) == (3, None)
    assert default_of(parameter("a"), Query(4)) == (4, None)
    assert default_of(parameter("a"), Query(default_factory=list)) == (EMPTY, list)
    assert default_of(parameter("a", Query(5)), Query(5)) == (5, None)
    assert default_of(parameter("a"), None) == (EMPTY, None)


def test_what_is_absent() -> None:
    mutable: list[int] = []
    assert absent(mutable, None, []) == [] and absent(mutable, None, []) is not mutable
    assert absent(EMPTY, lambda: 7, []) == 7
    with pytest.raises(Problems) as raised:
        absent(EMPTY, None, ["query", "a"])
    assert raised.value.entries[0]["type"] == "missing"


def test_scalars_are_left_to_the_native_half() -> None:
    assert text_source("p", "query", parameter("n", 1), int, None).argument == {
        "source": "query",
        "key": "n",
        "convert": "int",
        "default": 1,
    }
    assert text_source("p", "header", parameter("x_y"), str, Header()).argument == {
        "source": "header",
        "key": "x-y",
        "convert": "str",
    }
    assert path_source("p", [("a", "str"), ("b", "int")], "b", int, {}).argument == {
        "source": "path",
        "index": 1,
        "convert": "as_matched",
    }


def test_constraints_and_collections_are_not() -> None:
    assert callable(text_source("p", "query", parameter("n"), int, Query(ge=1)).argument["convert"])
    assert text_source("p", "query", parameter("n"), list[int], None).argument["source"] == "resolver"
    with pytest.raises(Unfit):
        text_source("p", "cookie", parameter("n"), list[int], Cookie())


def test_mutable_defaults_are_marked() -> None:
    argument: Any = {}
    set_default(argument, [1])
    assert argument == {"default": [1], "copy_default": True}


def test_limited_shows_a_set_as_a_list() -> None:
    check = checker({"min_length": 2})
    assert check is not None
    with pytest.raises(Problems) as raised:
        limited(check, {1}, ["query", "a"])
    assert raised.value.entries[0]["input"] == [1]
    with pytest.raises(Invalid):
        check({1})
