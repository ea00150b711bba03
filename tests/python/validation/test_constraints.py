"""Constraints of texts: found wherever they stand, enforced, described, or refused when the route is registered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Optional
from uuid import UUID

import annotated_types
import msgspec
import pydantic
import pytest
from openapi_spec_validator import validate

from pelton import App, Body, File, Form, HandlerSignatureError, Header, Path, Query, UploadedFile
from pelton.testing import TestClient

Page = NewType("Page", Annotated[int, annotated_types.Ge(1)])  # type: ignore[valid-newtype]


@dataclass
class Paging:
    page: pydantic.PositiveInt
    tags: list[Annotated[str, annotated_types.MinLen(2)]]


def handler_of(tp: Any, default: Any = ...) -> Callable[..., Any]:
    def handler(x: Any) -> Any:
        return x

    if default is not ...:
        handler.__defaults__ = (default,)
    handler.__annotations__ = {"x": tp}
    return handler


def refusals(client: TestClient, url: str, **options: Any) -> list[tuple[str, Any]]:
    answer = client.get(url, **options)
    assert answer.status_code == 422, answer.text
    return [(one["type"], one["loc"]) for one in answer.json()["detail"]]


@pytest.mark.parametrize(
    ("tp", "wrong", "right", "kind", "told"),
    [
        (pydantic.PositiveInt, "0", "1", "greater_than", {"exclusiveMinimum": 0}),
        (Page, "0", "1", "greater_than_equal", {"minimum": 1}),
        (Annotated[int, pydantic.Field(le=100)], "101", "100", "less_than_equal", {"maximum": 100}),
        (pydantic.conint(lt=9, multiple_of=2), "7", "8", "multiple_of", {"exclusiveMaximum": 9, "multipleOf": 2}),
        (pydantic.constr(min_length=2, pattern="^a"), "bc", "ac", "string_pattern_mismatch", {"minLength": 2, "pattern": "^a"}),
        (Annotated[int, msgspec.Meta(ge=1, description="d")], "0", "1", "greater_than_equal", {"minimum": 1}),
        (Annotated[str, annotated_types.Len(1, 2)], "abc", "ab", "string_too_long", {"minLength": 1, "maxLength": 2}),
        (Annotated[int, annotated_types.Interval(ge=1, le=3)], "4", "3", "less_than_equal", {"minimum": 1, "maximum": 3}),
        (Annotated[pydantic.PositiveInt, Query(le=9), annotated_types.Le(5)], "6", "5", "less_than_equal", {"maximum": 5}),
        (Annotated[float, pydantic.FiniteFloat, "a remark"], "nan", "1", "finite_number", {}),
    ],
)
def test_those_of_others_are_enforced_and_told(tp: Any, wrong: str, right: str, kind: str, told: dict[str, Any]) -> None:
    for annotation in (tp, Optional[tp]):  # noqa: UP045
        app = App()
        app.add_route("/", handler_of(annotation))
        client = TestClient(app)
        assert refusals(client, f"/?x={wrong}") == [(kind, ["query", "x"])]
        assert client.get(f"/?x={right}").status_code == 200
        document = app.openapi()
        validate(document)
        schema = document["paths"]["/"]["get"]["parameters"][0]["schema"]
        assert told.items() <= schema.get("anyOf", [schema])[0].items()


def test_items_of_a_list() -> None:
    for item in (pydantic.PositiveInt, Annotated[int, Query(gt=0)]):
        app = App()
        app.add_route("/", handler_of(list[item] | None, None))  # type: ignore[valid-type]
        assert refusals(TestClient(app), "/?x=1&x=0") == [("greater_than", ["query", "x", 1])]
        schema = app.openapi()["paths"]["/"]["get"]["parameters"][0]["schema"]
        assert schema["anyOf"][0] == {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 0}}


def test_path_header_cookie_form_and_models() -> None:
    app = App()
    app.add_route("/path/{x}", handler_of(pydantic.PositiveInt))
    app.add_route("/int/{x:int}", handler_of(pydantic.PositiveInt))
    app.add_route("/header", handler_of(Optional[Annotated[int, Header(), annotated_types.Ge(1)]], None))  # noqa: UP045
    app.add_route("/form", handler_of(Annotated[pydantic.PositiveInt, Form()]), ["POST"])
    app.add_route("/model", handler_of(Annotated[Paging, Query()]))
    client = TestClient(app)
    for path in ("/path/0", "/int/0"):
        assert refusals(client, path) == [("greater_than", ["path", "x"])]
    assert refusals(client, "/header", headers={"x": "0"}) == [("greater_than_equal", ["header", "x"])]
    assert client.get("/header?x=5").json() is None
    assert client.post("/form", data={"x": "0"}).status_code == 422
    found = refusals(client, "/model?page=0&tags=a")
    assert found == [("greater_than", ["query", "page"]), ("string_too_short", ["query", "tags", 0])]


def test_the_number_of_files() -> None:
    app = App()

    @app.post("/")
    def take(x: Annotated[list[UploadedFile], File(), annotated_types.MaxLen(1)]) -> int:
        return len(x)

    client = TestClient(app)
    assert client.post("/", files=[("x", ("a", b"1"))]).json() == 1
    assert client.post("/", files=[("x", ("a", b"1")), ("x", ("b", b"2"))]).status_code == 422


@pytest.mark.parametrize(
    ("tp", "says"),
    [
        (pydantic.StrictInt, "nothing enforces it"),
        (pydantic.UUID4, "nothing enforces it"),
        (pydantic.condecimal(max_digits=3), "max_digits=3"),
        (Annotated[int, annotated_types.Predicate(bool)], "Predicate(bool)"),
        (Annotated[int, pydantic.AfterValidator(abs)], "AfterValidator"),
        (Annotated[str, pydantic.StringConstraints(strip_whitespace=True)], "strip_whitespace=True"),
        (Annotated[datetime, msgspec.Meta(tz=True)], "msgspec.Meta(tz=True)"),
        (list[pydantic.StrictInt], "nothing enforces it"),
        (Annotated[int, pydantic.Field(alias="y")], "an alias or a default in Field()"),
        (Annotated[int, pydantic.Field(default=1)], "an alias or a default in Field()"),
        (list[Annotated[int, Header(le=5)]], "the marker Header() at its items"),
        (Annotated[str, Query(pattern="a"), pydantic.Field(pattern="b")], "two of pattern"),
        (Annotated[int, Query(ge="a")], "a number with ge='a'"),  # type: ignore[arg-type]
        (Annotated[int, Query(multiple_of=0)], "multiple_of=0"),
        (Annotated[int, Query(min_length=1)], "int has no length"),
        (Annotated[int, Query(pattern="a")], "has a pattern, but is int"),
        (Annotated[bytes, Query(pattern="a")], "has a pattern, but is bytes"),
        (Annotated[str, Query(ge=1)], "str has no order"),
        (Annotated[UUID, Query(ge=1)], "UUID has no order"),
        (Annotated[list[int], Query(ge=1)], "list[int] has no order"),
        (Annotated[Literal["a"], Query(min_length=1)], "has no length"),
        (Annotated[str, Query(min_length=-1)], "min_length=-1"),
        (Annotated[str, Query(pattern="(")], "the pattern '(', which cannot be read"),
        (Annotated[str, pydantic.Field(pattern=re.compile("a", re.I))], "a pattern with flags"),
        (Annotated[datetime, Query(ge=date(2020, 1, 1))], "a datetime with ge=datetime.date"),  # type: ignore[arg-type]
        (Annotated[int, Body(ge="a")], "a number with ge='a'"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_enforced_is_refused(tp: Any, says: str) -> None:
    with pytest.raises(HandlerSignatureError) as raised:
        App().add_route("/", handler_of(tp), ["POST"])
    what, where, fix = str(raised.value).splitlines()
    assert "parameter 'x' of handler()" in what or "two of" in what
    assert says in what and where.endswith(", POST /") and fix.startswith("  fix:   ")


def test_fields_as_defaults_and_markers_of_others() -> None:
    fastapi = pytest.importorskip("fastapi")
    for default in (pydantic.Field(10, le=100), fastapi.Query(10)):
        with pytest.raises(HandlerSignatureError, match="as its default"):
            App().add_route("/", handler_of(int, default))
    with pytest.raises(HandlerSignatureError, match="from pelton import Query"):
        App().add_route("/", handler_of(Annotated[int, fastapi.Query(le=3)]))


def test_bounds_of_other_kinds_of_numbers() -> None:
    app = App()
    app.add_route("/decimal", handler_of(Annotated[Decimal, Query(ge=0.1, multiple_of=0.1)]))
    app.add_route("/float", handler_of(Annotated[float, Query(multiple_of=Decimal("0.5"))]))  # type: ignore[arg-type]
    app.add_route("/path/{x:float}", handler_of(Annotated[float, Path(gt=1)]))
    client = TestClient(app)
    assert client.get("/decimal?x=0.1").json() == "0.1" and refusals(client, "/decimal?x=0.15") == [("multiple_of", ["query", "x"])]
    assert client.get("/float?x=1.5").json() == 1.5 and client.get("/float?x=1.6").status_code == 422
    assert client.get("/path/1.5").json() == 1.5 and client.get("/path/0.5").status_code == 422


def test_instants_with_and_without_a_zone() -> None:
    app = App()
    app.add_route("/datetime", handler_of(Annotated[datetime, Query(ge=datetime(2020, 1, 1))]))  # type: ignore[arg-type]
    app.add_route("/time", handler_of(Annotated[time, Query(ge=time(10))]))  # type: ignore[arg-type]
    client = TestClient(app)
    assert client.get("/datetime?x=2020-01-01T00:00Z").status_code == client.get("/time?x=10:00").status_code == 200
    assert refusals(client, "/datetime?x=2019-12-31T00:00Z") == [("greater_than_equal", ["query", "x"])]
    assert refusals(client, "/time?x=09:00Z") == [("greater_than_equal", ["query", "x"])]
