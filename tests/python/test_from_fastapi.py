"""Each row of the guide's tables of differences is so: of FastAPI as it is installed, and of pelton."""

import logging
import math
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from types import ModuleType
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, field_validator

import pelton
from guide import FOLDER
from pelton.testing import TestClient

fastapi = pytest.importorskip("fastapi")
from fastapi.exceptions import RequestValidationError  # noqa: E402
from fastapi.responses import JSONResponse, Response  # noqa: E402
from fastapi.sse import EventSourceResponse, ServerSentEvent  # noqa: E402
from fastapi.testclient import TestClient as FastAPIClient  # noqa: E402

JSON = {"content-type": "application/json"}


class Item(BaseModel):
    n: int


class Headers(BaseModel):
    x_token: int


class Checked(BaseModel):
    n: int

    @field_validator("n")
    @classmethod
    def refuse(cls, n: int) -> int:
        raise ValueError("never right")


class Side:
    """One of the two frameworks, with what is spelled differently."""

    def __init__(self, module: ModuleType) -> None:
        self.module: Any = module
        self.is_ours = module is pelton
        self.invalid: Any = pelton.RequestValidationError if self.is_ours else RequestValidationError

    def app(self, **options: Any) -> Any:
        return pelton.App(**options) if self.is_ours else fastapi.FastAPI()

    def client(self, app: Any, **options: Any) -> Any:
        return (TestClient if self.is_ours else FastAPIClient)(app, raise_server_exceptions=False, **options)

    def answer(self, status: int, value: Any) -> Any:
        return (value, status) if self.is_ours else JSONResponse(value, status)


BOTH = (Side(fastapi), Side(pelton))


def returned(side: Side, value: Any, **options: Any) -> Any:
    """What a client gets of a dict with this value."""
    app = side.app(**options)
    app.get("/")(lambda: {"value": value})
    answer = side.client(app).get("/")
    return answer.json()["value"] if answer.status_code == 200 else answer.status_code


def refused(side: Side) -> list[Any]:
    """The exceptions of a wrong body and a wrong header, as a handler of an application gets them."""
    app, got = side.app(), list[Any]()

    @app.exception_handler(side.invalid)
    def handle(request: Any, exc: Any) -> Any:
        got.append(exc)
        return side.answer(422, {})

    def body(item: Checked) -> int:
        return 1

    def headers(given: Annotated[Headers, side.module.Header()]) -> int:
        return 1

    app.post("/")(body)
    app.get("/")(headers)
    client = side.client(app)
    client.post("/", json={"n": 7})
    client.get("/", headers={"x-token": "x"})
    return got


# --- the rows, by their first cell: what FastAPI and pelton do ---------------------------------


def threads(side: Side) -> Any:
    app = side.app()

    async def on_loop() -> int:
        return threading.get_ident()

    def plain() -> int:
        return threading.get_ident()

    app.get("/loop")(on_loop)
    app.get("/plain")(plain)
    with side.client(app) as client:
        return "the loop" if client.get("/loop").json() == client.get("/plain").json() else "a thread"


def precedence(side: Side) -> Any:
    app = side.app()
    app.get("/{name}")(lambda name: "first registered")
    app.get("/a")(lambda: "most specific")
    return side.client(app).get("/a").json()


def posted(side: Side, **sent: Any) -> Any:
    app = side.app()

    def take(item: Item) -> int:
        return 1

    app.post("/")(take)
    return side.client(app).post("/", **sent).status_code


def unmarked_list(side: Side) -> Any:
    app = side.app()

    def take(n: list[int]) -> list[int]:
        return n

    app.post("/")(take)
    return [side.client(app).post("/?n=1", **sent).status_code for sent in ({}, {"json": [1]})]


def tuples(side: Side) -> Any:
    app = side.app()
    app.get("/")(lambda: ({"a": 1}, 201))
    answer = side.client(app).get("/")
    return answer.status_code, answer.json()


def slashes(side: Side, **options: Any) -> Any:
    app = side.app(**options)
    app.get("/a/")(lambda: 1)
    client = side.client(app, follow_redirects=False)
    return client.get("/a").status_code


