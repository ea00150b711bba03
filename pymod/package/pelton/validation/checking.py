"""The built-in checker: dataclass, attrs, TypedDict, containers and scalars, strict as JSON is.

A compiled check is called as check(value, loc, problems), appends an entry for every misfit and
returns the converted value. Checks for `python=True` judge what a handler returned instead of what
a client sent: objects may stand for models, and values need no JSON form.
"""

from __future__ import annotations

from functools import partial

from pelton import scalars
from pelton.scalars import Invalid, entry, missing
from pelton.validation.annotations import (
    NoneType,
    Unfit,
    declared_fields,
    described,
    field_hints,
    field_type,
    is_enum,
    is_literal,
    is_union,
    json_kind,
    json_kinds,
    model_kind,
    origin_and_arguments,
    unwrapped,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Check = Callable[[Any, list[Any], list[dict[str, Any]]], Any]

_ABSENT: Any = object()


class _Compiler:
    def __init__(self, python: bool) -> None:
        self.python = python
        self.models: dict[Any, list[Check]] = {}  # recursion: the check is filled in when it is made

    def check(self, tp: Any) -> Check:
        tp = unwrapped(tp)
        kind = model_kind(tp)
        if kind in ("dataclass", "attrs", "typeddict"):
            return self.model(tp, kind)
        if is_enum(tp):
            return _choice("enum", [(member.value, member) for member in tp], tp if self.python else None)
        if is_literal(tp):
            return _choice("literal_error", [(value, value) for value in tp.__args__], None)
        from typing import Any as AnyType

        if tp is AnyType or tp is object:
            return lambda value, loc, problems: value
        if tp is None or tp is NoneType:
            return _instance("none_required", "Input should be null", NoneType)
        if isinstance(tp, type) and tp in (bool, int, float, str):
            scalar: Check = _SCALARS[tp]
            return scalar
        if isinstance(tp, type) and (tp.__module__, tp.__qualname__) in _TEXTS:
            return _texts(tp, *_TEXTS[tp.__module__, tp.__qualname__])
        if tp in (list, set, frozenset, tuple, dict):
            return self.container(tp, ())
        origin, arguments = origin_and_arguments(tp)
        if is_union(origin):
            return self.union(arguments)
        if origin in (list, set, frozenset, tuple, dict):
            return self.container(origin, arguments)
        raise Unfit(
            f"the built-in checker cannot check {described(tp)}",
            "use a dataclass, TypedDict or container of scalars, or a pydantic or msgspec model",
        )

    def model(self, tp: Any, kind: str) -> Check:
        if tp in self.models:
            later = self.models[tp]
            return lambda value, loc, problems: later[0](value, loc, problems)
        self.models[tp] = []
        made = self.fields(tp, kind)
        self.models[tp].append(made)
        return made

    def fields(self, tp: Any, kind: str) -> Check:
        hints = field_hints(tp)
        fields: list[tuple[str, str, Check, bool]] = []  # key, argument, check, required
        for key, argument, required in declared_fields(tp, kind, hints):
            fields.append((key, argument, self.check(field_type(hints[key])), required))
        python = self.python
        plain = kind == "typeddict"
        name = tp.__name__

        def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
            read: Callable[[str, Any], Any]
            if isinstance(value, dict):
                read = value.get
            elif python and not isinstance(value, str | int | float | list | tuple | NoneType):
                read = partial(getattr, value)
            elif plain:
                problems.append(entry("dict_type", loc, "Input should be an object", value))
                return value
            else:
                context = {"class_name": name}
                problems.append(entry("dataclass_type", loc, "Input should be an object", value, context))
                return value
            before = len(problems)
            taken: dict[str, Any] = {}
            for key, argument, inner, required in fields:
                one = read(key, _ABSENT)
                if one is not _ABSENT:
                    taken[argument] = inner(one, [*loc, key], problems)
                elif required:
                    problems.append(missing([*loc, key], None if python else value))
            if len(problems) > before or plain:
                return taken
            try:
                return tp(**taken)
            except (ValueError, AssertionError) as error:
                context = {"error": str(error)}
                problems.append(entry("value_error", loc, f"Value error, {error}", value, context))
                return value

        return check

    def union(self, members: tuple[Any, ...]) -> Check:
        branches: list[tuple[set[str], str, Check]] = []
        taken: set[str] = set()
        for member in members:
            kinds = json_kinds(member)
            if float in members and int in members and unwrapped(member) is float:
                kinds = kinds - {"int"}
            if kinds & taken:
                raise Unfit(
                    f"the members of {' | '.join(map(described, members))} do not differ in JSON",
                    "use a pydantic or msgspec model with a discriminator, or App(validator='pydantic')",
                )
            taken |= kinds
            branches.append((kinds, described(unwrapped(member)), self.check(member)))
        named = [(kinds, label, inner) for kinds, label, inner in branches if kinds != {"null"}]
        nullable = len(named) < len(branches)
        python = self.python

        def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
            if value is None and nullable:
                return None
            if len(named) == 1:
                return named[0][2](value, loc, problems)
            if python:
                for _, _, inner in named:
                    found: list[dict[str, Any]] = []
                    made = inner(value, loc, found)
                    if not found:
                        return made
            kind = json_kind(value)
            for kinds, label, inner in named:
                if kind in kinds:
                    return inner(value, [*loc, label], problems)
            for _, label, inner in named:
                inner(value, [*loc, label], problems)
            return value

        return check

    def container(self, origin: Any, arguments: tuple[Any, ...]) -> Check:
        from typing import Any as AnyType

        if origin is dict:
            key, value = arguments or (AnyType, AnyType)
            return self.mapping(key, value)
        if origin is tuple and arguments and arguments[-1] is not ...:
            return self.fixed(arguments)
        item = self.check(arguments[0] if arguments else AnyType)
        kind = {list: "list", set: "set", frozenset: "frozen_set", tuple: "tuple"}[origin]
        python = self.python

        def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
            if type(value) is not list and not (python and isinstance(value, list | tuple | set | frozenset)):
                problems.append(entry(f"{kind}_type", loc, "Input should be a valid array", value))
                return value
            made = [item(one, [*loc, index], problems) for index, one in enumerate(value)]
            if origin is list or problems:
                return made
            try:
                return origin(made)
            except TypeError:
                problems.append(entry("set_item_not_hashable", loc, "Set items should be hashable", value))
                return value

        return check

    def fixed(self, arguments: tuple[Any, ...]) -> Check:
        checks = [] if arguments == ((),) else [self.check(one) for one in arguments]
        python = self.python

        def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
            if type(value) is not list and not (python and isinstance(value, tuple)):
                problems.append(entry("tuple_type", loc, "Input should be a valid array", value))
                return value
            made = [
                inner(one, [*loc, index], problems)
                for index, (inner, one) in enumerate(zip(checks, value, strict=False))
            ]
            for index in range(len(value), len(checks)):
                problems.append(missing([*loc, index], value))
            if len(value) > len(checks):
                context = {"field_type": "Tuple", "max_length": len(checks), "actual_length": len(value)}
                text = f"Tuple should have at most {scalars._plural(len(checks), 'item')} after validation"
                problems.append(entry("too_long", loc, f"{text}, not {len(value)}", value, context))
            return tuple(made)

        return check

    def mapping(self, key: Any, value: Any) -> Check:
        from typing import Any as AnyType

        inner = self.check(value)
        key_check = None if key in (str, AnyType) else self.key(key)
        python = self.python

        def check(found: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
            if not isinstance(found, dict):
                problems.append(entry("dict_type", loc, "Input should be an object", found))
                return found
            made: dict[Any, Any] = {}
            for name, one in found.items():
                taken = name
                if key_check is not None and not (python and not isinstance(name, str)):
                    try:
                        taken = key_check(name)
                    except Invalid as error:
                        where = [*loc, name, "[key]"]
                        problems.append(entry(error.kind, where, error.message, name, error.context))
                made[taken] = inner(one, [*loc, name], problems)
            return made

        return check

    def key(self, tp: Any) -> Callable[[str], Any]:
        from pelton.validation.annotations import scalar_converter

        converter = scalar_converter(tp)
        if converter is None:
            raise Unfit(f"{described(tp)} cannot be the key of a JSON object", "use str keys")
        return converter


def compiled(tp: Any, *, python: bool) -> Callable[[Any], Any]:
    """A function that returns the converted value or raises Problems with all entries."""
    check = _Compiler(python).check(tp)

    def judge(value: Any) -> Any:
        problems: list[dict[str, Any]] = []
        try:
            made = check(value, [], problems)
        except RecursionError:
            raise scalars.Problems(
                [entry("recursion_loop", [], "Recursion error - input is nested too deeply", None)]
            ) from None
        if problems:
            raise scalars.Problems(problems)
        return made

    return judge


def _instance(kind: str, message: str, *types: type) -> Check:
    def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
        if type(value) not in types:
            problems.append(entry(kind, loc, message, value))
        return value

    return check


def _float(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            pass
    problems.append(entry("float_type", loc, "Input should be a valid number", value))
    return value


_SCALARS: dict[type, Any] = {
    bool: _instance("bool_type", "Input should be a valid boolean", bool),
    int: _instance("int_type", "Input should be a valid integer", int),
    str: _instance("string_type", "Input should be a valid string", str),
    float: _float,
}

# Scalars with a text form: converter, the entry for another JSON type, and pydantic's strict entry
# for a text that cannot be read.
_TEXTS: dict[tuple[str, str], tuple[Any, str, str, str | None, str]] = {
    ("uuid", "UUID"): (
        scalars.as_uuid,
        "uuid_type",
        "UUID input should be a string, bytes or UUID object",
        None,
        "",
    ),
    ("datetime", "date"): (
        scalars.as_date,
        "date_type",
        "Input should be a valid date",
        "date_parsing",
        "Input should be a valid date in the format YYYY-MM-DD",
    ),
    ("datetime", "datetime"): (
        scalars.as_datetime,
        "datetime_type",
        "Input should be a valid datetime",
        "datetime_parsing",
        "Input should be a valid datetime",
    ),
    ("datetime", "time"): (scalars.as_time, "time_type", "Input should be a valid time", None, ""),
    ("datetime", "timedelta"): (
        scalars.as_timedelta,
        "time_delta_type",
        "Input should be a valid duration",
        None,
        "",
    ),
    ("decimal", "Decimal"): (
        scalars.as_decimal,
        "decimal_type",
        "Decimal input should be an integer, float, string or Decimal object",
        None,
        "",
    ),
}


def _texts(
    tp: type, convert: Any, wrong_kind: str, wrong: str, strict_kind: str | None, strict: str
) -> Check:
    number = tp.__name__ == "Decimal"

    def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
        if isinstance(value, tp):
            return value
        if number and type(value) in (int, float):
            return tp(str(value))
        if type(value) is not str:
            problems.append(entry(wrong_kind, loc, wrong, value))
            return value
        try:
            return convert(value)
        except Invalid as error:
            kind, message = error.kind, error.message
            if strict_kind is not None and error.context:
                kind, message = strict_kind, f"{strict}, {error.context['error']}"
            problems.append(entry(kind, loc, message, value, error.context))
            return value

    return check


def _choice(kind: str, pairs: list[tuple[Any, Any]], instance: Any) -> Check:
    expected = scalars.listed([value for value, _ in pairs])

    def check(value: Any, loc: list[Any], problems: list[dict[str, Any]]) -> Any:
        if instance is not None and isinstance(value, instance):
            return value
        for wanted, made in pairs:
            if type(wanted) is type(value) and wanted == value:
                return made
            if wanted is value or (instance is None and made is value):
                return made
        problems.append(entry(kind, loc, f"Input should be {expected}", value, {"expected": expected}))
        return value

    return check
