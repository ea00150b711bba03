"""Section 6.1, every row; section 8, every event; both error shapes."""

from __future__ import annotations

import collections
import datetime
import logging
import pathlib
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest

from pelton import (
    App,
    BadBody,
    BodyTooLarge,
    Depends,
    ForbiddenError,
    HTTPError,
    Headers,
    HTTPException,
    MutableHeaders,
    PeltonError,
    ProblemDetails,
    Request,
    RequestValidationError,
    Response,
    ResponseTypeError,
    SseEvent,
    SseStream,
)
from pelton.messages.headers import fields_of
from pelton.testing import TestClient, TestResponse

Pair = collections.namedtuple("Pair", "a b")


@dataclass
class Thing:
    a: int


def got(value: Any, app: App | None = None, **options: Any) -> TestResponse:
    app = app or App()
    app.add_route("/", lambda: value, **options)
    return TestClient(app).get("/")


@pytest.mark.parametrize("side", [False, True], ids=["native", "merged"])
@pytest.mark.parametrize(
    ("value", "options", "status", "content_type", "body"),
    [
        (None, {}, 200, "application/json", b"null"),
        (None, {"status": 204}, 204, None, b""),
        (None, {"status": 304}, 304, None, b""),
        ({"a": [1, "é", None]}, {}, 200, "application/json", '{"a":[1,"é",null]}'.encode()),
        ([1], {"status": 201}, 201, "application/json", b"[1]"),
        ("s", {}, 200, "application/json", b'"s"'),
        (1, {}, 200, "application/json", b"1"),
        (1.5, {}, 200, "application/json", b"1.5"),
        (True, {}, 200, "application/json", b"true"),
        (Decimal("1.50"), {}, 200, "application/json", b'"1.50"'),
        (datetime.date(2024, 1, 2), {}, 200, "application/json", b'"2024-01-02"'),
        (uuid.UUID(int=1), {}, 200, "application/json", b'"00000000-0000-0000-0000-000000000001"'),
        ({1, 1}, {}, 200, "application/json", b"[1]"),
        (Thing(1), {}, 200, "application/json", b'{"a":1}'),
        (Pair(1, 2), {}, 200, "application/json", b"[1,2]"),
        ("s", {"media_type": "text/plain"}, 200, "text/plain; charset=utf-8", b"s"),
        ("<p>", {"media_type": "text/html"}, 200, "text/html; charset=utf-8", b"<p>"),
        ("a,b", {"media_type": "application/x-lines"}, 200, "application/x-lines", b"a,b"),
        ({"a": 1}, {"media_type": "application/vnd.x+json"}, 200, "application/vnd.x+json", b'{"a":1}'),
        (b"x", {}, 200, "application/octet-stream", b"x"),
        (bytearray(b"x"), {"media_type": "image/png"}, 200, "image/png", b"x"),
        (memoryview(b"x"), {}, 200, "application/octet-stream", b"x"),
        (({"a": 1}, 201), {}, 201, "application/json", b'{"a":1}'),
        (("x", 202, {"x-a": "1"}), {"media_type": "text/plain"}, 202, "text/plain; charset=utf-8", b"x"),
        ((None, 404), {}, 404, None, b""),
        (({"a": 1}, HTTPStatus.CREATED), {}, 201, "application/json", b'{"a":1}'),
        ((None, HTTPStatus.OK), {}, 200, None, b""),
        ((b"x", 200, {"content-type": "a/b"}), {}, 200, "a/b", b"x"),
        (("body", 204), {}, 204, None, b""),
        (Response.text("r", 203), {"status": 201}, 203, "text/plain; charset=utf-8", b"r"),
        (
            ProblemDetails("/t", "T", 409, "d", "/i", more=1),
            {},
            409,
            "application/problem+json",
            b'{"type":"/t","title":"T","status":409,"detail":"d","instance":"/i","more":1}',
        ),
    ],
)
def test_returned_values(
    value: Any, options: Any, status: int, content_type: str | None, body: bytes, side: bool
) -> None:
    app = App()
    # With a side channel the slower road in Python answers: it must not differ.
    handler = (lambda request, res: (res.set_header("x-side", "1"), value)[1]) if side else (lambda: value)
    app.add_route("/", handler, **options)
    made = TestClient(app).get("/")
    assert (made.status_code, made.headers.get("content-type"), made.content) == (status, content_type, body)
    assert ("x-side" in made.headers) is side


