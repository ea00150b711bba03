"""Components of one document: every model described by its own engine, under a name of its own."""

from __future__ import annotations

import re

from pelton.validation.annotations import engine_of
from pelton.validation.builtin_schemas import REFERENCE, BuiltinSchemas, constrained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Mode = Literal["validation", "serialization"]


class Wanted:
    """A schema that is filled in when all are known, for names depend on each other."""

    __slots__ = ("beside", "constraints", "mode", "place", "tp")

    def __init__(
        self, tp: Any, mode: Mode, constraints: dict[str, Any], beside: dict[str, Any], place: dict[str, Any]
    ) -> None:
        self.tp = tp
        self.mode = mode
        self.constraints = constraints
        self.beside = beside
        self.place = place


class Schemas:
    """Collects what is wanted, then describes it engine by engine."""

    def __init__(self, validator: str) -> None:
        self.validator = validator
        self.components: dict[str, dict[str, Any]] = {}
        self._builtin = BuiltinSchemas()
        self._later: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}  # schemas and references of our own
        self._wanted: dict[str, list[Wanted]] = {"pydantic": [], "msgspec": [], "builtin": []}

    def model(
        self,
        tp: Any,
        mode: Mode,
        constraints: dict[str, Any] | None = None,
        beside: dict[str, Any] | None = None,
        engine: str | None = None,
    ) -> dict[str, Any]:
        """The schema of JSON, empty until finish(); `beside` are keywords of the place where it stands."""
        from typing import Any as AnyType

        from pelton.validation.models import body_engine

        place: dict[str, Any] = {}
        if engine is None:
            chosen = body_engine if mode == "validation" else engine_of
            engine = "builtin" if tp is AnyType else chosen(tp, self.validator)
        self._wanted[engine].append(Wanted(tp, mode, constraints or {}, beside or {}, place))
        return place

    def text(self, tp: Any, constraints: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
        """The schema of a value that is read from text."""
        place: dict[str, Any] = {}
        self._wanted["builtin"].append(Wanted(tp, "validation", constraints, beside, place))
        return place

    def finish(self) -> dict[str, dict[str, Any]]:
        """Fills in all schemas; the components by name, sorted."""
        for engine, describe in (("pydantic", _of_pydantic), ("msgspec", _of_msgspec), ("builtin", self._of_builtin)):
            wanted = self._wanted[engine]
            if not wanted:
                continue
            schemas, components = describe(wanted)
            renamed = self._take(components, engine)
            for one, schema in zip(wanted, schemas, strict=True):
                _fill(one, _with_names(schema, renamed))
        for name, (schema, reference) in self._later.items():
            fit = self._free(name, "pelton") if name in self.components else name
            self.components[fit] = schema
            reference["$ref"] = REFERENCE + fit
        return dict(sorted(self.components.items()))

    def later(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        """A component of the document's own: its reference. Names of models go before its name."""
        known, reference = self._later.setdefault(name, (schema, {}))
        assert known is schema or known == schema, name
        return reference

    def _take(self, components: dict[str, Any], engine: str) -> dict[str, str]:
        """Adds them; new names of those whose names are taken."""
        renamed: dict[str, str] = {}
        for name, schema in components.items():
            fit = re.sub(r"[^A-Za-z0-9._-]", "_", name)
            if fit in self.components and not _same(self.components[fit], schema):
                fit = self._free(fit, engine)
            if fit != name:
                renamed[name] = fit
            self.components.setdefault(fit, {})
        for name, schema in components.items():
            self.components[renamed.get(name, name)].update(_with_names(schema, renamed))
        return renamed

    def _free(self, name: str, owner: str) -> str:
        name = f"{name}-{owner}"
        while name in self.components:
            name += "_"
        return name

    def _of_builtin(self, wanted: list[Wanted]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        return [constrained(self._builtin.schema(one.tp), one.constraints) for one in wanted], self._builtin.components


def _fill(one: Wanted, schema: dict[str, Any]) -> None:
    one.place.update(schema)
    for name, value in one.beside.items():
        if name != "title" or ("$ref" not in schema and "title" not in schema):
            one.place[name] = value


def _of_pydantic(wanted: list[Wanted]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    import pydantic

    from pelton.validation.models import _type_adapter

    template = REFERENCE + "{model}"
    inputs: list[Any] = [(at, one.mode, _type_adapter(one.tp, one.constraints)) for at, one in enumerate(wanted)]
    undescribed = pydantic.errors.PydanticInvalidForJsonSchema
    try:
        by_key, rest = pydantic.TypeAdapter.json_schemas(inputs, ref_template=template)
    except undescribed:
        # One that has no schema must not take the others with it.
        described = []
        for one in inputs:
            try:
                pydantic.TypeAdapter.json_schemas([one], ref_template=template)
            except undescribed:
                continue
            described.append(one)
        by_key, rest = pydantic.TypeAdapter.json_schemas(described, ref_template=template)
    found: dict[Any, Any] = dict(by_key)
    schemas = [dict(found.get((at, one.mode), {})) for at, one in enumerate(wanted)]
    return schemas, dict(rest.get("$defs", {}))


def _of_msgspec(wanted: list[Wanted]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    import msgspec

    types = [_with_meta(one) for one in wanted]

    def anything(tp: type) -> dict[str, Any]:
        return {"title": tp.__name__}  # msgspec takes an empty one for none

    schemas, components = msgspec.json.schema_components(
        types, schema_hook=anything, ref_template=REFERENCE + "{name}"
    )
    return list(schemas), dict(components)


def _with_meta(one: Wanted) -> Any:
    if not one.constraints:
        return one.tp
    from typing import Annotated

    import msgspec

    return Annotated[one.tp, msgspec.Meta(**one.constraints)]


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both describe the same values; engines sort the values of an enum and name its type differently."""
    if "enum" in one and "enum" in other:
        return one.get("title") == other.get("title") and sorted(map(repr, one["enum"])) == sorted(map(repr, other["enum"]))
    return one == other


def _with_names(schema: Any, renamed: dict[str, str]) -> Any:
    """A copy whose references carry the new names."""
    if isinstance(schema, list):
        return [_with_names(one, renamed) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref" and isinstance(value, str):
            made[key] = _renamed(value, renamed)
        elif key == "mapping" and isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            made[key] = {name: _renamed(one, renamed) for name, one in value.items()}
        else:
            made[key] = _with_names(value, renamed)
    return made


def _renamed(reference: str, renamed: dict[str, str]) -> str:
    name = reference.removeprefix(REFERENCE)
    return REFERENCE + renamed.get(name, name)


