"""JSON by RFC 8259, to bytes and from bytes, with noria's forms for Python's types."""

from collections.abc import Callable
from typing import Any, Literal

from noria._native import JSONDecodeError, JSONEncodeError, json_dumps, json_loads

__all__ = ["JSONDecodeError", "JSONEncodeError", "dumps", "loads"]


def dumps(
    obj: Any,
    *,
    default: Callable[[Any], Any] | None = None,
    nan: Literal["null", "error"] = "null",
) -> bytes:
    """Encode `obj` as UTF-8 without spaces.

    `default` is called with each object that has no JSON form, and what it returns is encoded
    instead. NaN and infinities become `null`, or an error with `nan="error"`. Raises
    JSONEncodeError, whose message ends with the path to the value.
    """
    return json_dumps(obj, default=default, nan=nan)


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Decode one JSON text; of duplicate keys the last wins. Raises JSONDecodeError."""
    return json_loads(data)
