"""The fields of a model as its engine declares them, under the names by which they are sent."""

from __future__ import annotations

import copy

from pelton.validation.annotations import Unfit, described, is_union, origin_and_arguments, unwrapped
from pelton.validation.builtin_schemas import jsonable, titled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.openapi.schemas import Schemas
    from pelton.signature.sources import Source


class ModelField:
    """One field of a model: how it is sent, and its type for the OpenAPI document."""

    __slots__ = ("aliases", "engine", "name", "required", "source", "takes_many", "tp")

    def __init__(
        self,
        name: str,
        aliases: list[tuple[str, str]],
        takes_many: bool,
        required: bool,
        tp: Any,
        engine: str,
        source: Source | None = None,
    ) -> None:
        self.name = name
        self.aliases = aliases  # (name that the engine knows, name in the request), the preferred first
        self.takes_many = takes_many
        self.required = required
        self.tp = tp
        self.engine = engine
        self.source = source  # where it is a parameter of its own

    @property
    def annotation(self) -> Any:
        names = {"pydantic": "annotation", "msgspec": "type"}
        return getattr(self.tp, names[self.engine]) if self.engine in names else self.tp

    @property
    def key(self) -> str:
        """The name in the request, as the OpenAPI document has it."""
        return self.aliases[0][1]


def pydantic_fields(tp: Any, source: str, converts_underscores: bool) -> list[ModelField]:
    """The fields of a model or dataclass of pydantic's."""
    config = getattr(tp, "model_config", None) or getattr(tp, "__pydantic_config__", None) or {}
    known = getattr(tp, "__pydantic_fields__", None) or getattr(tp, "model_fields", {})
    made = []
    for name, field in known.items():
        aliases = _pydantic_aliases(name, field, config, source == "header" and converts_underscores)
        made.append(ModelField(name, aliases, takes_many(field.annotation), field.is_required(), field, "pydantic"))
    return made


def _pydantic_aliases(name: str, field: Any, config: Any, dashes: bool) -> list[tuple[str, str]]:
    own = (name, name.replace("_", "-") if dashes else name)
    if config.get("validate_by_alias") is False:
        return [own]
    alias = field.validation_alias or field.alias
    choices = [alias] if isinstance(alias, str) else list(getattr(alias, "choices", ()))
    texts = [one for one in choices if isinstance(one, str)]
    found = [own if one == name else (one, one) for one in texts] or [own]
    if config.get("validate_by_name", config.get("populate_by_name", False)) and name not in texts:
        found.append(own)
    return found


def msgspec_fields(tp: Any, source: str, converts_underscores: bool) -> list[ModelField]:
    """The fields of a Struct; a field that it renames is sent under that name."""
    import msgspec

    if origin_and_arguments(tp)[0] is None and tp.__struct_config__.array_like:
        raise Unfit(f"{described(tp)} is array_like, and its fields have names where they are sent", "leave array_like out")
    made = []
    for field in msgspec.structs.fields(tp):
        alias = key = field.encode_name
        if source == "header":
            key = key.replace("_", "-") if converts_underscores and key == field.name else key
        made.append(ModelField(field.name, [(alias, key)], takes_many(field.type), field.required, field, "msgspec"))
    return made


def takes_many(tp: Any) -> bool:
    """Whether every value of a name is for it, not the last alone."""
    from collections import deque
    from collections.abc import Sequence

    tp = unwrapped(tp)
    origin, arguments = origin_and_arguments(tp)
    if is_union(origin):
        return any(map(takes_many, arguments))
    return (origin or tp) in (list, set, frozenset, tuple, deque, Sequence)


# --- as a document describes them -------------------------------------------------------------


def field_parameter(field: ModelField, place: str, schemas: Schemas) -> dict[str, Any]:
    """The parameter of a field that its engine describes."""
    declared, key = field.tp, field.aliases[0][0]
    told: dict[str, Any] = {"name": field.key, "in": place, "required": field.required}
    beside: dict[str, Any] = {"title": titled(key)}
    if field.engine == "msgspec":
        default = jsonable(declared.default) if _is_json(declared.default) else None
        if default is not None:
            beside["default"] = default
        told["schema"] = schemas.model(declared.type, "validation", {}, beside, "msgspec")
        return told
    if declared.deprecated:
        told["deprecated"] = beside["deprecated"] = True
    if declared.description:
        told["description"] = declared.description
    told["schema"] = schemas.model(_described(declared), "validation", {}, beside, "pydantic")
    return told


def _is_json(default: Any) -> bool:
    return default is not None and type(default).__name__ != "NODEFAULT"


def _described(declared: Any) -> Any:
    """The annotation of a field of pydantic's, with the constraints of its FieldInfo."""
    from typing import Annotated

    import pydantic

    bare = copy.copy(declared)
    bare.alias = bare.validation_alias = bare.serialization_alias = bare.deprecated = None
    if bare.default is None:  # which cannot be sent
        bare.default = pydantic.fields.FieldInfo().default
    annotated: Any = Annotated  # Checkers want its items written out.
    return annotated[(declared.annotation, bare)]
