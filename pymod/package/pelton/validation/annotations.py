"""Reading annotations: which are scalars, which are models, and whose engine checks them."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

NoneType = type(None)


class Unfit(Exception):
    """An annotation that cannot be used here: what is wrong and how to fix it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


def described(tp: Any) -> str:
    """An annotation as its author would write it."""
    if isinstance(tp, type) and not hasattr(tp, "__args__"):
        return tp.__name__
    return str(tp).replace("typing.", "")


def unwrapped(tp: Any) -> Any:
    """The type inside Annotated, NewType and `type X = ...`."""
    return _said_of(tp, [])


def peeled(tp: Any) -> tuple[Any, list[Any]]:
    """The type inside these and `| None`, and all metadata of Annotated on the way."""
    said: list[Any] = []
    while True:
        tp, is_optional = without_none(_said_of(tp, said))
        if not is_optional:
            return tp, said


def _said_of(tp: Any, said: list[Any]) -> Any:
    while True:
        if hasattr(tp, "__metadata__"):
            said += tp.__metadata__
            tp = tp.__origin__
        elif hasattr(tp, "__supertype__"):
            tp = tp.__supertype__
        elif type(tp).__name__ == "TypeAliasType":
            tp = tp.__value__
        else:
            return tp


def origin_and_arguments(tp: Any) -> tuple[Any, tuple[Any, ...]]:
    from typing import get_args, get_origin

    return get_origin(tp), get_args(tp)


def is_union(origin: Any) -> bool:
    from types import UnionType
    from typing import Union

    return origin is Union or origin is UnionType


def without_none(tp: Any) -> tuple[Any, bool]:
    """(T, True) of `T | None`, else (tp, False)."""
    origin, arguments = origin_and_arguments(tp)
    if not is_union(origin) or NoneType not in arguments:
        return tp, False
    left = [one for one in arguments if one is not NoneType]
    if len(left) == 1:
        return left[0], True
    from typing import Union

    return Union[tuple(left)], True


_TEXT_CONVERTERS = {
    ("builtins", "str"): "as_str",
    ("builtins", "int"): "as_int",
    ("builtins", "float"): "as_float",
    ("builtins", "bool"): "as_bool",
    ("decimal", "Decimal"): "as_decimal",
    ("_decimal", "Decimal"): "as_decimal",
    ("_pydecimal", "Decimal"): "as_decimal",
    ("uuid", "UUID"): "as_uuid",
    ("datetime", "date"): "as_date",
    ("datetime", "datetime"): "as_datetime",
    ("datetime", "time"): "as_time",
}


def is_enum(tp: Any) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(tp, type) and issubclass(tp, enum.Enum)


def is_literal(tp: Any) -> bool:
    typing = sys.modules.get("typing")
    return typing is not None and getattr(tp, "__origin__", None) is typing.Literal


def scalar_converter(tp: Any) -> Callable[[str], Any] | None:
    """The converter from text of a scalar annotation; None if it is no scalar. `bytes` has none."""
    from pelton import scalars

    tp = unwrapped(tp)
    if isinstance(tp, type):
        name = _TEXT_CONVERTERS.get((tp.__module__, tp.__qualname__))
        if name is not None:
            converter: Callable[[str], Any] = getattr(scalars, name)
            return converter
        if is_enum(tp):
            members = list(tp)  # type: ignore[call-overload]
            return scalars.as_choice(
                "enum",
                {_literal_text(member.value): member for member in members},
                [member.value for member in members],
            )
    elif is_literal(tp):
        values = list(tp.__args__)
        return scalars.as_choice("literal_error", {_literal_text(v): v for v in values}, values)
    return None


def _literal_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    value = getattr(value, "value", value)
    return str(value)


def is_scalar(tp: Any) -> bool:
    return unwrapped(tp) is bytes or scalar_converter(tp) is not None


def collection_of(tp: Any) -> tuple[type, Any] | None:
    """(list, T) of `list[T]`, and so for set, frozenset and `tuple[T, ...]`; else None."""
    origin, arguments = origin_and_arguments(unwrapped(tp))
    if origin in (list, set, frozenset) and len(arguments) == 1:
        return origin, arguments[0]
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return tuple, arguments[0]
    return None


def fits_text(tp: Any) -> bool:
    """Whether texts of the request can become it: a scalar, or a collection of them."""
    inner, _ = without_none(unwrapped(tp))
    if is_scalar(inner):
        return True
    collection = collection_of(inner)
    return collection is not None and collection[0] is not frozenset and is_scalar(collection[1])


def ancestor(tp: Any, module: str, name: str) -> bool:
    """Whether a class of this module and name is among the ancestors; nothing is imported."""
    return isinstance(tp, type) and any(c.__module__ == module and c.__name__ == name for c in tp.__mro__)


def model_kind(tp: Any) -> str | None:
    """pydantic, pydantic1, msgspec, attrs, dataclass, typeddict, or None for no model class."""
    if not isinstance(tp, type):
        return None
    if "__pydantic_core_schema__" in tp.__dict__ or ancestor(tp, "pydantic.main", "BaseModel"):
        if not hasattr(tp, "__pydantic_validator__") and not hasattr(tp, "model_fields"):
            return "pydantic1"
        return "pydantic"
    if ancestor(tp, "pydantic.v1.main", "BaseModel"):
        return "pydantic1"
    if ancestor(tp, "msgspec._core", "Struct") or ancestor(tp, "msgspec", "Struct"):
        return "msgspec"
    if "__attrs_attrs__" in tp.__dict__ or hasattr(tp, "__attrs_attrs__"):
        return "attrs"
    if hasattr(tp, "__dataclass_fields__"):
        return "dataclass"
    if issubclass(tp, dict) and hasattr(tp, "__total__") and hasattr(tp, "__required_keys__"):
        return "typeddict"
    return None


