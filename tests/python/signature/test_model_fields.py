"""The names under which fields of models are sent, and the parameters a document makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import pydantic
import pytest
from openapi_spec_validator import validate
from pydantic import AliasChoices, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

from pelton import App, Form, Header, Query
from pelton.signature.model_fields import takes_many
from pelton.testing import TestClient


class Named(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(populate_by_name=True)

    one: int = Field(default=0, alias="first")
    two: int = Field(default=0, validation_alias=AliasChoices("second", "zweite"))
    three_three: int = 0


class ByName(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(validate_by_alias=False, validate_by_name=True)

    one_one: int = Field(default=0, alias="first")


def asked(app: App, target: str, **options: Any) -> Any:
    return TestClient(app).get(target, **options).json()


@pytest.mark.parametrize(
    "sent", [{"first": "1", "second": "2"}, {"one": "1", "zweite": "2"}, {"first": "1", "one": "1", "two": "2"}]
)
def test_names_of_pydantic(sent: dict[str, str]) -> None:
    app = App()

    @app.get("/query")
    def by_query(of: Annotated[Named, Query()]) -> dict[str, Any]:
        return of.model_dump()

    @app.get("/headers")
    def by_headers(of: Annotated[Named, Header()]) -> dict[str, Any]:
        return of.model_dump()

    whole = {"one": 1, "two": 2, "three_three": 3}
    assert TestClient(app).get("/query", params={**sent, "three_three": "3"}).json() == whole
    assert asked(app, "/headers", headers={**sent, "Three-Three": "3"}) == whole
    assert asked(app, "/headers", headers={**sent, "three_three": "3"}) == {**whole, "three_three": 0}


def test_aliases_that_validation_does_not_take() -> None:
    app = App()

    @app.get("/")
    def handler(of: Annotated[ByName, Header()]) -> int:
        return of.one_one

    assert asked(app, "/", headers={"first": "1", "one-one": "2"}) == 2


@pydantic_dataclass
class Tagged:
    tags: list[str]
    age: int = 1


def test_a_dataclass_of_pydantic_takes_lists_from_a_form_too() -> None:
    app = App()

    @app.post("/")
    def handler(of: Annotated[Tagged, Form()]) -> list[Any]:
        return [of.tags, of.age]

    client = TestClient(app)
    assert client.post("/", data={"tags": "a"}).json() == [["a"], 1]
    assert client.post("/", data={"tags": ["a", "b"], "age": ""}).json() == [["a", "b"], 1]


@pytest.mark.parametrize("many", [list, list[int], set[str] | None, tuple[int, str], Annotated[frozenset[int], "x"]])
def test_what_takes_every_value_of_a_name(many: Any) -> None:
    assert takes_many(many)
    assert not takes_many(str) and not takes_many(dict[str, int]) and not takes_many(int | None)


class Struct(msgspec.Struct, rename="camel"):
    """Not a component: its fields are."""

    max_age: Annotated[int, msgspec.Meta(ge=1, description="How old.")]
    tags: list[str] = []
    sort_by: str = "name"


@dataclass
class Neutral:
    max_age: Annotated[int, Query(ge=1, description="How old.")]
    tags: list[str]
    sort_by: Annotated[str, Query(alias="sortBy")] = "name"
    hidden: Annotated[int, Query(include_in_schema=False)] = 1


def test_parameters_of_a_document() -> None:
    app = App()

    @app.get("/struct")
    def struct(of: Annotated[Struct, Query()], page: int = 1) -> None: ...

    @app.get("/neutral")
    def neutral(of: Annotated[Neutral, Query()]) -> None: ...

    @app.get("/maybe")
    def maybe(of: Annotated[Neutral | None, Query()] = None) -> None: ...

    @app.get("/hidden")
    def hidden(of: Annotated[Neutral, Query(include_in_schema=False)]) -> None: ...

    document = app.openapi()
    validate(document)
    told = {path: item["get"].get("parameters", []) for path, item in document["paths"].items()}
    assert [(one["name"], one["required"]) for one in told["/struct"]] == [
        ("maxAge", True),
        ("tags", False),
        ("sortBy", False),
        ("page", False),
    ]
    assert told["/struct"][0]["schema"] == {"type": "integer", "minimum": 1, "description": "How old.", "title": "Maxage"}
    assert told["/struct"][2]["schema"] == {"type": "string", "default": "name", "title": "Sortby"}
    assert [(one["name"], one["required"]) for one in told["/neutral"]] == [("max_age", True), ("tags", True), ("sortBy", False)]
    assert told["/neutral"][0]["schema"] == {"type": "integer", "minimum": 1, "description": "How old.", "title": "Max Age"}
    assert told["/neutral"][2]["schema"] == {"type": "string", "default": "name", "title": "Sortby"}
    assert not any(one["required"] for one in told["/maybe"]) and told["/hidden"] == []
    assert not {"Struct", "Neutral"} & document["components"]["schemas"].keys()
