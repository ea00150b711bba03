"""Names, overrides, and dependencies outside of requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, Depends, RegistrationError, StartupError
from pelton.testing import TestClient, live_server


def test_a_name_may_be_registered_after_its_use_and_at_start() -> None:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        app.register_singleton("pool", "P")
        app.register_provider("page", lambda page=1: page)
        yield

    app = App(lifespan=lifespan)

    @app.get("/")
    def late(one: str = Depends("later"), pool: str = Depends("pool"), page: int = Depends("page")) -> list[Any]:
        return [one, pool, page]

    @app.get("/async")
    async def later(pool: str = Depends("pool")) -> str:
        return pool

    app.register_singleton("later", 1)
    with live_server(app) as server:
        assert json.load(urlopen(f"{server.url}/?page=4")) == [1, "P", 4]
        assert json.load(urlopen(f"{server.url}/async")) == "P"
        with pytest.raises(RegistrationError, match="comes too late"):
            app.register_singleton("another", 1)


def test_an_unknown_name_is_told_at_start() -> None:
    app = App()
    app.register_singleton("database", 1)
    app.add_route("/", lambda one=Depends("databse"): one)
    with pytest.raises(StartupError, match="did you mean 'database'"):
        with live_server(app):
            pass
    with pytest.raises(StartupError, match="no dependency is registered as 'databse'"):
        TestClient(app).get("/")


def test_registration_is_judged() -> None:
    app = App()
    app.register_singleton("one", 1)
    with pytest.raises(RegistrationError, match="'one' already"):
        app.register_provider("one", int)
    with pytest.raises(TypeError):
        app.register_singleton("", 1)
    with pytest.raises(TypeError):
        app.register_provider("two", 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        app.register_provider("two", int, scope="session")  # type: ignore[arg-type]
    with pytest.raises(RegistrationError, match="did you mean 'one'"):
        app.override("on", 1)


def test_scopes_of_named_providers() -> None:
    app, made = App(), list[int]()

    def counted() -> Iterator[int]:
        made.append(1)
        yield len(made)

    app.register_provider("request", counted)
    app.register_provider("transient", counted, scope="transient")
    app.add_route("/", lambda a=Depends("request"), b=Depends("request"), c=Depends("transient"), d=Depends("transient"): [a, b, c, d])
    assert TestClient(app).get("/").json() == [1, 1, 2, 3]


def test_outside_of_requests() -> None:
    app, events = App(), list[str]()
    app.register_singleton("name", "cup")

    async def session(name: str = Depends("name")) -> AsyncIterator[str]:
        events.append("open")
        try:
            yield name
        except LookupError:
            events.append("thrown")
            raise
        finally:
            events.append("close")

    def repository(app: App, session: str = Depends(session)) -> tuple[App, str]:
        return app, session

    async def use() -> None:
        async with app.scope() as scope:
            assert await scope.resolve(repository) == (app, "cup")
            assert await scope.resolve("name") == "cup" and await scope.resolve(session) == "cup"
            assert events == ["open"]
        assert events == ["open", "close"]
        with app.override("name", "jug"), pytest.raises(LookupError):
            async with app.scope() as scope:
                assert await scope.resolve(session) == "jug"
                raise LookupError
        assert events[2:] == ["open", "thrown", "close"]
        async with app.scope() as scope:
            with pytest.raises(RegistrationError, match="read from a request"):
                await scope.resolve(lambda page=1: page)
            with pytest.raises(StartupError, match="no dependency"):
                await scope.resolve("nothing")
        with pytest.raises(RuntimeError, match="async with"):
            await scope.resolve("name")

    app.add_route("/", lambda: 1)
    TestClient(app).run(use())
