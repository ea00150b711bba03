"""Bodies through each engine."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Optional, TypeVar

import pytest

from pelton import App, BadBody, HandlerSignatureError
from pelton.messages.json_format import JsonFormat
from pelton.testing import TestClient
from pelton.validation.models import BodyType

pydantic = pytest.importorskip("pydantic")
msgspec = pytest.importorskip("msgspec")
attrs = pytest.importorskip("attrs")

T = TypeVar("T")
Validator = Literal["msgspec", "pydantic", "builtin"]
VALIDATORS: list[Validator] = ["msgspec", "pydantic", "builtin"]


class User(pydantic.BaseModel):  # type: ignore[misc,name-defined]
    name: str
    age: int = 0


class Point(msgspec.Struct):  # type: ignore[misc,name-defined]
    x: int
    y: list[int] = []


@dataclass
class Thing:
    name: str
    when: Optional[datetime.date] = None


@attrs.define
class Parcel:
    name: str
    tags: list[str] = attrs.Factory(list)
    size: Literal["s", "m"] = "s"


@attrs.define
class Hidden:
    _weight: float = attrs.field(validator=attrs.validators.gt(0))  # the constructor says weight


class Opaque:
    pass


@dataclass
class Odd:
    inside: Opaque


def client_for(handler: Any, **options: Any) -> TestClient:
    app = App(**options)
    app.add_route("/", handler, ["POST"])
    return TestClient(app, raise_server_exceptions=False)


def test_pydantic_validates_the_octets() -> None:
    def handler(user: User) -> Any:
        return user

    client = client_for(handler)
    assert client.post("/", json={"name": "a", "age": "7"}).json() == {"name": "a", "age": 7}
    wrong = client.post("/", json={"age": "x"}).json()["detail"]
    assert [(e["type"], e["loc"]) for e in wrong] == [
        ("missing", ["body", "name"]),
        ("int_parsing", ["body", "age"]),
    ]
    assert all("url" not in e for e in wrong)


def test_a_validator_of_the_model_becomes_an_entry() -> None:
    class Even(pydantic.BaseModel):  # type: ignore[misc,name-defined]
        n: int

        @pydantic.field_validator("n")  # type: ignore[untyped-decorator]
        @classmethod
        def is_even(cls, n: int) -> int:
            if n % 2:
                raise ValueError("odd")
            return n

    def handler(even: Any) -> Any:
        return even

    handler.__annotations__["even"] = Even
    wrong = client_for(handler).post("/", json={"n": 1})
    assert wrong.status_code == 422
    assert wrong.json()["detail"][0]["ctx"] == {"error": {}}


def test_msgspec_uses_its_decoder_and_gives_one_entry() -> None:
    def handler(point: Point) -> Any:
        return point

    client = client_for(handler)
    assert client.post("/", json={"x": 1, "y": [2]}).json() == {"x": 1, "y": [2]}
    assert client.post("/", json={"y": []}).json()["detail"] == [
        {"type": "missing", "loc": ["body", "x"], "msg": "Field required", "input": {"y": []}}
    ]
    assert client.post("/", json={"x": 1, "y": [1, "z"]}).json()["detail"] == [
        {"type": "value_error", "loc": ["body", "y", 1], "msg": "Expected `int`, got `str`", "input": "z"}
    ]


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize("body", [b"{", b"[1,]", b'{"name": "a"} x', b'{"name": "\xff"}', b'{"name":"\\ud800"}'])
def test_malformed_json_is_400_with_kind_and_offset(validator: Validator, body: bytes) -> None:
    def handler(thing: Thing) -> Any:
        return thing

    response = client_for(handler, validator=validator).post(
        "/", content=body, headers={"content-type": "application/json"}
    )
    (found,) = response.json()["detail"]
    assert response.status_code == 400 and found["type"] == "json_invalid"
    assert found["loc"][0] == "body" and isinstance(found["loc"][1], int)
    assert found["ctx"]["error"].startswith("json_")


@pytest.mark.parametrize("validator", VALIDATORS)
def test_duplicate_keys_are_refused_when_told(validator: Validator) -> None:
    def handler(thing: Thing) -> Any:
        return thing

    client = client_for(handler, validator=validator, json_duplicate_keys="reject")
    sent = {"content": b'{"name":"a","name":"b"}', "headers": {"content-type": "application/json"}}
    response = client.post("/", **sent)
    assert (response.status_code, response.json()["detail"][0]["ctx"]["error"]) == (400, "json_duplicate_key")


def test_no_body_is_missing_or_the_default() -> None:
    def required(thing: Thing) -> Any:
        return thing

    def optional(thing: Optional[Thing] = None) -> Any:
        return thing

    assert client_for(required).post("/").json()["detail"] == [
        {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}
    ]
    assert client_for(optional).post("/").json() is None


@pytest.mark.parametrize("validator", ["auto", "msgspec", "builtin"])
def test_attrs_classes_are_models(validator: Any) -> None:
    def handler(parcel: Parcel) -> Any:
        assert type(parcel) is Parcel
        return parcel

    client = client_for(handler, validator=validator)
    assert client.post("/", json={"name": "a"}).json() == {"name": "a", "tags": [], "size": "s"}
    assert client.post("/", json={"name": "a", "tags": ["b"], "size": "m"}).json()["size"] == "m"
    wrong = client.post("/", json={"tags": []})
    assert wrong.status_code == 422 and wrong.json()["detail"][0]["loc"] == ["body", "name"]
    assert client.post("/", json={"name": "a", "tags": [1]}).json()["detail"][0]["loc"] == ["body", "tags", 0]
    assert client.post("/", json={"name": "a", "size": "l"}).json()["detail"][0]["loc"] == ["body", "size"]


def test_attrs_by_the_built_in_checker_go_through_the_constructor() -> None:
    def handler(hidden: Hidden) -> Any:
        return hidden._weight

    client = client_for(handler, validator="builtin")
    assert client.post("/", json={"_weight": 2.5}).json() == 2.5
    assert client.post("/", json={"_weight": -1.0}).status_code == 422
    assert client.post("/", json={}).json()["detail"][0]["loc"] == ["body", "_weight"]


def test_pydantic_does_not_check_attrs() -> None:
    def handler(parcel: Any) -> None: ...

    handler.__annotations__["parcel"] = Parcel
    with pytest.raises(HandlerSignatureError, match="attrs"):
        App(validator="pydantic").add_route("/", handler, ["POST"])
    handler.__annotations__["parcel"] = dict[str, Parcel | User]
    with pytest.raises(HandlerSignatureError, match="mixes"):
        App().add_route("/", handler, ["POST"])


def test_what_an_engine_cannot_check_is_refused_at_registration() -> None:
    def handler(odd: Any) -> None: ...

    handler.__annotations__["odd"] = Odd
    for validator in VALIDATORS:
        with pytest.raises(HandlerSignatureError):
            App(validator=validator).add_route("/", handler, ["POST"])


class Box(Generic[T]):
    pass


@dataclass
class Tree:
    name: str
    leaves: "list[Tree]"
    form: type[int] | None = None


@pytest.mark.parametrize("tp", [Callable[[int], int], Iterator[int], type[int], Box[int], list[Box[int]], Tree])
def test_what_msgspec_takes_for_a_class_of_ones_own_is_refused(tp: Any) -> None:
    def handler(job: Any) -> None: ...

    handler.__annotations__["job"] = dataclasses.make_dataclass("Job", [("hook", tp)])
    with pytest.raises(HandlerSignatureError, match="msgspec cannot check"):
        App(validator="msgspec").add_route("/", handler, ["POST"])


@dataclass
class Signup:
    name: str
    is_admin: bool = field(init=False, default=False)


@attrs.define
class Enrolment:
    name: str
    is_admin: bool = attrs.field(init=False, default=False)


@pytest.mark.parametrize("validator", ["auto", "builtin"])
@pytest.mark.parametrize("tp", [Signup, list[Signup], Enrolment])
def test_no_client_sets_a_field_that_the_constructor_does_not_take(validator: Any, tp: Any) -> None:
    def handler(sent: Any) -> Any:
        return (sent[0] if isinstance(sent, list) else sent).is_admin

    handler.__annotations__["sent"] = tp
    app = App(validator=validator)
    app.add_route("/", handler, ["POST"])
    sent = {"name": "a", "is_admin": True}
    assert TestClient(app).post("/", json=[sent] if tp == list[Signup] else sent).json() is False
    schema = app.openapi()["components"]["schemas"][(Signup if tp == list[Signup] else tp).__name__]
    assert list(schema["properties"]) == ["name"]


class Wrapped(msgspec.Struct):  # type: ignore[misc,name-defined]
    inner: Signup


@pytest.mark.parametrize(("validator", "tp"), [("msgspec", Signup), ("auto", Wrapped), ("auto", list[Wrapped])])
def test_msgspec_is_not_given_such_a_class(validator: Any, tp: Any) -> None:
    def handler(sent: Any) -> None: ...

    handler.__annotations__["sent"] = tp
    with pytest.raises(HandlerSignatureError, match="'is_admin' of Signup.*\n.*\n.*builtin"):
        App(validator=validator).add_route("/", handler, ["POST"])


def test_body_type_without_decode_is_the_native_reader() -> None:
    body = BodyType(Any, {}, "auto", JsonFormat())
    assert body.decode is None and body.judge is None and body.read(b"[1]") == [1]


@pytest.mark.parametrize("validator", VALIDATORS)
def test_the_built_in_checker_judges_values_and_the_engines_decode_octets(validator: Validator) -> None:
    body = BodyType(Thing, {}, validator, JsonFormat())
    assert (body.judge is None, body.decode is None) == ((False, True) if validator == "builtin" else (True, False))
    assert body.read(b'{"name":"a"}') == Thing("a")
    with pytest.raises(BadBody):
        body.read(b'{"name":"a","when":1e400}')


@pytest.mark.parametrize("validator", ["auto", "msgspec", "builtin"])
def test_a_union_that_cannot_be_told_apart_names_its_parameter(validator: Any) -> None:
    def handler(first: int, sent: Cat | Dog) -> None: ...

    with pytest.raises(HandlerSignatureError) as raised:
        App(validator=validator).add_route("/", handler, ["POST"])
    assert str(raised.value).startswith("parameter 'sent' of handler(): ")
    assert "App(validator='pydantic')" in str(raised.value)
    app = App(validator="pydantic")
    app.add_route("/pets", pet, ["POST"])
    assert TestClient(app).post("/pets", json={"woof": 1}).json() == "Dog"


@dataclass
class Cat:
    meow: int


@dataclass
class Dog:
    woof: int


def pet(sent: Cat | Dog) -> str:
    return type(sent).__name__
