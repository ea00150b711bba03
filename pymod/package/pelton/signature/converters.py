"""The converters of path templates as the Python half knows them, a row each.

The native half matches and converts: `http/routing/pattern.cpp` has the names,
`pymod/hotpath/request_values.cpp` makes the value.
"""

from __future__ import annotations

from pelton import scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Converter:
    """One converter.

    Args:
        tp: The type that its values have when a parameter is not annotated, as bounds are checked.
        shown: The name of the annotation that fits it.
        by_text: Makes the value of a text that has matched.
        to_text: The text in a path that stands for a value; None for a value that the converter would not match.
        schema: Its values in an OpenAPI document.
    """

    __slots__ = ("by_text", "schema", "shown", "to_text", "tp")

    def __init__(
        self,
        tp: type,
        shown: str,
        by_text: Callable[[str], Any],
        to_text: Callable[[Any], str | None],
        schema: dict[str, Any],
    ) -> None:
        self.tp = tp
        self.shown = shown
        self.by_text = by_text
        self.to_text = to_text
        self.schema = schema


def _int_to_text(value: Any) -> str | None:
    if type(value) is str:
        digits = value[1:] if value.startswith("-") else value
        if not (digits.isascii() and digits.isdigit()):
            return None
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return str(int(value)) if -(2**63) <= value < 2**63 else None


def _float_to_text(value: Any) -> str | None:
    import re

    text = value if type(value) is str else None
    if text is None and isinstance(value, int | float) and not isinstance(value, bool):
        from decimal import Decimal

        text = format(Decimal(repr(value)), "f")
    return text if text and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def _uuid_to_text(value: Any) -> str | None:
    import re

    text = str(value)
    return text if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) else None


def _any_text(value: Any) -> str | None:
    text = None if value is None or isinstance(value, bytes) else str(value)
    return None if text is None or "\0" in text else text


def _path_to_text(value: Any) -> str | None:
    text = _any_text(value)
    return None if text is None or any(part in (".", "..") for part in text.split("/")) else text


def _segment_to_text(value: Any) -> str | None:
    text = _any_text(value)
    return None if not text or text in (".", "..") else text


CONVERTERS = {
    "int": Converter(int, "int", scalars.as_int, _int_to_text, {"type": "integer", "format": "int64"}),
    "float": Converter(float, "float", scalars.as_float, _float_to_text, {"type": "number", "format": "double"}),
    "uuid": Converter(str, "UUID", scalars.as_uuid, _uuid_to_text, {"type": "string", "format": "uuid"}),
    "path": Converter(str, "str", scalars.as_str, _path_to_text, {"type": "string"}),
    "str": Converter(str, "str", scalars.as_str, _segment_to_text, {"type": "string"}),
}


def converter_of(name: str) -> Converter:
    """The converter of a template, such as `int` or `regex([a-z]+)`; `str` for a name that is none."""
    if name.startswith("regex("):
        return _regex(name[len("regex(") : -1])
    return CONVERTERS.get(name, CONVERTERS["str"])


def _regex(pattern: str) -> Converter:
    def to_text(value: Any) -> str | None:
        text = _segment_to_text(value)
        if text is None:
            return None
        import re

        return text if re.fullmatch(pattern, text) else None

    return Converter(str, "str", scalars.as_str, to_text, {"type": "string", "pattern": f"^(?:{pattern})$"})
