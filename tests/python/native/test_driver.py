"""What a handler's coroutine gives becomes the answer, step by step."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pelton import App, Request, Response
from pelton.testing import TestClient


def get(handler: Any, **options: Any) -> Any:
    app = App()
    app.add_route("/", handler, **options)
    return TestClient(app, raise_server_exceptions=False).get("/")


@pytest.mark.parametrize("waits", [0, 1, 5])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1}, '{"a":1}'),
        ("text", '"text"'),
        (b"octets", "octets"),
        (None, "null"),
        (([1], 202), "[1]"),
        (Response.text("r"), "r"),
    ],
)
def test_results(waits: int, value: Any, text: str) -> None:
    async def handler() -> Any:
        for _ in range(waits):
            await asyncio.sleep(0)
        return value

    assert get(handler).text == text


def test_what_cannot_be_sent_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request) -> Any:
        await asyncio.sleep(0)
        return object()

    assert get(handler).status_code == 500 and "ResponseTypeError" in caplog.text


def test_an_awaitable_of_an_awaitable() -> None:
    async def inner() -> str:
        await asyncio.sleep(0)
        return "inner"

    async def outer() -> Any:
        return inner()

    assert get(outer).json() == "inner"


def test_a_cancel_that_is_caught_goes_on() -> None:
    async def handler() -> str:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            task.uncancel()
        await asyncio.sleep(0)
        return "caught"

    assert get(handler).json() == "caught"


def test_a_cancel_that_nobody_caught_is_a_500() -> None:
    async def handler() -> str:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        await asyncio.Event().wait()
        return "never"

    assert get(handler).status_code == 500