@pytest.mark.parametrize(
    ("value", "options", "advice"),
    [
        (pathlib.Path("/x"), {}, "Response.binary"),
        ((1, 2, 3, 4), {}, "return a list"),
        ((1,), {}, "return a list"),
        (("a", "b"), {}, "return a list"),
        (("a", True), {}, "return a list"),
        (((1, 200), 200), {}, "list"),
        ((Response.text("x"), 200), {}, "status"),
        (object(), {}, "json_default"),
        (3 + 4j, {}, "json_default"),
        ({"a": 1}, {"media_type": "text/plain"}, "str"),
        (1, {"media_type": "text/html"}, "str"),
    ],
)
def test_anything_else_is_a_response_type_error(value: Any, options: Any, advice: str) -> None:
    app = App()
    app.add_route("/", lambda: value, **options)
    with pytest.raises(ResponseTypeError, match=advice):
        TestClient(app).get("/")
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500


@pytest.mark.parametrize("status", [199, 600, 100])
def test_a_tuple_status_is_checked(status: int) -> None:
    app = App()
    app.add_route("/", lambda: ("x", status))
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500


def test_json_options_of_the_app() -> None:
    class Odd:
        pass

    app = App(json_default=lambda obj: "odd", json_nan="error")
    app.add_route("/nan", lambda: float("nan"))
    assert got({"a": Odd()}, app).json() == {"a": "odd"}
    assert TestClient(app, raise_server_exceptions=False).get("/nan").status_code == 500
    assert got([float("inf")]).json() == [None]


# --- errors ---


def failing(error: Any, **options: Any) -> tuple[App, TestClient]:
    app = App(**options)

    @app.get("/")
    def handler() -> None:
        raise error

    return app, TestClient(app, raise_server_exceptions=False)


def test_http_errors_in_both_shapes() -> None:
    error = HTTPError(404, "no such item", {"x-a": "1"})
    _, client = failing(error)
    made = client.get("/")
    assert (made.status_code, made.json(), made.headers["x-a"]) == (404, {"detail": "no such item"}, "1")
    _, client = failing(error, errors="problem")
    made = client.get("/")
    assert made.headers["content-type"] == "application/problem+json"
    assert made.json() == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such item"}


def test_an_http_error_of_the_standard_librarys_200() -> None:
    made = failing(HTTPError(HTTPStatus.OK))[1].get("/")
    assert (made.status_code, made.json()) == (200, {"detail": "OK"})


def test_details_are_any_json() -> None:
    _, client = failing(HTTPException(status_code=409, detail={"why": [1]}))
    assert client.get("/").json() == {"detail": {"why": [1]}}
    _, client = failing(HTTPException(status_code=409, detail={"why": [1]}), errors="problem")
    assert client.get("/").json()["errors"] == {"why": [1]}


