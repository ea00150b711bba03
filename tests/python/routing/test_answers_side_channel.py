"""Section 6.4 at its edges: generators that have not begun when they are returned, tasks of two origins."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asking import Ask
from asking import asking as asking  # a fixture

from pelton import App, BackgroundTasks, Depends, Request, Response
from pelton.testing import TestClient

Asking = Callable[[App], Ask]


def provider(response: Response) -> Iterator[None]:
    response.headers["x-provider"] = "1"
    yield


@pytest.mark.parametrize("way", ["alone", "dependency", "hook", "middleware"])
@pytest.mark.parametrize("kind", ["sync", "pool", "async"])
def test_what_a_generator_says_before_its_first_item(asking: Asking, kind: str, way: str) -> None:
    app, ran, done = App(dependencies=[Depends(provider)] if way == "dependency" else []), list[str](), threading.Event()
    if way == "hook":
        app.after(lambda request, response: response.set_header("x-hook", "1"))
    elif way == "middleware":
        app.middleware(_passes)

    def before(response: Response, tasks: BackgroundTasks) -> None:
        response.status_code = 202
        response.headers["x-early"] = "1"
        response.set_cookie("a", "b")
        tasks.add_task(ran.append, "before")

    def behind(response: Response, tasks: BackgroundTasks) -> None:
        response.headers["x-late"] = "1"
        tasks.add_task(ran.append, "behind")
        tasks.add_task(done.set)

    async def items_later(response: Response, tasks: BackgroundTasks) -> AsyncIterator[str]:
        before(response, tasks)
        yield "item"
        behind(response, tasks)

    def items(response: Response, tasks: BackgroundTasks) -> Iterator[str]:
        before(response, tasks)
        yield "item"
        behind(response, tasks)

    app.add_route("/", items_later if kind == "async" else items, blocking=kind == "pool")
    answer = asking(app)("GET", "/")
    assert (answer.status, answer.body) == (202, b'"item"\n')
    assert answer.headers["x-early"] == "1" and answer.headers["set-cookie"].startswith("a=b;")
    assert ("x-provider" in answer.headers) is (way == "dependency")
    assert ("x-hook" in answer.headers) is (way == "hook") and "x-late" not in answer.headers
    assert done.wait(20) and ran == ["before", "behind"]


async def _passes(request: Request, call_next: Any) -> Any:
    return await call_next(request)


def test_what_a_generator_says_before_it_fails_is_not_sent() -> None:
    app, ran = App(), list[str]()

    @app.get("/")
    def items(response: Response, tasks: BackgroundTasks) -> Iterator[int]:
        response.headers["x-early"] = "1"
        tasks.add_task(ran.append, "task")
        raise LookupError
        yield 1

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500 and "x-early" not in answer.headers and ran == []


def test_a_status_without_a_body_said_before_the_first_item(asking: Asking) -> None:
    app = App()

    @app.get("/")
    def items(response: Response) -> Iterator[int]:
        response.status_code = 204
        yield 1

    answer = asking(app)("GET", "/")
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize("value", [None, {"a": 1}, b"octets"])
@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_no_type_of_one(asking: Asking, status: int, value: Any) -> None:
    app = App()

    @app.get("/")
    def handler(response: Response) -> Any:
        response.status = status
        response.headers["etag"] = '"1"'
        return value

    answer = asking(app)("GET", "/")
    assert (answer.status, answer.body, answer.headers["etag"]) == (status, b"", '"1"')
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("provides", [False, True])
def test_tasks_of_the_parameter_then_those_of_the_response(provides: bool) -> None:
    app, ran = App(), list[str]()
    own = BackgroundTasks()
    own.add_task(ran.append, "response")
    shared = Response("shared", background=own)

    @app.get("/", dependencies=[Depends(provider)] if provides else [])
    def both(tasks: BackgroundTasks) -> Response:
        tasks.add_task(ran.append, "parameter")
        return shared

    client = TestClient(app)
    for _ in range(2):
        client.get("/")
    assert ran == ["parameter", "response"] * 2 and len(own) == 1


def test_tasks_that_are_both_the_parameter_s_and_the_response_s_run_once() -> None:
    app, ran = App(), list[str]()

    @app.get("/")
    def handler(tasks: BackgroundTasks) -> Response:
        tasks.add_task(ran.append, "task")
        return Response("x", background=tasks)

    TestClient(app).get("/")
    assert ran == ["task"]
