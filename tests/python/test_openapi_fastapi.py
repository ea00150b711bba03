"""The same routes described by FastAPI: where both mean the same, both say the same."""



import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

import fastapi
import pytest
from fastapi import security as fastapi_security
from openapi_spec_validator import validate
from pydantic import BaseModel, Field

import pelton
from pelton import security as pelton_security


class Color(enum.Enum):
    red = "r"
    blue = "b"


class Part(BaseModel):
    size: Annotated[int, Field(gt=0, lt=10)]


class Item(BaseModel):
    """What is sold."""

    name: str = Field(description="On the label.", min_length=1)
    price: float = 0.0
    parts: list[Part] = []
    color: Color = Color.red
    state: Literal["new", "used"] = "new"

    @property
    def shown(self) -> str:
        return self.name


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: set[str]


class Fields(BaseModel):
    x: int
    y: str = "a"


class Search(BaseModel):
    """What is looked for."""

    q: str = Field(min_length=2, description="Which.", examples=["cup"])
    page: int = Field(default=1, ge=1, le=9, title="Pages")
    color: Color = Color.red
    tags: list[str] = []
    old: float | None = Field(default=None, deprecated=True, alias="oldOne")


class Trail(BaseModel):
    x_token: str
    save_data: bool = False
    plain_name: str | None = Field(default=None, alias="plain_name")


def routes_of(f: Any, security: Any) -> Any:
    """The same application with either framework's names."""
    app = f.FastAPI(title="both") if f is fastapi else f.App(title="both")
    upload = f.UploadFile if f is fastapi else f.UploadedFile
    Query, Header, Cookie, Path, Body, Form, File = f.Query, f.Header, f.Cookie, f.Path, f.Body, f.Form, f.File

    @app.get("/read/{id}", tags=["read"], deprecated=True)
    def read_item(
        id: int,
        q: str | None = None,
        color: Color = Color.red,
        letter: Literal["a", "b"] = "a",
        tag: list[str] = Query([]),
        page: Annotated[
            int, Query(ge=1, le=3, title="Pages", description="Which.", deprecated=True, examples=[1])
        ] = 1,
        x_token: Annotated[str, Header(max_length=9)] = "",
        kept: Annotated[str, Header(convert_underscores=False)] = "",
        crumb: Annotated[int | None, Cookie()] = None,
        u: uuid.UUID | None = None,
        day: datetime.date | None = None,
        at: datetime.datetime | None = None,
        hour: datetime.time | None = None,
        amount: decimal.Decimal = decimal.Decimal("1.5"),
        ratio: float | None = None,
        yes: bool = False,
        some: Annotated[set[int], Query(min_length=1, max_length=3)] = {1},  # noqa: B006
        word: Annotated[str, Query(pattern="^a", min_length=2, alias="the-word")] = "ab",
        hidden: Annotated[int, Query(include_in_schema=False)] = 1,
    ) -> Any:
        """Reads one.

        With all that it has."""

    @app.get("/paths/{name}/{rest:path}")
    def paths(name: Annotated[str, Path(min_length=2, description="Whose.")], rest: str) -> Any: ...

    def paging(skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> tuple[int, int]:
        return skip, limit

    @app.get("/paged", summary="Some of them", description="A page.", include_in_schema=True)
    def paged(window: Any = f.Depends(paging)) -> Any: ...

    @app.get("/searched")
    def searched(by: Annotated[Search, Query()], trail: Annotated[Trail, Header()], n: int = 1) -> Any: ...

    @app.get("/searched/maybe")
    def maybe(
        by: Annotated[Search | None, Query()] = None,
        crumbs: Annotated[Fields, Cookie()] = Fields(x=1),  # noqa: B008
        trail: Annotated[Trail | None, Header(convert_underscores=False)] = None,
    ) -> Any: ...

    @app.post("/items", status_code=201, responses={404: {"model": Part, "description": "None."}, "5XX": {}})
    def make(item: Item) -> Item:
        return item

    @app.put("/embedded")
    def embedded(item: Annotated[Item, Body(embed=True)]) -> Any: ...

    @app.post("/optional")
    def optional(item: Item | None = None) -> list[Item]:
        return []

    @app.post("/list")
    def several(items: Annotated[list[Item], Body()]) -> dict[str, Part]:
        return {}

    @app.post("/union")
    def union(pet: Annotated[Cat | Dog, Body(discriminator="kind") if f is fastapi else Body()]) -> Cat | Dog:
        return pet

    @app.post("/form")
    def form(a: Annotated[str, Form(min_length=2)], b: Annotated[int, Form()] = 3) -> Any: ...

    @app.post("/files")
    def files(
        one: Annotated[upload, File()],
        more: Annotated[list[upload], File()],
        other: Annotated[upload | None, File(description="If any.")] = None,
        a: Annotated[str, Form()] = "x",
    ) -> Any: ...

    @app.post("/form-model")
    def form_model(fields: Annotated[Fields, Form()]) -> Any: ...

    @app.get("/none", status_code=204)
    def none() -> None: ...

    bearer = security.HTTPBearer(description="A token.", bearerFormat="JWT")
    oauth = security.OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "To read.", "write": "To write."})

    def user(token: str = f.Security(oauth, scopes=["read"])) -> str:
        return token

    @app.get("/bearer", dependencies=[f.Depends(bearer)])
    def with_bearer() -> Any: ...

    @app.get("/scopes")
    def with_scopes(user: str = f.Security(user, scopes=["write"])) -> Any: ...

    @app.get("/key")
    def with_key(key: str = f.Depends(security.APIKeyHeader(name="x-key", scheme_name="Key"))) -> Any: ...

    @app.get("/basic")
    def with_basic(who: Any = f.Depends(security.HTTPBasic())) -> Any: ...

    code = security.OAuth2AuthorizationCodeBearer("https://id.example/authorize", "https://id.example/token")

    @app.get("/code")
    def with_code(token: str = f.Depends(code)) -> Any: ...

    return app


