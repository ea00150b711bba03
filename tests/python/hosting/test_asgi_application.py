"""What may be an ASGI application, and what its requests share."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import weakref
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, hosted

from pelton import _native
from pelton.testing import AsyncTestClient, TestClient, live_server

Serve = Callable[..., live_server]


async def coroutine(scope: Event, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(send, b"x")


class Callable3:
    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        await coroutine(scope, receive, send)


class Awaitable:
    def __init__(self, *given: Any) -> None:
        self.given = given

    def __await__(self) -> Generator[Any, None, None]:
        return coroutine(*self.given).__await__()


@pytest.mark.parametrize(
    "app",
    [coroutine, Callable3(), lambda *given: coroutine(*given), functools.partial(coroutine), Awaitable],
    ids=["function", "object", "returns a coroutine", "partial", "returns an awaitable"],
)
def test_whatever_returns_an_awaitable(serve: Serve, app: Any) -> None:
    with httpx.Client(base_url=serve(hosted(app)).url) as client:
        assert [client.get("/").text for _ in range(2)] == ["x", "x"]


@pytest.mark.parametrize(
    ("app", "error"),
    [(lambda *_: None, TypeError), (lambda scope: None, TypeError), (lambda *_: 1 / 0, ZeroDivisionError)],
    ids=["returns none", "other arguments", "raises"],
)
def test_what_cannot_be_awaited_is_a_500(serve: Serve, app: Any, error: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    with httpx.Client(base_url=serve(hosted(app, lifespan="off")).url) as client:
        assert [client.get("/a").status_code for _ in range(2)] == [500, 500]
    assert caplog.text.count(f"GET /a: {error.__name__}") == 2
    with pytest.raises(error):
        TestClient(hosted(app, lifespan="off")).get("/")


def test_variables_of_a_request_are_not_seen_by_the_next(serve: Serve) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def app(scope: Event, receive: Receive, send: Send) -> None:
        before = variable.get()
        variable.set(scope["path"])
        if scope["path"] == "/waits":
            await asyncio.sleep(0)
        await answer(send, f"{before} {variable.get()}".encode())

    with httpx.Client(base_url=serve(hosted(app, lifespan="off")).url) as client:
        assert client.get("/a").text == "none /a"
        assert client.get("/waits").text == "none /waits"
        assert client.get("/b").text == "none /b"


def test_on_a_loop_that_is_not_pelton_s() -> None:
    async def app(scope: Event, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        await asyncio.sleep(0)
        await answer(send, body + scope["path"].encode())

    async def ask() -> str:
        async with AsyncTestClient(hosted(app, lifespan="off")) as client:
            return (await client.post("/a", content=b"x")).text

    assert asyncio.run(ask()) == "x/a"


def test_the_collector_frees_an_application() -> None:
    class App:
        async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
            await answer(send, b"x")

    app = App()
    around = hosted(app, lifespan="off")
    app.around = around  # type: ignore[attr-defined]  # a cycle
    assert TestClient(around).get("/").text == "x"
    gone = weakref.ref(app)
    del app, around
    gc.collect()
    assert gone() is None


def test_an_application_is_given_before_the_freeze() -> None:
    native = _native.Application()
    options: Any = {"root_path": "", "state": {}, "log": print}
    native.host(coroutine, options)
    with pytest.raises(KeyError):
        native.host(coroutine, {})  # type: ignore[typeddict-item]
    with pytest.raises(TypeError):
        _native.Application().host(coroutine, 7)  # type: ignore[arg-type]