def is_model(tp: Any) -> bool:
    """Row 6 of the signature rule: a model class, dict, or lists, unions, Optionals of models."""
    tp = unwrapped(tp)
    if model_kind(tp) is not None or tp is dict:
        return True
    origin, arguments = origin_and_arguments(tp)
    if origin is dict:
        return True
    if isinstance(origin, type) and model_kind(origin) is not None:
        return True  # a generic model: Page[Item]
    if is_union(origin):
        return all(one is NoneType or is_model(one) for one in arguments)
    collection = collection_of(tp)
    return collection is not None and is_model(collection[1])


def field_hints(tp: type) -> dict[str, Any]:
    from typing import get_type_hints

    return get_type_hints(tp, include_extras=True)


def parts(tp: Any, seen: set[Any]) -> Iterator[Any]:
    """The annotation and everything inside it, through the fields of neutral models too."""
    tp = unwrapped(tp)
    try:
        if tp in seen:
            return
        seen.add(tp)
    except TypeError:
        pass
    yield tp
    kind = model_kind(tp)
    if kind in ("dataclass", "attrs", "typeddict"):
        for hint in field_hints(tp).values():
            yield from parts(hint, seen)
        return
    if is_literal(tp):
        return
    origin, arguments = origin_and_arguments(tp)
    if isinstance(origin, type) and model_kind(origin) is not None:
        yield origin
    for one in arguments:
        if one is not ...:
            yield from parts(one, seen)


def engine_of(tp: Any, validator: str) -> str:
    """pydantic, msgspec or builtin: whose types the annotation holds, else what `validator` says."""
    kinds = {kind for kind in map(model_kind, parts(tp, set())) if kind is not None}
    if "pydantic1" in kinds:
        raise Unfit(f"{described(tp)} is a pydantic 1 model", "port it to pydantic 2 (class BaseModel of pydantic)")
    if "pydantic" in kinds and "msgspec" in kinds:
        raise Unfit(
            f"{described(tp)} mixes pydantic and msgspec models",
            "use models of one engine in one annotation",
        )
    if "pydantic" in kinds:
        if "attrs" in kinds:
            raise Unfit(f"{described(tp)} mixes pydantic and attrs classes", "use models of one engine")
        return "pydantic"
    if "msgspec" in kinds:
        return "msgspec"
    if validator == "auto":
        if _is_installed("msgspec"):
            return "msgspec"
        return "pydantic" if "attrs" not in kinds and _is_installed("pydantic") else "builtin"
    if validator != "builtin" and not _is_installed(validator):
        raise Unfit(f"App(validator={validator!r}) needs {validator}", f'pip install "pelton[{validator}]"')
    if validator == "pydantic" and "attrs" in kinds:
        raise Unfit(f"pydantic cannot check the attrs class in {described(tp)}", "App(validator='msgspec')")
    return validator


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return package in sys.modules or find_spec(package) is not None


def declared_fields(tp: Any, kind: str, hints: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(field, argument of the constructor, required) of a neutral model."""
    if kind == "typeddict":
        # __required_keys__ does not look into string annotations, the hints have been resolved.
        marked = {name: getattr(getattr(hint, "__origin__", None), "_name", None) for name, hint in hints.items()}
        return [
            (name, name, mark == "Required" or (mark != "NotRequired" and name in tp.__required_keys__))
            for name, mark in marked.items()
        ]
    if kind == "attrs":
        found = []
        for a in tp.__attrs_attrs__:
            if a.init and a.name in hints:
                argument = getattr(a, "alias", None) or a.name.lstrip("_")
                found.append((a.name, argument, type(a.default).__name__ == "_Nothing" or _is_nothing(a.default)))
        return found
    from dataclasses import MISSING, fields

    return [
        (f.name, f.name, f.default is MISSING and f.default_factory is MISSING) for f in fields(tp) if f.init
    ]


def _is_nothing(default: Any) -> bool:
    return getattr(default, "name", None) == "NOTHING" and type(default).__module__.startswith("attr")


def field_type(hint: Any) -> Any:
    """Behind Required, NotRequired, ReadOnly, Final and InitVar."""
    while True:
        name = getattr(getattr(hint, "__origin__", None), "_name", None)
        if name in ("Required", "NotRequired", "ReadOnly", "Final"):
            hint = hint.__args__[0]
        elif type(hint).__name__ == "InitVar":
            hint = hint.type
        else:
            return hint


_JSON_TEXTS = {
    ("uuid", "UUID"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
}


def json_kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "bool", int: "int", float: "float", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "object")


def json_kinds(tp: Any) -> set[str]:
    """The JSON types a member of a union claims."""
    tp = unwrapped(tp)
    if tp is None or tp is NoneType:
        return {"null"}
    if is_enum(tp):
        return {json_kind(member.value) for member in tp}
    if is_literal(tp):
        return {json_kind(value) for value in tp.__args__}
    if isinstance(tp, type):
        simple = {bool: {"bool"}, int: {"int"}, float: {"float", "int"}, str: {"string"}}
        if tp in simple:
            return simple[tp]
        if tp.__name__ == "Decimal":
            return {"string", "int", "float"}
        if (tp.__module__, tp.__qualname__) in _JSON_TEXTS:
            return {"string"}
        if model_kind(tp) is not None or tp is dict:
            return {"object"}
        if tp in (list, set, frozenset, tuple):
            return {"array"}
    origin, arguments = origin_and_arguments(tp)
    if origin is dict:
        return {"object"}
    if origin in (list, set, frozenset, tuple):
        return {"array"}
    if is_union(origin):
        return set().union(*map(json_kinds, arguments))
    return {"null", "bool", "int", "float", "string", "array", "object"}
