"""Where items come from: each source gives them in order, then END, and closes its producer."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from pelton.messages.streams import is_stream
from pelton.serving.pool import BlockingPool, QueueFull
from pelton.streaming.item_sources import END, AsyncSource, InlineSource, PooledSource, source_of


class Numbers:
    """A generator, sync or async, that notes its thread and its end."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.closed = 0

    def sync(self) -> Iterator[int]:
        try:
            for number in range(3):
                self.threads.append(threading.current_thread().name)
                yield number
        finally:
            self.closed += 1

    async def asynchronous(self) -> AsyncIterator[int]:
        try:
            for number in range(3):
                await asyncio.sleep(0)
                yield number
        finally:
            await asyncio.sleep(0)
            self.closed += 1


async def all_of(source: Any) -> list[Any]:
    found = []
    while (item := await source.take()) is not END:
        found.append(item)
    return found


@pytest.mark.parametrize("kind", ["sync", "asynchronous", "pooled"])
def test_items_then_the_end(kind: str) -> None:
    async def main() -> None:
        numbers, pool = Numbers(), BlockingPool("p", 2, 0)
        stream = numbers.asynchronous() if kind == "asynchronous" else numbers.sync()
        source = source_of(stream, pool if kind == "pooled" else None)
        assert await all_of(source) == [0, 1, 2] and numbers.closed == 1
        await source.close()
        assert await source.take() is END and numbers.closed == 1
        assert all(name.startswith("pelton-p-") == (kind == "pooled") for name in numbers.threads)
        assert pool.shutdown(10)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["sync", "asynchronous", "pooled"])
@pytest.mark.parametrize("taken", [0, 1])
def test_closing_early(kind: str, taken: int) -> None:
    async def main() -> None:
        numbers, pool = Numbers(), BlockingPool("p", 2, 0)
        stream = numbers.asynchronous() if kind == "asynchronous" else numbers.sync()
        source = source_of(stream, pool if kind == "pooled" else None)
        for _ in range(taken):
            await source.take()
        await source.close()
        assert numbers.closed == taken  # of a generator that never began no line runs
        assert await source.take() is END and pool.shutdown(10)

    asyncio.run(main())


def test_which_source_for_what() -> None:
    class AsyncIterable:
        def __aiter__(self) -> AsyncIterator[int]:
            return Numbers().asynchronous()

    async def main() -> None:
        pool = BlockingPool("p", 1, 0)
        for iterable in ([0, 1, 2], range(3), iter((0, 1, 2)), map(int, "012"), {0: 0, 1: 1, 2: 2}):
            assert await all_of(source := source_of(iterable, None)) == [0, 1, 2] and type(source) is InlineSource
            await source.close()
            assert type(source_of(iterable, pool)) is PooledSource
        source = source_of(AsyncIterable(), pool)
        assert type(source) is AsyncSource and await all_of(source) == [0, 1, 2]
        with pytest.raises(TypeError):
            source_of(5, None)

    asyncio.run(main())


def test_what_streams_when_it_is_returned() -> None:
    assert all(map(is_stream, (Numbers().sync(), Numbers().asynchronous(), iter([]), map(int, ""))))
    assert not any(map(is_stream, ([], (), "a", b"a", {}, range(3), None)))


def test_the_pool_keeps_one_context_for_all_steps() -> None:
    variable = contextvars.ContextVar("variable", default="worker")

    def steps() -> Iterator[str]:
        token = variable.set("step")
        try:
            yield variable.get()
            yield variable.get()
        finally:
            variable.reset(token)  # refused in any context but its own

    async def main() -> None:
        variable.set("request")
        pool = BlockingPool("p", 2, 0)
        source = source_of(steps(), pool)
        assert [await source.take(), await source.take()] == ["step", "step"] and variable.get() == "request"
        await source.close()
        assert pool.shutdown(10)

    asyncio.run(main())


def test_a_full_pool_refuses_the_first_step_alone() -> None:
    async def main() -> None:
        loop, pool, let_go = asyncio.get_running_loop(), BlockingPool("p", 1, 0), threading.Event()
        begun = source_of(iter("ab"), pool)
        assert await begun.take() == "a"
        pool.submit(loop, let_go.wait, (10,))
        with pytest.raises(QueueFull):
            await source_of(iter("ab"), pool).take()
        step = asyncio.ensure_future(begun.take())
        await asyncio.sleep(0)
        let_go.set()
        assert await step == "b" and pool.shutdown(10)

    asyncio.run(main())


def test_a_step_that_was_cancelled_ends_before_the_close() -> None:
    entered, let_go, seen = threading.Event(), threading.Event(), list[str]()

    def steps() -> Iterator[int]:
        try:
            yield 0
            entered.set()
            let_go.wait(10)
            seen.append("stepped")
            yield 1
        finally:
            seen.append("closed")

    async def main() -> None:
        loop, pool = asyncio.get_running_loop(), BlockingPool("p", 2, 0)
        source = source_of(steps(), pool)
        await source.take()
        step = asyncio.ensure_future(source.take())
        await loop.run_in_executor(None, entered.wait, 10)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        assert pool.stats()["stuck"] == 1
        closing = asyncio.ensure_future(source.close())
        await asyncio.sleep(0)
        assert seen == [] and not closing.done()
        let_go.set()
        await closing
        assert seen == ["stepped", "closed"] and pool.shutdown(10)

    asyncio.run(main())
