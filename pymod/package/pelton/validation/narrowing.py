"""Declared results in which models hold models: whatever is of another type inside becomes the declared one.

The encoders write a model by its own class, and an engine looks at the class of a model alone: what
a subclass, or a dict in the place of a model, has beside the declared fields would leave the server.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from operator import is_

from pelton.validation.annotations import field_hints, field_type, is_literal, is_union, model_kind, origin_and_arguments, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Narrow = Callable[[Any], Any]  # the value itself where it is what was declared
    Conversion = Callable[[Any], Narrow]  # of a type: makes a value one of it, or raises

_ITEMS = (list, tuple, set, frozenset)


def narrowing(tp: Any, conversion: Conversion) -> Narrow | None:
    """For values that were converted to this type, or are of its class; None where that is enough."""
    compiler = _Compiler(conversion)
    made = compiler.narrow(tp)
    return made if compiler.is_deep else None


class _Model:
    """A class, and those of its fields in which models are."""

    __slots__ = ("cls", "convert", "fields", "put")

    def __init__(self, cls: type, convert: Narrow, put: Callable[[Any, str, Any], None]) -> None:
        self.cls = cls
        self.convert = convert
        self.put = put
        self.fields: list[tuple[str, Narrow]] = []

    def narrow(self, value: Any) -> Any:
        if type(value) is not self.cls:
            value = self.convert(value)
        made = value
        for name, inner in self.fields:
            found = getattr(value, name, None)
            one = inner(found)
            if one is not found:
                if made is value:
                    made = copy.copy(value)
                self.put(made, name, one)
        return made


class _Dict:
    """A TypedDict."""

    __slots__ = ("convert", "fields", "names")

    def __init__(self, names: frozenset[str], convert: Narrow) -> None:
        self.names = names
        self.convert = convert
        self.fields: list[tuple[str, Narrow]] = []

    def narrow(self, value: Any) -> Any:
        if type(value) is not dict or not self.names.issuperset(value):
            value = self.convert(value)
        return _changed(value, {name: inner(value[name]) for name, inner in self.fields if name in value})


class _Compiler:
    def __init__(self, conversion: Conversion) -> None:
        self.conversion = conversion
        self.models: dict[Any, _Model | _Dict] = {}
        self.is_deep = False  # whether a model holds one, which conversion does not look into

    def narrow(self, tp: Any) -> Narrow | None:
        tp = unwrapped(tp)
        origin, arguments = origin_and_arguments(tp)
        if is_union(origin):
            return self.union(tp, arguments)
        cls: Any = origin or tp
        if model_kind(cls) is not None:
            return self.model(tp, cls)
        if not (isinstance(cls, type) and issubclass(cls, Collection)):
            return None
        names = getattr(cls, "_fields", None)
        if names is not None and issubclass(cls, tuple):
            hints = field_hints(cls)
            made = self.fixed(tp, lambda values: cls(*values), [hints.get(name) for name in names])
            self.is_deep |= made is not None
            return made
        if issubclass(cls, Mapping):
            return self.mapping(tp, arguments)
        if cls is tuple and arguments[-1:] != (...,):
            return self.fixed(tp, tuple, arguments)
        return self.items(tp, cls, arguments)

    def model(self, tp: Any, cls: type) -> Narrow:
        if tp in self.models:
            return self.models[tp].narrow
        kind = model_kind(cls)
        convert = self.conversion(tp)
        hints = {} if kind == "pydantic" else field_hints(cls)  # its serializer shows no more than it declares
        known = _type_arguments(tp)
        made = _Dict(frozenset(hints), convert) if kind == "typeddict" else _Model(cls, convert, _setter(kind))
        self.models[tp] = made
        for name in hints if kind in ("typeddict", "pydantic") else _fields_of(cls, kind):
            inner = self.narrow(_with_arguments(field_type(hints[name]), known)) if name in hints else None
            if inner is not None:
                made.fields.append((name, inner))
                self.is_deep |= kind != "typeddict"  # which conversion builds anew
        return made.narrow

    def items(self, tp: Any, cls: type, arguments: tuple[Any, ...]) -> Narrow | None:
        inner = self.narrow(arguments[0]) if arguments else None
        if inner is None:
            return None
        item, convert = inner, self.conversion(tp)
        make: Any = cls if cls in _ITEMS else list

        def narrow(value: Any) -> Any:
            if not isinstance(value, _ITEMS):
                value = convert(value)
            made = list(map(item, value))
            return value if all(map(is_, made, value)) else make(made)

        return narrow

    def fixed(self, tp: Any, make: Any, arguments: Any) -> Narrow | None:
        inners = [self.narrow(one) for one in arguments]
        if not any(inners):
            return None
        convert = self.conversion(tp)

        def narrow(value: Any) -> Any:
            if not isinstance(value, tuple | list) or len(value) != len(inners):
                value = convert(value)
            made = [one if inner is None else inner(one) for inner, one in zip(inners, value, strict=True)]
            return value if all(map(is_, made, value)) else make(made)

        return narrow

    def mapping(self, tp: Any, arguments: tuple[Any, ...]) -> Narrow | None:
        inner = self.narrow(arguments[1]) if len(arguments) == 2 else None
        if inner is None:
            return None
        item, convert = inner, self.conversion(tp)

        def narrow(value: Any) -> Any:
            if not isinstance(value, dict):
                value = convert(value)
            return _changed(value, {key: item(one) for key, one in value.items()})

        return narrow

    def union(self, tp: Any, arguments: tuple[Any, ...]) -> Narrow | None:
        members = [(_judge(one), self.narrow(one)) for one in _flat(arguments)]
        if not any(inner for _, inner in members):
            return None
        convert = self.conversion(tp)

        def find(value: Any) -> Narrow | None:
            return next((inner or _unchanged for is_one, inner in members if is_one(value)), None)

        def narrow(value: Any) -> Any:
            inner = find(value)
            if inner is None:
                value = convert(value)
                inner = find(value) or _unchanged
            return inner(value)

        return narrow


def _flat(arguments: tuple[Any, ...]) -> Iterator[Any]:
    for one in map(unwrapped, arguments):
        origin, inner = origin_and_arguments(one)
        if is_union(origin):
            yield from _flat(inner)
        else:
            yield one


def _judge(tp: Any) -> Callable[[Any], bool]:
    """Whether a value is of this member of a union."""
    from typing import Any as AnyType

    if tp is AnyType:
        return lambda value: True
    cls = origin_and_arguments(tp)[0] or tp
    kind = model_kind(cls)
    if kind is not None:  # a value of a subclass is no value of it
        exact = dict if kind == "typeddict" else cls
        return lambda value: type(value) is exact
    classes: Any = ()
    if is_literal(tp):
        classes = tuple(map(type, tp.__args__))
    elif isinstance(cls, type):
        is_abstract = cls.__module__ == "collections.abc"
        classes = cls if not is_abstract else dict if issubclass(cls, Mapping) else _ITEMS
    return lambda value: isinstance(value, classes)


def _fields_of(cls: Any, kind: str | None) -> list[str]:
    if kind == "msgspec":
        return list(cls.__struct_fields__)
    if kind == "attrs":
        return [one.name for one in cls.__attrs_attrs__]
    from dataclasses import fields  # not what a server's start pays for

    return [one.name for one in fields(cls)]


def _setter(kind: str | None) -> Callable[[Any, str, Any], None]:
    """What sets a field of a frozen one, too."""
    if kind != "msgspec":
        return object.__setattr__
    from msgspec.structs import force_setattr

    return force_setattr


def _type_arguments(tp: Any) -> dict[Any, Any]:
    """What the variables of a generic model, and of the generic classes it is made of, stand for."""
    origin, arguments = origin_and_arguments(tp)
    known = dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False))
    for base in getattr(origin or tp, "__orig_bases__", ()):
        of, arguments = origin_and_arguments(base)
        if arguments and of.__name__ not in ("Generic", "Protocol"):
            known |= _type_arguments(_with_arguments(base, known))
    return known


def _with_arguments(hint: Any, known: dict[Any, Any]) -> Any:
    if type(hint).__name__ == "TypeVar":
        return known.get(hint, hint)
    if isinstance(hint, type):
        return hint
    variables = getattr(hint, "__parameters__", ())
    return hint[tuple(known.get(one, one) for one in variables)] if variables else hint


def _changed(value: dict[Any, Any], made: dict[Any, Any]) -> dict[Any, Any]:
    return value if all(one is value[key] for key, one in made.items()) else {**value, **made}


def _unchanged(value: Any) -> Any:
    return value
