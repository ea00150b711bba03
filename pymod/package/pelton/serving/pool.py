"""The blocking pool: threads for what may not run on the loop, with a bound on what waits for them."""

from __future__ import annotations

import os
import threading
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue

from pelton._native import end_forked_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable
    from typing import Any, TypeVar, TypeVarTuple

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

    # What answers a job on the thread that ran it: (result, error), of which one counts.
    Answer = Callable[[Any, BaseException | None], None]
    # is_wanted (asked before it starts), context, function, arguments, answer.
    Job = tuple[Callable[[], bool], Context, Callable[..., Any], tuple[Any, ...], Answer]


QUEUE_MAX = 256  # of the default pool


class QueueFull(Exception):
    """As many jobs wait as may: a 503 for the request that came too much."""


class PoolStopped(RuntimeError):
    """A job for a pool that has been shut down."""


class BlockingPool:
    """At most `threads` jobs run and `queue` wait. Threads are made when there is work for one more.

    A thread cannot be interrupted: a job that nobody waits for any more runs on and counts as stuck.
    """

    def __init__(self, name: str, threads: int, queue: int) -> None:
        if threads < 1 or queue < 0:
            raise ValueError(f"blocking pool {name!r}: threads from 1 and a queue from 0, not {threads} and {queue}")
        self.name = name
        self.threads_max = threads
        self.queue_max = queue
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()  # of all below
        self._threads: list[threading.Thread] = []
        self._submitted = 0
        self._started = 0
        self._finished = 0
        self._stopped = False
        self._running: dict[int, Callable[[], bool]] = {}  # by thread: whether what it runs is wanted

    # --- work ---

    def submit(
        self,
        loop: AbstractEventLoop,
        func: Callable[[*Ts], T],
        args: tuple[*Ts],
        context: Context | None = None,
        *,
        through: Callable[[], object] | None = None,
    ) -> Future[T]:
        """Runs `func(*args)` on a thread, in a copy of the caller's context unless one is given.

        Called on the loop's thread; QueueFull if too much waits. A future that is cancelled before its
        job starts takes the job with it. `through` is called on the loop once the job has ended or will
        never start: of one that is cancelled while it runs, that is later than its future.
        """
        return self._submit(loop, func, args, context, self.threads_max + self.queue_max, through)

    def submit_always(
        self, loop: AbstractEventLoop, func: Callable[[*Ts], T], args: tuple[*Ts], context: Context | None = None
    ) -> Future[T]:
        """The same without the bound: for what goes on with work that was admitted."""
        return self._submit(loop, func, args, context, None)

    def _submit(
        self,
        loop: AbstractEventLoop,
        func: Callable[[*Ts], T],
        args: tuple[*Ts],
        context: Context | None,
        jobs_max: int | None,
        through: Callable[[], object] | None = None,
    ) -> Future[T]:
        future: Future[T] = loop.create_future()

        def is_wanted() -> bool:
            return not future.cancelled()

        def end(result: Any, error: BaseException | None) -> None:
            nonlocal through
            _resolve(future, result, error)
            if through is not None:
                told, through = through, None
                told()

        def answer(result: Any, error: BaseException | None) -> None:
            try:
                loop.call_soon_threadsafe(end, result, error)
            except RuntimeError:
                pass  # the loop is closed; nothing waits

        def done(future: Future[T]) -> None:
            if future.cancelled() and not self._runs(is_wanted):
                end(None, None)

        self.add((is_wanted, context or copy_context(), func, args, answer), jobs_max)
        if through is not None:
            future.add_done_callback(done)
        return future

    def add(self, job: Job, jobs_max: int | None = None) -> None:
        """Queues a job, from any thread; QueueFull if `jobs_max` jobs have not finished."""
        with self._lock:
            unfinished = self._submitted - self._finished
            if self._stopped:
                raise PoolStopped(f"blocking pool {self.name!r} is shut down")
            if jobs_max is not None and unfinished >= jobs_max:
                raise QueueFull(f"{unfinished} jobs run or wait in the blocking pool {self.name!r}")
            if unfinished >= len(self._threads) < self.threads_max:
                self._start_thread()
            self._submitted += 1
            self._jobs.put(job)

    def _runs(self, is_wanted: Callable[[], bool]) -> bool:
        """Whether a thread has the job of this, wanted or not."""
        with self._lock:
            return any(one is is_wanted for one in self._running.values())

    def _start_thread(self) -> None:
        number = len(self._threads)
        thread = threading.Thread(
            target=self._work, args=(number,), name=f"pelton-{self.name}-{number}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # No more threads can be started. One that runs already will take the job.
            if not self._threads:
                raise
            return
        self._threads.append(thread)

    def _work(self, number: int) -> None:
        process = os.getpid()
        while (job := self._jobs.get()) is not None:
            is_wanted, context, func, args, answer = job
            with self._lock:
                self._started += 1
                self._running[number] = is_wanted
            result, error = None, None
            if is_wanted():
                try:
                    result = context.run(func, *args)
                except BaseException as raised:  # noqa: BLE001
                    error = raised
            if os.getpid() != process:
                # A child that the job forked: the loop that waits for the answer is its parent's.
                end_forked_child()
            # Before the answer, after which a caller may count on the place being free.
            self._finish(number)
            answer(result, error)
            # Until the next job comes nothing of this one is kept.
            del job, is_wanted, context, func, args, answer
            result = error = None

    def _finish(self, number: int) -> None:
        with self._lock:
            self._finished += 1
            del self._running[number]

    # --- counters ---

    def stats(self) -> dict[str, int]:
        """threads; running and queued at the moment, stuck ones among the running; finished so far."""
        with self._lock:
            return {
                "threads": len(self._threads),
                "running": self._started - self._finished,
                "queued": self._submitted - self._started,
                "finished": self._finished,
                "stuck": sum(not is_wanted() for is_wanted in self._running.values()),
            }

    # --- end ---

    def shutdown(self, timeout: float) -> bool:
        """Takes no more jobs and waits for those there are; whether all ended in time.

        What has not started by then never does: its future is cancelled.
        """
        from time import monotonic

        with self._lock:
            self._stopped = True
            threads = list(self._threads)
            for _ in threads:
                self._jobs.put(None)
        deadline = monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
        if not any(thread.is_alive() for thread in threads):
            return True
        self._drop_queued(len(threads))
        return False

    def _drop_queued(self, threads: int) -> None:
        from asyncio import CancelledError

        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is not None:
                with self._lock:
                    self._started += 1
                    self._finished += 1
                job[-1](None, CancelledError())
        for _ in range(threads):
            self._jobs.put(None)


def _resolve(future: Future[Any], result: Any, error: BaseException | None) -> None:
    from asyncio import CancelledError

    if future.done():
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, CancelledError):
        future.cancel()
    else:
        if isinstance(error, StopIteration):
            # A future refuses it, as a coroutine does.
            stopped, error = error, RuntimeError("a job raised StopIteration")
            error.__cause__ = stopped
        future.set_exception(error)
