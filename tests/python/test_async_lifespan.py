"""Section 13: `async with AsyncTestClient(app)` runs the lifespan, and ends what is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from loops import on, run_on  # noqa: F401
from pelton import App, Request
from pelton.testing import AsyncTestClient


def test_the_lifespan(on: str) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[dict[str, Any]]:
        seen.append("up")
        yield {"loop": asyncio.get_running_loop()}
        seen.append("down")

    app = App(lifespan=lifespan)

    @app.get("/")
    async def index(request: Request) -> bool:
        app.spawn(forever("spawned"))
        return request.state.loop is asyncio.get_running_loop() and not app.stopping.is_set()

    async def forever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(name)

    @app.get("/open")
    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await asyncio.Event().wait()
        finally:
            seen.append("generator")

    async def main() -> None:
        for _ in range(2):
            seen.clear()
            client = AsyncTestClient(app)
            async with client:
                assert (await client.get("/")).json() is True and seen == ["up"]
                response = client.stream("GET", "/open")
                assert await anext((await response.__aenter__()).aiter_bytes()) == b"x"
            await response.__aexit__(None, None, None)
            assert sorted(seen) == ["down", "generator", "spawned", "up"] and app._parts.service.runtime is None
            with pytest.raises(RuntimeError, match="served"):
                app.spawn(forever("late"))

    run_on(on, main())


def test_a_start_that_fails(on: str) -> None:
    app = App()
    app.on_startup(lambda: 1 / 0)

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async with AsyncTestClient(app):
                pass

    run_on(on, main())
