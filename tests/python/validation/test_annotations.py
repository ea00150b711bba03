"""Which annotations are scalars, which are models, and whose engine checks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, NewType, Optional, TypedDict, TypeVar, Union

import pytest

from pelton.validation.annotations import (
    Unfit,
    collection_of,
    declared_fields,
    described,
    engine_of,
    field_hints,
    is_model,
    is_scalar,
    model_kind,
    unwrapped,
    without_none,
)

pydantic = pytest.importorskip("pydantic")
msgspec = pytest.importorskip("msgspec")

T = TypeVar("T")


class Model(pydantic.BaseModel):  # type: ignore[misc,name-defined]
    a: int


class Page(pydantic.BaseModel, Generic[T]):  # type: ignore[misc,name-defined]
    items: list[T]


class Struct(msgspec.Struct):  # type: ignore[misc,name-defined]
    a: int


@dataclass
class Plain:
    a: int
    b: list[int] = field(default_factory=list)
    c: int = field(default=0, init=False)


@dataclass
class Mixed:
    model: Model
    struct: Struct


@dataclass
class HoldsStruct:
    inner: list[Struct]


class Typed(TypedDict, total=False):
    a: int


def test_unwrapped() -> None:
    assert unwrapped(Annotated[NewType("N", int), "x"]) is int
    assert without_none(Optional[int]) == (int, True)
    assert without_none(Union[int, str, None]) == (Union[int, str], True)
    assert without_none(int) == (int, False)


def test_scalars_and_collections() -> None:
    assert is_scalar(int) and is_scalar(bytes) and not is_scalar(list[int]) and not is_scalar(Plain)
    assert collection_of(list[int]) == (list, int) and collection_of(tuple[int, ...]) == (tuple, int)
    assert collection_of(tuple[int, int]) is None and collection_of(int) is None


@pytest.mark.parametrize(
    ("tp", "kind"),
    [
        (Model, "pydantic"),
        (Page[int], "pydantic"),
        (Struct, "msgspec"),
        (Plain, "dataclass"),
        (Typed, "typeddict"),
        (int, None),
        (dict, None),
        (list[int], None),
    ],
)
def test_model_kinds(tp: Any, kind: str | None) -> None:
    assert model_kind(tp) == kind


@pytest.mark.parametrize(
    ("tp", "model"),
    [
        (dict, True),
        (dict[str, int], True),
        (list[Model], True),
        (Union[Model, None], True),
        (Union[Plain, Model], True),
        (list[int], False),
        (Union[Plain, int], False),
        (Any, False),
    ],
)
def test_row_6_models(tp: Any, model: bool) -> None:
    assert is_model(tp) is model


def test_pydantic_1_models_are_known_and_refused() -> None:
    old = pytest.importorskip("pydantic.v1")

    class Old(old.BaseModel):  # type: ignore[misc,name-defined]
        a: int

    assert model_kind(Old) == "pydantic1"
    with pytest.raises(Unfit, match="pydantic 1"):
        engine_of(Old, "auto")


def test_the_engine_is_that_of_the_types_inside() -> None:
    assert engine_of(list[Model], "builtin") == "pydantic"
    assert engine_of(HoldsStruct, "builtin") == "msgspec"
    assert engine_of(Plain, "builtin") == "builtin" and engine_of(Plain, "pydantic") == "pydantic"
    assert engine_of(Plain, "auto") == "msgspec"


def test_mixed_engines_are_refused() -> None:
    with pytest.raises(Unfit, match="mixes"):
        engine_of(Mixed, "auto")
    with pytest.raises(Unfit, match="mixes"):
        engine_of(Union[Model, Struct], "auto")


def test_declared_fields() -> None:
    assert declared_fields(Plain, "dataclass", field_hints(Plain)) == [("a", "a", True), ("b", "b", False)]
    assert declared_fields(Typed, "typeddict", field_hints(Typed)) == [("a", "a", False)]


def test_described() -> None:
    assert described(int) == "int" and described(Optional[int]) == str(Optional[int]).removeprefix("typing.")
    assert described(list[int]) == "list[int]"
