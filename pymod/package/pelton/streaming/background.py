"""Work after the answer: tasks of one request, run in order once its last octet has been sent."""

from __future__ import annotations

from pelton.callables import is_async, is_async_generator
from pelton.errors import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any, ParamSpec

    from pelton.messages.response import Response
    from pelton.serving.pool import BlockingPool

    P = ParamSpec("P")

__all__ = ["BackgroundTasks"]


class BackgroundTasks:
    """Tasks that start when the answer has left: `async def` on the loop, `def` in the blocking pool.

    They run one after the other. A failure is logged, and the next still runs. None runs if the handler raised.
    """

    __slots__ = ("__weakref__", "_tasks")

    def __init__(self) -> None:
        self._tasks: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add_task(self, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Adds a call of `func(*args, **kwargs)` after those that were added before it.

        Args:
            func: A `def` or `async def`.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
        """
        if not callable(func):
            fix = "pass the function and its arguments: add_task(f, 1)" if hasattr(func, "__await__") else "pass a function"
            raise TypeError(f"add_task() takes a callable, not {type(func).__name__}; {fix}")
        if is_async_generator(func):
            raise TypeError(f"add_task() takes no async generator ({func!r}): nothing would read what it yields")
        self._tasks.append((func, args, kwargs))

    def __len__(self) -> int:
        return len(self._tasks)

    async def run(self, pool: BlockingPool, log: Callable[[str, BaseException], None]) -> None:
        """Runs each, those included that a task adds; a failure is logged and the next still runs."""
        from asyncio import CancelledError, current_task, get_running_loop

        loop = get_running_loop()
        done = 0
        while done < len(self._tasks):
            func, args, kwargs = self._tasks[done]
            done += 1
            try:
                await _run(loop, pool, func, args, kwargs)
            except CancelledError as error:
                task = current_task()
                if task is None or task.cancelling():
                    del self._tasks[:done]
                    raise
                log(_says(func), error)  # its own doing
            except BaseException as error:  # noqa: BLE001
                log(_says(func), error)
        self._tasks.clear()


def background_of(side: Response) -> Any:
    """The tasks of a request, which its side channel carries."""
    if side._background is None:
        side._background = BackgroundTasks()
    return side._background


async def _run(
    loop: AbstractEventLoop,
    pool: BlockingPool,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    if is_async(func):
        result = func(*args, **kwargs)
        if hasattr(result, "__await__"):  # a def may have run the async def that it wraps
            await result
        return
    if kwargs:
        from functools import partial

        func = partial(func, **kwargs)
    result = await pool.submit_always(loop, func, args)
    if hasattr(result, "__await__"):  # a lambda around an async def
        await result


def _says(func: Callable[..., Any]) -> str:
    return f"background task {getattr(func, '__name__', type(func).__name__)}() of {place_of(func)}"