@pytest.mark.parametrize(
    "error", [ValueError("secret"), SystemExit(3), KeyboardInterrupt(), RecursionError(), MemoryError(), GeneratorExit()]
)
def test_RSP_019_PRC_036_any_other_exception_is_a_500_and_the_worker_goes_on(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    _, client = failing(error)
    with caplog.at_level(logging.ERROR, "pelton.error"):
        for _ in range(2):
            made = client.get("/")
            assert (made.status_code, made.json()) == (500, {"detail": "Internal Server Error"})
    assert len(caplog.records) == 2 and all(record.exc_info for record in caplog.records)
    _, client = failing(error, errors="problem")
    assert client.get("/").json()["status"] == 500


def test_5xx_http_errors_are_logged_once_4xx_never(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "pelton.error"):
        failing(HTTPError(503))[1].get("/")
        assert len(caplog.records) == 1
        failing(HTTPError(404))[1].get("/")
        assert len(caplog.records) == 1


def test_the_nearest_class_wins_and_class_beats_status() -> None:
    app, client = failing(KeyError("x"))
    app.exception_handler(Exception)(lambda request, exc: ("exception", 400))
    app.exception_handler(LookupError)(lambda request, exc: ("lookup", 400))
    assert client.get("/").json() == "lookup"
    app, client = failing(HTTPError(418))
    app.exception_handler(418)(lambda request, exc: "status")
    assert client.get("/").json() == "status"
    app, client = failing(HTTPError(418))
    app.exception_handler(418)(lambda request, exc: "status")
    app.exception_handler(HTTPException)(lambda request, exc: "class")
    assert client.get("/").json() == "class"


@pytest.mark.parametrize("layers", [False, True])
@pytest.mark.parametrize("key", [Exception, BaseException, PeltonError])
def test_a_handler_of_all_exceptions_leaves_http_errors_their_answers(key: type[BaseException], layers: bool) -> None:
    app = App()
    if layers:
        app.after(lambda request, response: None)
    app.exception_handler(key)(lambda request, exc: ("all", 500))
    app.exception_handler(418)(lambda request, exc: "status")

    @app.get("/{n:int}")
    def handler(n: int) -> None:
        raise ForbiddenError if n == 403 else HTTPError(n)

    app.add_route("/other", lambda: 1 / 0)
    client = TestClient(app, raise_server_exceptions=False)
    assert (client.get("/409").status_code, client.get("/409").json()) == (409, {"detail": "Conflict"})
    assert client.get("/418").json() == "status"
    assert client.get("/403").status_code == 403
    assert (client.get("/other").json() == "all") is (key is not PeltonError)


def test_handlers_of_404_and_405() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    app.exception_handler(404)(lambda request, exc: ({"gone": request.path}, 404))
    app.exception_handler(405)(lambda request, exc: ("no", 405))
    client = TestClient(app)
    assert client.get("/x").json() == {"gone": "/x"}
    made = client.delete("/")
    assert (made.json(), made.headers["allow"]) == ("no", "GET, HEAD, OPTIONS")


def test_only_one_of_404_and_405() -> None:
    app = App(errors="problem")
    app.add_route("/", lambda: 1)
    app.exception_handler(404)(lambda request, exc: "mine")
    made = TestClient(app).delete("/")
    assert made.status_code == 405 and made.json()["title"] == "Method Not Allowed" and "allow" in made.headers


def test_a_failing_error_handler_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    app, client = failing(KeyError("x"))
    app.exception_handler(KeyError)(lambda request, exc: 1 / 0)
    with caplog.at_level(logging.ERROR, "pelton.error"):
        assert client.get("/").status_code == 500
    assert "ZeroDivisionError" in caplog.text


def test_an_error_handler_may_raise_an_http_error() -> None:
    app, client = failing(KeyError("x"))

    @app.exception_handler(KeyError)
    def handler(request: Request, exc: KeyError) -> None:
        raise HTTPError(409, "taken")

    assert client.get("/").json() == {"detail": "taken"}


def test_handlers_see_validation_errors_and_body_errors() -> None:
    app = App(validator="builtin")

    @app.post("/")
    def handler(a: dict[str, int]) -> None: ...

    app.exception_handler(RequestValidationError)(lambda request, exc: ([e["loc"] for e in exc.errors()], 422))
    app.exception_handler(BadBody)(lambda request, exc: ("bad", 400))
    client = TestClient(app)
    assert client.post("/", json={"a": "x"}).json() == [["body", "a"]]
    assert client.post("/", content=b"{", headers={"content-type": "application/json"}).json() == "bad"


def test_422_as_problem_has_the_list() -> None:
    app = App(errors="problem")

    @app.get("/{n}")
    def handler(n: int) -> None: ...

    made = TestClient(app).get("/x")
    body = made.json()
    assert made.headers["content-type"] == "application/problem+json"
    assert body["status"] == 422 and [e["loc"] for e in body["errors"]] == [["path", "n"]]


def test_malformed_requests_have_a_reason_in_both_shapes() -> None:
    for errors in ("fastapi", "problem"):
        app = App(errors=errors)  # type: ignore[arg-type]
        raw = TestClient(app).raw(b"GET / HTTP/1.1\r\n\r\n")
        assert raw.startswith(b"HTTP/1.1 400 ") and b'"reason":"host_missing"' in raw.replace(b": ", b":")


def test_413_before_the_handler_runs() -> None:
    app = App()
    calls = []
    app.add_route("/", lambda: calls.append(1), ["POST"], max_body=4)
    app.add_route("/open", lambda request: len(request.body()), ["POST"], max_body=0)
    client = TestClient(app)
    assert client.post("/", content=b"1234").status_code == 200
    made = client.post("/", content=b"12345")
    assert (made.status_code, made.headers["connection"]) == (413, "close") and len(calls) == 1
    assert client.post("/open", content=b"x" * (2**20 + 1)).json() == 2**20 + 1


def test_errors_are_one_tree() -> None:
    for error in (BadBody(), BodyTooLarge(), RequestValidationError([])):
        assert isinstance(error, HTTPError) and isinstance(error, PeltonError)
    assert HTTPException is HTTPError


def test_unhandled_exceptions_are_raised_in_the_test() -> None:
    app = App()
    app.add_route("/", lambda: 1 / 0)
    client = TestClient(app)
    with pytest.raises(ZeroDivisionError):
        client.get("/")
    with pytest.raises(ZeroDivisionError):
        client.get("/")


def test_debug_page_only_in_debug() -> None:
    _, client = failing(ValueError("secret"))
    assert b"secret" not in client.get("/").content
    _, client = failing(ValueError("secret"), debug=True)
    page = client.get("/", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html") and "ValueError: secret" in page.text
    assert client.get("/").json()["error"] == "ValueError: secret"


def letters() -> Any:
    yield "a"
    yield "b"


async def letters_later() -> Any:
    for one in letters():
        yield one


def events() -> SseStream:
    stream = SseStream()
    stream.add_data("a")
    return stream


ROADS = ["native", "merged", "middleware", "declared", "dependency"]


def answered(make: Any, road: str, returned: Any = None) -> TestResponse:
    """What becomes of `make()` as a handler's result, whatever stands around the handler."""
    app = App()

    def handler() -> Any:
        return make()

    if road == "merged":

        def handler(request: Request, res: Response) -> Any:  # type: ignore[misc]
            res.status = 418
            res.set_header("x-tag", "side")
            res.set_header("x-side", "1")
            return make()

    elif road == "middleware":

        @app.middleware
        async def pass_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    elif road == "declared":
        handler.__annotations__["return"] = returned
    elif road == "dependency":

        def handler(given: int = Depends(lambda: 1)) -> Any:  # type: ignore[misc]
            return make()

    app.add_route("/", handler)
    return TestClient(app).get("/")


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("make", "returned", "content_type", "content"),
    [
        (letters, Iterator[str], "application/x-ndjson", b'"a"\n"b"\n'),
        (letters_later, AsyncIterator[str], "application/x-ndjson", b'"a"\n"b"\n'),
        (lambda: iter([b"a", b"b"]), Iterator[bytes], "application/octet-stream", b"ab"),
        (events, Iterator[SseEvent], "text/event-stream", b"data: a\n\n"),
        (lambda: ProblemDetails("/t", detail="d"), dict[str, int], "application/problem+json",
         b'{"type":"/t","status":202,"detail":"d"}'),
        (lambda: {"a": 1}, dict[str, int], "application/json", b'{"a":1}'),
        (lambda: Thing(1), Thing, "application/json", b'{"a":1}'),
        (lambda: b"x", bytes, "application/octet-stream", b"x"),
    ],
    ids=["generator", "async generator", "iterator", "events", "problem", "dict", "dataclass", "bytes"],
)  # fmt: skip
def test_a_tuple_says_status_and_headers_of_any_body(
    make: Any, returned: Any, content_type: str, content: bytes, road: str
) -> None:
    made = answered(lambda: (make(), 202, {"x-tag": "t"}), road, returned)
    assert (made.status_code, made.headers["content-type"], made.content) == (202, content_type, content)
    assert made.headers.getlist("x-tag") == ["t"] and ("x-side" in made.headers) is (road == "merged")
    assert answered(lambda: (make(), 202), road, returned).status_code == 202
    assert answered(lambda: (make(), 202, {"content-type": "text/x"}), road, returned).headers["content-type"] == "text/x"


@pytest.mark.parametrize("road", ROADS)
def test_a_tuple_over_a_stream_may_take_its_body_away(road: str) -> None:
    closed: list[str] = []

    def rows() -> Any:
        try:
            yield "a"
        finally:
            closed.append("rows")

    made = answered(lambda: (rows(), 204, {"x-tag": "t"}), road, Iterator[str])
    assert (made.status_code, made.content, made.headers["x-tag"]) == (204, b"", "t")
    assert "content-type" not in made.headers and not closed  # it was not begun


@pytest.mark.parametrize("road", [one for one in ROADS if one != "declared"])
def test_what_is_no_body_of_a_tuple_is_refused_on_every_road(road: str) -> None:
    async def value() -> int:
        return 1

    for make, advice in (
        (lambda: (value(), 201), "write async def and await it"),
        (lambda: (Response.text("x"), 201), "set the status on the Response itself"),
        (lambda: (object(), 201), "json_default"),
        (lambda: ((1, 200), 201), "return a list"),
    ):
        with pytest.raises(ResponseTypeError, match=advice):
            answered(make, road)


@pytest.mark.parametrize("road", [one for one in ROADS if one != "declared"])
def test_a_multi_dict_gives_a_tuple_all_its_fields(road: str) -> None:
    cookies = Headers([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Tag", "t")])
    for headers in (cookies, MutableHeaders(fields_of(cookies)), cookies.multi_items()):
        made = answered(lambda headers=headers: ({}, 200, headers), road)
        assert made.headers.getlist("set-cookie") == ["a=1", "b=2"] and made.headers["x-tag"] == "t"


@pytest.mark.parametrize("road", [one for one in ROADS if one != "declared"])
def test_json_default_is_asked_for_what_a_handler_returns_itself(road: str) -> None:
    app = App(json_default=lambda value: {"real": value.real})
    handler: Any = lambda: 3 + 4j  # noqa: E731
    if road == "merged":
        handler = lambda request, res: 3 + 4j  # noqa: E731
    elif road == "middleware":

        @app.middleware
        async def pass_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    elif road == "dependency":
        handler = lambda given=Depends(lambda: 1): 3 + 4j  # noqa: E731
    app.add_route("/", handler, status=201)
    made = TestClient(app).get("/")
    assert (made.status_code, made.json()) == (201, {"real": 3.0})
