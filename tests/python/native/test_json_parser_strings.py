"""Strings and keys of every size, width and escape, wherever blocks begin and end."""

from __future__ import annotations

import json as standard

import pytest

from pelton import json

SIZES = [*range(70), 127, 128, 129, 255, 256, 257, 1000, 4096, 5000]


@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀", "\\", '"', "\n", "\x00", "\x7f"])
@pytest.mark.parametrize("filler", ["a", "é", "漢", "😀", "\t"])
def test_one_letter_among_others(letter: str, filler: str) -> None:
    for size in SIZES:
        value = filler * size + letter + filler * (size // 2)
        for ascii_only in (True, False):
            text = standard.dumps({value: [value]}, ensure_ascii=ascii_only)
            assert json.loads(text) == {value: [value]}


def test_strings_have_the_narrowest_width() -> None:
    for text in ("a" * 40, "é" * 40, "漢" * 40, "😀" * 40, "a" * 40 + "é"):
        read = json.loads(standard.dumps(text))
        # Equal strings are equal in every way, or comparing and hashing would fail.
        assert read == text and hash(read) == hash(text)
        assert read.__sizeof__() <= text.__sizeof__() + 64


def test_keys_are_shared_between_records_and_texts() -> None:
    for key in ("name", "k" * 64, "é漢😀"):
        one = json.loads(standard.dumps([{key: 1}, {key: 2}], ensure_ascii=False))
        two = json.loads(standard.dumps({key: 3}))
        first, second = (next(iter(record)) for record in one)
        assert first is second is next(iter(two))


def test_more_keys_than_are_kept_and_keys_that_fall_on_one_slot() -> None:
    value = {f"key{i}" + "x" * (i % 70): i for i in range(20_000)}
    for _ in range(2):
        assert json.loads(json.dumps(value)) == value


def test_an_escape_cut_off_at_the_end() -> None:
    text = '"' + "\\n\\u00e9\\ud83d\\ude00\\\\" * 20 + '"'
    assert json.loads(text) == standard.loads(text)
    for end in range(1, len(text)):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text[:end])
