"""Components of one document: each model by its engine, names that never clash."""

import dataclasses
import decimal
import enum
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel, Field, WithJsonSchema
from typing_extensions import TypedDict

from pelton import App, Body, Query, RegistrationError
from pelton.openapi.schemas import Schemas


class Tag(str, enum.Enum):
    a = "a"
    b = "b"


class Out(BaseModel):
    name: str
    amount: decimal.Decimal = decimal.Decimal(1)
    tag: Tag = Tag.a
    below: "Out | None" = None


class Struct(msgspec.Struct, tag="one", rename="camel"):
    """A struct."""

    first_name: Annotated[str, msgspec.Meta(min_length=1, description="Given.", examples=["Zoë"])]
    tag: Tag = Tag.a
    more: "list[Struct]" = []


class Other(msgspec.Struct, tag="two"):
    count: Annotated[int, msgspec.Meta(ge=0)]


@dataclasses.dataclass
class Plain:
    """Plain data."""

    x: int
    y: list[str] = dataclasses.field(default_factory=list)
    z: float | None = 1.5


class Typed(TypedDict, total=False):
    letter: Literal["a", "b"]


def described(app: App) -> dict[str, Any]:
    document = app.openapi()
    validate(document)
    return document


def test_pydantic_models_have_one_name_for_each_mode_that_differs() -> None:
    app = App()

    @app.post("/")
    def handler(body: Out) -> Out:
        return body

    document = described(app)
    schemas = document["components"]["schemas"]
    body = document["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    answer = document["paths"]["/"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Out-Input"} and answer == {"$ref": "#/components/schemas/Out-Output"}
    assert schemas["Out-Output"]["properties"]["amount"]["type"] == "string"
    assert schemas["Out-Input"]["properties"]["below"]["anyOf"][0] == body  # it leads back to itself
    assert schemas["Tag"]["enum"] == ["a", "b"]


def test_msgspec_structs_keep_names_metadata_and_tags() -> None:
    app = App()

    @app.post("/")
    def handler(body: Struct | Other) -> list[Struct]:
        return []

    document = described(app)
    schemas = document["components"]["schemas"]
    assert schemas["Struct"]["description"] == "A struct."
    name = schemas["Struct"]["properties"]["firstName"]
    assert (name["minLength"], name["description"], name["examples"]) == (1, "Given.", ["Zoë"])
    assert schemas["Struct"]["properties"]["more"]["items"] == {"$ref": "#/components/schemas/Struct"}
    assert schemas["Other"]["properties"]["count"] == {"type": "integer", "minimum": 0}
    body = document["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["discriminator"]["mapping"]["two"] == "#/components/schemas/Other"


@pytest.mark.parametrize("validator", ["auto", "msgspec", "pydantic", "builtin"])
def test_neutral_models_by_every_engine(validator: Any) -> None:
    app = App(validator=validator)

    @app.post("/")
    def handler(body: Plain, typed: Typed, tag: Tag = Tag.a) -> dict[str, Plain]:
        return {}

    document = described(app)
    schemas = document["components"]["schemas"]
    plain = next(schema for name, schema in schemas.items() if name.startswith("Plain"))
    assert plain["required"] == ["x"] and plain["properties"].keys() == {"x", "y", "z"}
    assert plain["properties"]["x"]["type"] == "integer" and plain["properties"]["z"]["default"] == 1.5
    typed = next(schema for name, schema in schemas.items() if name.startswith("Typed"))
    assert not typed.get("required") and typed["properties"]["letter"]["enum"] == ["a", "b"]
    parameters = document["paths"]["/"]["post"]["parameters"]
    assert parameters[0]["schema"] == {"$ref": "#/components/schemas/Tag", "default": "a"}


class Same(msgspec.Struct):
    a: int
    again: "list[Same] | None" = None


def test_equal_names_of_different_engines() -> None:
    app = App()
    app.add_route("/msgspec", lambda: 1, response_model=Same)
    app.add_route("/pydantic", lambda: 1, response_model=type("Same", (BaseModel,), {"__annotations__": {"b": int}}))
    document = described(app)
    answers = [
        document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        for path in ("/pydantic", "/msgspec")
    ]
    assert answers == ["#/components/schemas/Same", "#/components/schemas/Same-msgspec"]
    again = document["components"]["schemas"]["Same-msgspec"]["properties"]["again"]
    assert again["anyOf"][0]["items"] == {"$ref": answers[1]}


def test_equal_names_of_one_engine() -> None:
    def model(field: str) -> type[BaseModel]:
        made: type[BaseModel] = type("Page", (BaseModel,), {"__annotations__": {field: int}, "__module__": f"m_{field}"})
        return made

    app = App()
    for field in ("a", "b"):
        app.add_route(f"/{field}", lambda: 1, response_model=model(field))
    document = described(app)
    assert sorted(document["components"]["schemas"]) == ["m_a__Page", "m_b__Page"]


def test_names_of_our_own_give_way() -> None:
    class ValidationError(BaseModel):
        mine: int

    app = App()

    @app.post("/")
    def handler(body: ValidationError) -> None: ...

    schemas = described(app)["components"]["schemas"]
    assert "mine" in schemas["ValidationError"]["properties"] and "loc" in schemas["ValidationError-pelton"]["properties"]
    items = schemas["HTTPValidationError"]["properties"]["detail"]["items"]
    assert items == {"$ref": "#/components/schemas/ValidationError-pelton"}


def test_what_an_engine_cannot_describe_is_anything() -> None:
    class Odd:
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            from pydantic_core import core_schema

            return core_schema.is_instance_schema(cls)

    class Holder(BaseModel):
        odd: Odd

    class Fine(BaseModel):
        a: Annotated[int, WithJsonSchema({"type": "integer", "x-made": True})] = Field(ge=1)

    schemas = Schemas("auto")
    odd, fine = schemas.model(Holder, "validation"), schemas.model(Fine, "validation", beside={"description": "It."})
    components = schemas.finish()
    assert odd == {} and fine == {"$ref": "#/components/schemas/Fine", "description": "It."}
    assert components["Fine"]["properties"]["a"]["x-made"] is True


def test_what_msgspec_cannot_describe_is_anything() -> None:
    class Job(msgspec.Struct):  # type: ignore[misc,name-defined]
        hook: Callable[[int], int] | None = None

    schemas = Schemas("auto")
    schemas.model(Job, "validation")
    assert "hook" in schemas.finish()["Job"]["properties"]


def test_names_that_mean_nothing_yet() -> None:
    class Early(msgspec.Struct):
        later: "Later"  # type: ignore[name-defined]  # noqa: F821

    app = App()
    app.add_route("/", lambda: 1, response_model=Early)
    with pytest.raises(RegistrationError, match="'Later' is not defined"):
        app.openapi()


def test_constraints_of_a_body() -> None:
    app = App()

    @app.post("/")
    def handler(rows: Annotated[list[Other], Body(min_length=1, max_length=3, title="Rows")]) -> None: ...

    @app.get("/")
    def query(n: Annotated[int | None, Query(gt=0, multiple_of=2)] = None) -> None: ...

    document = described(app)
    schema = document["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert (schema["minItems"], schema["maxItems"], schema["title"]) == (1, 3, "Rows")
    bounds = document["paths"]["/"]["get"]["parameters"][0]["schema"]["anyOf"]
    assert bounds == [{"type": "integer", "exclusiveMinimum": 0, "multipleOf": 2}, {"type": "null"}]
