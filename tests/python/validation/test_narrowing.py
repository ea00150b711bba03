"""Results of models in models: nothing undeclared leaves, and what is as declared stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, NotRequired, Optional, TypeVar

import attrs
import msgspec
import pydantic
import pytest
from typing_extensions import TypedDict

from pelton import App, ResponseValidationError
from pelton.signature.results import result_type
from pelton.testing import TestClient
from pelton.validation.narrowing import narrowing

Validator = Literal["msgspec", "pydantic", "builtin"]
VALIDATORS: list[Validator] = ["msgspec", "pydantic", "builtin"]
T = TypeVar("T")


@dataclass
class A:
    x: int


@dataclass
class B(A):
    leak: str = "leak"


@dataclass(frozen=True)
class O:
    a: A


@dataclass
class Kept:
    a: A
    at: int = field(init=False, default=0)


@dataclass
class Many:
    items: list[A] = field(default_factory=list)
    named: dict[str, A] = field(default_factory=dict)
    pair: tuple[int, A] | None = None
    either: A | str | None = None


class Row(TypedDict):
    a: A
    n: NotRequired[int]


@dataclass
class Rows:
    row: Row


@dataclass
class Abstract:
    items: Sequence[A] | None
    named: Mapping[str, A] | None


@dataclass
class Tree:
    a: A
    leaves: list[Tree] = field(default_factory=list)


@dataclass
class Page(Generic[T]):
    items: list[T]
    first: Optional[T] = None


@dataclass
class Flat:
    x: int
    names: list[str] = field(default_factory=list)


@attrs.frozen
class Attrs:
    a: A


class Inner(msgspec.Struct):
    x: int


class InnerMore(Inner):
    leak: str = "leak"


class Outer(msgspec.Struct, frozen=True, rename="camel"):
    the_inner: Inner
    others: Sequence[Inner] = ()


class Book(msgspec.Struct, Generic[T]):
    pages: list[T]


class Chapters(Book[Inner]):
    pass


class Point(NamedTuple):
    x: int
    a: A


@dataclass
class Line:
    points: list[Point]


class User(pydantic.BaseModel):
    name: str


class Admin(User):
    leak: str = "leak"


@dataclass
class Account:
    user: User


X = {"x": 1}


def answer(validator: Validator, declared: Any, value: Any) -> Any:
    app = App(validator=validator)
    app.add_route("/", lambda: value, response_model=declared)
    return TestClient(app).get("/").json()


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize(
    ("declared", "value", "sent"),
    [
        (O, O(B(1)), {"a": X}),
        (O, O({"x": 1, "leak": "l"}), {"a": X}),  # type: ignore[arg-type]
        (list[O], [O(B(1)), O(A(1))], [{"a": X}, {"a": X}]),
        (dict[str, O], {"k": O(B(1))}, {"k": {"a": X}}),
        (Optional[O], O(B(1)), {"a": X}),
        (Many, Many([B(1)], {"k": B(1)}, (1, B(1)), B(1)), {"items": [X], "named": {"k": X}, "pair": [1, X], "either": X}),
        (Many, Many(either="s"), {"items": [], "named": {}, "pair": None, "either": "s"}),
        (Rows, Rows({"a": B(1), "n": 1}), {"row": {"a": X, "n": 1}}),
        (Rows, Rows({"a": A(1), "leak": "l"}), {"row": {"a": X}}),  # type: ignore[typeddict-unknown-key]
        (Tree, Tree(A(1), [Tree(A(1), [Tree(B(1))])]), {"a": X, "leaves": [{"a": X, "leaves": [{"a": X, "leaves": []}]}]}),
    ],
)
def test_no_undeclared_field_leaves_from_within(validator: Validator, declared: Any, value: Any, sent: Any) -> None:
    assert answer(validator, declared, value) == sent


@pytest.mark.parametrize(
    ("declared", "value", "sent"),
    [
        (Outer, Outer(InnerMore(1), (InnerMore(1),)), {"theInner": X, "others": [X]}),
        (list[Outer], [Outer(InnerMore(1))], [{"theInner": X, "others": []}]),
        (Page[A], Page([B(1)], B(1)), {"items": [X], "first": X}),
        (Book[Inner], Book([InnerMore(1)]), {"pages": [X]}),
        (Chapters, Chapters([InnerMore(1)]), {"pages": [X]}),
        (Attrs, Attrs(B(1)), {"a": X}),
        (Point, Point(1, B(1)), [1, X]),
        (Line, Line([Point(1, B(1))]), {"points": [[1, X]]}),
        (Account, Account(Admin(name="a")), {"user": {"name": "a"}}),
    ],
)
def test_nor_from_within_models_of_one_engine(declared: Any, value: Any, sent: Any) -> None:
    assert answer("msgspec", declared, value) == sent


@pytest.mark.parametrize("validator", VALIDATORS)
def test_what_does_not_fit_within_is_refused(validator: Validator) -> None:
    with pytest.raises(ResponseValidationError):
        answer(validator, O, O("text"))  # type: ignore[arg-type]


def test_flat_models_are_written_as_they_are() -> None:
    for flat in (Flat, A, Inner, User, list[A], dict[str, A | None]):
        assert narrowing(flat, lambda one: pytest.fail) is None
    made = result_type(Flat, "msgspec")
    assert made is not None and made.unless is Flat


def test_a_value_as_declared_stays_itself_and_no_other_is_changed() -> None:
    def conversion(tp: Any) -> Any:
        return lambda value: msgspec.convert(value, tp, from_attributes=True)

    narrow = narrowing(list[Many], conversion)
    assert narrow is not None
    fine = [Many([A(1)], {"k": A(1)}, (1, A(1)), A(1))]
    assert narrow(fine) is fine
    odd = Kept(B(1))
    odd.at = 7
    narrow = narrowing(Kept, conversion)
    assert narrow is not None
    made = narrow(odd)
    assert (type(made.a), made.at, type(odd.a)) == (A, 7, B)


@pytest.mark.parametrize("validator", ["msgspec", "pydantic"])
def test_abstract_collections(validator: Validator) -> None:
    sent = {"items": [X], "named": {"k": X}}
    assert answer(validator, Abstract, Abstract([B(1)], {"k": B(1)})) == sent
