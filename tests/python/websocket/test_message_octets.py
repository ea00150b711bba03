"""What a message and a topic may be, and what goes on the wire for it."""

from __future__ import annotations

from typing import Any

import pytest

from pelton.websocket.message_octets import checked_topic, message_octets


@pytest.mark.parametrize("message", [b"\x00a", bytearray(b"\x00a"), memoryview(b"\x00a")])
def test_octets_are_a_binary_message(message: Any) -> None:
    assert message_octets(message) == (b"\x00a", False)


def test_a_text_goes_as_utf_8() -> None:
    assert message_octets("ä") == (b"\xc3\xa4", True)


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a message is str or bytes, not dict; send_json\(\)"):
        message_octets({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a topic is a str, not bytes"):
        checked_topic(b"a")  # type: ignore[arg-type]
