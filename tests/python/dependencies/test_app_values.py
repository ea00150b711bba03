"""App scope: made at start in the order of dependency, closed at stop in reverse."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, Depends, StartupError
from pelton.testing import TestClient, live_server


def test_order_and_use() -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        events.append("lifespan")
        yield
        events.append("lifespan ends")

    app = App(lifespan=lifespan)

    async def pool(app: App) -> AsyncIterator[list[int]]:
        events.append("pool")
        yield [0]
        events.append("pool ends")

    def repository(pool: list[int] = Depends(pool, scope="app")) -> Iterator[list[int]]:
        events.append("repository")
        yield pool
        events.append("repository ends")

    def unused() -> None:
        events.append("unused")

    app.register_provider("repository", repository, scope="app")
    app.register_provider("unused", unused, scope="app")

    @app.get("/")
    def handler(one: Any = Depends("repository"), pool: Any = Depends(pool, scope="app")) -> list[Any]:
        pool[0] += 1
        return [one is pool, pool[0]]

    with live_server(app) as server:
        assert [json.load(urlopen(server.url)) for _ in range(2)] == [[True, 1], [True, 2]]
    assert events == ["lifespan", "pool", "repository", "unused", "repository ends", "pool ends", "lifespan ends"]


def test_a_failure_undoes_what_was_made() -> None:
    app, events = App(), list[str]()

    def first() -> Iterator[None]:
        try:
            yield
        finally:
            events.append("undone")

    def fails(first: Any = Depends(first, scope="app")) -> None:
        raise LookupError("no pool")

    app.add_route("/", lambda one=Depends(fails, scope="app"): one)
    with pytest.raises(StartupError, match="no pool"):
        with live_server(app):
            pass
    assert events == ["undone"]


def test_before_the_start_it_is_not_made_and_may_be_overridden(caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    def pool() -> str:
        return "P"

    app.add_route("/", lambda pool=Depends(pool, scope="app"): pool)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500 and "pool() of app scope has not run" in caplog.text
    with app.override(pool, lambda: "fake"):
        assert client.get("/").json() == "fake"
