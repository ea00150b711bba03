"""Parameters that come from the path, the query, a header or a cookie."""

from __future__ import annotations

from pelton import scalars
from pelton.errors import RequestValidationError
from pelton.scalars import Invalid, Problems, entry, missing
from pelton.signature.converters import converter_of
from pelton.validation.annotations import (
    Unfit,
    collection_of,
    described,
    is_scalar,
    peeled,
    scalar_converter,
    unwrapped,
)
from pelton.validation.parameters import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Argument, Request
    from pelton.forms.form_data import FormData
    from pelton.signature.model_fields import ModelField
    from pelton.validation.markers import Marker
    from pelton.validation.parameters import Parameter

# The native half converts these by itself.
_NATIVE = {str: "str", bytes: "bytes", int: "int", float: "float", bool: "bool"}


class Source:
    """A parameter whose value comes from the request, in the form `explain` and resolvers use."""

    __slots__ = ("argument", "fields", "marker", "parameter", "read", "source", "tp")

    # As the handler has it, for descriptions of the route; set by the compiler.
    parameter: Parameter
    tp: Any
    marker: Marker | None

    def __init__(self, source: str, read: Callable[[Request], Any], argument: Argument) -> None:
        self.source = source
        self.read = read
        self.argument = argument
        self.fields: list[ModelField] | None = None  # of a model that is sent field by field


def default_of(parameter: Parameter, marker: Marker | None) -> tuple[Any, Callable[[], Any] | None]:
    """(default or EMPTY, factory or None)."""
    from pelton.validation.markers import Marker

    if parameter.default is not EMPTY and not isinstance(parameter.default, Marker):
        return parameter.default, None
    if marker is not None:
        if marker.default_factory is not None:
            return EMPTY, marker.default_factory
        if marker.default is not ...:
            return marker.default, None
    return EMPTY, None


def absent(default: Any, factory: Callable[[], Any] | None, loc: list[Any]) -> Any:
    """What a parameter is that was not sent."""
    if factory is not None:
        return factory()
    if default is EMPTY:
        raise Problems([missing(loc)])
    return default.copy() if isinstance(default, list | dict | set) else default


def set_default(argument: Argument, default: Any) -> None:
    if default is not EMPTY:
        argument["default"] = default
        if isinstance(default, list | dict | set):
            argument["copy_default"] = True


def path_source(
    where: str,
    template: list[tuple[str, str]],
    name: str,
    tp: Any,
    constraints: dict[str, Any],
) -> Source:
    """The value of `{name}`; `where` begins what is said if the annotation does not fit."""
    index = [known for known, _ in template].index(name)
    converter = template[index][1]
    bare = unwrapped(tp) if tp is not EMPTY else EMPTY
    if converter == "str":
        convert = _plain_converter(where, name, bare)
        by_text: Callable[[str], Any] = _text_converter(convert)
    else:
        convert = "as_matched"
        by_text = _matched_converter(where, name, converter, bare)
    limits = scalars.checker(constraints)
    if limits is not None:
        convert = by_text = _checked(by_text, limits)
    loc = ["path", name]

    def read(request: Request) -> Any:
        value = request.params[name]
        return _converted(by_text, value if isinstance(value, str) else str(value), loc)

    return Source("path", read, {"source": "path", "index": index, "convert": convert})


def _plain_converter(where: str, name: str, bare: Any) -> Any:
    if bare is EMPTY or bare is str:
        return "as_matched"
    inner, _ = peeled(bare)
    if not is_scalar(inner):
        raise Unfit(
            f"{where} is in the path template, but {described(bare)} is no scalar",
            f"annotate a scalar ({name}: int)",
        )
    return _NATIVE.get(inner) or scalar_converter(inner)


def _matched_converter(where: str, name: str, converter: str, bare: Any) -> Callable[[str], Any]:
    known = converter_of(converter)
    if bare is not EMPTY and getattr(bare, "__name__", None) != known.shown:
        form = "regex" if converter.startswith("regex(") else converter
        raise Unfit(
            f"{where} is annotated {described(bare)}, but {{{name}:{form}}} gives {known.shown}",
            f"annotate {known.shown}, or write {{{name}}} in the template",
        )
    return known.by_text


def key_of(source: str, parameter: Parameter, marker: Marker | None) -> str:
    """The name under which it is sent."""
    if marker is not None and marker.alias is not None:
        return marker.alias
    if source == "header" and (marker is None or marker.convert_underscores):
        return parameter.name.replace("_", "-")
    return parameter.name


