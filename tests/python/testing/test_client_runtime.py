"""Which request of the asynchronous test client has set what going."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from loops import LOOPS, run_on
from pelton import App, BackgroundTasks
from pelton.config.settings import defaults
from pelton.testing.client_runtime import CALL, Call, ClientRuntime, Unhandled, start_task


def test_a_call_knows_its_tasks_until_they_end() -> None:
    async def main() -> None:
        handlers: set[asyncio.Task[Any]] = set()
        call, context = Call(handlers), contextvars.copy_context()
        context.run(CALL.set, call)
        go = asyncio.Event()
        task = start_task(go.wait(), context)  # type: ignore[arg-type]
        other = start_task(asyncio.sleep(0), contextvars.copy_context())
        assert call.left == handlers == {task} and task.get_loop() is asyncio.get_running_loop()
        go.set()
        await asyncio.gather(task, other)
        assert not call.left and not handlers

    for name in LOOPS:
        run_on(name, main())


def test_an_exception_goes_to_its_call() -> None:
    unhandled, call = Unhandled(), Call(set())
    unhandled.append(KeyError())
    context = contextvars.copy_context()
    context.run(CALL.set, call)
    error = ValueError()
    context.run(unhandled.append, error)
    assert call.unhandled == [error] and not unhandled


def test_background_tasks_belong_to_their_call() -> None:
    async def main() -> None:
        app = App()
        app._parts.freeze()
        runtime, call, tasks, done = ClientRuntime(app._parts, defaults(), asyncio.get_running_loop()), Call(set()), BackgroundTasks(), []
        tasks.add_task(done.append, 1)
        context = contextvars.copy_context()
        context.run(CALL.set, call)
        context.run(runtime.start_background, tasks)
        assert call.left == {tasks}
        await runtime.wind_down_here()
        assert done == [1] and not call.left and not runtime.background and runtime.stopping

    for name in LOOPS:
        run_on(name, main())
