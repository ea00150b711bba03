"""Bodies and declared results through each engine."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from typing import Any, Literal, Optional, TypedDict

import pytest

from noria import App, HandlerSignatureError, Response, ResponseValidationError
from noria.models import BodyType, result_type
from noria.testing import TestClient

pydantic = pytest.importorskip("pydantic")
msgspec = pytest.importorskip("msgspec")
attrs = pytest.importorskip("attrs")

Validator = Literal["msgspec", "pydantic", "builtin"]
VALIDATORS: list[Validator] = ["msgspec", "pydantic", "builtin"]


class User(pydantic.BaseModel):  # type: ignore[misc,name-defined]
    name: str
    age: int = 0


class Admin(User):
    secret: str = "s"


class Point(msgspec.Struct):  # type: ignore[misc,name-defined]
    x: int
    y: list[int] = []


class Point3(Point):
    z: int = 9


@dataclass
class Thing:
    name: str
    when: Optional[datetime.date] = None


@dataclass
class Secret(Thing):
    key: str = "k"


@attrs.define
class Parcel:
    name: str
    tags: list[str] = attrs.Factory(list)
    size: Literal["s", "m"] = "s"


@attrs.define
class Tracked(Parcel):
    key: str = "k"


@attrs.define
class Hidden:
    _weight: float = attrs.field(validator=attrs.validators.gt(0))  # the constructor says weight


class Opaque:
    pass


@dataclass
class Odd:
    inside: Opaque


class Row(TypedDict):
    name: str


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


@pytest.mark.parametrize("validator", ["msgspec", "builtin"])
def test_no_undeclared_field_of_an_attrs_class_leaves(validator: Any) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: Tracked("a", ["b"]), response_model=Parcel)
    assert TestClient(app).get("/").json() == {"name": "a", "tags": ["b"], "size": "s"}


def test_what_an_engine_cannot_check_is_refused_at_registration() -> None:
    def handler(odd: Any) -> None: ...

    handler.__annotations__["odd"] = Odd
    for validator in VALIDATORS:
        with pytest.raises(HandlerSignatureError):
            App(validator=validator).add_route("/", handler, ["POST"])


# --- declared results (6.2) ---


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize(
    ("declared", "value", "sent"),
    [
        (User, User(name="a"), {"name": "a", "age": 0}),
        (User, Admin(name="a"), {"name": "a", "age": 0}),
        (User, {"name": "a", "more": 1}, {"name": "a", "age": 0}),
        (list[User], [Admin(name="a"), {"name": "b"}], [{"name": "a", "age": 0}, {"name": "b", "age": 0}]),
        (Point, Point(1), {"x": 1, "y": []}),
        (Point, Point3(1), {"x": 1, "y": []}),
        (Point, {"x": 1, "z": 2}, {"x": 1, "y": []}),
        (list[Point], [Point3(1)], [{"x": 1, "y": []}]),
        (Thing, Thing("a", datetime.date(2024, 1, 2)), {"name": "a", "when": "2024-01-02"}),
        (Thing, Secret("a"), {"name": "a", "when": None}),
        (Thing, {"name": "a", "key": 1}, {"name": "a", "when": None}),
        (list[Thing], [Secret("a")], [{"name": "a", "when": None}]),
        (dict[str, Thing], {"k": Secret("a")}, {"k": {"name": "a", "when": None}}),
        (Optional[Thing], None, None),
        (dict, {"any": 1}, {"any": 1}),
        (dict[str, int], {"any": 1}, {"any": 1}),
        (list[int], [1, 2], [1, 2]),
        (str, "x", "x"),
        (None, None, None),
    ],
)
def test_no_undeclared_field_leaves(validator: Validator, declared: Any, value: Any, sent: Any) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: value, response_model=declared)
    app.add_route("/status", lambda: (value, 202), response_model=declared)
    client = TestClient(app)
    assert client.get("/").json() == sent
    made = client.get("/status")
    assert made.status_code == 202 and (made.content == b"" if value is None else made.json() == sent)


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize(
    ("declared", "value"),
    [(User, {"age": 1}), (Point, {"x": "a"}), (Thing, {"name": 3}), (Thing, None), (list[int], ["x"]), (int, "x")],
)
def test_what_does_not_fit_is_a_500_without_details(
    validator: Validator, declared: Any, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: value, response_model=declared)
    with caplog.at_level(logging.ERROR, "noria.error"):
        response = TestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert "ResponseValidationError" in caplog.text
    with pytest.raises(ResponseValidationError):
        TestClient(app).get("/")


def test_return_annotation_declares_and_none_switches_it_off() -> None:
    app = App()

    @app.get("/declared")
    def declared() -> Thing:
        return Secret("a")

    @app.get("/open", response_model=None)
    def opened() -> Thing:
        return Secret("a")

    @app.get("/pair")
    def pair() -> tuple[Thing, int]:
        return Secret("a"), 201

    client = TestClient(app)
    assert "key" not in client.get("/declared").json()
    assert client.get("/open").json()["key"] == "k"
    made = client.get("/pair")
    assert made.status_code == 201 and "key" not in made.json()


@pytest.mark.parametrize("tp", [Any, Response, bytes, Response | dict[str, int], tuple[int, int, int, int]])
def test_some_annotations_declare_nothing(tp: Any) -> None:
    assert result_type(tp, "auto") is None


def test_an_uncheckable_result_is_refused_with_the_way_out() -> None:
    def handler() -> complex:
        return 1j

    with pytest.raises(HandlerSignatureError, match="response_model=None"):
        App(validator="builtin").add_route("/", handler)


def test_body_type_without_decode_is_the_native_reader() -> None:
    body = BodyType(Any, {}, "auto", "last")
    assert body.decode is None and body.read(b"[1]") == [1]


@pytest.mark.parametrize("validator", VALIDATORS)
def test_models_at_any_depth(validator: Validator) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: {"a": [User(name="x"), Point(1), Thing("t"), Row(name="r")]})
    assert TestClient(app).get("/").json() == {
        "a": [{"name": "x", "age": 0}, {"x": 1, "y": []}, {"name": "t", "when": None}, {"name": "r"}]
    }
