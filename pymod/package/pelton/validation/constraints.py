"""The constraints of a value that is read from text, wherever in its annotation they stand.

Constraints of annotated_types, msgspec and pydantic are recognised by the names of their attributes; none is imported.
"""

from __future__ import annotations

import copy
import sys

from pelton.validation.annotations import Unfit, collection_of, described, is_scalar, peeled
from pelton.validation.markers import Marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

BOUNDS = ("gt", "ge", "lt", "le")
LENGTHS = ("min_length", "max_length")
NAMES = (*BOUNDS, "multiple_of", *LENGTHS, "pattern")

_LIBRARIES = ("annotated_types", "msgspec", "pydantic")
# What they have that says nothing of the values that may be sent.
_REMARKS = frozenset(
    ("DocInfo", "Examples", "PlainSerializer", "SkipJsonSchema", "Unit", "WithJsonSchema", "WrapSerializer")
)
# Of two, the one that both let through.
_STRICTER: dict[str, Callable[[Any, Any], Any]] = {
    "gt": max, "ge": max, "lt": min, "le": min, "min_length": max, "max_length": min
}


def bounded(where: str, source: Any, tp: Any, marker: Marker | None) -> Marker | None:
    """The marker with all constraints of the annotation, those of items as `items`.

    Unfit if one of them cannot be enforced, or does not fit the type; `where` begins what is said.
    """
    bare, said = peeled(tp)
    found = dict(marker.constraints) if marker is not None else {}
    _add(found, _read(where, said))
    collection = collection_of(bare)
    if collection is not None:
        inner, said = peeled(collection[1])
        items: dict[str, Any] = {}
        for one in said:
            if isinstance(one, Marker):
                _add(items, _of_item(where, source, one).items())
        _add(items, _read(where, said))
        if items:
            found["items"] = fitting(f"an item of {where}", inner, items)
    if collection is not None or is_scalar(bare):  # else it is a file
        found = fitting(where, bare, found)
    if not found:
        return marker
    made = Marker(source, ..., None, None, {}) if marker is None else copy.copy(marker)
    made.constraints = found
    return made


def _of_item(where: str, source: Any, marker: Marker) -> dict[str, Any]:
    if marker.source != source or marker.alias or marker.default is not ... or marker.default_factory:
        raise Unfit(
            f"{where} has the marker {marker!r} at its items", f"put it around the whole: Annotated[list[...], {marker!r}]"
        )
    return marker.constraints


def _add(found: dict[str, Any], more: Iterable[tuple[str, Any]]) -> None:
    for name, value in more:
        if name not in found or found[name] == value:
            found[name] = value
        elif name in _STRICTER:
            found[name] = _STRICTER[name](found[name], value)
        else:
            raise Unfit(f"there are two of {name}: {found[name]!r} and {value!r}", "keep one of them")


# --- what others' objects say -----------------------------------------------------------------


def _read(where: str, said: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for one in said:
        if one is None or isinstance(one, Marker | str) or type(one).__name__ in _REMARKS:
            continue
        library = next((name for name in map(_library, type(one).__mro__) if name in _LIBRARIES), None)
        if is_field_info(one):
            _check_field_info(where, one)
            yield from _read(where, one.metadata)
        elif library is not None and hasattr(type(one), "__iter__"):
            yield from _read(where, one)  # Interval, Len
        elif library is not None or hasattr(one, "__get_pydantic_core_schema__"):
            yield from _values(where, one, library)


def _library(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def is_field_info(one: Any) -> bool:
    """Whether it is what pydantic's Field() returns, or a marker of FastAPI's."""
    fields = sys.modules.get("pydantic.fields")
    return fields is not None and isinstance(one, fields.FieldInfo)


def _check_field_info(where: str, field: Any) -> None:
    kind = type(field)
    if kind.__module__ != "pydantic.fields":
        raise Unfit(
            f"{where} has a marker of {_library(kind)}: {kind.__name__}()", f"from pelton import {kind.__name__}"
        )
    if field.alias is not None or field.validation_alias is not None or not field.is_required():
        raise Unfit(f"{where} has an alias or a default in Field()", "write Query(alias='x'), and the default behind a =")


def _values(where: str, one: Any, library: str | None) -> Iterator[tuple[str, Any]]:
    names: Iterable[str] = (*NAMES, "tz")  # of msgspec.Meta, which does not say what it has
    if library != "msgspec":
        names = getattr(one, "__dict__", {}) or getattr(type(one), "__dataclass_fields__", {})
    values = {name: value for name in names if (value := getattr(one, name, None)) is not None}
    # What is switched off asks for nothing: AllowInfNan(False), Strict(False).
    asked = {name: value for name, value in values.items() if value is not False}
    if any(name not in NAMES for name in asked) or not (values or library == "msgspec"):
        raise Unfit(
            f"{where} has the constraint {one!r}, and nothing enforces it on a text",
            f"use {', '.join(NAMES)}, or check the value in the handler",
        )
    yield from asked.items()


# --- whether they fit the type ----------------------------------------------------------------


def fitting(where: str, tp: Any, constraints: dict[str, Any]) -> dict[str, Any]:
    """The same as its values are compared with; Unfit if a value of the type can never be."""
    return {name: value if name == "items" else _fit(where, tp, name, value) for name, value in constraints.items()}


def _fit(where: str, tp: Any, name: str, value: Any) -> Any:
    if name == "pattern":
        return _pattern(where, tp, value)
    if name in LENGTHS:
        if tp not in (str, bytes) and collection_of(tp) is None:
            raise Unfit(f"{where} has {name}, but {described(tp)} has no length", f"leave {name} out, or annotate str")
        if not isinstance(value, int) or value < 0:
            raise Unfit(f"{where} has {name}={value!r}", "give a whole number, 0 or more")
        return value
    module, kind = (tp.__module__, tp.__name__) if isinstance(tp, type) else ("", "")
    if tp in (int, float, bool) or kind == "Decimal":
        return _number(where, kind == "Decimal", name, value)
    if module != "datetime" or name == "multiple_of":
        fix = f"bound the items: list[Annotated[int, Query({name}={value!r})]]" if collection_of(tp) else "annotate a number"
        raise Unfit(f"{where} has {name}, but {described(tp)} has no order to bound", fix)
    if type(value) is not tp:
        raise Unfit(f"{where} is a {described(tp)} with {name}={value!r}", f"give a {described(tp)}")
    return value


def _number(where: str, is_decimal: bool, name: str, value: Any) -> Any:
    if not isinstance(value, int | float) and type(value).__name__ != "Decimal":
        raise Unfit(f"{where} is a number with {name}={value!r}", f"give a number: {name}=1")
    if name == "multiple_of" and not value > 0:
        raise Unfit(f"{where} has multiple_of={value!r}", "give a number above 0")
    if is_decimal and isinstance(value, float):
        from decimal import Decimal

        return Decimal(repr(value))
    if not is_decimal and not isinstance(value, int | float):
        return int(value) if value == int(value) else float(value)
    return value


def _pattern(where: str, tp: Any, pattern: Any) -> str:
    import re

    if tp is not str:
        raise Unfit(f"{where} has a pattern, but is {described(tp)}", "annotate str, or leave pattern out")
    if isinstance(pattern, re.Pattern):
        if pattern.flags != re.UNICODE:
            raise Unfit(f"{where} has a pattern with flags: {pattern!r}", "write them into it: (?i)...")
        pattern = pattern.pattern
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise Unfit(f"{where} has the pattern {pattern!r}, which cannot be read: {error}", "mend the pattern") from None
    made: str = pattern
    return made