def text_source(where: str, source: Any, parameter: Parameter, tp: Any, marker: Marker | None) -> Source:
    """A scalar, or a collection of them, from texts of the request."""
    key = key_of(source, parameter, marker)
    if source == "header":
        key = key.lower()
    default, factory = default_of(parameter, marker)
    limits = scalars.checker(marker.constraints if marker is not None else {})
    inner, _ = peeled(tp)
    loc = ["body" if source == "form" else source, key]
    collection = collection_of(inner)
    if collection is not None:
        if source == "cookie":
            raise Unfit(f"{where} is a list, but a cookie has one value", "annotate a scalar")
        of_items = scalars.checker(marker.constraints.get("items", {}) if marker is not None else {})
        read = _reader_of_many(source, key, collection, of_items, limits, default, factory, loc)
        return Source(source, read, {"source": "resolver", "resolve": read})
    convert: Any = _NATIVE.get(inner) or scalar_converter(inner)
    if limits is not None:
        convert = _checked(_text_converter(convert), limits)
    read = _reader_of_one(source, key, _text_converter(convert), default, factory, loc)
    if factory is not None or source == "form":
        return Source(source, read, {"source": "resolver", "resolve": read})
    argument: Argument = {"source": source, "key": key, "convert": convert}
    set_default(argument, default)
    return Source(source, read, argument)


def _text_converter(convert: Any) -> Callable[[str], Any]:
    """The Python function of a native converter's name."""
    if callable(convert):
        made: Callable[[str], Any] = convert
    elif convert == "bytes":
        made = str.encode
    else:
        made = getattr(scalars, "as_str" if convert == "as_matched" else f"as_{convert}")
    return made


def _checked(convert: Callable[[str], Any], limits: Callable[[Any], Any]) -> Callable[[str], Any]:
    if convert is scalars.as_str:
        return limits

    def checked(text: str) -> Any:
        return limits(convert(text))

    return checked


def _converted(convert: Callable[[str], Any], text: str, loc: list[Any]) -> Any:
    try:
        return convert(text)
    except Invalid as error:
        raise Problems([entry(error.kind, loc, error.message, text, error.context)]) from None


def limited(limits: Callable[[Any], Any], value: Any, loc: list[Any]) -> Any:
    """The value if its constraints hold, else Problems."""
    try:
        return limits(value)
    except Invalid as error:
        shown = list(value) if isinstance(value, set | tuple) else value
        if isinstance(shown, bytes):
            shown = shown.decode("utf-8", "replace")
        raise Problems([entry(error.kind, loc, error.message, shown, error.context)]) from None


def _form_of(request: Any) -> FormData:
    """The form of a request; a form is its own, for the models that are read from one."""
    from pelton.forms.form_data import FormData
    from pelton.messages.request import sent_form

    return request if isinstance(request, FormData) else sent_form(request)


def _reader_of_one(
    source: str,
    key: str,
    convert: Callable[[str], Any],
    default: Any,
    factory: Callable[[], Any] | None,
    loc: list[Any],
) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        if source == "query":
            text = request.query.get(key)
        elif source == "header":
            text = request.headers.get(key)
        elif source == "form":
            text = _form_of(request).get(key) or None
        else:
            text = request.cookies.get(key)
        if text is None:
            return absent(default, factory, loc)
        return _converted(convert, text, loc)

    return read


def _reader_of_many(
    source: str,
    key: str,
    collection: tuple[type, Any],
    of_items: Callable[[Any], Any] | None,
    limits: Callable[[Any], Any] | None,
    default: Any,
    factory: Callable[[], Any] | None,
    loc: list[Any],
) -> Callable[[Request], Any]:
    origin, inner = collection
    convert = _text_converter(_NATIVE.get(unwrapped(inner)) or scalar_converter(inner))
    if of_items is not None:
        convert = _checked(convert, of_items)

    def read(request: Request) -> Any:
        if source == "form":
            texts = _form_of(request).getlist(key)
        else:
            texts = request.query.getlist(key) if source == "query" else request.headers.getlist(key)
        if not texts:
            return absent(default, factory, loc)
        made = []
        found: list[dict[str, Any]] = []
        for index, text in enumerate(texts):
            try:
                made.append(_converted(convert, text, [*loc, index]))
            except Problems as problems:
                found += problems.entries
        if found:
            raise Problems(found)
        value = origin(made)
        return value if limits is None else limited(limits, value, loc)

    return read


# --- what was wrong with the arguments of a request ---


_ORDER = ("path", "query", "header", "cookie", "form", "body")


def explainer(sources: list[Source], where: str) -> Callable[[Any, BaseException | None], Any]:
    """A function that raises what is wrong with a request; `cause` if that is none of the sources."""
    ordered = sorted(sources, key=lambda source: _ORDER.index(source.source))

    def explain(request: Any, cause: BaseException | None) -> Any:
        found: list[dict[str, Any]] = []
        for source in ordered:
            try:
                source.read(request)
            except Problems as problems:
                for one in problems.entries:
                    if one not in found:
                        found.append(one)
        if found:
            raise RequestValidationError(found)
        if cause is not None:
            raise cause
        raise RuntimeError(f"{where}: an argument was refused, but is valid")

    return explain
