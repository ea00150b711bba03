"""Models under Query(), Header() and Cookie(): their fields are read one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Annotated, Any, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from pelton import App, Cookie, Depends, Header, HandlerSignatureError, HTTPError, Query, WebSocket
from pelton.testing import TestClient, WebSocketRefused, live_server


class Pydantic(pydantic.BaseModel):
    page: int
    order_by: str = "name"
    tags: list[str] = []


class Msgspec(msgspec.Struct):
    page: int
    order_by: str = "name"
    tags: list[str] = []


@dataclass
class Neutral:
    page: int
    order_by: str = "name"
    tags: list[str] = field(default_factory=list)


@attrs.define
class Attrs:
    page: int
    order_by: str = "name"
    tags: list[str] = attrs.field(factory=list)


class Typed(TypedDict):
    page: int
    order_by: str
    tags: list[str]


MODELS = (Pydantic, Msgspec, Neutral, Attrs, Typed)


def asked_by(annotation: Any, *default: Any) -> TestClient:
    """The client of a handler that gives back what it was given."""

    def handler(of: Any) -> Any:
        if isinstance(of, pydantic.BaseModel):
            return of.model_dump()
        return of

    handler.__annotations__ = {"of": annotation}
    handler.__defaults__ = default or None
    app = App()
    app.get("/")(handler)
    return TestClient(app)


def errors(answer: Any) -> list[tuple[str, list[Any], Any]]:
    assert answer.status_code == 422, answer.text
    return [(one["type"], one["loc"], one["input"]) for one in answer.json()["detail"]]


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_model_over_a_connection(serve: Callable[..., live_server], model: Any) -> None:
    client = asked_by(Annotated[model, Query()])
    whole = {"page": 3, "order_by": "age", "tags": ["a", "b"]}
    connection = HTTPConnection("127.0.0.1", serve(client.app).port)
    for target, status, told in (
        ("/?page=3&order_by=age&tags=a&tags=b&surplus=1", 200, whole),
        ("/?page=1&page=3&order_by=age&tags=a&tags=b", 200, whole),
        ("/?page=x&order_by=age&tags=a", 422, ["query", "page"]),
        ("/?order_by=&tags=a", 422, ["query", "page"]),
    ):
        connection.request("GET", target)
        answer = connection.getresponse()
        found = msgspec.json.decode(answer.read())
        assert (answer.status, found if status == 200 else found["detail"][0]["loc"]) == (status, told)
    connection.close()


@pytest.mark.parametrize("model", MODELS)
def test_headers_have_dashes_for_underscores_unless_told_otherwise(model: Any) -> None:
    sent = [("page", "3"), ("Order-By", "age"), ("order-by", "other"), ("tags", "a"), ("tags", "b")]
    answer = asked_by(Annotated[model, Header()]).get("/", headers=sent)
    assert answer.json() == {"page": 3, "order_by": "age", "tags": ["a", "b"]}, answer.text
    plain = asked_by(Annotated[model, Header(convert_underscores=False)])
    assert plain.get("/", headers=[("page", "3"), ("Order_By", "age"), ("tags", "a")]).json()["order_by"] == "age"


@pytest.mark.parametrize("model", MODELS)
def test_a_header_is_told_by_the_name_it_is_sent_under(model: Any) -> None:
    for kind in (pydantic.BaseModel, msgspec.Struct):
        if issubclass(model, kind):

            class Level(kind):  # type: ignore[misc, valid-type]
                x_level: int
                x_name: str

            client = asked_by(Annotated[Level, Header()])
            assert [one[1] for one in errors(client.get("/", headers={"x-level": "x", "x-name": "n"}))] == [["header", "x-level"]]
            assert [one[:2] for one in errors(client.get("/", headers={"x-level": "1"}))] == [("missing", ["header", "x-name"])]


@dataclass
class Crumbs:
    session: str
    ui_lang: str = "en"


class CrumbStruct(msgspec.Struct, rename={"ui_lang": "ui-lang"}):
    session: str
    ui_lang: str = "en"


def test_cookies() -> None:
    client = asked_by(Annotated[Crumbs, Cookie()])
    assert client.get("/", cookies={"session": "s", "ui_lang": "cy"}).json() == {"session": "s", "ui_lang": "cy"}
    assert errors(asked_by(Annotated[Crumbs, Cookie()]).get("/"))[0][:2] == ("missing", ["cookie", "session"])
    renamed = asked_by(Annotated[CrumbStruct, Cookie()])
    assert renamed.get("/", cookies={"session": "s", "ui-lang": "cy"}).json() == {"session": "s", "ui-lang": "cy"}


class Strict(pydantic.BaseModel):
    model_config = {"extra": "forbid"}

    page: int = 1


class StrictStruct(msgspec.Struct, forbid_unknown_fields=True):
    page: int = 1


def test_what_is_sent_beside_the_fields_is_for_the_model_to_judge() -> None:
    client = asked_by(Annotated[Strict, Query()])
    assert client.get("/?page=2").json() == {"page": 2}
    assert errors(client.get("/?page=2&tool=plumbus&tool=x")) == [("extra_forbidden", ["query", "tool"], ["plumbus", "x"])]
    struct = asked_by(Annotated[StrictStruct, Query()])
    assert struct.get("/?page=2").json() == {"page": 2}
    [told] = struct.get("/?tool=plumbus").json()["detail"]
    assert told["loc"] == ["query"] and "`tool`" in told["msg"]


def test_a_default_stands_where_no_field_was_sent() -> None:
    for model in (Pydantic, Msgspec, Neutral):
        client = asked_by(Annotated[model | None, Query()], None)
        assert client.get("/?other=1").json() is None
        assert client.get("/?page=2").json()["page"] == 2
        assert errors(client.get("/?tags=a"))[0][:2] == ("missing", ["query", "page"])
        assert errors(asked_by(Annotated[model | None, Query()]).get("/")) == [("missing", ["query"], None)]
        assert asked_by(Annotated[model, Query()], model(page=9)).get("/").json()["page"] == 9
    strict = asked_by(Annotated[Strict | None, Query()], None)
    assert strict.get("/").json() is None
    assert errors(strict.get("/?tool=x"))[0][:2] == ("extra_forbidden", ["query", "tool"])


def test_fields_of_a_dataclass_take_markers_of_their_own() -> None:
    @dataclass
    class Bounded:
        limit: Annotated[int, Query(ge=1, le=100)] = 10
        order: Annotated[str, Query(alias="orderBy")] = "id"

    client = asked_by(Annotated[Bounded, Query()])
    assert client.get("/?limit=5&orderBy=age").json() == {"limit": 5, "order": "age"}
    assert errors(client.get("/?limit=0")) == [("greater_than_equal", ["query", "limit"], "0")]
    with pytest.raises(HandlerSignatureError, match=r"'limit' is marked Query\(\)"):
        asked_by(Annotated[Bounded, Header()])


def test_several_beside_other_parameters_and_in_dependencies() -> None:
    def agent(of: Annotated[Trail, Header()], page: int = 1) -> list[Any]:
        return [of.x_trace, page]

    app = App()

    @app.get("/{id}")
    def handler(
        id: int,
        by: Annotated[Neutral, Query()],
        strictly: Annotated[Strict, Query()] = None,  # type: ignore[assignment]
        who: Any = Depends(agent),
        q: str = "",
    ) -> list[Any]:
        return [id, by.page, who, q]

    client = TestClient(app)
    assert client.get("/7?page=2", headers={"x-trace": "t"}).json() == [7, 2, ["t", 2], ""]
    found = errors(client.get("/x?page=y&q=z", headers={"x-trace": "t"}))
    assert [one[1] for one in found] == [
        ["query", "page"],  # of agent()
        ["path", "id"],
        ["query", "page"],
        ["query", "page"],
        ["query", "q"],  # which `strictly` forbids
    ]


@dataclass
class Trail:
    x_trace: str


def test_of_a_websocket() -> None:
    app = App()

    @app.websocket("/")
    async def talk(ws: WebSocket, by: Annotated[Pydantic, Query()]) -> None:
        await ws.send_json(by.model_dump())

    client = TestClient(app)
    with client.websocket_connect("/?page=4&tags=a") as ws:
        assert ws.receive_json() == {"page": 4, "order_by": "name", "tags": ["a"]}
    with pytest.raises(WebSocketRefused) as refused, client.websocket_connect("/?page=x"):
        pass
    assert refused.value.response.status_code == 422


def test_what_is_refused_at_registration() -> None:
    class Deep(msgspec.Struct):
        inner: Any

    @dataclass
    class Nested:
        inner: Neutral

    class Row(msgspec.Struct, array_like=True):
        page: int

    for annotation, says in (
        (Annotated[list[Neutral], Query()], "one model class"),
        (Annotated[dict[str, int], Query()], "one model class"),
        (Annotated[Nested, Query()], "'inner'"),
        (Annotated[Row, Query()], "array_like"),
        (Annotated[Neutral, Cookie()], "a cookie has one value"),
        (Annotated[Pydantic, Cookie()], "a cookie has one value"),
        (Annotated[Pydantic, Query(alias="by")], "at the fields"),
        (Annotated[Neutral, Header(ge=1)], "at the fields"),
    ):
        with pytest.raises(HandlerSignatureError, match=says) as refused:
            asked_by(annotation)
        assert "fix:" in str(refused.value)


def test_a_field_that_is_named_later_waits_for_its_name() -> None:
    class Waits(pydantic.BaseModel):
        kind: Later

    def handler(of: Annotated[Waits, Query()]) -> str:
        return type(of.kind).__name__

    handler.__annotations__["of"] = Annotated[Waits, Query()]
    app = App()
    app.get("/")(handler)
    with pytest.raises(HandlerSignatureError):
        TestClient(app).get("/?kind=1")


def test_an_error_of_a_validator_is_an_entry_and_one_that_is_none_a_500() -> None:
    class Odd(pydantic.BaseModel):
        n: int

        @pydantic.field_validator("n")
        @classmethod
        def judged(cls, n: int) -> int:
            if n == 1:
                raise ValueError("no ones")
            if n == 2:
                raise HTTPError(418, "tea")
            return n

    client = asked_by(Annotated[Odd, Query()])
    assert errors(client.get("/?n=1")) == [("value_error", ["query", "n"], "1")]
    assert client.get("/?n=2").status_code == 418
