"""Middleware, hooks and guards as a program registers them: their order, and where they run at all."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from asking import Ask
from asking import asking as asking  # a fixture

from pelton import App, BackgroundTasks, Depends, RegistrationError, Request, Response
from pelton.testing import TestClient

Asking = Callable[[App], Ask]


def noting(app: App, steps: list[str], asynchronous: bool) -> None:
    """Two of each kind, which say when they run."""
    for name in ("first", "second"):

        async def around(request: Request, call_next: Any, name: str = name) -> Any:
            steps.append(f"{name} in")
            if asynchronous:
                await asyncio.sleep(0)
            response = await call_next(request)
            steps.append(f"{name} out {response.status}")
            return response

        app.middleware(around)
        for kind in ("before", "after"):
            hook: Any = lambda *_, says=f"{kind} {name}": steps.append(says)  # noqa: E731
            if asynchronous:

                async def hook(*_: Any, says: str = f"{kind} {name}") -> None:
                    await asyncio.sleep(0)
                    steps.append(says)

            getattr(app, kind)(hook)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_order_of_one_request(asking: Asking, asynchronous: bool) -> None:
    steps: list[str] = []

    def guard(name: str, request: Request) -> bool:
        steps.append(f"guard {name}")
        return True

    async def later_guard(request: Request) -> None:
        await asyncio.sleep(0)
        steps.append("guard route")

    class Page:
        def __init__(self, number: int) -> None:
            self.number = number

    def encoded(page: Page) -> int:
        steps.append("encoding")
        return page.number

    app, done = App(guards=[partial(guard, "app")], json_default=encoded), threading.Event()
    noting(app, steps, asynchronous)

    def read(page: int) -> int:
        steps.append("parameters")
        return page

    def session() -> Iterator[str]:
        steps.append("open")
        yield "s"
        steps.append("close")

    def handler(tasks: BackgroundTasks, page: int = Depends(read), one: str = Depends(session)) -> Any:
        steps.append("handler")
        tasks.add_task(steps.append, "task")
        tasks.add_task(done.set)
        return {"page": Page(page)}

    own = later_guard if asynchronous else partial(guard, "route")
    app.add_route("/", handler, guards=[own])
    assert asking(app)("GET", "/?page=3").body == b'{"page":3}'
    assert done.wait(20)
    assert steps == [
        "first in",
        "second in",
        "before first",
        "before second",
        "guard app",
        "guard route",
        "parameters",
        "open",
        "handler",
        "encoding",
        "after second",
        "after first",
        "second out 200",
        "first out 200",
        "close",
        "task",
    ]


def test_without_a_route_there_is_only_middleware(asking: Asking) -> None:
    app, steps = App(trailing_slash="redirect"), list[str]()
    noting(app, steps, False)
    app.add_route("/here", lambda: "here")

    async def stamped(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-path"] = request.path
        return response

    app.use(stamped)
    ask = asking(app)
    for method, path, status, field in (
        ("GET", "/there", 404, ("content-type", "application/json")),
        ("POST", "/here", 405, ("allow", "GET, HEAD, OPTIONS")),
        ("OPTIONS", "/here", 204, ("allow", "GET, HEAD, OPTIONS")),
        ("GET", "/here/", 308, ("location", "/here")),
    ):
        steps.clear()
        answer = ask(method, path, b"body" if method == "POST" else None)
        assert (answer.status, answer.headers["x-path"]) == (status, path)
        assert answer.headers[field[0]] == field[1]
        assert steps == ["first in", "second in", f"second out {status}", f"first out {status}"]
    plain = TestClient(App()).get("/there")
    assert ask("GET", "/there").body == plain.content


def test_a_handler_of_404_is_inside_of_middleware(asking: Asking) -> None:
    app = App()

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Any:
        await asyncio.sleep(0)
        return {"gone": request.path}, 404

    @app.middleware("http")
    async def loud(request: Request, call_next: Any) -> Any:
        await asyncio.sleep(0)
        response = await call_next(request)
        return Response(response.body().upper(), response.status)

    answer = asking(app)("POST", "/x", b"a body that nobody reads" * 100)
    assert (answer.status, answer.body) == (404, b'{"GONE":"/X"}')


def test_a_request_that_the_parser_refused_meets_none(asking: Asking) -> None:
    app, steps = App(), list[str]()
    noting(app, steps, False)
    app.add_route("/", lambda: 1)
    assert asking(app)("GET", "/%zz").status == 400 and steps == []


def test_head_and_streams(asking: Asking) -> None:
    app, closed = App(), list[str]()

    async def items() -> AsyncIterator[bytes]:
        try:
            for one in (b"a", b"b", b"c"):
                await asyncio.sleep(0)
                yield one
        finally:
            closed.append("items")

    app.add_route("/stream", items)
    app.add_route("/sse", lambda: Response.sse(iter(["one", "two"])))

    @app.middleware
    async def stamp(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        with pytest.raises(RuntimeError):
            response.body()
        response.headers["x-method"] = request.method
        return response

    ask = asking(app)
    got = ask("GET", "/stream")
    assert (got.body, got.headers["x-method"], closed) == (b"abc", "GET", ["items"])
    assert got.headers["transfer-encoding"] == "chunked"
    head = ask("HEAD", "/stream")
    assert (head.body, head.headers["x-method"], head.status) == (b"", "HEAD", 200)
    events = ask("GET", "/sse")
    assert events.body == b"data: one\n\ndata: two\n\n" and events.headers["content-type"] == "text/event-stream"


def test_one_task_and_one_context(asking: Asking) -> None:
    app, who = App(), contextvars.ContextVar("who", default="nobody")

    @app.middleware
    async def sets(request: Request, call_next: Any) -> Any:
        request.context["task"] = asyncio.current_task()
        before = who.get()
        token = who.set("middleware")
        await asyncio.sleep(0)
        response = await call_next(request)
        response.headers["x-seen"] = f"{before} {who.get()}"
        who.reset(token)
        return response

    @app.before
    async def asks(request: Request) -> None:
        assert asyncio.current_task() is request.context["task"]
        who.set(f"{who.get()}, before")

    @app.get("/sync")
    def sync(request: Request) -> Any:
        who.set(f"{who.get()}, handler")
        return [asyncio.current_task() is request.context["task"], who.get()]

    @app.get("/async")
    async def asynchronous(request: Request) -> Any:
        await asyncio.sleep(0)
        return sync(request)

    ask = asking(app)
    for path in ("/sync", "/async", "/sync"):
        answer = ask("GET", path)
        assert answer.body == b'[true,"middleware, before, handler"]'
        assert answer.headers["x-seen"] == "nobody middleware, before, handler"


class Stamp:
    async def __call__(self, request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response


def test_registration_ends_with_the_first_request() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    app.use(partial(Stamp()))
    assert TestClient(app).get("/").headers["x-stamp"] == "1"
    for kind in ("middleware", "before", "after"):
        with pytest.raises(RegistrationError, match="too late"):
            getattr(app, kind)(Stamp() if kind == "middleware" else print)


def test_decorators_give_the_function_back() -> None:
    app, stamp = App(), Stamp()
    assert app.middleware(stamp) is stamp and app.middleware("http")(stamp) is stamp and app.use(stamp) is stamp
    assert app.before(len) is len and app.after(max) is max
    assert [len(app._layers.middleware), app._layers.before, app._layers.after] == [3, [len], [max]]


def test_owners_say_whose_layers_are_around_a_route() -> None:
    app, group = App(), App()
    for owner, name in ((app, "app"), (group, "group")):

        @owner.middleware
        async def around(request: Request, call_next: Any, name: str = name) -> Any:
            response = await call_next(request)
            response.add_header("x-by", name)
            return response

    app.add_route("/both", lambda: 1)
    app.add_route("/app", lambda: 1)
    app._parts.table.routes[0].owners = (app, group)
    client = TestClient(app)
    assert client.get("/both").headers.getlist("x-by") == ["group", "app"]
    assert client.get("/app").headers.getlist("x-by") == ["app"]


def test_middleware_of_the_apps_around_one_is_around_its_own() -> None:
    outer, app, steps = App(guards=[lambda request: False]), App(), list[str]()
    noting(app, steps, False)
    outer.before(lambda request: steps.append("of another app"))

    @outer.middleware
    async def around(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        steps.append("outer")
        return response

    app._parts.outer_layers = (outer._layers,)
    app.add_route("/", lambda: 1)
    client = TestClient(app)
    assert client.get("/").json() == 1 and steps[-2:] == ["first out 200", "outer"] and len(steps) == 9
    assert client.get("/none").status_code == 404 and steps[-1] == "outer"