def background(side: Side) -> Any:
    app, steps = side.app(), list[str]()

    def opened() -> Iterator[None]:
        yield
        steps.append("closed")

    async def handler(tasks: side.module.BackgroundTasks, _: Annotated[None, side.module.Depends(opened)]) -> int:
        tasks.add_task(steps.append, "task")
        return 1

    app.get("/")(handler)
    side.client(app).get("/")
    return steps


def status_500(side: Side) -> Any:
    app = side.app()

    def broken() -> None:
        raise LookupError

    app.get("/")(broken)
    app.exception_handler(500)(lambda request, exc: side.answer(500, "handled"))
    return "handled" in side.client(app).get("/").text


def middleware(side: Side) -> Any:
    app, order = side.app(), list[str]()
    for name in ("first", "second"):

        async def around(request: Any, call_next: Callable[[Any], Any], name: str = name) -> Any:
            order.append(name)
            return await call_next(request)

        app.middleware("http")(around)
    app.get("/")(lambda: 1)
    side.client(app).get("/")
    return order


def redirects(side: Side) -> Any:
    app = side.app()
    there = pelton.Response.redirect("/b") if side.is_ours else Response(status_code=302, headers={"location": "/b"})
    app.get("/a")(lambda: there)
    app.get("/b")(lambda: 1)
    return side.client(app).get("/a").status_code


def cookies(side: Side) -> Any:
    response = (pelton.Response if side.is_ours else Response)()
    response.set_cookie("a", "b")
    line = response.headers["set-cookie"].lower()
    return "httponly" in line, "samesite=lax" in line


