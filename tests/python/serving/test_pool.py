"""The blocking pool: threads on demand, a bound on what waits, the caller's context, an end with a deadline."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pelton.serving.pool import BlockingPool, PoolStopped, QueueFull


def on_loop(main: Callable[[asyncio.AbstractEventLoop], Awaitable[None]]) -> None:
    async def run() -> None:
        await main(asyncio.get_running_loop())

    asyncio.run(run())


class Gate:
    """A job that says when it has begun and ends when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self) -> str:
        self.begun.release()
        assert self.open.wait(10)
        return threading.current_thread().name


def test_results_and_exceptions() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool = BlockingPool("default", 2, 2)
        assert await pool.submit(loop, divmod, (7, 2)) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await pool.submit(loop, divmod, (7, 0))
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.submit(loop, next, (iter(()),))
        with pytest.raises(SystemExit):
            await pool.submit(loop, exec, ("raise SystemExit(3)",))
        assert pool.stats() == {"threads": 1, "running": 0, "queued": 0, "finished": 4, "stuck": 0}
        assert pool.shutdown(10)

    on_loop(main)


@pytest.mark.parametrize(("threads", "queue"), [(1, 0), (1, 1), (2, 3)])
def test_the_bound(threads: int, queue: int) -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, gate = BlockingPool("p", threads, queue), Gate()
        assert pool.stats()["threads"] == 0
        jobs = [pool.submit(loop, gate, ()) for _ in range(threads + queue)]
        with pytest.raises(QueueFull, match=f"{threads + queue} jobs run or wait in the blocking pool 'p'"):
            pool.submit(loop, gate, ())
        beyond = pool.submit_always(loop, gate, ())
        for _ in range(threads):
            gate.begun.acquire()
        stats = pool.stats()
        assert (stats["threads"], stats["running"], stats["queued"]) == (threads, threads, queue + 1)
        gate.open.set()
        names = await asyncio.gather(*jobs, beyond)
        assert set(names) <= {f"pelton-p-{number}" for number in range(threads)}
        await pool.submit(loop, gate, ())  # there is room again
        assert pool.stats()["finished"] == threads + queue + 2 and pool.shutdown(10)

    on_loop(main)


def test_an_idle_thread_is_used_again() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool = BlockingPool("p", 8, 0)
        for number in range(20):
            assert await pool.submit(loop, abs, (-number,)) == number
        assert pool.stats()["threads"] == 1 and pool.shutdown(10)

    on_loop(main)


def test_context() -> None:
    variable = contextvars.ContextVar("variable", default=0)

    def change() -> int:
        before = variable.get()
        variable.set(before + 10)
        return before

    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool = BlockingPool("p", 1, 4)
        variable.set(1)
        assert [await pool.submit(loop, change, ()) for _ in range(2)] == [1, 1] and variable.get() == 1
        given = contextvars.copy_context()
        assert [await pool.submit(loop, change, (), given) for _ in range(2)] == [1, 11] and given[variable] == 21
        assert pool.shutdown(10)

    on_loop(main)


def test_cancelled_before_it_begins_it_never_does() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, gate, ran = BlockingPool("p", 1, 4), Gate(), list[int]()
        first, second, third = pool.submit(loop, gate, ()), pool.submit(loop, ran.append, (2,)), pool.submit(loop, ran.append, (3,))
        second.cancel()
        gate.open.set()
        await asyncio.gather(first, third)
        assert ran == [3] and pool.stats()["finished"] == 3 and pool.shutdown(10)

    on_loop(main)


def test_cancelled_while_it_runs_it_counts_as_stuck() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, gate = BlockingPool("p", 1, 4), Gate()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await pool.submit(loop, gate, ())
        gate.open.set()  # dropped in the queue, or let go at once
        running = pool.submit(loop, (other := Gate()), ())
        await loop.run_in_executor(None, other.begun.acquire)
        assert pool.stats()["stuck"] == 0
        running.cancel()
        assert pool.stats()["stuck"] == 1
        other.open.set()
        assert await pool.submit(loop, abs, (-1,)) == 1
        assert pool.stats()["stuck"] == 0 and pool.shutdown(10)

    on_loop(main)


def test_only_asyncios_own_cancellation_cancels() -> None:
    class CancelledError(Exception):  # of somebody else's library
        pass

    class Special(asyncio.CancelledError):
        pass

    def fail(error: BaseException) -> None:
        raise error

    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool = BlockingPool("p", 1, 0)
        for other in (CancelledError("theirs"), concurrent.futures.CancelledError("theirs")):
            with pytest.raises(type(other), match="theirs"):
                await pool.submit(loop, fail, (other,))
        for own in (asyncio.CancelledError(), Special()):
            future = pool.submit(loop, fail, (own,))
            with pytest.raises(asyncio.CancelledError):
                await future
            assert future.cancelled()
        assert pool.shutdown(10)

    on_loop(main)


