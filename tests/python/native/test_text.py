"""Octets as text: latin-1 for fields, UTF-8 with U+FFFD for what nobody has checked."""

from __future__ import annotations

from native_wire import value_of


def test_latin_1_of_every_octet() -> None:
    octets = "".join(chr(code) for code in (0x21, 0x7E, 0x80, 0xA0, 0xE9, 0xFF))
    assert value_of(lambda request: request.headers["x-a"], fields=[("X-A", octets)]) == octets


def test_utf_8_of_every_width() -> None:
    target = "/?a=" + "%41%C3%A9%E2%82%AC%F0%9F%98%80"
    assert value_of(lambda request: request.query["a"], target=target) == "Aé€\U0001f600"


def test_bad_utf_8_is_replaced() -> None:
    for raw, text in (("%FF", "\ufffd"), ("%ED%A0%80", "\ufffd\ufffd\ufffd"), ("a%C3", "a\ufffd")):
        assert value_of(lambda request: request.query["a"], target=f"/?a={raw}") == text
