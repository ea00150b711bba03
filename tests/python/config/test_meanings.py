"""The meaning of a setting is the docstring below its field."""

from __future__ import annotations

import ast

import pytest

from pelton.config.meanings import first_sentence, meanings, meanings_in
from pelton.config.settings import SETTINGS


def test_every_setting_says_what_it_means() -> None:
    assert meanings().keys() == SETTINGS.keys() and all(first_sentence(one) for one in meanings().values())


def test_what_stands_below_a_field() -> None:
    module = ast.parse('x = 1\nclass A:\n    a: int = _setting("one")\n    """Says a."""\n    b: int = _setting("two")\n    c = 3\n')
    assert meanings_in(module) == {"one": "Says a."}


@pytest.mark.parametrize(("text", "first"), [("One. Two.", "One"), ("`a` of\n  b; c.", "a of b; c"), ("1.5 s of it.", "1.5 s of it")])
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first
