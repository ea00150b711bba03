"""The signature rule of section 4: each row, in order, and each refusal."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict

import pytest

from pelton import (
    App,
    Body,
    Cookie,
    HandlerSignatureError,
    Header,
    Path,
    Query,
    Request,
    Response,
)
from pelton.testing import TestClient


@dataclass
class Item:
    name: str
    price: float = 0.0


class Colour(Enum):
    red = "r"
    green = "g"


class Numbered(Enum):
    one = 1


UserId = NewType("UserId", int)


class Names(TypedDict):
    first: str


def answer(handler: Callable[..., Any], template: str, method: str, url: str, **sent: Any) -> Any:
    app = App()
    app.add_route(template, handler, [method])
    response = TestClient(app).request(method, url, **sent)
    assert response.status_code == 200, response.text
    return response.json()


def refusal(handler: Callable[..., Any], template: str = "/x", method: str = "POST") -> HandlerSignatureError:
    with pytest.raises(HandlerSignatureError) as raised:
        App().add_route(template, handler, [method])
    return raised.value


# --- row 1: markers ---


def test_row_1_markers_in_annotated() -> None:
    def handler(
        id: Annotated[int, Path(ge=1)],
        q: Annotated[str, Query(alias="query")],
        x_token: Annotated[str, Header()],
        session: Annotated[str, Cookie()],
        item: Annotated[Item, Body()],
    ) -> list[Any]:
        return [id, q, x_token, session, item.name]

    sent = {"json": {"name": "cup"}, "headers": {"X-Token": "t"}, "cookies": {"session": "s"}}
    assert answer(handler, "/{id}", "POST", "/7?query=z", **sent) == [7, "z", "t", "s", "cup"]


def test_row_1_markers_as_default() -> None:
    def handler(page: int = Query(1, ge=1), user_agent: str = Header("none"), c: str = Cookie("no")) -> list[Any]:
        return [page, user_agent, c]

    assert answer(handler, "/", "GET", "/?page=3") == [3, "testclient", "no"]


def test_row_1_header_keeps_underscores_when_told() -> None:
    def handler(x_a: Annotated[str, Header(convert_underscores=False)] = "absent") -> str:
        return x_a

    assert answer(handler, "/", "GET", "/", headers={"x-a": "1"}) == "absent"
    assert answer(handler, "/", "GET", "/", headers={"x_a": "1"}) == "1"


def test_row_1_default_factory_and_signature_default() -> None:
    def handler(
        a: Annotated[list[str], Query(default_factory=lambda: ["made"])], b: Annotated[int, Query(le=9)] = 5
    ) -> list[Any]:
        a.append("more")
        return [a, b]

    assert answer(handler, "/", "GET", "/") == [["made", "more"], 5]


def test_row_1_body_embed_and_media_type() -> None:
    def embedded(item: Annotated[Item, Body(embed=True)]) -> str:
        return item.name

    def text(words: Annotated[str, Body(media_type="text/plain")]) -> str:
        return words

    assert answer(embedded, "/", "POST", "/", json={"item": {"name": "cup"}}) == "cup"
    assert answer(text, "/", "POST", "/", content="hi", headers={"content-type": "text/plain"}) == "hi"


def test_row_1_scalar_body_and_any_body() -> None:
    def number(n: Annotated[int, Body(ge=2)]) -> int:
        return n

    def anything(x: Annotated[Any, Body()]) -> Any:
        return x

    assert answer(number, "/", "POST", "/", json=3) == 3
    assert answer(anything, "/", "POST", "/", json=[1, {"a": None}]) == [1, {"a": None}]


# --- row 3: objects of ours ---


def test_row_3_request_response_app_in_any_position() -> None:
    def handler(q: str, app: App, response: Response, r: Request) -> list[Any]:
        response.status = 200
        response.set_header("x-made", "yes")
        return [q, isinstance(app, App), r.path]

    app = App()
    app.add_route("/p", handler)
    made = TestClient(app).get("/p?q=1")
    assert made.json() == ["1", True, "/p"] and made.headers["x-made"] == "yes"


# --- row 4: the template ---


@pytest.mark.parametrize(
    ("template", "annotation", "url", "value"),
    [
        ("/{v}", str, "/a%20b", "a b"),
        ("/{v}", int, "/-3", -3),
        ("/{v}", float, "/1e3", 1000.0),
        ("/{v}", bool, "/Yes", True),
        ("/{v}", Decimal, "/1.50", "1.50"),
        ("/{v}", uuid.UUID, f"/{uuid.UUID(int=5)}", str(uuid.UUID(int=5))),
        ("/{v}", datetime.date, "/2024-02-29", "2024-02-29"),
        ("/{v}", datetime.datetime, "/2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        ("/{v}", datetime.time, "/10:30:00", "10:30:00"),
        ("/{v}", Colour, "/g", "g"),
        ("/{v}", Numbered, "/1", 1),
        ("/{v}", Literal["a", 2], "/2", 2),
        ("/{v}", UserId, "/9", 9),
        ("/{v:int}", int, "/7", 7),
        ("/{v:float}", float, "/7", 7.0),
        ("/{v:uuid}", uuid.UUID, f"/{uuid.UUID(int=6)}", str(uuid.UUID(int=6))),
        ("/{v:path}", str, "/a/b", "a/b"),
        ("/{v:regex([a-z]+)}", str, "/abc", "abc"),
        ("/{v:int}", Annotated[int, Path(lt=100)], "/99", 99),
    ],
)
def test_row_4_annotation_and_converter(template: str, annotation: Any, url: str, value: Any) -> None:
    def handler(v):  # type: ignore[no-untyped-def]
        return v

    handler.__annotations__["v"] = annotation
    assert answer(handler, template, "GET", url) == value


def test_row_4_beats_row_5() -> None:
    def handler(request):  # type: ignore[no-untyped-def]
        return request

    assert answer(handler, "/x/{request}", "GET", "/x/text") == "text"


def test_row_4_unused_template_parameters_are_fine() -> None:
    assert answer(lambda: 1, "/{a}/{b}", "GET", "/x/y") == 1


@pytest.mark.parametrize(
    ("template", "annotation"),
    [("/{v:int}", str), ("/{v:float}", int), ("/{v:uuid}", str), ("/{v:path}", int), ("/{v:int}", Optional[int])],
)
def test_row_4_annotation_must_agree(template: str, annotation: Any) -> None:
    def handler(v):  # type: ignore[no-untyped-def]
        return v

    handler.__annotations__["v"] = annotation
    assert "'v'" in str(refusal(handler, template))


# --- row 5: the first positional ---


def test_row_5_first_bare_positional_is_the_request() -> None:
    def handler(anything):  # type: ignore[no-untyped-def]
        return anything.method

    assert answer(handler, "/", "GET", "/") == "GET"


@pytest.mark.parametrize("name", ["res", "response"])
def test_row_5_then_the_side_channel(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"def handler(req, {name}):\n    {name}.status = 202\n    return 1", scope)
    app = App()
    app.add_route("/", scope["handler"])
    assert TestClient(app).get("/").status_code == 202


def test_row_5_positional_only_and_methods() -> None:
    class Things:
        def show(self, request, /, id: int, *, q: str = "d"):  # type: ignore[no-untyped-def]
            return [request.path, id, q]

    assert answer(Things().show, "/{id}", "GET", "/4?q=z") == ["/4", 4, "z"]


# --- rows 6 and 7: models and scalars ---


@pytest.mark.parametrize(
    ("annotation", "sent", "seen"),
    [
        (Item, {"name": "a"}, {"name": "a", "price": 0.0}),
        (Names, {"first": "x"}, {"first": "x"}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict, {"a": [None]}, {"a": [None]}),
        (list[Item], [{"name": "a"}], [{"name": "a", "price": 0.0}]),
        (Optional[Item], None, None),
        (list[dict[str, int]], [{"a": 1}], [{"a": 1}]),
    ],
)
@pytest.mark.parametrize("validator", ["builtin", "msgspec"])
def test_row_6_models_come_from_the_body(annotation: Any, sent: Any, seen: Any, validator: Any) -> None:
    def handler(body):  # type: ignore[no-untyped-def]
        return body

    handler.__annotations__["body"] = annotation
    app = App(validator=validator)
    app.add_route("/", handler, ["POST"])
    content = b"null" if sent is None else None
    headers = {"content-type": "application/json"}
    json = None if sent is None else sent
    response = TestClient(app).post("/", json=json, content=content, headers=headers)
    assert (response.status_code, response.json()) == (200, seen)


def test_row_6_two_models_share_one_object() -> None:
    def handler(item: Item, owner: Names) -> list[Any]:
        return [item.name, owner["first"]]

    both = {"item": {"name": "cup"}, "owner": {"first": "Ann"}}
    assert answer(handler, "/", "POST", "/", json=both) == ["cup", "Ann"]
    app = App()
    app.add_route("/", handler, ["POST"])
    wrong = TestClient(app).post("/", json={"item": {}}).json()["detail"]
    assert [entry["loc"] for entry in wrong] == [["body", "item", "name"], ["body", "owner"]]


def test_row_7_containers_collect_repeated_keys() -> None:
    def handler(
        a: list[int], b: set[str], c: tuple[float, ...], d: list[int] | None = None, e: Optional[str] = None
    ) -> list[Any]:
        return [a, sorted(b), list(c), d, e]

    url = "/?a=1&a=2&b=x&b=x&c=1.5"
    assert answer(handler, "/", "GET", url) == [[1, 2], ["x"], [1.5], None, None]


def test_row_7_optional_without_default_is_required() -> None:
    def handler(q: str | None) -> Any:
        return q

    app = App()
    app.add_route("/", handler)
    client = TestClient(app)
    assert client.get("/?q=").json() == ""
    wrong = client.get("/")
    assert wrong.status_code == 422 and wrong.json()["detail"][0]["type"] == "missing"


# --- row 8: plain defaults ---


def test_row_8_typed_like_the_default() -> None:
    def handler(request, page=1, on=False, ratio=1.5, word=None, tags=["x"]):  # type: ignore[no-untyped-def]  # noqa: B006
        return [page, on, ratio, word, tags]

    assert answer(handler, "/", "GET", "/") == [1, False, 1.5, None, ["x"]]
    assert answer(handler, "/", "GET", "/?page=2&on=t&ratio=2&word=w&tags=a&tags=b") == [
        2,
        True,
        2.0,
        "w",
        ["a", "b"],
    ]


@pytest.mark.parametrize("default", [[], {"a": 1}, {1}])
def test_mutable_defaults_are_copied_for_each_call(default: Any) -> None:
    def handler(x):  # type: ignore[no-untyped-def]
        x.update({"b": 2}) if isinstance(x, dict) else (x.append if isinstance(x, list) else x.add)(2)
        return len(x)

    handler.__annotations__["x"] = {list: list[int], dict: dict[str, int], set: set[int]}[type(default)]
    handler.__defaults__ = (default,)
    app = App()
    app.add_route("/", handler, ["POST"])
    client = TestClient(app)
    before = len(default)
    assert [client.post("/").json() for _ in range(2)] == [before + 1] * 2 and len(default) == before
