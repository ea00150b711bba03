"""asyncio.to_thread on the blocking pool."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading

import pytest

from pelton.serving.executor import PoolExecutor
from pelton.serving.pool import BlockingPool, QueueFull


def test_to_thread_uses_the_pool_without_its_limit() -> None:
    async def main() -> None:
        loop, pool, let_go = asyncio.get_running_loop(), BlockingPool("default", 2, 0), threading.Event()
        loop.set_default_executor(PoolExecutor(pool))
        waiting = [asyncio.create_task(asyncio.to_thread(let_go.wait, 10)) for _ in range(5)]
        await asyncio.sleep(0)
        stats = pool.stats()
        assert stats["running"] + stats["queued"] == 5 and stats["threads"] == 2
        with pytest.raises(QueueFull):
            pool.submit(loop, abs, (1,))
        let_go.set()
        assert await asyncio.gather(*waiting) == [True] * 5
        assert (await asyncio.to_thread(threading.current_thread)).name.startswith("pelton-default-")
        await loop.shutdown_default_executor()
        assert await pool.submit(loop, abs, (-1,)) == 1  # the pool goes on
        assert pool.shutdown(10)

    asyncio.run(main())


def test_context_results_and_exceptions() -> None:
    variable = contextvars.ContextVar("variable", default="nobody")

    async def main() -> None:
        pool = BlockingPool("default", 1, 0)
        asyncio.get_running_loop().set_default_executor(PoolExecutor(pool))
        variable.set("somebody")
        assert await asyncio.to_thread(variable.get) == "somebody"
        assert await asyncio.to_thread(int, "11", base=2) == 3
        with pytest.raises(ValueError, match="base 10"):
            await asyncio.to_thread(int, "x")

    asyncio.run(main())


def test_cancelling_and_shutting_down() -> None:
    pool, let_go, ran = BlockingPool("default", 1, 0), threading.Event(), list[int]()
    executor = PoolExecutor(pool)
    running = executor.submit(let_go.wait, 10)
    waiting, cancelled = executor.submit(ran.append, 1), executor.submit(ran.append, 2)
    assert cancelled.cancel()
    executor.shutdown(wait=False)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, 1)
    let_go.set()
    executor.shutdown(wait=True)
    assert running.done() and waiting.done() and ran == [1] and pool.shutdown(10)

    pool = BlockingPool("default", 1, 0)
    executor = PoolExecutor(pool)
    let_go.clear()
    running, waiting = executor.submit(let_go.wait, 10), executor.submit(ran.append, 3)
    executor.shutdown(wait=False, cancel_futures=True)
    let_go.set()
    assert waiting.cancelled() and ran == [1]
    concurrent.futures.wait([running] if not running.cancelled() else [])
    assert pool.shutdown(10)


def test_a_pool_that_ended_takes_nothing_and_drops_what_waited() -> None:
    pool, let_go, begun = BlockingPool("default", 1, 0), threading.Event(), threading.Event()
    executor = PoolExecutor(pool)

    def hold() -> bool:
        begun.set()
        return let_go.wait(10)

    running, waiting = executor.submit(hold), executor.submit(abs, 1)
    begun.wait(10)
    assert not pool.shutdown(0)
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(abs, 1)
    let_go.set()
    assert running.result(10) is True and pool.shutdown(10)
