"""The event loops that what runs on any must be tested on: pelton's on each engine, asyncio's own, uvloop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest
import uvloop

import pelton.loop
from conftest import engines

T = TypeVar("T")

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
    **{f"pelton-{engine}": partial(pelton.loop.Loop, engine) for engine in engines()},
}


@pytest.fixture(params=list(LOOPS))
def on(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def run_on(name: str, main: Coroutine[Any, Any, T]) -> T:
    """asyncio.run() on that loop; nothing may be left on it but what is told to end by itself."""

    async def whole() -> T:
        result = await main
        for _ in range(3):
            await asyncio.sleep(0)  # what was cancelled last ends
        assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        return result

    with asyncio.Runner(loop_factory=LOOPS[name]) as runner:
        return runner.run(whole())