def test_through_is_told_when_the_thread_has_ended_or_will_never_begin() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, gate = BlockingPool("p", 1, 2), Gate()
        told = asyncio.Queue[str]()

        def noting(name: str) -> Callable[[], None]:
            return lambda: told.put_nowait(name)

        runs = pool.submit(loop, gate, (), through=noting("runs"))
        waits = pool.submit(loop, gate, (), through=noting("waits"))
        gate.begun.acquire()
        waits.cancel()
        assert await told.get() == "waits"
        runs.cancel()
        await asyncio.wait([runs])
        for _ in range(3):
            await asyncio.sleep(0)
        assert told.empty() and pool.stats()["stuck"] == 1
        gate.open.set()
        assert await told.get() == "runs"
        assert await pool.submit(loop, abs, (-1,), through=noting("whole")) == 1
        assert await told.get() == "whole"
        with pytest.raises(ZeroDivisionError):
            await pool.submit(loop, divmod, (1, 0), through=noting("failed"))
        assert await told.get() == "failed" and told.empty()
        assert pool.shutdown(10)

    on_loop(main)


def test_shutdown_lets_what_was_queued_run() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool = BlockingPool("p", 2, 100)
        jobs = [pool.submit(loop, abs, (-number,)) for number in range(50)]
        assert pool.shutdown(10)
        assert await asyncio.gather(*jobs) == list(range(50))
        with pytest.raises(PoolStopped, match="'p' is shut down"):
            pool.submit(loop, abs, (1,))

    on_loop(main)


def test_shutdown_at_its_deadline_drops_what_waits() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, gate = BlockingPool("p", 1, 100), Gate()
        running, waiting = pool.submit(loop, gate, ()), pool.submit(loop, abs, (1,))
        gate.begun.acquire()
        assert not pool.shutdown(0)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.open.set()
        assert await running == "pelton-p-0"
        assert pool.shutdown(10) and pool.stats()["queued"] == 0

    on_loop(main)


def test_a_result_for_a_closed_loop_is_dropped() -> None:
    pool, gate = BlockingPool("p", 1, 1), Gate()
    loop = asyncio.new_event_loop()
    pool.submit(loop, gate, ())
    loop.close()
    gate.open.set()
    assert pool.shutdown(10) and pool.stats()["finished"] == 1


def test_nothing_of_a_job_is_kept() -> None:
    class Thing:
        def fail(self) -> None:
            raise ValueError("x")

    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, thing = BlockingPool("p", 1, 1), Thing()
        seen = weakref.ref(thing)
        with pytest.raises(ValueError, match="x"):
            await pool.submit(loop, thing.fail, ())
        del thing
        await pool.submit(loop, gc.collect, ())
        gc.collect()
        assert seen() is None and pool.shutdown(10)

    on_loop(main)


def test_many_threads_submit_at_once() -> None:
    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, done = BlockingPool("p", 4, 0), threading.Semaphore(0)

        def submit() -> None:
            for _ in range(250):
                pool.add((lambda: True, contextvars.Context(), done.release, (), lambda result, error: None))

        threads = [threading.Thread(target=submit) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pool.shutdown(10)
        assert pool.stats() | {"threads": 0} == {"threads": 0, "running": 0, "queued": 0, "finished": 1000, "stuck": 0}

    on_loop(main)


@pytest.mark.parametrize(("threads", "queue"), [(0, 1), (1, -1)])
def test_bounds_of_the_bounds(threads: int, queue: int) -> None:
    with pytest.raises(ValueError, match="threads from 1 and a queue from 0"):
        BlockingPool("p", threads, queue)


def test_without_more_threads_those_there_are_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    start: Any = threading.Thread.start
    allowed = 1

    def limited(thread: threading.Thread) -> None:
        nonlocal allowed
        if allowed == 0:
            raise RuntimeError("can't start new thread")
        allowed -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)

    async def main(loop: asyncio.AbstractEventLoop) -> None:
        pool, gate = BlockingPool("p", 4, 4), Gate()
        jobs = [pool.submit(loop, gate, ()) for _ in range(3)]
        gate.open.set()
        assert await asyncio.gather(*jobs) == ["pelton-p-0"] * 3 and pool.stats()["threads"] == 1
        none = BlockingPool("q", 1, 1)
        with pytest.raises(RuntimeError, match="can't start"):
            none.submit(loop, gate, ())
        assert none.stats()["queued"] == 0 and pool.shutdown(10)

    on_loop(main)
