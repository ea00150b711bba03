"""Strings: every size, every width, what must be escaped and what cannot be written."""

from __future__ import annotations

import json as standard

import pytest

from pelton import json


@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀", "\\", '"', "\n", "\x00", "\x1f", "\x7f"])
@pytest.mark.parametrize("filler", ["a", "é", "漢", "😀", '"'])
def test_strings_of_every_size_and_width(letter: str, filler: str) -> None:
    for size in [*range(70), 127, 128, 129, 1023, 1024, 1025, 3000]:
        value = filler * size + letter + filler * (size // 2)
        for _ in range(2):
            assert standard.loads(json.dumps({value: value})) == {value: value}
            value.encode()  # the second time it may have its UTF-8 form kept


def test_utf8_is_written_as_it_is() -> None:
    assert json.dumps("aé漢😀\x7f/") == '"aé漢😀\x7f/"'.encode()
    assert json.dumps('\b\t\n\f\r"\\\x00\x1f') == b'"\\b\\t\\n\\f\\r\\"\\\\\\u0000\\u001f"'


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "漢\udc00", "😀\udbff", "x" * 2000 + "\ud800"])
def test_jsn_008_lone_surrogates_are_a_fault(text: str) -> None:
    for value in (text, [text], {text: 1}):
        with pytest.raises(json.JSONEncodeError):
            json.dumps(value)
