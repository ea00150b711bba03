"""Schemas of scalars, containers and neutral models."""

import datetime
import decimal
import enum
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, TypedDict, Union

import attrs
import pytest

from pelton import UploadedFile
from pelton.validation.builtin_schemas import BuiltinSchemas, constrained, described_by, jsonable, titled

OCTETS = {"type": "string", "contentMediaType": "application/octet-stream"}
Number = NewType("Number", int)


class Mixed(enum.Enum):
    one = 1
    two = "2"


@pytest.mark.parametrize(
    ("tp", "schema"),
    [
        (str, {"type": "string"}),
        (Annotated[Number, "any"], {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (bytes, OCTETS),
        (UploadedFile, OCTETS),
        (decimal.Decimal, {"anyOf": [{"type": "number"}, {"type": "string"}]}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (datetime.timedelta, {"type": "string", "format": "duration"}),
        (Any, {}),
        (object, {}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Literal[1, 2], {"enum": [1, 2], "type": "integer"}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045
        (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}),  # noqa: UP007
        (list, {"type": "array", "items": {}}),
        (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
        ),
        (dict, {"type": "object", "additionalProperties": True}),
        (dict[str, list[int]], {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}}),
    ],
)
def test_types(tp: Any, schema: dict[str, Any]) -> None:
    assert BuiltinSchemas().schema(tp) == schema


def test_models_and_enums_are_components() -> None:
    @dataclass
    class Node:
        """A node."""

        value: Mixed
        _odd: int = 3
        at: datetime.date = datetime.date(2026, 1, 2)
        below: "list[Node]" = field(default_factory=list)

    @attrs.define
    class Attrs:
        a: int
        b: list[int] = attrs.Factory(list)
        c: str = "c"

    class Typed(TypedDict):
        a: int
        b: NotRequired[str]

    Node.__annotations__["below"] = list[Node]
    made = BuiltinSchemas()
    assert made.schema(Node) == made.schema(Node) == {"$ref": "#/components/schemas/Node"}
    assert made.components["Mixed"] == {"title": "Mixed", "enum": [1, "2"]}
    node = made.components["Node"]
    assert (node["description"], node["required"]) == ("A node.", ["value"])
    assert node["properties"]["value"] == {"$ref": "#/components/schemas/Mixed"}
    assert node["properties"]["at"] == {"type": "string", "format": "date", "title": "At", "default": "2026-01-02"}
    assert node["properties"]["below"]["items"] == {"$ref": "#/components/schemas/Node"}
    made.schema(Attrs)
    assert made.components["Attrs"]["required"] == ["a"] and "default" not in made.components["Attrs"]["properties"]["b"]
    assert made.components["Attrs"]["properties"]["c"] == {"type": "string", "title": "C", "default": "c"}
    made.schema(Typed)
    assert made.components["Typed"]["required"] == ["a"]


def test_two_classes_of_one_name() -> None:
    def make(kind: type) -> type:
        @dataclass
        class Same:
            a: kind  # type: ignore[valid-type]

        return Same

    made = BuiltinSchemas()
    references = [made.schema(make(kind))["$ref"] for kind in (int, str, float)]
    assert len(set(references)) == 3 == len(made.components)


def test_constraints() -> None:
    assert constrained({"type": "array"}, {"min_length": 1, "max_length": 2}) == {"type": "array", "minItems": 1, "maxItems": 2}
    told = {"ge": 1, "gt": 2, "le": 3, "lt": 4, "multiple_of": 5, "pattern": "x"}
    assert constrained({"type": "string", "minLength": 0}, told | {"min_length": 2}) == {
        "type": "string",
        "minimum": 1,
        "exclusiveMinimum": 2,
        "maximum": 3,
        "exclusiveMaximum": 4,
        "multipleOf": 5,
        "pattern": "x",
        "minLength": 2,
    }


def test_bounds_are_numbers() -> None:
    bounds = {"ge": decimal.Decimal("1.5"), "lt": decimal.Decimal(2**70), "le": datetime.date(2024, 1, 2), "multiple_of": 0.5}
    assert constrained({}, bounds) == {"minimum": 1.5, "exclusiveMaximum": 2**70, "multipleOf": 0.5}


def test_values_texts_and_titles() -> None:
    assert jsonable({3, 1}) == [1, 3] and jsonable(b"\xff") == "\ufffd" and jsonable(object()) is None
    assert titled("first_name") == "First Name"

    @dataclass
    class Silent:
        a: int

    def said() -> None:
        """Told.

        More.\f
        Not for readers of the document."""

    assert described_by(Silent) is None and described_by(said) == "Told.\n\nMore."
    assert described_by(lambda: 1) is None
