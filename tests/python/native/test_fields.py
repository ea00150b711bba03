"""RSP-014: header fields are judged where they are set."""

from __future__ import annotations

import pytest
from pelton import _native


def test_good_fields() -> None:
    assert _native.check_field("X-Name", "v\t w\xe9") == (b"X-Name", b"v\t w\xe9")
    assert _native.check_field("!#$%&'*+-.^_`|~09azAZ", "") == (b"!#$%&'*+-.^_`|~09azAZ", b"")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("", "v", "name is empty"),
        ("a b", "v", "' ' at position 1"),
        ("a:", "v", "':' at position 1"),
        ("ä", "v", "'ä' at position 0"),
        ("a\u20ac", "v", "'€' at position 1"),
        ("a", "x\r\ny", r"'\\r' at position 1"),
        ("a", "x\n", r"'\\n' at position 1"),
        ("a", "\0", r"'\\x00' at position 0"),
        ("a", "xy\x7f", r"'\\x7f' at position 2"),
        ("a", "xy\u20ac", "'€' at position 2"),
        ("a", "\U0001f600", "'\U0001f600' at position 0"),
    ],
)
def test_bad_fields_say_where(name: str, value: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _native.check_field(name, value)
