"""Bodies as parameters: whole, as members of one object, and of other types than JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from pelton import App, Body, Request
from pelton.testing import TestClient


@dataclass
class Item:
    name: str


def client_for(handler: Any, **options: Any) -> TestClient:
    app = App(**options)
    app.add_route("/", handler, ["POST", "GET"] if options.pop("get", False) else ["POST"])
    return TestClient(app)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("APPLICATION/JSON", 200),
        ("application/json; charset=utf-8", 200),
        ("application/vnd.x+json", 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("json", 415),
        (None, 415),
    ],
)
def test_UPL_001_a_json_body_has_a_json_type(content_type: str | None, status: int) -> None:
    def handler(item: Item) -> str:
        return item.name

    headers = {} if content_type is None else {"content-type": content_type}
    assert client_for(handler).post("/", content=b'{"name":"a"}', headers=headers).status_code == status


def test_UPL_001_none_at_all_is_json_when_told() -> None:
    def handler(item: Item) -> str:
        return item.name

    client = client_for(handler, strict_content_type=False)
    assert client.post("/", content=b'{"name":"a"}').json() == "a"
    assert client.post("/", content=b'{"name":"a"}', headers={"content-type": "text/plain"}).status_code == 415


def test_a_content_encoding_is_refused() -> None:
    def handler(item: Item) -> str:
        return item.name

    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client_for(handler).post("/", content=b'{"name":"a"}', headers=headers).status_code == 415


def test_request_json_ignores_the_content_type() -> None:
    def handler(request: Request) -> Any:
        return request.json()

    assert client_for(handler).post("/", content=b"[1]", headers={"content-type": "text/plain"}).json() == [1]


def test_several_bodies_must_come_in_an_object() -> None:
    def handler(a: Item, b: Annotated[int, Body(ge=2)] = 5) -> Any:
        return [a.name, b]

    client = client_for(handler)
    assert client.post("/", json={"a": {"name": "x"}}).json() == ["x", 5]
    wrong = client.post("/", json=[1]).json()["detail"]
    assert [(e["type"], e["loc"]) for e in wrong] == [("missing", ["body", "a"]), ("missing", ["body", "b"])]
    assert client.post("/", json={"a": {"name": "x"}, "b": 1}).status_code == 422


def test_a_model_on_get_when_marked() -> None:
    def handler(item: Annotated[Item, Body()]) -> str:
        return item.name

    app = App()
    app.add_route("/", handler)
    assert TestClient(app).request("GET", "/", json={"name": "a"}).json() == "a"


@pytest.mark.parametrize(("annotation", "seen"), [(str, "é"), (bytes, 2)])
def test_other_media_types(annotation: Any, seen: Any) -> None:
    def handler(x: Any) -> Any:
        return len(x) if isinstance(x, bytes) else x

    handler.__annotations__["x"] = Annotated[annotation, Body(media_type="text/plain")]
    client = client_for(handler)
    sent = {"content": "é".encode(), "headers": {"content-type": "text/plain; charset=utf-8"}}
    assert client.post("/", **sent).json() == seen
    assert client.post("/", json="x").status_code == 415
    assert client.post("/").status_code == 422


def test_a_default_body_and_its_factory() -> None:
    def handler(a: Annotated[dict[str, int], Body(default_factory=lambda: {"made": 1})]) -> Any:
        return a

    assert client_for(handler).post("/").json() == {"made": 1}
