"""The keywords of a route that only its OpenAPI description reads, judged as they are given."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPES: tuple[tuple[str, type], ...] = (
    ("summary", str),
    ("description", str),
    ("operation_id", str),
    ("deprecated", bool),
    ("include_in_schema", bool),
)


def check_documented(options: dict[str, Any]) -> None:
    """TypeError or ValueError for what no document can say; tags become a tuple of str."""
    for name, kind in _TYPES:
        given = options.get(name)
        if given is not None and not isinstance(given, kind):
            raise TypeError(f"{name} is a {kind.__name__}, not {given!r}")
    if "tags" in options:
        options["tags"] = taken_tags(options["tags"])
    if options.get("responses") is not None:
        options["responses"] = {str(status): _response(status, one) for status, one in _items(options["responses"])}


def taken_tags(given: Any) -> tuple[str, ...]:
    """Names of tags, of which an Enum's members count by their values."""
    if isinstance(given, str):
        raise TypeError(f"tags is a sequence of names: tags=[{given!r}]")
    tags = tuple(getattr(tag, "value", tag) for tag in given or ())
    if not all(isinstance(tag, str) for tag in tags):
        raise TypeError(f"tags is a sequence of names, not {given!r}")
    return tags


def _items(responses: Any) -> Any:
    if not hasattr(responses, "items"):
        raise TypeError(f"responses is a mapping by status: {{404: {{'description': ...}}}}, not {responses!r}")
    return responses.items()


def _response(status: Any, one: Any) -> dict[str, Any]:
    text = str(status)
    exact = text.isascii() and text.isdigit() and 100 <= int(text) <= 599
    ranged = len(text) == 3 and text[0] in "12345" and text[1:] == "XX"
    if isinstance(status, bool) or not (exact or ranged or text == "default"):
        raise ValueError(f"responses has the status {status!r}; it is a number, '4XX' and its like, or 'default'")
    if not hasattr(one, "items"):
        raise TypeError(f"responses[{status!r}] is a mapping with model, description, content or headers, not {one!r}")
    return dict(one)
