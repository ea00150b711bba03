"""Declared results through each engine (6.2)."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Awaitable, Coroutine, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Literal, Optional, TypedDict, TypeVar

import pytest

from pelton import App, HandlerSignatureError, ProblemDetails, Response, ResponseValidationError
from pelton.signature.results import result_type
from pelton.testing import TestClient

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


class Renamed(pydantic.BaseModel):  # type: ignore[misc,name-defined]
    first_name: str = pydantic.Field(alias="firstName")


class Reshaped(Renamed):
    last_name: str = "l"


T = TypeVar("T")


class Page(pydantic.BaseModel, Generic[T]):  # type: ignore[misc,name-defined]
    item: T = pydantic.Field(serialization_alias="theItem")


@dataclass
class Holder:
    item: Renamed


class Point(msgspec.Struct):  # type: ignore[misc,name-defined]
    x: int
    y: list[int] = []


class Point3(Point):
    z: int = 9


class Holding(msgspec.Struct):  # type: ignore[misc,name-defined]
    it: Any


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


class Row(TypedDict):
    name: str


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


@pytest.mark.parametrize(
    ("declared", "value", "sent"),
    [
        (Renamed, Renamed(firstName="a"), {"firstName": "a"}),
        (Renamed, {"firstName": "a"}, {"firstName": "a"}),
        (Renamed, Reshaped(firstName="a"), {"firstName": "a"}),
        (list[Renamed], [Renamed(firstName="a")], [{"firstName": "a"}]),
        (dict[str, Renamed], {"k": Renamed(firstName="a")}, {"k": {"firstName": "a"}}),
        (Optional[Renamed], Renamed(firstName="a"), {"firstName": "a"}),
        (Page[Renamed], Page(item=Renamed(firstName="a")), {"theItem": {"firstName": "a"}}),
        (Holder, Holder(Renamed(firstName="a")), {"item": {"firstName": "a"}}),
        (Iterator[Renamed], iter([{"firstName": "a"}]), {"firstName": "a"}),
    ],
)
def test_aliases_of_pydantic_are_used_in_whatever_holds_them(declared: Any, value: Any, sent: Any) -> None:
    def handler() -> Any:
        return value

    handler.__annotations__["return"] = declared
    app = App()
    app.add_route("/", handler)
    assert TestClient(app).get("/").json() == sent


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
    with caplog.at_level(logging.ERROR, "pelton.error"):
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

    @app.get("/named")
    def named() -> tuple[Thing, HTTPStatus]:
        return Secret("a"), HTTPStatus.CREATED

    client = TestClient(app)
    assert "key" not in client.get("/declared").json()
    assert client.get("/open").json()["key"] == "k"
    for path in ("/pair", "/named"):
        made = client.get(path)
        assert made.status_code == 201 and "key" not in made.json()


@pytest.mark.parametrize(
    "tp",
    [Any, Response, bytes, Response | ProblemDetails, Response | Any, Response | bytes, Iterator[Any], tuple[int, int, int, int]],
)
def test_some_annotations_declare_nothing(tp: Any) -> None:
    assert result_type(tp, "auto") is None


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize("declared", [Response | Thing, Thing | Response | None, Thing | ProblemDetails, Thing | bytes])
def test_a_union_promises_what_is_left_without_responses(validator: Validator, declared: Any) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: Secret("a"), response_model=declared)
    app.add_route("/pair", lambda: (Secret("a"), 201), response_model=declared | tuple[Thing, int])
    app.add_route("/misfit", lambda: 3, response_model=declared)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").json() == client.get("/pair").json() == {"name": "a", "when": None}
    assert client.get("/misfit").status_code == 500


def test_what_a_union_lets_out_goes_as_it_is() -> None:
    app = App()
    declared = Response | Thing | ProblemDetails | bytes | Iterator[str]
    app.add_route("/response", lambda: Response.text("r"), response_model=declared)
    app.add_route("/problem", lambda: ProblemDetails(status=402), response_model=declared)
    app.add_route("/bytes", lambda: b"b", response_model=declared)
    app.add_route("/stream", lambda: iter(["s"]), response_model=declared)
    client = TestClient(app)
    assert client.get("/response").text == "r" and client.get("/problem").status_code == 402
    octets = client.get("/bytes")
    assert (octets.content, octets.headers["content-type"]) == (b"b", "application/octet-stream")
    assert client.get("/stream").text == '"s"\n'


@pytest.mark.parametrize("declared", [Awaitable[Thing], Coroutine[Any, Any, Thing], Thing | Awaitable[Thing]])
def test_what_an_awaitable_gives_is_promised(declared: Any) -> None:
    async def later() -> Thing:
        return Secret("a")

    app = App()
    app.add_route("/", lambda: later(), response_model=declared)
    client = TestClient(app)
    assert client.get("/").json() == {"name": "a", "when": None}
    content = app.openapi()["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert content["application/json"]["schema"]["$ref"].endswith("/Thing")


@pytest.mark.parametrize("declared", [Iterator[Thing], Response | Iterator[Thing]])
def test_a_stream_in_a_union_is_of_its_items(declared: Any) -> None:
    def handler() -> Any:
        return iter([Secret("a")])

    handler.__annotations__["return"] = declared
    app = App()
    app.add_route("/", handler)
    assert TestClient(app).get("/").json() == {"name": "a", "when": None}


def test_an_uncheckable_result_is_refused_with_the_way_out() -> None:
    def handler() -> complex:
        return 1j

    with pytest.raises(HandlerSignatureError, match="response_model=None"):
        App(validator="builtin").add_route("/", handler)


@pytest.mark.parametrize(
    ("declared", "value", "sent"),
    [
        (Holding, Holding(1j), {"it": "1j"}),
        (list[Holding], [Holding(1j)], [{"it": "1j"}]),
        (dict[str, Holding], {"k": Holding(1j)}, {"k": {"it": "1j"}}),
        (Iterator[list[Holding]], iter([[Holding(1j)]]), [{"it": "1j"}]),
    ],
)
def test_json_default_reaches_structs_in_whatever_holds_them(declared: Any, value: Any, sent: Any) -> None:
    def handler() -> Any:
        return value

    handler.__annotations__["return"] = declared
    app = App(json_default=str)
    app.add_route("/", handler)
    assert TestClient(app).get("/").json() == sent


@pytest.mark.parametrize("validator", ["msgspec", "builtin"])
def test_no_undeclared_field_of_an_attrs_class_leaves(validator: Any) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: Tracked("a", ["b"]), response_model=Parcel)
    assert TestClient(app).get("/").json() == {"name": "a", "tags": ["b"], "size": "s"}


@pytest.mark.parametrize("validator", VALIDATORS)
def test_models_at_any_depth(validator: Validator) -> None:
    app = App(validator=validator)
    app.add_route("/", lambda: {"a": [User(name="x"), Point(1), Thing("t"), Row(name="r")]})
    assert TestClient(app).get("/").json() == {
        "a": [{"name": "x", "age": 0}, {"x": 1, "y": []}, {"name": "t", "when": None}, {"name": "r"}]
    }
