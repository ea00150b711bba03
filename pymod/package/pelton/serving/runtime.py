"""What an application has while it is served: event loop, blocking pools, topics, and tasks outside requests."""

from __future__ import annotations

import asyncio
import math
import weakref
from typing import TYPE_CHECKING, Any

from pelton.config.concurrency import DEFAULT_POOL
from pelton.errors import HTTPError
from pelton.serving.pool import QUEUE_MAX, BlockingPool, QueueFull
from pelton.websocket.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pelton._native import HandlerCoroutine
    from pelton.config.settings import Values
    from pelton.dependencies.closers import Closing
    from pelton.messages.service import Service
    from pelton.routing.app_parts import AppParts
    from pelton.streaming.background import BackgroundTasks
    from pelton.websocket.brokers import Broker
    from pelton.websocket.topics import Receivers

QUICK_STOP_S = 1.0  # what a quick stop leaves to what goes on (PRC-002), as the server does
SIGNAL_LOOK_S = 0.1


class Runtime:
    """What one worker serves with. It is made on the thread that serves, before the server runs."""

    def __init__(self, parts: AppParts, settings: Values, loop: asyncio.AbstractEventLoop) -> None:
        self.parts = parts
        self.loop = loop
        self.sse_keep_alive_s: float = settings["timeout_sse_keep_alive"]
        self.graceful_s: float = settings["timeout_graceful"]
        self._shutdown_s: float = settings["timeout_lifespan_shutdown"]  # of it (LIM-090)
        self.stopping = False
        self._drain_by = math.inf  # on the loop's clock: requests and background tasks, once the stop has begun
        for _, one in parts.mounts.tree():
            one.service.settings = settings
            one.service.json.take_limits(settings)
        self.topics: Topics | None = None
        # To start, and started.
        self.background: set[asyncio.Task[None] | BackgroundTasks | Closing] = set()
        self.spawned: set[asyncio.Task[Any]] = set()
        self._event_streams: set[HandlerCoroutine] = set()
        self._stop_waiters: set[asyncio.Future[None]] = set()
        queue = QUEUE_MAX if settings["limit_queued"] is None else settings["limit_queued"]
        self._pools = {DEFAULT_POOL: BlockingPool(DEFAULT_POOL, settings["blocking_threads"], queue)}
        for _, one in parts.mounts.tree():
            for name, threads, queue in one.pools.values():
                self._pools[name] = BlockingPool(name, threads, queue)
        self._has_executor = False

    def serve_topics(self, receivers: Receivers) -> Topics:
        """From now on `app.publish()` reaches this server's WebSockets."""
        self.topics = Topics(receivers, self.loop)
        for _, parts in self.parts.mounts.tree():
            living = [one for one in parts.service.topics if one() is not None]
            # Whole, for threads that publish at this moment.
            parts.service.topics = (*living, weakref.ref(self.topics))
        return self.topics

    def leave_topics(self) -> None:
        if self.topics is not None:
            for _, parts in self.parts.mounts.tree():
                service = parts.service
                service.topics = tuple(one for one in service.topics if one() not in (None, self.topics))
            self.topics.leave()

    # --- pools ---

    def pool(self, name: str) -> BlockingPool:
        return self._pools[name]

    def use_pool_as_executor(self) -> None:
        """asyncio.to_thread() and run_in_executor(None, ...) share the threads of the default pool."""
        from pelton.serving.executor import PoolExecutor

        self._has_executor = True
        self.loop.set_default_executor(PoolExecutor(self._pools[DEFAULT_POOL]))

    async def run_blocking(self, name: str, func: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """A handler's call in a pool; HTTPError 503 if too many wait."""
        return await self.submit(name, func, args)

    def submit(self, name: str, func: Callable[..., Any], args: tuple[Any, ...]) -> asyncio.Future[Any]:
        """The same, as a future."""
        task = asyncio.current_task()
        handler: Any = None if task is None else task.get_coro()
        through = getattr(handler, "leave_place", None)
        try:
            future = self._pools[name].submit(self.loop, func, args, through=through)
        except QueueFull as error:
            raise HTTPError(503, headers={"Retry-After": "1"}) from error
        if through is not None:
            handler.hold_place()  # until the thread has ended, which nothing can interrupt
        return future

    # --- tasks beside requests ---

    def start_background(self, tasks: BackgroundTasks) -> None:
        """Once the answer has been handed over, which this turn does at its end."""
        self.background.add(tasks)
        self.loop.call_later(0, self._start_background, tasks)

    def start_behind(self, behind: Any, in_task: bool = False) -> Coroutine[Any, Any, None] | None:
        """Tasks, or what closes before them; of more than one answer if middleware gave another.

        In the task that opened what is to close, that is left to it: the coroutine is.
        """
        if isinstance(behind, list):
            for one in behind:
                self.start_behind(one)
        elif hasattr(behind, "begin"):
            if in_task and behind.waits:
                rest: Coroutine[Any, Any, None] = behind.here()
                return rest
            behind.begin()
        elif len(behind):
            self.start_background(behind)
        return None

    def _start_background(self, tasks: BackgroundTasks) -> asyncio.Task[None]:
        self.background.discard(tasks)
        answers = self.parts.service.answers
        assert answers is not None
        run = tasks.run
        if self.parts.app.debug:
            from pelton.signature.debug import watched

            run = watched(run, "a background task")
        task = self.loop.create_task(run(self._pools[DEFAULT_POOL], answers.failed))
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task

    def spawn(self, coro: Coroutine[Any, Any, Any], name: str | None) -> asyncio.Task[Any]:
        task = self.loop.create_task(coro, name=name)
        self.spawned.add(task)
        task.add_done_callback(self._spawned_done)
        return task

    def _spawned_done(self, task: asyncio.Task[Any]) -> None:
        self.spawned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            answers = self.parts.service.answers
            assert answers is not None
            answers.log_failure(f"task {task.get_name()}", error)

    # --- the stop ---

    def add_event_stream(self, driver: HandlerCoroutine) -> None:
        """Takes note of the event stream of the current task: it would go on for ever, so a stop ends it at once."""
        task = asyncio.current_task()
        assert task is not None
        self._event_streams.add(driver)
        task.add_done_callback(lambda _: self._event_streams.discard(driver))
        if self.stopping:
            driver.stop()

    def begin_stop(self, drain_s: float | None = None) -> None:
        """What goes on has so long, else its part of the grace; the second time it can only get less."""
        within_s = self.graceful_s - self._shutdown_s if drain_s is None else drain_s
        self._drain_by = min(self._drain_by, self.loop.time() + within_s)
        if self.stopping:
            return
        self.stopping = True
        if self.topics is not None:
            self.topics.deafen()
        for driver in list(self._event_streams):
            driver.stop()
        for waiter in self._stop_waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._stop_waiters.clear()

    async def wait_for_stop(self) -> None:
        if not self.stopping:
            waiter = self.loop.create_future()
            self._stop_waiters.add(waiter)
            try:
                await waiter
            finally:
                self._stop_waiters.discard(waiter)

    def start_up(self, broker: Broker | None = None) -> None:
        """The application's lifespan, up to where it serves; raises what it raises."""
        self.loop.run_until_complete(self.start_up_here(broker))

    async def start_up_here(self, broker: Broker | None = None) -> None:
        """start_up() where the loop runs already."""
        topics = self.topics
        if broker is None or topics is None:
            await self.parts.start()
            return
        await topics.open(broker)
        try:
            await self.parts.start()
        except BaseException:
            await topics.close()
            raise

    def wind_down(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """After the last request: background tasks within the grace, the lifespan's end, what is left cancelled.

        `hurried`: whether a quick stop was asked for meanwhile.
        """
        self.begin_stop()
        try:
            self._complete(self.loop.create_task(self._wind_down(hurried)))
        finally:
            for pool in self._pools.values():
                pool.shutdown(1.0)

    async def wind_down_here(self) -> None:
        """wind_down() where the loop runs already; other people's tasks on it are left alone."""
        self.begin_stop()
        while any(not isinstance(one, asyncio.Task) for one in self.background):
            await asyncio.sleep(0)  # it starts soon
        if started := [task for task in self.background if isinstance(task, asyncio.Task)]:
            await asyncio.wait(started, timeout=self.graceful_s)
        try:
            await self.parts.stop()
        finally:
            if self.topics is not None:
                await self.topics.close()
            left = [*self.spawned, *(task for task in self.background if isinstance(task, asyncio.Task))]
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=1.0)
            for pool in self._pools.values():
                pool.shutdown(0.0)

    def close(self) -> None:
        """Without an end: topics are left, and threads that wait go away."""
        self.leave_topics()
        for pool in self._pools.values():
            pool.shutdown(0.0)

    def _complete(self, ending: asyncio.Task[None], interrupted: bool = False) -> None:
        """Runs the ending to its end, even if another task raises SystemExit meanwhile, which is raised afterwards."""
        if ending.done():
            return ending.result()
        try:
            self.loop.run_until_complete(ending)
        except SystemExit:
            self._complete(ending, interrupted)
            raise
        except KeyboardInterrupt:
            if not interrupted:  # the second one is a user's who no longer waits
                self._complete(ending, interrupted=True)
            raise

    async def _wind_down(self, hurried: Callable[[], bool]) -> None:
        try:
            await self._wait_for_background(hurried)
        finally:
            try:
                await self._shut_down()
            finally:
                if self.topics is not None:
                    await self.topics.close()
                await self._cancel_everything()
                await self.loop.shutdown_asyncgens()

    async def _wait_for_background(self, hurried: Callable[[], bool]) -> None:
        await asyncio.sleep(0)  # what was to start has started
        going = {task for task in self.background if isinstance(task, asyncio.Task)}
        while going and (left_s := self._drain_left_s()) > 0:
            # A signal wakes the server, which has ended; so it is looked for.
            _, going = await asyncio.wait(going, timeout=min(left_s, SIGNAL_LOOK_S))
            if hurried():
                self.begin_stop(QUICK_STOP_S)

    def _drain_left_s(self) -> float:
        return max(self._drain_by - self.loop.time(), 0.0)

    async def _shut_down(self) -> None:
        """Ends the lifespan, and cancels it when the grace is over. Its own part of the grace is kept for it, however long requests took."""
        within_s = self._drain_left_s() + self._shutdown_s
        ending = asyncio.timeout(within_s)
        try:
            async with ending:
                await self.parts.stop()
        except TimeoutError:
            if not ending.expired():
                raise
            from pelton.serving.terminal import complain

            complain(
                f"the application's shutdown did not end within {within_s:.1f} s and was cancelled; "
                "make it shorter or raise timeouts.lifespan_shutdown"
            )

    async def _cancel_everything(self) -> None:
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        for task in pending:
            task.cancel()
        if pending:
            # A task that swallows its cancellation must not keep the process.
            await asyncio.wait(pending, timeout=1.0)


class Stopping:
    """Whether the worker's stop has begun; `App.stopping` is one."""

    __slots__ = ("_service",)

    def __init__(self, service: Service) -> None:
        self._service = service

    def is_set(self) -> bool:
        """Whether the stop has begun."""
        runtime = self._service.runtime
        return runtime is not None and runtime.stopping

    async def wait(self) -> None:
        """Returns when the stop begins; RuntimeError where nothing is served."""
        if self._service.runtime is None:
            raise RuntimeError("stopping.wait() needs an app that is being served")
        await self._service.runtime.wait_for_stop()
