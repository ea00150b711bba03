"""The generated function: what it leaves alone, what it makes of results and exceptions."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import pytest
from asking import Ask
from asking import asking as asking  # a fixture
from decorators import awaiting, passing, running

from pelton import App, BadBody, Body, Depends, HTTPError, Request, Response, State
from pelton.routing.answers import Answers
from pelton.routing.layer_code import RouteLayers, layered
from pelton.signature.compiler import compile_plan
from pelton.testing import TestClient

Asking = Callable[[App], Ask]


def nothing(request: Request) -> None: ...
def neither(request: Request, response: Response) -> None: ...
async def later(request: Request) -> None: ...
async def behind(request: Request, response: Response) -> None: ...
async def passes(request: Request, call_next: Any) -> Any:
    return await call_next(request)


def at_once(request: Request) -> str:
    return "x"


async def awaited(request: Request) -> str:
    return "x"


@pytest.mark.parametrize(
    ("handler", "before", "after", "guards", "middleware", "is_function", "is_awaited"),
    [
        (at_once, nothing, None, nothing, None, True, False),
        (at_once, nothing, neither, nothing, None, True, False),
        (at_once, later, None, None, None, False, True),
        (at_once, None, behind, None, None, False, True),
        (at_once, None, None, later, None, False, True),
        (at_once, None, None, None, passes, False, True),
        (awaited, nothing, None, nothing, None, True, True),  # its coroutine is the handler's own
        (awaited, None, neither, None, None, False, True),
    ],
)
def test_it_is_a_coroutine_function_only_if_something_is_awaited(
    handler: Any, before: Any, after: Any, guards: Any, middleware: Any, is_function: bool, is_awaited: bool
) -> None:
    app = App()
    app.add_route("/", handler)
    for kind, fn in (("before", before), ("after", after), ("middleware", middleware)):
        if fn is not None:
            getattr(app._layers, kind).append(fn)
    parts = app._parts
    route = parts.table.routes[0]
    answers = Answers(app, parts.service, parts.error_handlers)
    run, waits = layered(RouteLayers([app._layers], [guards] if guards else []), route, compile_plan(parts, route), answers)
    assert (not inspect.iscoroutinefunction(run), waits) == (is_function, is_awaited)
    assert TestClient(app).get("/").json() == "x"


def test_routes_without_layers_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    app, layered_at = App(), list[int]()
    app.add_route("/plain", at_once)
    app.add_route("/guarded", at_once, guards=[nothing], name="guarded")
    app.add_route("/none", at_once, guards=[], name="none")

    class Spy:
        def __init__(self, native: Any) -> None:
            self._native = native

        def set_layers(self, index: int, *rest: Any) -> None:
            layered_at.append(index)
            self._native.set_layers(index, *rest)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._native, name)

    native = app._parts.native
    monkeypatch.setattr(app._parts, "native", Spy(native))
    app._parts.freeze()
    monkeypatch.setattr(app._parts, "native", native)
    assert layered_at == [1] and not app._parts.table.plans


@dataclass
class Item:
    name: str


def everything(app: App, order: list[str]) -> None:
    """Routes of every kind of signature and result."""

    @app.get("/typed/{id:int}")
    def typed(id: int, q: list[str], state: Annotated[str, State("who")], x_h: Annotated[str, "h"] = "none") -> Any:
        return [id, q, state]

    @app.post("/body", status=201)
    async def body(item: Item) -> Item:
        await asyncio.sleep(0)
        return item

    @app.get("/side")
    def side(request: Request, res: Response) -> Any:
        res.set_cookie("a", "b")
        res.status = 202
        return {"side": True}

    @app.get("/side/async")
    async def side_later(page: int, response: Response) -> Any:
        response.headers["x-side"] = str(page)
        return {"side": page}

    async def answer() -> Any:
        await asyncio.sleep(0)
        return {"late": True}, 203

    def session() -> Iterator[str]:
        order.append("open")
        try:
            yield "s"
        finally:
            order.append("close")

    app.add_route("/awaitable", lambda: answer())
    app.add_route("/pool", lambda request: [request.path], blocking=True)
    app.add_route("/tuple", lambda: ({"a": 1}, 418, {"x-t": "1"}))
    app.add_route("/none", lambda: None, status=204, name="none")
    app.add_route("/text", lambda: "text", media_type="text/plain", name="text")
    app.add_route("/bytes", lambda: b"\0\1", name="bytes")
    app.add_route("/stream", lambda: ({"row": n} for n in (1, 2)), name="stream")
    app.add_route("/depends", lambda page=Depends(lambda page=1: page), s=Depends(session): [page, s], name="depends")
    app.add_route("/raises", lambda: 1 / 0, name="raises")
    app.add_route("/http", lambda: _raise(HTTPError(409, "taken")), name="http")
    app.add_route("/bad", lambda: object(), name="bad")

    @app.get("/rows")
    async def rows() -> AsyncIterator[dict[str, int]]:
        yield {"n": 1}

    @app.exception_handler(ZeroDivisionError)
    async def divided(request: Request, error: Exception) -> Any:
        await asyncio.sleep(0)
        return {"divided": request.path}, 400


def _raise(error: Any, /) -> Any:
    raise error


ASKED: list[tuple[Any, ...]] = [
    ("GET", "/typed/7?q=a&q=b"),
    ("GET", "/typed/7"),
    ("GET", "/typed/x"),
    ("POST", "/body", b'{"name":"n"}'),
    ("POST", "/body", b'{"name":3}'),
    ("POST", "/body", b"{"),
    *(("GET", path) for path in "/side /side/async?page=3 /side/async?page=x /awaitable /pool /tuple /none /text".split()),
    *(("GET", path) for path in "/bytes /stream /depends /depends?page=x /raises /http /bad /rows /nowhere".split()),
    ("HEAD", "/text"),
    ("HEAD", "/stream"),
    ("OPTIONS", "/body"),
    ("PUT", "/text"),
]


def who(request: Request) -> None:
    request.state.who = "w"


async def who_later(request: Request) -> None:
    await asyncio.sleep(0)
    who(request)


async def waits(request: Request, call_next: Any) -> Any:
    await asyncio.sleep(0)
    response = await call_next(request)
    await asyncio.sleep(0)
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize("kinds", ["before", "after", "guards", "middleware", "two", "all"])
@pytest.mark.parametrize("first", [who, who_later])
def test_nothing_but_layers_that_pass_changes_no_answer(asking: Asking, first: Any, kinds: str) -> None:
    answers, steps = [], list[list[str]]()
    for has_layers in (False, True):
        guards = [nothing if first is who else later] if has_layers and kinds in ("guards", "all") else []
        app, order = App(guards=guards), list[str]()
        if has_layers:
            app.before(first)
            if kinds in ("after", "all"):
                app.after(neither if first is who else behind)
            if kinds in ("middleware", "two", "all"):
                app.middleware(passes)
            if kinds in ("two", "all"):
                app.middleware(waits)
        else:
            app.state.who = "w"
        everything(app, order)
        ask = asking(app)
        got = []
        for method, path, *body in ASKED:
            answer = ask(method, path, *body, content_type="application/json")
            answer.headers.pop("date", None)
            got.append((method, path, answer))
        answers.append(got)
        steps.append(order)
    assert answers[0] == answers[1]
    assert steps[0] == steps[1] == ["open", "close"] * 2


def test_what_a_hook_answers_is_the_answer(asking: Asking) -> None:
    app, seen = App(), list[Any]()
    constant = Response.text("constant")

    @app.before
    def early(request: Request) -> Any:
        kind = request.query.get("early")
        return {None: None, "dict": {"a": 1}, "tuple": ([], 202), "response": constant, "str": "s"}[kind]

    @app.after
    async def stamp(request: Request, response: Response) -> Any:
        await asyncio.sleep(0)
        response.headers["x-after"] = str(response.status)
        if request.query.get("another"):
            return {"another": response.body().decode()}

    @app.after
    def inner(request: Request, response: Response) -> None:
        seen.append(response.body())

    @app.get("/", media_type="text/plain", guards=[lambda request: request.query.get("early") is None])
    def handler() -> str:
        return "handler"

    ask = asking(app)
    for query, status, body in (
        ("early=dict", 200, b'{"a":1}'),
        ("early=tuple", 202, b"[]"),
        ("early=response", 200, b"constant"),
        ("early=str", 200, b'"s"'),
        ("", 200, b"handler"),
    ):
        answer = ask("GET", f"/?{query}")
        assert (answer.status, answer.body, answer.headers["x-after"]) == (status, body, str(status))
    assert seen == [b'{"a":1}', b"[]", b"constant", b'"s"', b"handler"] and not constant._fields[1:]
    assert ask("GET", "/?another=1").body == b'{"another":"handler"}'


def test_exceptions_that_are_known_are_responses_and_the_others_pass(asking: Asking) -> None:
    app, seen = App(), list[Any]()

    @app.exception_handler(LookupError)
    def lost(request: Request, error: Exception) -> Any:
        return {"lost": str(error)}, 410

    @app.middleware
    async def catches(request: Request, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except ZeroDivisionError:
            return {"caught": True}, 299

    @app.middleware
    async def watches(request: Request, call_next: Any) -> Any:
        try:
            response = await call_next(request)
            seen.append(response.status)
            return response
        except Exception as error:
            seen.append(type(error).__name__)
            raise

    app.after(lambda request, response: seen.append(f"after {response.status}"))
    for at, error in enumerate((HTTPError(409), KeyError("k"), BadBody("b"), ZeroDivisionError(), OSError("disk"))):
        app.add_route(f"/{at}", partial(_raise, error), name=str(at))
    app.add_route("/unsendable", lambda: object())
    ask = asking(app)
    got = [ask("GET", f"/{at}").status for at in range(5)] + [ask("GET", "/unsendable").status]
    assert got == [409, 410, 400, 299, 500, 500]
    assert seen == ["after 409", 409, "after 410", 410, "after 400", 400, "ZeroDivisionError", "OSError", "JSONEncodeError"]


def test_parameters_are_looked_at_behind_the_guards(asking: Asking) -> None:
    app, decoded = App(), list[str]()

    @dataclass
    class Noted:
        name: str

        def __post_init__(self) -> None:
            decoded.append(self.name)

    app.add_route(
        "/{id}", _typed(Noted), ("POST",), guards=[lambda request: request.get_header("x-key") is not None], name="x"
    )
    ask = asking(app)
    assert ask("POST", "/x", b'{"name":"n"}', content_type="application/json").status == 403 and not decoded
    assert ask("POST", "/x", b'{"name":"n"}', content_type="application/json", x_key="1").status == 422
    assert ask("POST", "/3", b'{"name":"n"}', content_type="application/json", x_key="1").body == b'[3,"n"]'


def _typed(model: Any) -> Any:
    def handler(id: int, item: Any) -> Any:
        return [id, item.name]

    handler.__annotations__["item"] = Annotated[model, Body()]
    return handler


@pytest.mark.parametrize("around", [awaiting, lambda fn: passing(awaiting(fn)), lambda fn: running(awaiting(fn))])
def test_decorated_hooks(around: Any) -> None:
    def instead(request: Request) -> str | None:
        return "instead" if request.path == "/instead" else None

    def marks(request: Request, response: Response) -> None:
        response.set_header("x-marked", "yes")

    app = App()
    app.before(around(instead))
    app.after(around(marks))
    app.add_route("/", lambda: "handler")
    app.add_route("/instead", lambda: "handler")
    client = TestClient(app)
    for path, body in (("/", "handler"), ("/instead", "instead")):
        answer = client.get(path)
        assert (answer.json(), answer.headers["x-marked"]) == (body, "yes")
