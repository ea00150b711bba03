"""pydantic's errors as entries of a 422, told as FastAPI tells them."""

from __future__ import annotations

from pelton.validation.scalars import entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def entries_of(error: Any) -> list[dict[str, Any]]:
    """Those of a ValidationError."""
    return [
        entry(found["type"], list(found["loc"]), found["msg"], found.get("input"), sendable(found.get("ctx")))
        for found in error.errors(include_url=False)
    ]


def python_entries(error: Any, validate: Callable[[Any], Any], value: Any) -> list[dict[str, Any]]:
    """The same for JSON, in the words of a check of the `value` that is in it.

    pydantic has two sets of words, and clients know those for Python values ("a valid list" for "a valid
    array"). What that check does not find keeps the words of the other.
    """
    entries = entries_of(error)
    try:
        validate(value)
    except ValueError as again:
        if hasattr(again, "errors"):
            reworded = {tuple(one["loc"]): one for one in entries_of(again)}
            return [reworded.get(tuple(one["loc"]), one) for one in entries]
    return entries


def sendable(context: dict[str, Any] | None) -> dict[str, Any] | None:
    """A `ctx` without what is no JSON: numbers for Decimals, nothing of an exception."""
    return context and {name: _sendable(value) for name, value in context.items()}


def _sendable(value: Any) -> Any:
    if isinstance(value, BaseException):
        return {}
    if type(value).__name__ == "Decimal":
        return int(value) if value.as_tuple().exponent >= 0 else float(value)
    return value
