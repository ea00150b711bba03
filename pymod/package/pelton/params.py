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
    """A provider's value: of a callable, of a registered name, or of the annotated class."""
    if dependency is not None and not isinstance(dependency, str) and not callable(dependency):
        raise TypeError(f"Depends() takes a callable or a name, not {dependency!r}")
    return Dependency(dependency, use_cache, blocking, read_scope(scope))


def Security(
    dependency: Callable[..., Any] | str | None = None,
    *,
    scopes: Sequence[str] = (),
    use_cache: bool = True,
) -> Any:
    """Depends() that asks for scopes: providers below it read them from SecurityScopes."""
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
    """The value of the path template; a default can never apply and is refused."""
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
    """A query parameter; containers collect repeated keys."""
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
    """A header field; `_` in the parameter's name stands for `-`."""
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
    """A cookie, its value as sent."""
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
    """The JSON body, or with `media_type` a body of that type; `embed` wants it under the name."""
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
    """A field of a form, where an empty one counts as not sent; a model takes all of its fields."""
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
    """A file of a form; the lengths are those of a list of files."""
    constraints = _constraints(None, None, None, None, None, min_length, max_length, None)
    told = _told(title, description, examples, deprecated, include_in_schema)
    return Marker("file", default, default_factory, alias, constraints, told=told)