def other_site(side: Side) -> Any:
    app = side.app()

    async def greet(websocket: side.module.WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")

    app.websocket("/")(greet)
    try:
        with side.client(app).websocket_connect("/", headers={"origin": "https://other.example"}) as session:
            return session.receive_text()
    except pelton.testing.WebSocketRefused as error:
        return error.response.status_code


def unhandled(side: Side) -> Any:
    app = side.app()

    def broken() -> None:
        raise LookupError

    app.get("/")(broken)
    answer = side.client(app).get("/")
    return answer.text, answer.headers["content-type"].partition(";")[0]


def handler_of_http_exceptions(side: Side) -> Any:
    app = side.app()

    def take(n: int) -> int:
        return n

    app.get("/")(take)
    app.exception_handler(side.module.HTTPException)(lambda request, exc: side.answer(400, "handled"))
    return side.client(app).get("/?n=x").status_code


def streamed(side: Side) -> Any:
    app = side.app()

    async def items() -> AsyncIterator[Item]:
        yield Item(n=1)

    app.get("/")(items)
    answer = side.client(app).get("/")
    assert answer.text == '{"n":1}\n'
    return answer.headers["content-type"]


def events(side: Side) -> Any:
    app = side.app()
    if side.is_ours:

        @app.get("/")
        async def ours() -> AsyncIterator[pelton.SseEvent]:
            yield pelton.SseEvent("x")
    else:

        @app.get("/", response_class=EventSourceResponse)
        async def theirs() -> AsyncIterator[ServerSentEvent]:
            yield ServerSentEvent(raw_data="x")

    answer = side.client(app).get("/")
    assert answer.text == "data: x\n\n"
    return answer.headers["content-type"]


def locations(side: Side) -> Any:
    return [error.errors()[0]["loc"] for error in refused(side)]


UTC = datetime(2026, 1, 2, tzinfo=timezone.utc)

# First cell of the row: (what is asked, FastAPI's answer, pelton's).
ROWS: dict[str, tuple[Callable[[Side], Any], Any, Any]] = {
    "a `def` handler": (threads, "a thread", "the loop"),
    "which route wins": (precedence, "first registered", "most specific"),
    "malformed JSON": (lambda side: posted(side, content=b"{", headers=JSON), 422, 400),
    "JSON with another content type": (lambda side: posted(side, content=b'{"n": 1}', headers={"content-type": "text/plain"}), 422, 415),
    "an unmarked `list[int]`": (unmarked_list, [422, 200], [200, 200]),
    "a returned tuple": (tuples, (200, [{"a": 1}, 201]), (201, {"a": 1})),
    "a trailing slash": (lambda side: (slashes(side), slashes(side, trailing_slash="redirect")), (307, 307), (404, 308)),
    "background tasks": (background, ["task", "closed"], ["closed", "task"]),
    "`@app.exception_handler(500)`": (status_500, True, False),
    "the first middleware": (middleware, ["second", "first"], ["first", "second"]),
    "`TestClient` follows redirects": (redirects, 200, 302),
    "cookies": (cookies, (False, True), (True, True)),
    "a WebSocket from another site": (other_site, "hello", 403),
    "the body of an unhandled exception's 500": (
        unhandled, ("Internal Server Error", "text/plain"), ('{"detail":"Internal Server Error"}', "application/json")
    ),
    "a handler of `HTTPException`": (handler_of_http_exceptions, 422, 400),
    "`loc` in `RequestValidationError.errors()`": (
        locations, [("body", "n"), ("header", "x-token")], [["body", "n"], ["header", "x-token"]]
    ),
    '`ctx["error"]` in it, of a validator of your own': (
        lambda side: type(refused(side)[0].errors()[0]["ctx"]["error"]), ValueError, dict
    ),
    "`exc.body` of a `RequestValidationError`": (lambda side: getattr(refused(side)[0], "body", None), {"n": 7}, None),
    "yielded values": (streamed, "application/jsonl", "application/x-ndjson"),
    "server-sent events": (events, "text/event-stream; charset=utf-8", "text/event-stream"),
    '`Decimal("1.50")`': (lambda side: returned(side, Decimal("1.50")), 1.5, "1.50"),
    "`timedelta(seconds=90)`": (lambda side: returned(side, timedelta(seconds=90)), 90.0, "PT1M30S"),
    "a `datetime` or `time` in UTC": (
        lambda side: (returned(side, UTC), returned(side, time(1, tzinfo=timezone.utc))),
        ("2026-01-02T00:00:00+00:00", "01:00:00+00:00"), ("2026-01-02T00:00:00Z", "01:00:00Z"),
    ),
    "NaN and infinity": (
        lambda side: (returned(side, math.nan), returned(side, math.inf), returned(side, math.nan, json_nan="error")),
        (500, 500, 500), (None, None, 500),
    ),
    "`bytes`": (
        lambda side: (returned(side, b"ab"), returned(side, b"ab", json_default=bytes.decode), returned(side, b"\xff")),
        ("ab", "ab", 500), (500, "ab", 500),
    ),
    "a path, a compiled pattern": (
        lambda side: (returned(side, PurePosixPath("/a")), returned(side, re.compile("a")),
                      returned(side, PurePosixPath("/a"), json_default=str)),
        ("/a", "a", "/a"), (500, 500, "/a"),
    ),
}  # fmt: skip


def rows_of_the_guide() -> list[str]:
    """The first cells below `Behaves differently, on purpose`."""
    _, _, section = (FOLDER / "from-fastapi.md").read_text().partition("## Behaves differently, on purpose\n")
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| |")]
    return [cell for line in lines if (cell := line.split(" | ")[0].removeprefix("| ")) != "In a returned `dict`"]


def test_the_guide_has_these_rows() -> None:
    assert rows_of_the_guide() == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_it_is_so(row: str, caplog: pytest.LogCaptureFixture) -> None:
    ask, theirs, ours = ROWS[row]
    with caplog.at_level(logging.CRITICAL):
        assert [ask(side) for side in BOTH] == [theirs, ours]


def test_models_are_written_alike() -> None:
    class Model(BaseModel):
        price: Decimal
        length: timedelta
        at: datetime
        ratio: float
        data: bytes

    value = Model(price=Decimal("1.50"), length=timedelta(seconds=90), at=UTC, ratio=math.nan, data=b"ab")
    texts = []
    for side in BOTH:
        app = side.app()

        def handler() -> Model:
            return value

        app.get("/")(handler)
        texts.append(side.client(app).get("/").text)
    assert texts[0] == texts[1]
