"""Texts to scalars as the table of section 4 of the Python surface has them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from native_wire import Wire

UNFIT = object()


def converted(convert: Any, text: str, source: str = "query") -> Any:
    found: list[Any] = []
    argument: dict[str, Any] = {"source": source, "key": "a", "convert": convert}
    fields = []
    if source == "header":
        fields.append(("A", text))
    if source == "cookie":
        fields.append(("Cookie", f"a={text}"))
    if source == "path":
        argument["index"] = 0
    path = "/{a}" if source == "path" else "/"
    target = "/" + quote(text, safe="") if source == "path" else "/?a=" + quote(text, safe="")
    answer = Wire().add(found.append, [argument], path).ask(target, fields=fields)
    assert answer.status in (200, 422), answer.body
    return found[0] if answer.status == 200 else UNFIT


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        ("int", "7", 7),
        ("int", "+7", 7),
        ("int", "-007", -7),
        ("int", "9" * 18, 10**18 - 1),
        ("int", "-" + "9" * 19, -(10**19) + 1),
        ("int", "9" * 4299, 10**4299 - 1),
        ("int", "9" * 4300, 10**4300 - 1),
        ("int", "9" * 4301, UNFIT),
        ("int", "", UNFIT),
        ("int", "-", UNFIT),
        ("int", "1_0", UNFIT),
        ("int", " 1", UNFIT),
        ("int", "1.0", UNFIT),
        ("int", "٣", UNFIT),
        ("float", "1", 1.0),
        ("float", "-1.5e3", -1500.0),
        ("float", ".5", 0.5),
        ("float", "5.", 5.0),
        ("float", "1e-400", 0.0),
        ("float", "1e400", UNFIT),
        ("float", "nan", UNFIT),
        ("float", "inf", UNFIT),
        ("float", "", UNFIT),
        ("float", ".", UNFIT),
        ("float", "1e", UNFIT),
        ("float", "0x1p3", UNFIT),
        ("bool", "", UNFIT),
        ("bool", "maybe", UNFIT),
        ("bool", "truest", UNFIT),
        ("str", "", ""),
        ("str", "é€\U0001f600", "é€\U0001f600"),
        ("bytes", "é", "é".encode()),
        ("bytes", "", b""),
    ],
)
def test_of_a_query(convert: str, text: str, value: Any) -> None:
    found = converted(convert, text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("word", ["true", "1", "yes", "on", "t", "y", "TRUE", "Yes"])
def test_true(word: str) -> None:
    assert converted("bool", word) is True


@pytest.mark.parametrize("word", ["false", "0", "no", "off", "f", "n", "FALSE", "oFF"])
def test_false(word: str) -> None:
    assert converted("bool", word) is False


@pytest.mark.parametrize("source", ["path", "query", "header", "cookie"])
def test_every_source(source: str) -> None:
    assert converted("int", "12", source) == 12
    assert converted("str", "x", source) == "x"
    assert converted("int", "x", source) is UNFIT
    assert converted(lambda text: text * 2, "ab", source) == "abab"


def test_charsets() -> None:
    assert converted("str", "\xe9", "header") == converted("str", "\xe9", "cookie") == "\xe9"
    assert converted("bytes", "\xe9", "header") == b"\xe9"


def test_what_a_callable_raises_is_the_cause() -> None:
    seen: list[Any] = []

    def convert(text: str) -> Any:
        raise ValueError(text)

    def explain(request: Any, cause: Any) -> Any:
        seen.append(cause)
        raise cause

    arguments = [{"source": "query", "key": "a", "convert": convert}]
    Wire().add(seen.append, arguments, explain=explain).ask("/?a=x")
    assert isinstance(seen[0], ValueError) and str(seen[0]) == "x"
