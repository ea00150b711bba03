"""The keywords of a route, judged as they are given."""

from __future__ import annotations

from pelton.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_ROUTE_OPTIONS = (
    "name",
    "status",
    "status_code",
    "media_type",
    "response_model",
    "max_body",
    "blocking",
    "timeout",
    "cancel_on_disconnect",
    "stream_body",
    "guards",
    "dependencies",
    "tags",
    "summary",
    "description",
    "deprecated",
    "operation_id",
    "responses",
    "include_in_schema",
)
_DOCUMENTED = frozenset(_ROUTE_OPTIONS[-7:])


def taken_options(options: dict[str, Any]) -> dict[str, Any]:
    for name in options:
        if name not in _ROUTE_OPTIONS:
            near = nearest(name, list(_ROUTE_OPTIONS))
            raise TypeError(
                f"{name!r} is no route option" + (f"; did you mean {near!r}?" if near else "")
            )
    if "status_code" in options:
        if "status" in options:
            raise TypeError("a route takes status or its alias status_code, not both")
        options["status"] = options.pop("status_code")
    if "status" in options:
        from pelton.messages.headers import checked_status

        options["status"] = checked_status(options["status"])
    if "media_type" in options and options["media_type"] is not None:
        from pelton.messages.headers import field

        field("Content-Type", options["media_type"])
    if "max_body" in options:
        from pelton.config.settings import size

        try:
            options["max_body"] = size(options["max_body"])  # 0: no limit
        except ValueError as error:
            raise ValueError(f"max_body {error}, not {options['max_body']!r}") from None
    if "guards" in options:
        options["guards"] = taken_guards(options["guards"])
    if "dependencies" in options:
        options["dependencies"] = taken_dependencies(options["dependencies"])
    if _DOCUMENTED & options.keys():
        check_documented(options)
    return options


def taken_dependencies(given: Any) -> tuple[Any, ...]:
    """The providers that run before a handler for their effect, as Depends() made them."""
    from pelton.validation.markers import Dependency

    made = tuple(given) if isinstance(given, list | tuple) else ()
    if not isinstance(given, list | tuple) or not all(isinstance(one, Dependency) for one in made):
        raise TypeError(f"dependencies is a sequence of Depends(...), not {given!r}")
    if any(one.provider is None for one in made):
        raise TypeError("Depends() in dependencies= has no annotation to take its provider from; name it")
    return made


def taken_guards(given: Sequence[Callable[[Any], Any]]) -> tuple[Callable[[Any], Any], ...]:
    if not given:
        return ()
    from pelton.routing import guards

    return guards.taken_guards(given)


def taken_sequence(what: str, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise TypeError(f"{what} is a sequence, not {given!r}")
    return tuple(given)


# What to do about a template that is refused, by the native half's word for it.
FIXES = {
    "conflict": "change one of the paths or methods",
    "two_parameters": "put one parameter into each segment",
    "unknown_converter": "use int, float, uuid, path, regex(...) or none",
    "duplicate_parameter": "give each parameter its own name",
    "no_leading_slash": "begin the path with /",
    "query_or_fragment": "leave out ? and #; query parameters are parameters of the handler",
    "colon_parameter": "write {id} for :id",
    "path_not_last": "put the path parameter last",
    "bad_regex": "correct the pattern; it must match a whole segment",
    "bad_parameter": "write {name} or {name:converter}, the name of letters, digits and _; close every {, ( and [",
    "method": "use a method token; CONNECT and TRACE cannot be registered",
    "too_many_parameters": "use at most 16 parameters",
}


# --- options of the OpenAPI document ---


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
