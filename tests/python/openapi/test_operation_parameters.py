"""Parameters and bodies that other frameworks do not have, or have otherwise."""

import dataclasses
import enum
from typing import Annotated, Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from pelton import App, Body, Cookie, Depends, File, Form, Header, Path, Query, Request, UploadedFile


class Level(enum.IntEnum):
    low = 1
    high = 2


class Item(BaseModel):
    name: str


@dataclasses.dataclass
class Size:
    width: int
    height: int = 1


def operation(handler: Any, path: str = "/", method: str = "POST", app: App | None = None, **options: Any) -> Any:
    app = app or App()
    app.add_route(path, handler, [method], **options)
    document = app.openapi()
    validate(document)
    item = next(iter(document["paths"].values()))
    return item[method.lower()], document.get("components", {}).get("schemas", {})


def test_converters_and_parameters_that_nobody_takes() -> None:
    def handler(request: Request, n: Annotated[int, Path(ge=1)], s: Annotated[str, Path(description="It.")]) -> None: ...

    found, _ = operation(handler, "/{n:int}/{x:float}/{u:uuid}/{s:regex([a-z]{2})}/{plain}/{rest:path}")
    schemas = {one["name"]: one["schema"] for one in found["parameters"]}
    assert schemas == {
        "n": {"type": "integer", "format": "int64", "minimum": 1, "title": "N"},
        "x": {"type": "number", "format": "double", "title": "X"},
        "u": {"type": "string", "format": "uuid", "title": "U"},
        "s": {"type": "string", "pattern": "^(?:[a-z]{2})$", "title": "S", "description": "It."},
        "plain": {"type": "string", "title": "Plain"},
        "rest": {"type": "string", "title": "Rest"},
    }
    assert all(one["required"] and one["in"] == "path" for one in found["parameters"])


def test_those_of_dependencies_are_there_once() -> None:
    def page(number: int = 1, x_token: Annotated[str, Header()] = "") -> int:
        return number

    def auth(session: Annotated[str, Cookie()], number: int) -> str:
        return session

    def deep(number: Annotated[int, Depends(page)], level: Level = Level.low) -> int:
        return number

    def handler(deep: int = Depends(deep), page: int = Depends(page)) -> None: ...

    found, schemas = operation(handler, method="GET", dependencies=[Depends(auth)])
    names = [(one["in"], one["name"], one["required"]) for one in found["parameters"]]
    assert sorted(names) == [
        ("cookie", "session", True),
        ("header", "x-token", False),
        ("query", "level", False),
        ("query", "number", True),  # to one of them it is
    ]
    assert schemas["Level"] == {"title": "Level", "enum": [1, 2], "type": "integer"}


def test_factories_are_no_defaults_to_show() -> None:
    found, _ = operation(lambda q=Query(default_factory=list): q, method="GET")
    assert found["parameters"][0]["required"] is False and "default" not in found["parameters"][0]["schema"]


def test_several_bodies_are_members_of_one_object() -> None:
    def make(size: Size, item: Item, note: Annotated[str, Body(max_length=5)] = "") -> None: ...

    found, schemas = operation(make)
    assert found["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Body_make"}
    body = schemas["Body_make"]
    assert body["required"] == ["size", "item"] and body["properties"]["note"]["maxLength"] == 5
    assert body["properties"]["item"] == {"$ref": "#/components/schemas/Item"}
    assert body["properties"]["size"] == {"$ref": "#/components/schemas/Size"}


@pytest.mark.parametrize(
    ("tp", "media_type", "schema"),
    [
        (str, "text/plain", {"type": "string", "title": "B"}),
        (bytes, "image/png", {"type": "string", "contentMediaType": "image/png"}),
        (Item, "application/vnd.x+json", {"$ref": "#/components/schemas/Item"}),
    ],
)
def test_bodies_of_other_types(tp: Any, media_type: str, schema: dict[str, Any]) -> None:
    def handler(b: tp = Body(media_type=media_type, description="Raw.")) -> None: ...

    found, _ = operation(handler)
    sent = found["requestBody"]["content"][media_type]["schema"]
    assert {name: value for name, value in sent.items() if name != "description"} == schema
    assert found["requestBody"]["description"] == "Raw." and found["requestBody"]["required"] is True


def test_any_json() -> None:
    def handler(data: Annotated[Any, Body()] = None) -> None: ...

    found, _ = operation(handler)
    assert found["requestBody"] == {"content": {"application/json": {"schema": {"title": "Data"}}}}


def test_forms_of_a_model_and_of_fields_beside_it() -> None:
    def send(size: Annotated[Size, Form()], note: Annotated[str, Form()] = "") -> None: ...

    found, schemas = operation(send)
    content = found["requestBody"]["content"]
    parts = [{"$ref": "#/components/schemas/Size"}, {"$ref": "#/components/schemas/Body_send"}]
    assert content == {"application/x-www-form-urlencoded": {"schema": {"allOf": parts}}}
    assert schemas["Body_send"]["properties"].keys() == {"note"} and "required" not in schemas["Body_send"]


def test_files_are_multipart_alone() -> None:
    def send(image: Annotated[UploadedFile, File(description="A picture.")]) -> None: ...

    found, schemas = operation(send)
    assert list(found["requestBody"]["content"]) == ["multipart/form-data"]
    octets = {"type": "string", "contentMediaType": "application/octet-stream"}
    assert schemas["Body_send"]["properties"]["image"] == {**octets, "title": "Image", "description": "A picture."}


def test_what_is_not_in_the_schema() -> None:
    def handler(a: Annotated[int, Query(include_in_schema=False)] = 1) -> None: ...

    found, _ = operation(handler, method="GET")
    assert "parameters" not in found and "422" in found["responses"]


def test_a_form_of_a_provider() -> None:
    def credentials(name: Annotated[str, Form()], word: Annotated[str, Form()]) -> str:
        return name + word

    def handler(page: int, made: str = Depends(credentials)) -> str:
        return made

    app = App()
    found, schemas = operation(handler, app=app)
    assert schemas["Body_handler"]["required"] == ["name", "word"]
    from pelton.testing import TestClient

    client = TestClient(app)
    assert client.post("/?page=1", data={"name": "a", "word": "b"}).json() == "ab"
    wrong = client.post("/?page=x", data={"name": "a"}).json()["detail"]
    assert [one["loc"] for one in wrong] == [["body", "word"], ["query", "page"]]
