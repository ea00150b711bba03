"""The lifespan protocol of ASGI: what an application does before its first request and after its last."""

from __future__ import annotations

import asyncio

from pelton.errors import StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    Event = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Event]]
    Send = Callable[[Event], Awaitable[None]]
    Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class AsgiLifespan:
    """The lifespan of one application as an async context manager; the application runs in a task of its own.

    Args:
        application: The ASGI application.
        state: What the application fills; each of its requests gets a copy.
        is_required: Whether an application that does not speak the protocol is refused.
    """

    def __init__(self, application: Application, state: dict[str, Any], *, is_required: bool) -> None:
        self._application = application
        self._state = state
        self._is_required = is_required
        self._task: asyncio.Task[None] | None = None  # None: nothing is to be shut down
        self._received = 0
        self._phase = "startup"  # what the application is asked to do, or does last
        self._is_complete = False  # the phase
        self._failure: str | None = None  # of the phase
        self._wakes: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> None:
        """Returns once the application has started; StartupError if it could not."""
        self._state.clear()
        task = self._task = asyncio.get_running_loop().create_task(self._run(), name="ASGI lifespan")
        await self._until_answered(task)
        if self._failure is not None:
            self._task = None
            await _ended(task)
            raise _startup_error(self._failure)
        if self._is_complete:
            return
        # It has ended without an answer.
        self._task = None
        error = task.exception()
        if self._is_required:
            said = "without lifespan.startup.complete" if error is None else f"with {type(error).__name__}: {error}"
            raise StartupError(f"the application ended its lifespan {said}; leave --lifespan on out if it has none") from error
        if error is not None and self._received:
            from pelton.serving.terminal import complain

            complain(f"the application's lifespan raised {type(error).__name__}: {error}; it is served without one")

    async def __aexit__(self, *_: object) -> None:
        """Returns once the application has shut down; RuntimeError if it said that it failed to."""
        task, self._task = self._task, None
        if task is None:
            return
        if not task.done():
            self._phase, self._is_complete = "shutdown", False
            self._wake()
            await self._until_answered(task)
        if self._failure is not None:
            await _ended(task)
            raise RuntimeError(f"the application sent lifespan.shutdown.failed: {self._failure}")
        await _ended(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        await self._application(scope, self._receive, self._send)

    async def _receive(self) -> Event:
        """`lifespan.startup`, then `lifespan.shutdown` once the server stops; then nothing any more."""
        self._received += 1
        if self._received == 1:
            return {"type": "lifespan.startup"}
        while self._received > 2 or self._phase == "startup":
            await self._wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, event: Event) -> None:
        kind = event["type"]
        if self._is_complete or self._failure is not None:
            raise RuntimeError(f"{kind} was sent although the {self._phase} was over")
        if kind == f"lifespan.{self._phase}.complete":
            self._is_complete = True
        elif kind == f"lifespan.{self._phase}.failed":
            self._failure = str(event.get("message", ""))
        else:
            raise RuntimeError(f"{kind!r} is no answer to lifespan.{self._phase}")
        self._wake()

    async def _until_answered(self, task: asyncio.Task[None]) -> None:
        """Until the application has answered, or ended without an answer."""
        task.add_done_callback(lambda _: self._wake())
        while not (self._is_complete or self._failure is not None or task.done()):
            await self._wait()

    async def _wait(self) -> None:
        waker = asyncio.get_running_loop().create_future()
        self._wakes.append(waker)
        await waker

    def _wake(self) -> None:
        wakes, self._wakes = self._wakes, []
        for waker in wakes:
            if not waker.done():
                waker.set_result(None)


async def _ended(task: asyncio.Task[None]) -> None:
    """What the application still does after its last event, for a moment at most."""
    await asyncio.wait((task,), timeout=1.0)


def _startup_error(message: str) -> StartupError:
    """The message is often a traceback, whose last line says what is wrong."""
    lines = message.strip().splitlines()
    error = StartupError(f"the application sent lifespan.startup.failed: {lines[-1].strip() if lines else 'no message'}")
    if len(lines) > 1:
        error.trace = f"{message.rstrip()}\n"
    return error
