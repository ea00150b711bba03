"""Responses: status, media type and schema by what a handler declares."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from pelton import App, Depends, Form, Path, ProblemDetails, Response, SseEvent
from pelton.security import HTTPBearer
from pelton.testing import TestClient


class Item(BaseModel):
    name: str


ITEM = {"$ref": "#/components/schemas/Item"}


def responses(handler: Any, app: App | None = None, path: str = "/", **options: Any) -> Any:
    app = app or App()
    app.add_route(path, handler, ["POST"], **options)
    document = app.openapi()
    validate(document)
    return next(iter(document["paths"].values()))["post"]["responses"]


def returning(tp: Any) -> Any:
    def handler() -> Any: ...

    handler.__annotations__["return"] = tp
    return handler


@pytest.mark.parametrize(
    ("tp", "options", "content"),
    [
        (Item, {}, {"application/json": {"schema": ITEM}}),
        (tuple[Item, int], {}, {"application/json": {"schema": ITEM}}),
        (Item, {"media_type": "application/vnd.x+json"}, {"application/vnd.x+json": {"schema": ITEM}}),
        (Item, {"response_model": None}, {"application/json": {"schema": {}}}),
        (Any, {"response_model": Item}, {"application/json": {"schema": ITEM}}),
        (None, {}, {"application/json": {"schema": {"type": "null", "title": "Response Handler"}}}),
        (Any, {}, {"application/json": {"schema": {}}}),
        (tuple[int, str], {}, {"application/json": {"schema": {}}}),
        (str, {"media_type": "text/html"}, {"text/html": {"schema": {"type": "string"}}}),
        (Any, {"media_type": "text/html"}, {"text/html": {"schema": {"type": "string"}}}),
        (Any, {"media_type": "image/png"}, {"image/png": {}}),
        (bytes, {}, {"application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}),
        (bytes, {"media_type": "image/png"}, {"image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}}}),
        (Response, {}, None),
        (Response, {"media_type": "image/png"}, {"image/png": {}}),
        (Item | Response, {}, {"application/json": {"schema": {}}}),
        (ProblemDetails, {}, {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}),
        (None, {"status": 204}, None),
        (Any, {"status": 304}, None),
    ],
)
def test_content(tp: Any, options: dict[str, Any], content: Any) -> None:
    found = responses(returning(tp), **options)
    status = str(options.get("status", 200))
    assert found == {status: {"description": "Successful Response", **({} if content is None else {"content": content})}}


def test_streams() -> None:
    async def events() -> AsyncIterator[SseEvent]:
        yield SseEvent("x")

    def rows() -> Iterator[Item]:
        yield Item(name="x")

    def words() -> Iterator[str]:
        yield "x"

    def octets() -> Iterator[bytes]:
        yield b"x"

    def untold():  # type: ignore[no-untyped-def]
        yield 1

    text = {"schema": {"type": "string"}}
    assert responses(events)["200"]["content"] == {"text/event-stream": text}
    assert responses(rows)["200"]["content"] == {"application/x-ndjson": {}}
    assert responses(words, media_type="text/plain")["200"]["content"] == {"text/plain": text}
    assert responses(octets, media_type="video/mp4")["200"]["content"] == {"video/mp4": text}
    assert "content" not in responses(untold)["200"]


def test_more_responses() -> None:
    found = responses(
        returning(Item),
        responses={
            200: {"description": "Made.", "content": {"image/png": {}}},
            404: {"model": Item},
            "4XX": {"description": "Other."},
            "default": {"headers": {"x-a": {"schema": {"type": "string"}}}},
        },
    )
    assert found["200"] == {"description": "Made.", "content": {"application/json": {"schema": ITEM}, "image/png": {}}}
    assert found["404"] == {"description": "Not Found", "content": {"application/json": {"schema": ITEM}}}
    assert found["4XX"] == {"description": "Other."} and found["default"]["description"] == "Default Response"
    assert found["default"]["headers"]["x-a"]


def test_what_is_refused() -> None:
    def handler(id: int) -> None: ...

    assert "422" not in responses(returning(None))
    found = responses(handler)["422"]
    schema = {"$ref": "#/components/schemas/HTTPValidationError"}
    assert found == {"description": "Validation Error", "content": {"application/json": {"schema": schema}}}
    assert "422" not in responses(handler, responses={"4XX": {}})
    assert responses(handler, responses={422: {"description": "Mine."}})["422"] == {"description": "Mine."}


def test_bodies_that_cannot_be_read() -> None:
    def json_body(item: Item) -> None: ...

    def form(a: Annotated[str, Form()]) -> None: ...

    assert responses(json_body)["400"] == {"description": "Malformed Body", "content": responses(json_body)["422"]["content"]}
    assert responses(form)["400"] == {"description": "Malformed Body"}
    problem = responses(form, App(errors="problem"))["400"]["content"]
    assert problem == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "400" not in responses(json_body, responses={"default": {}})
    sent = TestClient(made(json_body)).post("/", content=b"{", headers={"content-type": "application/json"})
    assert sent.status_code == 400 and sent.json()["detail"][0].keys() >= {"type", "loc", "msg"}


def made(handler: Any) -> App:
    app = App()
    app.add_route("/", handler, ["POST"])
    return app


def test_missing_credentials() -> None:
    found = responses(returning(None), dependencies=[Depends(HTTPBearer())])
    assert found["401"] == {"description": "Unauthorized"}
    assert "401" not in responses(returning(None), dependencies=[Depends(HTTPBearer(auto_error=False))])


def test_converters_refuse_with_404() -> None:
    assert responses(returning(None), path="/{id:int}")["404"] == {"description": "Not Found"}
    assert "404" not in responses(returning(None), path="/{id}/{rest:path}")
    assert "404" not in responses(returning(None), path="/{id:uuid}", responses={"4XX": {}})


def test_problems() -> None:
    app = App(errors="problem")

    def handler(id: Annotated[int, Path()]) -> None: ...

    found = responses(handler, app, "/{id}")["422"]["content"]
    assert found == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ValidationProblem"}}}
    schema = app.openapi()["components"]["schemas"]["ValidationProblem"]
    assert schema["properties"]["errors"]["items"] == {"$ref": "#/components/schemas/ValidationError"}
    assert {"type", "title", "status", "detail"} < schema["properties"].keys()


def test_an_example_of_the_own_status_keeps_its_schema() -> None:
    told = {"content": {"application/json": {"example": {"name": "cup"}}}, "description": "Made"}
    made = responses(returning(Item), responses={200: told})["200"]
    assert made == {
        "description": "Made",
        "content": {"application/json": {"schema": ITEM, "example": {"name": "cup"}}},
    }
    own = {"application/json": {"schema": {"type": "object"}}, "text/csv": {}}
    made = responses(returning(Item), responses={200: {"content": own}})["200"]
    assert made["content"] == own  # a schema that is given stands instead
    # With a model of the same status the example stands beside that one's schema.
    made = responses(returning(dict[str, int]), responses={200: {**told, "model": Item}})["200"]
    assert made["content"]["application/json"] == {"schema": ITEM, "example": {"name": "cup"}}
