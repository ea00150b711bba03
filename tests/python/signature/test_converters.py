"""The converters of path templates: one row each, and what stands in a path for a value."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from pelton import App, RegistrationError
from pelton.signature.converters import CONVERTERS, converter_of

ONE = uuid.UUID(int=1)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("int", 7, "7"), ("int", "-7", "-7"), ("int", True, None), ("int", "x", None), ("int", 1.0, None),
        ("int", 2**63 - 1, str(2**63 - 1)), ("int", 2**63, None), ("int", -(2**63), str(-(2**63))), ("int", -(2**63) - 1, None),
        ("float", 0.5, "0.5"), ("float", 1e-7, "0.0000001"), ("float", "1e3", None), ("float", float("nan"), None),
        ("uuid", ONE, str(ONE)), ("uuid", "1", None),
        ("path", "a/b", "a/b"), ("path", "a/../b", None), ("path", "", ""),
        ("str", "a b", "a b"), ("str", 5, "5"), ("str", "", None), ("str", "..", None), ("str", None, None),
        ("str", b"x", None), ("str", "a\0", None),
        ("regex([a-z]+)", "ab", "ab"), ("regex([a-z]+)", "AB", None),
    ],
)  # fmt: skip
def test_the_text_that_stands_in_a_path(name: str, value: Any, text: str | None) -> None:
    assert converter_of(name).to_text(value) == text


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("int", "7", 7), ("float", "0.5", 0.5), ("uuid", str(ONE), ONE), ("path", "a/b", "a/b"), ("str", "a", "a"), ("regex(a+)", "aa", "aa")],
)
def test_the_value_of_a_text_that_matches(name: str, text: str, value: Any) -> None:
    assert converter_of(name).by_text(text) == value


def test_a_regex_says_in_the_document_what_it_matches() -> None:
    assert converter_of("regex(a|b)").schema == {"type": "string", "pattern": "^(?:a|b)$"}


def test_the_native_half_knows_the_same_names() -> None:
    app = App()
    for name in CONVERTERS:
        template = "{a}" if name == "str" else f"{{a:{name}}}"
        app.add_route(f"/{name}/{template}", lambda request: "x", name=name)
    with pytest.raises(RegistrationError, match="converter"):
        app.add_route("/{a:date}", lambda request: "x", name="date")
