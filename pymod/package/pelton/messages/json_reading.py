"""How an application reads JSON: what a repeated key means, and the limits of its server."""

from __future__ import annotations

from pelton._native import json_check, json_loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from pelton.config.settings import Values
    from pelton.errors import BadBody

DEPTH_MAX = 1024
NUMBER_BYTES_MAX = 4300


class JsonReading:
    """How one application reads JSON, in bodies and in messages of a WebSocket."""

    __slots__ = ("_depth_max", "_number_bytes_max", "duplicate_keys")

    def __init__(self, duplicate_keys: Literal["last", "reject"] = "last") -> None:
        self.duplicate_keys: Literal["last", "reject"] = duplicate_keys
        self._depth_max = DEPTH_MAX
        self._number_bytes_max = NUMBER_BYTES_MAX

    def take_limits(self, settings: Values) -> None:
        """Takes the limits of the server that is about to serve the application."""
        self._depth_max = settings["limit_json_depth"]
        self._number_bytes_max = settings["limit_json_number"]

    def loads(self, data: bytes | str) -> Any:
        """The value; JSONDecodeError."""
        return json_loads(
            data,
            duplicate_keys=self.duplicate_keys,
            depth_max=self._depth_max,
            number_bytes_max=self._number_bytes_max,
        )

    def check(self, data: bytes) -> None:
        """JSONDecodeError where loads() would raise it; for octets that a model's own engine decodes."""
        json_check(
            data,
            duplicate_keys=self.duplicate_keys,
            depth_max=self._depth_max,
            number_bytes_max=self._number_bytes_max,
        )


def bad_json(error: Any) -> BadBody:
    """The answer to a JSONDecodeError: kind and offset, never the text (JSN-007)."""
    from pelton.errors import BadBody

    return BadBody([json_entry(error.pos, error.reason)])


def json_entry(offset: int, reason: str) -> dict[str, Any]:
    from pelton.scalars import entry

    return entry("json_invalid", ["body", offset], "JSON decode error", {}, {"error": reason})
