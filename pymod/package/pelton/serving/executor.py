"""The blocking pool as asyncio knows executors, so that asyncio.to_thread uses the same threads."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    from pelton.serving.pool import BlockingPool

    P = ParamSpec("P")
    T = TypeVar("T")


class PoolExecutor(ThreadPoolExecutor):
    """For `loop.set_default_executor`, which takes nothing but a ThreadPoolExecutor.

    Without the bound on what waits, and with no context of its own: to_thread brings the caller's.
    """

    def __init__(self, pool: BlockingPool) -> None:
        super().__init__(pool.threads_max)  # starts no thread: submit() is ours
        self._pool = pool
        self._unfinished: set[Future[Any]] = set()
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()

        def is_wanted() -> bool:
            return not future.cancelled()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001
                future.set_exception(error)

        def answer(_: Any, error: BaseException | None) -> None:
            if error is not None:  # it never ran
                future.cancel()

        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        try:
            self._pool.add((is_wanted, Context(), run, (), answer))
        except BaseException:
            self._unfinished.discard(future)
            raise
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more and waits for its own jobs; the threads are the pool's, which goes on."""
        self._closed = True
        unfinished = list(self._unfinished)
        if cancel_futures:
            for future in unfinished:
                future.cancel()
        if wait:
            wait_for_all(unfinished)
