"""A first step without a task, and the task it becomes when somebody could tell."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Any

import pytest

from pelton import App
from pelton.testing import TestClient


async def _at_once() -> int:
    return 1


async def _waits() -> int:
    await asyncio.sleep(0)
    return 1


async def _asks() -> int:
    asyncio.current_task()
    return 1


async def _asks_for_all() -> bool:
    return len(asyncio.all_tasks()) == 1


def test_all_tasks_knows_of_it() -> None:
    app = App()
    app.add_route("/", _asks_for_all)
    assert TestClient(app).get("/").json() is True


@pytest.mark.parametrize("handler", [_at_once, _waits, _asks])
def test_nothing_is_left_behind(handler: Any) -> None:
    app = App()
    app.add_route("/", handler)
    client = TestClient(app)

    def burst() -> int:
        for _ in range(300):
            assert client.get("/").status_code == 200
        gc.collect()
        return sys.getallocatedblocks()

    burst()
    first = burst()
    assert all(abs(burst() - first) < 60 for _ in range(3))
    assert not [task for task in gc.get_objects() if isinstance(task, asyncio.Task) and not task.done()]
