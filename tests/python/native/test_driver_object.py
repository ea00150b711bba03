"""The coroutine of a handler's task looks like the handler's own."""

from __future__ import annotations

import asyncio
import collections.abc
from typing import Any

from pelton import App
from pelton.testing import TestClient


def test_it_is_a_coroutine_with_the_handlers_name_and_frame() -> None:
    seen: list[Any] = []

    async def handler() -> None:
        task = asyncio.current_task()
        assert task is not None
        coroutine: Any = task.get_coro()
        seen.append((isinstance(coroutine, collections.abc.Coroutine), asyncio.iscoroutine(coroutine)))
        seen.append((coroutine.__qualname__.endswith("handler"), coroutine.cr_running, coroutine.cr_code.co_name))
        await asyncio.sleep(0)
        seen.append([frame.f_code.co_name for frame in task.get_stack()])

    app = App()
    app.add_route("/", handler)
    assert TestClient(app).get("/").status_code == 200
    assert seen[:2] == [(True, True), (True, True, "handler")] and "handler" in seen[2]
