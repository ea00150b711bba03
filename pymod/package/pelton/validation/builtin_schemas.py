"""JSON schemas of what the built-in checker checks: scalars, containers, unions, neutral models."""

from __future__ import annotations

from pelton.validation.annotations import (
    NoneType,
    declared_fields,
    field_hints,
    field_type,
    is_enum,
    is_literal,
    is_union,
    json_kind,
    model_kind,
    origin_and_arguments,
    unwrapped,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REFERENCE = "#/components/schemas/"
OCTETS = {"type": "string", "contentMediaType": "application/octet-stream"}

_SCALARS: dict[tuple[str, str], dict[str, Any]] = {
    ("builtins", "str"): {"type": "string"},
    ("builtins", "bytes"): OCTETS,
    ("builtins", "int"): {"type": "integer"},
    ("builtins", "float"): {"type": "number"},
    ("builtins", "bool"): {"type": "boolean"},
    ("builtins", "NoneType"): {"type": "null"},
    ("uuid", "UUID"): {"type": "string", "format": "uuid"},
    ("datetime", "date"): {"type": "string", "format": "date"},
    ("datetime", "datetime"): {"type": "string", "format": "date-time"},
    ("datetime", "time"): {"type": "string", "format": "time"},
    ("datetime", "timedelta"): {"type": "string", "format": "duration"},
    ("pelton", "UploadedFile"): OCTETS,
}
_JSON_TYPES = {"int": "integer", "float": "number", "bool": "boolean"}
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
}
_LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}


def jsonable(value: Any) -> Any:
    """A default or an example as it would be sent; None for what JSON has no form of."""
    from pelton import _native

    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    try:
        return _native.json_loads(_native.json_dumps(value))
    except (TypeError, ValueError):
        return None


def titled(name: str) -> str:
    """The title of a parameter or field that was given none."""
    return name.title().replace("_", " ")


def constrained(schema: dict[str, Any], constraints: dict[str, Any]) -> dict[str, Any]:
    """The schema with the keywords of these constraints; those of `T | None` are T's."""
    if not constraints:
        return schema
    members = schema.get("anyOf")
    if members and {"type": "null"} in members:
        return {**schema, "anyOf": [one if one.get("type") == "null" else constrained(one, constraints) for one in members]}
    made = dict(schema)
    noun = _LENGTHS.get(schema.get("type", ""), "Length")
    for name, value in constraints.items():
        if name == "items":
            made[name] = constrained(schema[name], value)
            continue
        keyword = _BOUNDS.get(name) or name.removesuffix("_length") + noun
        shown = value if name == "pattern" else _number(value)
        if shown is not None:
            made[keyword] = shown
    return made


def _number(bound: Any) -> Any:
    """A bound as JSON; None for a date and its like, for whose bounds a schema has no keyword."""
    if type(bound).__name__ == "Decimal":
        bound = int(bound) if bound == bound.to_integral_value() else float(bound)
    shown = jsonable(bound)
    return shown if isinstance(shown, int | float) else None


class BuiltinSchemas:
    """Schemas of annotations; models and enums become components, each under its class's name."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}
        self._names: dict[Any, str] = {}

    def schema(self, tp: Any) -> dict[str, Any]:
        tp = unwrapped(tp)
        kind = model_kind(tp)
        if kind in ("dataclass", "attrs", "typeddict"):
            return self.component(tp, lambda: self.model(tp, kind))
        if is_enum(tp):
            return self.component(tp, lambda: {"title": tp.__name__, **_choice([member.value for member in tp])})
        if is_literal(tp):
            return _choice([getattr(value, "value", value) for value in tp.__args__])
        tp = NoneType if tp is None else tp
        if isinstance(tp, type):
            if tp.__name__ == "Decimal":
                return {"anyOf": [{"type": "number"}, {"type": "string"}]}
            known = _SCALARS.get((tp.__module__, tp.__qualname__))
            if known is not None:
                return dict(known)
        origin, arguments = origin_and_arguments(tp)
        if is_union(origin):
            return {"anyOf": [self.schema(one) for one in arguments]}
        return self.container(origin or tp, arguments)

    def container(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if origin is dict:
            values = self.schema(arguments[1]) if len(arguments) == 2 else {}
            return {"type": "object", "additionalProperties": values or True}
        if origin not in (list, set, frozenset, tuple):
            return {}  # anything: Any, object
        made: dict[str, Any] = {"type": "array"}
        if origin is tuple and arguments and arguments[-1] is not ...:
            items = [self.schema(one) for one in arguments]
            return {**made, "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        made["items"] = self.schema(arguments[0]) if arguments else {}
        if origin in (set, frozenset):
            made["uniqueItems"] = True
        return made

    def component(self, tp: Any, make: Any) -> dict[str, Any]:
        name = self._names.get(tp)
        if name is None:
            name = tp.__name__
            if name in self.components:
                name = f"{tp.__module__}.{tp.__qualname__}".replace(".<locals>", "")
            while name in self.components:
                name += "_"
            self._names[tp] = name
            self.components[name] = {}  # for those that lead back here
            self.components[name].update(make())
        return {"$ref": REFERENCE + name}

    def model(self, tp: Any, kind: str) -> dict[str, Any]:
        hints = {name: field_type(hint) for name, hint in field_hints(tp).items()}
        properties: dict[str, Any] = {}
        required: list[str] = []
        for name, argument, is_required in declared_fields(tp, kind, field_hints(tp)):
            del argument  # JSON has the field's name
            schema = self.schema(hints[name])
            if "$ref" not in schema:
                schema["title"] = titled(name)
            default = default_of_field(tp, kind, name)
            if default is not None:
                schema["default"] = default
            properties[name] = schema
            if is_required:
                required.append(name)
        made: dict[str, Any] = {"type": "object", "properties": properties, "title": tp.__name__}
        if required:
            made["required"] = required
        if said := described_by(tp):
            made["description"] = said
        return made


def _choice(values: list[Any]) -> dict[str, Any]:
    kinds = {json_kind(value) for value in values}
    made: dict[str, Any] = {"enum": [jsonable(value) for value in values]}
    if len(kinds) == 1:
        kind = kinds.pop()
        made["type"] = _JSON_TYPES.get(kind, kind)
    return made


def default_of_field(tp: Any, kind: str, name: str) -> Any:
    """The default of a field as JSON; None where it has none, or none that JSON can show."""
    if kind == "dataclass":
        default = tp.__dataclass_fields__[name].default
    elif kind == "attrs":
        default = next(one.default for one in tp.__attrs_attrs__ if one.name == name)
    else:
        return None
    absent = type(default).__name__ in ("_MISSING_TYPE", "_Nothing", "Factory") or getattr(default, "name", "") == "NOTHING"
    return None if absent else jsonable(default)


def described_by(tp: Any) -> str | None:
    """The docstring its author wrote; dataclasses write one themselves."""
    said = tp.__dict__.get("__doc__") if isinstance(tp, type) else getattr(tp, "__doc__", None)
    if not said or isinstance(tp, type) and said.startswith(f"{tp.__name__}("):
        return None
    from inspect import cleandoc

    return cleandoc(said).partition("\f")[0].strip() or None
