"""Section 11: tasks after the answer, in order, each on its thread, whatever became of those before."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import Any

import pytest
from decorators import awaiting, running

from pelton.serving.pool import BlockingPool
from pelton.streaming.background import BackgroundTasks


def ran(tasks: BackgroundTasks) -> list[tuple[str, str]]:
    """Runs the tasks; what was logged."""
    logged: list[tuple[str, str]] = []

    async def main() -> None:
        pool = BlockingPool("default", 1, 0)
        await tasks.run(pool, lambda what, error: logged.append((what, f"{type(error).__name__}: {error}")))
        assert pool.shutdown(10)

    asyncio.run(main())
    return logged


def test_in_order_each_on_its_thread() -> None:
    seen: list[Any] = []

    def note(what: str, *, twice: bool = False) -> None:
        seen.append((what, twice, threading.current_thread() is threading.main_thread()))

    async def note_async(what: str) -> None:
        await asyncio.sleep(0)
        note(what)

    class Thing:
        async def __call__(self, what: str) -> None:
            note(what)

    tasks = BackgroundTasks()
    tasks.add_task(note, "one")
    tasks.add_task(note_async, "two")
    tasks.add_task(note, what="three", twice=True)
    tasks.add_task(functools.partial(note_async, "four"))
    tasks.add_task(Thing(), "five")
    tasks.add_task(lambda: note_async("six"))
    assert len(tasks) == 6 and ran(tasks) == []
    assert seen == [
        ("one", False, False),
        ("two", False, True),
        ("three", True, False),
        ("four", False, True),
        ("five", False, True),
        ("six", False, True),
    ]
    assert len(tasks) == 0


def test_a_failure_is_logged_and_the_next_still_runs() -> None:
    seen: list[int] = []

    def fail() -> None:
        raise ValueError("x")

    async def fail_async() -> None:
        raise SystemExit(3)

    async def cancel() -> None:
        raise asyncio.CancelledError

    tasks = BackgroundTasks()
    for func in (fail, fail_async, cancel):
        tasks.add_task(func)
    tasks.add_task(seen.append, 1)
    logged = ran(tasks)
    assert [error for _, error in logged] == ["ValueError: x", "SystemExit: 3", "CancelledError: "] and seen == [1]
    assert logged[0][0].startswith("background task fail() of ") and "test_background.py:" in logged[0][0]


def test_tasks_that_add_tasks() -> None:
    tasks, seen = BackgroundTasks(), list[int]()

    def more(left: int) -> None:
        seen.append(left)
        if left:
            tasks.add_task(more, left - 1)

    tasks.add_task(more, 3)
    assert ran(tasks) == [] and seen == [3, 2, 1, 0]


def test_cancelling_ends_all() -> None:
    tasks, seen = BackgroundTasks(), list[str]()

    async def wait() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            seen.append("closed")

    tasks.add_task(wait)
    tasks.add_task(seen.append, "next")

    async def main() -> None:
        pool = BlockingPool("default", 1, 0)
        running = asyncio.create_task(tasks.run(pool, lambda what, error: None))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert pool.shutdown(10)

    asyncio.run(main())
    assert seen == ["closed"] and len(tasks) == 1


def test_what_is_no_task() -> None:
    async def generator() -> Any:
        yield 1

    async def coroutine() -> None: ...

    tasks, made = BackgroundTasks(), coroutine()
    with pytest.raises(TypeError, match="pass the function and its arguments"):
        tasks.add_task(made)  # type: ignore[arg-type]
    made.close()
    with pytest.raises(TypeError, match="takes a callable, not int"):
        tasks.add_task(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="async generator"):
        tasks.add_task(generator)
    assert len(tasks) == 0


def test_decorated_tasks() -> None:
    seen: list[str] = []

    async def note(what: str) -> None:
        seen.append(what)

    tasks = BackgroundTasks()
    tasks.add_task(awaiting(seen.append), "one")
    tasks.add_task(running(note), "two")
    assert ran(tasks) == [] and seen == ["one", "two"]
