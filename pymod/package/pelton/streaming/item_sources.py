"""Where the items of a stream come from: an iterator on the loop, one in the pool, or an async one.

Each is taken from until it gives END, and closed exactly once, whatever became of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any, Protocol, Self

    from pelton.serving.pool import BlockingPool

    class ItemSource(Protocol):
        @property
        def items(self) -> Iterator[Any] | AsyncIterator[Any]:
            """The same items, without END."""
            ...

        async def take(self) -> Any: ...
        async def close(self) -> None: ...


END: Any = object()


def source_of(stream: Any, pool: BlockingPool | None) -> ItemSource:
    """The source of an iterable, sync or async; `pool` if its steps may block. TypeError for no iterable."""
    if hasattr(stream, "__anext__"):
        return AsyncSource(stream)
    if hasattr(stream, "__aiter__"):
        return AsyncSource(aiter(stream))
    if not hasattr(stream, "__next__"):
        stream = iter(stream)
    return InlineSource(stream) if pool is None else PooledSource(stream, pool)


class AsyncSource:
    """An async generator or iterator."""

    def __init__(self, iterator: AsyncIterator[Any]) -> None:
        self.items = iterator

    async def take(self) -> Any:
        try:
            return await self.items.__anext__()
        except StopAsyncIteration:
            return END

    async def close(self) -> None:
        close = getattr(self.items, "aclose", None)
        if close is not None:
            await close()


class InlineSource:
    """A generator or iterator whose steps run on the loop."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.items = iterator

    async def take(self) -> Any:
        return next(self.items, END)

    async def close(self) -> None:
        close = getattr(self.items, "close", None)
        if close is not None:
            close()


class PooledSource:
    """A generator or iterator whose steps run in the pool, one at a time and all in one context."""

    def __init__(self, iterator: Iterator[Any], pool: BlockingPool) -> None:
        from asyncio import get_running_loop
        from contextvars import copy_context
        from threading import Lock

        self._iterator = iterator
        self._pool = pool
        self._loop = get_running_loop()
        self._context = copy_context()
        # A step whose waiter was cancelled goes on in its thread: the end of the stream waits for it.
        self._step = Lock()
        self._begun = False

    @property
    def items(self) -> AsyncIterator[Any]:
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        item = await self.take()
        if item is END:
            raise StopAsyncIteration
        return item

    async def take(self) -> Any:
        # The first step is what the bound of the pool is for; later ones go on with admitted work.
        submit = self._pool.submit_always if self._begun else self._pool.submit
        future = submit(self._loop, self._run, (next, self._iterator, END))
        self._begun = True
        return await future

    async def close(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is None:
            return
        if self._begun:
            await self._pool.submit_always(self._loop, self._run, (close,))
        else:
            close()  # of a generator that never began: nothing runs

    def _run(self, *call: Any) -> Any:
        with self._step:
            return self._context.run(*call)
