"""LoopCore: what it makes, and that it dies."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from pelton.loop import Loop


def test_futures_and_tasks_are_asyncios() -> None:
    loop = Loop("epoll")
    future = loop.create_future()
    assert type(future) is asyncio.Future and future.get_loop() is loop

    async def nothing() -> int:
        return 5

    task = loop.create_task(nothing(), name="named")
    assert type(task) is asyncio.Task and task.get_name() == "named"
    assert loop.run_until_complete(task) == 5
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        made = nothing()
        try:
            loop.create_task(made)
        finally:
            made.close()


def test_a_task_factory_is_asked() -> None:
    loop = Loop("epoll")

    class Own(asyncio.Task[Any]):
        pass

    def factory(on: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any) -> Own:
        return Own(coro, loop=on, **options)

    async def kind() -> type:
        return type(asyncio.current_task())

    loop.set_task_factory(factory)
    assert loop.run_until_complete(kind()) is Own
    loop.set_task_factory(None)
    assert loop.run_until_complete(kind()) is asyncio.Task
    loop.close()


def test_a_loop_that_nobody_holds_dies_with_what_waits() -> None:
    loop = Loop("epoll")
    loop.run_until_complete(asyncio.sleep(0))
    loop.call_later(1000, loop.stop)
    loop.call_soon(loop.stop)
    seen = weakref.ref(loop)
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        del loop
        gc.collect()
    assert seen() is None
