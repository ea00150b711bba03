"""Markers that say where a handler's parameter comes from: Path, Query, Header, Cookie, Body, Form, File, Depends, Security."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security"]

SCOPES = ("app", "request", "handler", "transient")


class Marker:
    """What one of the functions below returns; read once, at registration."""

    __slots__ = (
        "alias",
        "constraints",
        "convert_underscores",
        "default",
        "default_factory",
        "embed",
        "media_type",
        "source",
        "told",
    )

    def __init__(
        self,
        source: Literal["path", "query", "header", "cookie", "body", "form", "file", "depends", "state"],
        default: Any,
        default_factory: Callable[[], Any] | None,
        alias: str | None,
        constraints: dict[str, Any],
        convert_underscores: bool = True,
        embed: bool = False,
        media_type: str | None = None,
        told: dict[str, Any] | None = None,
    ) -> None:
        if default is not ... and default_factory is not None:
            raise TypeError(f"{source.title()}() takes default or default_factory, not both")
        self.source = source
        self.default = default
        self.default_factory = default_factory
        self.alias = alias
        self.constraints = {k: v for k, v in constraints.items() if v is not None}
        self.convert_underscores = convert_underscores
        self.embed = embed
        self.media_type = media_type
        self.told = told or {}  # what only the OpenAPI document says

    def __repr__(self) -> str:
        return f"{self.source.title()}()"


class Dependency(Marker):
    """What Depends() returns: which provider makes the value, and how long it lives."""

    __slots__ = ("blocking", "provider", "scope", "scopes", "use_cache")

    def __init__(
        self,
        provider: Callable[..., Any] | str | None,
        use_cache: bool,
        blocking: bool,
        scope: str,
        scopes: tuple[str, ...] = (),
    ) -> None:
        super().__init__("depends", ..., None, None, {})
        self.provider = provider
        self.use_cache = use_cache
        self.blocking = blocking
        self.scope = scope
        self.scopes = scopes  # that Security() asks for


def read_scope(scope: Any) -> str:
    """One of SCOPES; "function" is an alias of "handler"."""
    if scope == "function":
        return "handler"
    if scope not in SCOPES:
        raise ValueError(f"scope is {', '.join(map(repr, SCOPES))} or 'function', not {scope!r}")
    made: str = scope
    return made


def Depends(
    dependency: Callable[..., Any] | str | None = None,
    *,
    use_cache: bool = True,
    blocking: bool = False,
    scope: Literal["app", "request", "handler", "function", "transient"] = "request",
) -> Any:
    """Gives a parameter what a provider makes, as a default or in `Annotated`.

    Args:
        dependency: A callable; a registered name; or None for the annotated class.
        use_cache: Whether one request shares one value.
        blocking: Whether a `def` provider runs on a thread.
        scope: How long the value lives: as long as the app, the request (until the answer was sent), the handler
            (until the result is encoded; `function` is an alias), or this one use (`transient`).

    Raises:
        TypeError: The dependency is neither.
        ValueError: There is no such scope.
    """
    if dependency is not None and not isinstance(dependency, str) and not callable(dependency):
        raise TypeError(f"Depends() takes a callable or a name, not {dependency!r}")
    return Dependency(dependency, use_cache, blocking, read_scope(scope))


def Security(
    dependency: Callable[..., Any] | str | None = None,
    *,
    scopes: Sequence[str] = (),
    use_cache: bool = True,
) -> Any:
    """`Depends()` that asks for scopes, which providers below it read from `SecurityScopes`.

    Args:
        dependency: As for `Depends()`.
        scopes: Names.
        use_cache: As for `Depends()`.

    Raises:
        TypeError: The scopes are no sequence of names.
    """
    if isinstance(scopes, str) or not all(isinstance(scope, str) for scope in scopes):
        raise TypeError(f"Security(scopes=) is a sequence of names, not {scopes!r}")
    made: Dependency = Depends(dependency, use_cache=use_cache)
    made.scopes = tuple(scopes)
    return made


def _told(
    title: str | None,
    description: str | None,
    examples: Sequence[Any] | None,
    deprecated: bool | None,
    include_in_schema: bool,
) -> dict[str, Any]:
    found = {"title": title, "description": description, "examples": examples, "deprecated": deprecated or None}
    told = {name: value for name, value in found.items() if value is not None}
    return told if include_in_schema else {**told, "include_in_schema": False}


def _constraints(
    gt: Any, ge: Any, lt: Any, le: Any, multiple_of: Any, min_length: Any, max_length: Any, pattern: Any
) -> dict[str, Any]:
    return {
        "gt": gt,
        "ge": ge,
        "lt": lt,
        "le": le,
        "multiple_of": multiple_of,
        "min_length": min_length,
        "max_length": max_length,
        "pattern": pattern,
    }


def Path(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """The value of a parameter of the path. It has no default: the route matches only with a value.

    Args:
        default: Used where the value is absent; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the request, if it is another than the parameter's.
        gt: The value is greater.
        ge: The value is greater or equal.
        lt: The value is less.
        le: The value is less or equal.
        multiple_of: The value is a multiple.
        min_length: The shortest text, or list.
        max_length: The longest text, or list.
        pattern: A regular expression that is found in the text.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    if default is not ... or default_factory is not None:
        raise TypeError("Path() takes no default: the route matches only with a value")
    return Marker(
        "path",
        ...,
        None,
        alias,
        _constraints(gt, ge, lt, le, multiple_of, min_length, max_length, pattern),
        told=_told(title, description, examples, deprecated, include_in_schema),
    )