@pytest.fixture(scope="module")
def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    return routes_of(fastapi, fastapi_security).openapi(), routes_of(pelton, pelton_security).openapi()


def resolved(schema: Any, document: dict[str, Any]) -> Any:
    """Without references and titles, whose names are each framework's own."""
    if isinstance(schema, list):
        return [resolved(one, document) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    is_scalar = isinstance(schema.get("type"), str) and schema["type"] not in ("array", "object")
    left_out = set() if is_scalar else {"title"}
    left_out |= {"default"} if schema.get("default", ...) is None else set()
    return {name: resolved(one, document) for name, one in schema.items() if name not in left_out}


def test_both_validate(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for document in documents:
        validate(document)
    assert documents[0]["paths"].keys() == documents[1]["paths"].keys()


def operations(documents: tuple[dict[str, Any], dict[str, Any]]) -> Any:
    theirs, ours = documents
    for path, item in theirs["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation, ours["paths"][path][method]


def test_parameters(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for what, theirs, ours in operations(documents):
        assert ours.get("parameters") == theirs.get("parameters"), what


def test_bodies(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for what, theirs, ours in operations(documents):
        theirs, ours = (
            resolved(one.get("requestBody"), document) for one, document in zip((theirs, ours), documents, strict=True)
        )
        if what == "post /union":  # the union is told apart by its members' own constants
            theirs = {"content": {"application/json": {"schema": {"anyOf": theirs["content"]["application/json"]["schema"]["oneOf"]}}}, "required": True}
        assert ours == theirs, what


def test_responses(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for what, theirs, ours in operations(documents):
        found = [resolved(one["responses"], document) for one, document in zip((theirs, ours), documents, strict=True)]
        # They leave out what schemes of security answer; what is no JSON at all is 422 there and 400 here.
        assert {status: one for status, one in found[1].items() if status not in ("400", "401")} == found[0], what
        assert ("400" in found[1], "401" in found[1]) == ("requestBody" in ours, "security" in ours)


def test_what_is_said_of_an_operation(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for what, theirs, ours in operations(documents):
        for name in ("summary", "description", "tags", "deprecated"):
            assert ours.get(name) == theirs.get(name), (what, name)
        scopes = [{name: set(one) for name, one in each.items()} for each in ours.get("security", [])]
        assert scopes == [{name: set(one) for name, one in each.items()} for each in theirs.get("security", [])], what
    assert documents[1]["components"]["securitySchemes"] == documents[0]["components"]["securitySchemes"]
