"""What the asynchronous test client adds to a runtime: which request has set what going."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pelton.serving.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextvars import Context

    from pelton.streaming.background import BackgroundTasks


class Call:
    """One request, or one connection that is read while it answers. Handlers inherit it by their context."""

    def __init__(self, handlers: set[asyncio.Task[Any]]) -> None:
        """`handlers`: those of the whole client."""
        self._handlers = handlers
        self.left: set[object] = set()  # tasks of handlers, and tasks after answers, that have not ended
        self.unhandled: list[BaseException] = []

    def add(self, task: asyncio.Task[Any]) -> None:
        for tasks in (self.left, self._handlers):
            tasks.add(task)
            task.add_done_callback(tasks.discard)


CALL: ContextVar[Call | None] = ContextVar("pelton_test_call", default=None)


def start_task(coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
    """Puts a handler on the running loop, whichever it is."""
    # Not create_task(): pelton's own loop does not ask a task factory about handlers either.
    task = asyncio.Task(coroutine, loop=asyncio.get_running_loop(), context=context)
    if (call := context.get(CALL)) is not None:
        call.add(task)
    return task


class Unhandled(list[BaseException]):
    """Hands each exception to the request that it belongs to, and keeps none."""

    def append(self, error: BaseException) -> None:
        if (call := CALL.get()) is not None:
            call.unhandled.append(error)


class ClientRuntime(Runtime):
    """The runtime on the test's own loop, which must not be run until complete here."""

    def start_background(self, tasks: BackgroundTasks) -> None:
        if (call := CALL.get()) is not None:
            call.left.add(tasks)
        super().start_background(tasks)

    def _start_background(self, tasks: BackgroundTasks) -> asyncio.Task[None]:
        task = super()._start_background(tasks)
        if (call := CALL.get()) is not None:
            call.left.discard(tasks)
            call.add(task)
        return task