def Query(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """A parameter of the query. Containers collect repeated names, a model takes all of its fields.

    Args:
        default: Used where the value is absent; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the request, if it is another than the parameter's.
        gt: The value is greater.
        ge: The value is greater or equal.
        lt: The value is less.
        le: The value is less or equal.
        multiple_of: The value is a multiple.
        min_length: The shortest text, or list.
        max_length: The longest text, or list.
        pattern: A regular expression that is found in the text.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    return Marker(
        "query",
        default,
        default_factory,
        alias,
        _constraints(gt, ge, lt, le, multiple_of, min_length, max_length, pattern),
        told=_told(title, description, examples, deprecated, include_in_schema),
    )


def Header(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    convert_underscores: bool = True,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """A header field.

    Args:
        default: Used where the value is absent; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the request, if it is another than the parameter's.
        convert_underscores: Whether `_` in the parameter's name stands for `-`.
        gt: The value is greater.
        ge: The value is greater or equal.
        lt: The value is less.
        le: The value is less or equal.
        multiple_of: The value is a multiple.
        min_length: The shortest text, or list.
        max_length: The longest text, or list.
        pattern: A regular expression that is found in the text.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    return Marker(
        "header",
        default,
        default_factory,
        alias,
        _constraints(gt, ge, lt, le, multiple_of, min_length, max_length, pattern),
        convert_underscores=convert_underscores,
        told=_told(title, description, examples, deprecated, include_in_schema),
    )


def Cookie(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """A cookie, its value as sent.

    Args:
        default: Used where the value is absent; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the request, if it is another than the parameter's.
        gt: The value is greater.
        ge: The value is greater or equal.
        lt: The value is less.
        le: The value is less or equal.
        multiple_of: The value is a multiple.
        min_length: The shortest text, or list.
        max_length: The longest text, or list.
        pattern: A regular expression that is found in the text.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    return Marker(
        "cookie",
        default,
        default_factory,
        alias,
        _constraints(gt, ge, lt, le, multiple_of, min_length, max_length, pattern),
        told=_told(title, description, examples, deprecated, include_in_schema),
    )


def Body(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    embed: bool = False,
    media_type: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """The JSON body, or a body of another type.

    Args:
        default: Used where the value is absent; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the request, if it is another than the parameter's.
        embed: Whether the body is an object with the value under the parameter's name.
        media_type: The type of the body, if it is another than JSON.
        gt: The value is greater.
        ge: The value is greater or equal.
        lt: The value is less.
        le: The value is less or equal.
        multiple_of: The value is a multiple.
        min_length: The shortest text, or list.
        max_length: The longest text, or list.
        pattern: A regular expression that is found in the text.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    return Marker(
        "body",
        default,
        default_factory,
        alias,
        _constraints(gt, ge, lt, le, multiple_of, min_length, max_length, pattern),
        embed=embed,
        media_type=media_type,
        told=_told(title, description, examples, deprecated, include_in_schema),
    )


def Form(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """A field of a form, where an empty one counts as absent. A model takes all of its fields.

    Args:
        default: Used where the value is absent; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the request, if it is another than the parameter's.
        gt: The value is greater.
        ge: The value is greater or equal.
        lt: The value is less.
        le: The value is less or equal.
        multiple_of: The value is a multiple.
        min_length: The shortest text, or list.
        max_length: The longest text, or list.
        pattern: A regular expression that is found in the text.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    return Marker(
        "form",
        default,
        default_factory,
        alias,
        _constraints(gt, ge, lt, le, multiple_of, min_length, max_length, pattern),
        told=_told(title, description, examples, deprecated, include_in_schema),
    )


def File(
    default: Any = ...,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    include_in_schema: bool = True,
) -> Any:
    """A file of a form, or a list of files.

    Args:
        default: Used where there is no file; without one it is required.
        default_factory: Makes a default for each request.
        alias: The name in the form, if it is another than the parameter's.
        min_length: The shortest list.
        max_length: The longest list.
        title: In the OpenAPI document.
        description: In the OpenAPI document.
        examples: In the OpenAPI document.
        deprecated: In the OpenAPI document.
        include_in_schema: Whether the OpenAPI document has it.
    """
    constraints = _constraints(None, None, None, None, None, min_length, max_length, None)
    told = _told(title, description, examples, deprecated, include_in_schema)
    return Marker("file", default, default_factory, alias, constraints, told=told)
