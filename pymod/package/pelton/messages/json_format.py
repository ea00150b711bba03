"""JsonFormat: how one application writes and reads JSON."""

from __future__ import annotations

from pelton._native import json_check, json_dumps, json_loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from pelton.config.settings import Values
    from pelton.errors import BadBody

DEPTH_MAX = 1024
NUMBER_BYTES_MAX = 4300


class JsonFormat:
    """How one application writes and reads JSON, in bodies and in messages of a WebSocket.

    Args:
        default: Called with a value that JSON cannot encode; what it returns is encoded instead.
        nan: What NaN and infinities become: `null`, or an error.
        duplicate_keys: Which value of a repeated key counts: the last, or none, which is an error.
    """

    __slots__ = ("_depth_max", "_number_bytes_max", "default", "dumps", "duplicate_keys", "nan")

    def __init__(
        self,
        default: Callable[[Any], Any] | None = None,
        nan: Literal["null", "error"] = "null",
        duplicate_keys: Literal["last", "reject"] = "last",
    ) -> None:
        self.default = default
        self.nan: Literal["null", "error"] = nan
        self.duplicate_keys: Literal["last", "reject"] = duplicate_keys
        # The native function itself where nothing is set: it encodes without a call in between.
        self.dumps: Callable[[Any], bytes] = json_dumps
        if default is not None or nan != "null":
            from functools import partial

            self.dumps = partial(json_dumps, default=default, nan=nan)
        self._depth_max = DEPTH_MAX
        self._number_bytes_max = NUMBER_BYTES_MAX

    def take_limits(self, settings: Values) -> None:
        """Takes the limits of the server that is about to serve the application."""
        self._depth_max = settings["limit_json_depth"]
        self._number_bytes_max = settings["limit_json_number"]

    def loads(self, data: bytes | str) -> Any:
        """The value that a JSON text stands for; JSONDecodeError if it is none."""
        return json_loads(
            data,
            duplicate_keys=self.duplicate_keys,
            depth_max=self._depth_max,
            number_bytes_max=self._number_bytes_max,
        )

    def check(self, data: bytes) -> None:
        """Raises JSONDecodeError where loads() would; for octets that the engine of a model decodes."""
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
    """The entry of a problem list that names a JSON error.

    Args:
        offset: Where in the text it is, in octets.
        reason: What is wrong there.
    """
    from pelton.scalars import entry

    return entry("json_invalid", ["body", offset], "JSON decode error", {}, {"error": reason})
