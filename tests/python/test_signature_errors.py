"""Handlers that the signature rule refuses, and what wrong input comes to (section 4)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from pelton import App, Body, Cookie, HandlerSignatureError, Header, Path, Query, RegistrationError
from pelton.testing import TestClient


@dataclass
class Item:
    name: str
    price: float = 0.0


def refusal(handler: Callable[..., Any], template: str = "/x", method: str = "POST") -> HandlerSignatureError:
    with pytest.raises(HandlerSignatureError) as raised:
        App().add_route(template, handler, [method])
    return raised.value


def test_refusals_have_three_lines() -> None:
    def handler(request, limit):  # type: ignore[no-untyped-def]
        return limit

    error = refusal(handler, "/items", "GET")
    what, where, fix = str(error).splitlines()
    assert what == "parameter 'limit' of handler() has no source"
    assert where.startswith("  where: ") and where.endswith(", GET /items") and "test_signature_errors.py:" in where
    assert fix == (
        "  fix:   annotate it (limit: int), give it a default (limit=10) or mark it (Annotated[int, Query()])"
    )


def _handler(**annotations: Any) -> Callable[..., Any]:
    scope: dict[str, Any] = {}
    exec(f"def handler({', '.join(annotations)}): ...", scope)
    made: Callable[..., Any] = scope["handler"]
    made.__annotations__ = annotations
    return made


@pytest.mark.parametrize(
    ("handler", "template", "method", "says"),
    [
        (_handler(x=Any), "/x", "POST", "'x'"),
        (_handler(x=list), "/x", "POST", "list"),
        (_handler(x=object), "/x", "POST", "object"),
        (_handler(x=int | str), "/x", "POST", "'x'"),
        (_handler(x=list[Any]), "/x", "POST", "'x'"),
        (_handler(x=Item), "/x", "GET", "Body()"),
        (_handler(x=Item), "/x", "HEAD", "Body()"),
        (_handler(x=dict[str, int]), "/x", "OPTIONS", "Body()"),
        (_handler(x=Annotated[str, Query()]), "/{x}", "GET", "Path()"),
        (_handler(x=Annotated[str, Path()]), "/x", "GET", "{x}"),
        (_handler(x=Annotated[str, Query(), Header()]), "/x", "GET", "two markers"),
        (_handler(x=Annotated[str, Query]), "/x", "GET", "Query()"),
        (_handler(x=Annotated[list[Item], Query()]), "/x", "GET", "one model class"),
        (_handler(x=Annotated[list[str], Cookie()]), "/x", "GET", "cookie"),
        (_handler(x=Item), "/{x}", "GET", "scalar"),
        (_handler(x=Annotated[Item, Body(media_type="text/plain")]), "/x", "POST", "str or bytes"),
        (lambda *args: None, "/x", "GET", "*args"),
        (lambda **kwargs: None, "/x", "GET", "**kwargs"),
        (lambda request, x: None, "/x", "GET", "'x'"),
        (lambda *, request: None, "/x", "GET", "'request'"),
        (lambda x=object(): None, "/x", "GET", "default"),
    ],
)
def test_refusals(handler: Callable[..., Any], template: str, method: str, says: str) -> None:
    assert says in str(refusal(handler, template, method))


def test_a_refused_handler_leaves_the_path_free() -> None:
    app = App()
    with pytest.raises(HandlerSignatureError):
        app.add_route("/", lambda request, x: 1)
    app.add_route("/", lambda: 1)
    assert TestClient(app).get("/").json() == 1


def test_string_annotations_are_retried_at_the_start() -> None:
    scope: dict[str, Any] = {"App": App}
    exec("app = App()\n@app.post('/')\ndef handler(thing: 'Thing'): return thing", scope)
    scope["Thing"] = dict[str, int]
    assert TestClient(scope["app"]).post("/", json={"a": 1}).json() == {"a": 1}


def test_string_annotations_that_never_resolve_name_the_parameter() -> None:
    scope: dict[str, Any] = {"App": App}
    exec("app = App()\n@app.post('/')\ndef handler(thing: 'Nowhere'): return thing", scope)
    with pytest.raises(HandlerSignatureError, match="'thing'"):
        TestClient(scope["app"]).get("/")


def test_422_has_all_errors_in_order_path_query_header_cookie_body() -> None:
    def handler(
        item: Item,
        session: Annotated[int, Cookie()],
        x_n: Annotated[int, Header()],
        tag: list[int],
        q: Annotated[str, Query(max_length=1)],
        id: int,
    ) -> None: ...

    app = App(validator="builtin")
    app.add_route("/{id}", handler, ["POST"])
    response = TestClient(app).post(
        "/x?tag=1&tag=y&q=long",
        json={"price": "1"},
        headers={"x-n": "z"},
        cookies={"session": "c"},
    )
    assert response.status_code == 422
    assert [entry["loc"] for entry in response.json()["detail"]] == [
        ["path", "id"],
        ["query", "tag", 1],
        ["query", "q"],
        ["header", "x-n"],
        ["cookie", "session"],
        ["body", "name"],
        ["body", "price"],
    ]


def test_422_entry_has_the_shape_of_pydantic() -> None:
    def handler(page: Annotated[int, Query(ge=1)]) -> int:
        return page

    app = App()
    app.add_route("/", handler)
    client = TestClient(app)
    assert client.get("/?page=0").json() == {
        "detail": [
            {
                "type": "greater_than_equal",
                "loc": ["query", "page"],
                "msg": "Input should be greater than or equal to 1",
                "input": "0",
                "ctx": {"ge": 1},
            }
        ]
    }
    assert client.get("/").json()["detail"] == [
        {"type": "missing", "loc": ["query", "page"], "msg": "Field required", "input": None}
    ]


@pytest.mark.parametrize("body", [Item, dict[str, int], Annotated[bytes, Body()], Annotated[Item, Body(embed=True)]])
def test_a_streamed_body_is_no_parameter(body: Any) -> None:
    with pytest.raises(RegistrationError) as raised:
        App().add_route("/x", _handler(x=body), ["POST"], stream_body=True)
    said = str(raised.value)
    assert "parameter 'x' of handler() is read from the body, which has not arrived" in said
    assert "fix:   leave stream_body out, or read the body with await request.json_async()" in said
    App().add_route("/x", _handler(x=Annotated[int, Query()]), ["POST"], stream_body=True)


@pytest.mark.parametrize("marker", [Query(), Header(), Cookie()])
def test_a_marked_type_that_no_text_becomes(marker: Any) -> None:
    def handler(q: Item) -> None: ...

    handler.__annotations__["q"] = Annotated[object, marker]
    what, _, fix = str(refusal(handler, method="GET")).splitlines()
    assert what.startswith(f"parameter 'q' of handler() is marked {marker!r}, but object is neither a scalar")
    assert "Body()" not in fix and "take a str, or a model" in fix
