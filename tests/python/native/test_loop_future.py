"""Futures for what is awaited of an exchange: of the loop that serves, else of the one that runs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pelton import App, Request
from pelton.testing import AsyncTestClient, TestClient

KEPT: list[Any] = []


def make_app() -> App:
    app = App()

    @app.get("/")
    async def wait(request: Request) -> bool:
        driver = request._driver
        assert driver is not None
        future = driver.wait_disconnected()
        return future.get_loop() is asyncio.get_running_loop()

    @app.get("/kept")
    async def keep(request: Request) -> None:
        KEPT[:] = [request._driver]

    return app


def test_of_the_loop_that_serves_or_runs() -> None:
    assert TestClient(make_app()).get("/").json() is True

    async def main() -> None:
        assert (await AsyncTestClient(make_app()).get("/")).json() is True

    asyncio.run(main())


def test_without_a_loop() -> None:
    TestClient(make_app()).get("/kept")
    with pytest.raises(RuntimeError, match="the exchange is over"):
        KEPT[0].wait_disconnected()
