"""Messages and topics as they are sent and published. Every server loads this; the connection only some do."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Octets = bytes | bytearray | memoryview


def octets_of(data: Any) -> bytes:
    """The same as bytes; TypeError for what is no buffer."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"a message is str or bytes, not {type(data).__name__}; send_json() takes any value")


def message_octets(message: str | Octets) -> tuple[bytes, bool]:
    """What goes on the wire, and whether it is text."""
    return (message.encode(), True) if isinstance(message, str) else (octets_of(message), False)


def checked_topic(topic: str) -> None:
    """TypeError for a topic that is no text."""
    if not isinstance(topic, str):
        raise TypeError(f"a topic is a str, not {type(topic).__name__}")
