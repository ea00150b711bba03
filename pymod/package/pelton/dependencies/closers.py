"""Providers that yield: kept open while their values are used, closed in reverse.

Providers of handler scope close when the result is encoded, before its first octet leaves; all others
when the response has been sent, a stream to its end. An exception is thrown into every open one.
"""

from __future__ import annotations

from contextvars import copy_context
from threading import get_ident

from pelton._native import running_context
from pelton.callables import name_of
from pelton.config.concurrency import DEFAULT_POOL
from pelton.errors import ClientDisconnected
from pelton.messages.response import Response, TemplateBody, later
from pelton.messages.streams import Streaming
from pelton.messages.templates import rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextvars import Context
    from typing import Any

    from pelton.messages.service import Service
    from pelton.routing.routes import RouteInfo
    from pelton.serving.runtime import Runtime
    from pelton.streaming.background import BackgroundTasks

SYNC, POOL, ASYNC = range(3)


class Closers:
    """The open generators of one request, or of another scope."""

    __slots__ = ("open", "route", "service", "side")

    def __init__(self, service: Service, route: RouteInfo | None = None, side: Response | None = None) -> None:
        self.service = service
        self.route = route
        self.side = side
        self.open: list[tuple[Any, int, bool]] = []  # generator, how it steps, whether of handler scope

    # --- opening ---

    def enter(self, generator: Any, at_handler: bool) -> Any:
        value = _first(generator)
        self.open.append((generator, SYNC, at_handler))
        return value

    async def enter_in_pool(self, generator: Any, at_handler: bool) -> Any:
        value = await in_pool(self.service, _first, (generator,), {})
        self.open.append((generator, POOL, at_handler))
        return value

    async def enter_async(self, generator: Any, at_handler: bool) -> Any:
        try:
            value = await generator.__anext__()
        except StopAsyncIteration:
            raise _unyielding(generator) from None
        self.open.append((generator, ASYNC, at_handler))
        return value

    # --- the handler has returned ---

    def finish(self, result: Any) -> Any:
        """The answer, the generators of handler scope closed; the others close when it has been sent."""
        if hasattr(result, "__await__"):
            return later(self.finish_awaitable(result))
        if isinstance(result, Response) and isinstance(result._body, TemplateBody):
            return later(self.finish_awaitable(rendered(result, self.service)))
        answer = self.encoded(result)
        self.open, ending = _parted(self.open)
        while ending:
            generator, _, _ = ending.pop()
            try:
                _close(generator)
            except BaseException:
                self.open += ending
                raise
        self.leave(answer)
        return answer

    async def finish_awaitable(self, result: Any) -> Any:
        try:
            return await self.finish_later(await result)
        except BaseException as error:  # noqa: BLE001
            await self.throw_later(error)

    async def finish_later(self, result: Any) -> Any:
        if hasattr(result, "__await__"):
            result = await result
        if isinstance(result, Response):
            result = await rendered(result, self.service)  # while what it shows is still open
        answer = self.encoded(result)
        self.open, ending = _parted(self.open)
        while ending:
            generator, how, _ = ending.pop()
            try:
                await self._close(generator, how)
            except BaseException:
                self.open += ending
                raise
        self.leave(answer)
        return answer

    def encoded(self, result: Any) -> Response:
        """The finished response: what fails in making it is thrown into the generators too."""
        answers = self.service.answers
        assert answers is not None and self.route is not None
        if self.side is None:
            return answers.response(result, self.route)
        answer: Response = answers.merge(result, self.side, self.route)
        # All of it is in the answer now; the native half merges once more.
        self.side._status, self.side._fields, self.side._background = 0, [], None
        return answer

    def leave(self, answer: Response) -> None:
        """Hands what is open to the end of the answer."""
        if not self.open:
            return
        runtime = self.service.runtime
        assert runtime is not None
        if isinstance(answer._body, Streaming):
            answer._body.closing = Closing(self, runtime, None, of_stream=True)
        else:
            answer._background = Closing(self, runtime, answer._background)

    async def end(self) -> None:
        """Closes all now; raises what one of them raises, once it went through the others."""
        while self.open:
            generator, how, _ = self.open.pop()
            try:
                await self._close(generator, how)
            except BaseException as error:  # noqa: BLE001
                await self.throw_later(error)

    async def _close(self, generator: Any, how: int) -> None:
        if how == SYNC:
            _close(generator)
        elif how == POOL:
            await in_pool(self.service, _close, (generator,), {})
        else:
            await _close_async(generator)

    # --- an exception ---

    def throw(self, error: BaseException) -> None:
        """Throws it in, innermost first, and raises it, or what one of them raised instead."""
        while self.open:
            error = _throw(self.open.pop()[0], error)
        raise error

    async def throw_later(self, error: BaseException) -> None:
        while self.open:
            generator, how, _ = self.open.pop()
            if how == SYNC:
                error = _throw(generator, error)
            elif isinstance(error, GeneratorExit):
                continue  # this coroutine is being closed, and must not wait
            elif how == POOL:
                error = await in_pool(self.service, _throw, (generator, error), {})
            else:
                error = await _throw_async(generator, error)
        raise error


class Closing:
    """What is left to close once the answer has been sent; then the tasks that were to follow it."""

    __slots__ = ("__weakref__", "background", "begun", "closers", "context", "of_stream", "runtime", "variables")

    def __init__(
        self, closers: Closers, runtime: Runtime, background: BackgroundTasks | None, *, of_stream: bool = False
    ) -> None:
        self.closers = closers
        self.runtime = runtime
        self.background = background
        self.of_stream = of_stream
        self.begun = False
        # A variable is set back where it was set, which a copy of the request's context is not.
        self.context = running_context()
        self.variables = copy_context()

    def begin(self, error: BaseException | None = None) -> None:
        """Once this turn has handed the answer over; `error` is what ended it early."""
        self.begun = True
        self.runtime.background.add(self)
        self.runtime.loop.call_later(0, self._close, error, context=self.variables)

    @property
    def waits(self) -> bool:
        """Whether closing has to be awaited: then best in the task that opened them."""
        return any(how != SYNC for _, how, _ in self.closers.open)

    async def here(self, error: BaseException | None = None) -> None:
        """The same in this task, which has sent the answer and goes on."""
        from asyncio import CancelledError, current_task, sleep

        self.begun = True
        task = current_task()
        assert task is not None
        self.runtime.background.add(task)
        task.add_done_callback(self.runtime.background.discard)
        try:
            await sleep(0)
        except CancelledError:
            pass  # of a stop; what is open is closed all the same
        await self._close_later(error)

    async def behind_stream(self, behind: Any) -> None:
        """Closes after a stream that was sent to its end; then its tasks run."""
        if behind is None or hasattr(behind, "run"):
            self.background, behind = behind, None
        if self.waits:
            await self.here()
        else:
            self.begin()
        if behind is not None:
            self.runtime.start_behind(behind)

    async def behind_failure(self, error: BaseException) -> None:
        """Closes after a stream that failed; none of its tasks runs."""
        if self.waits and not isinstance(error, GeneratorExit):
            await self.here(error)
        else:
            self.begin(error)

    def __del__(self) -> None:
        # The answer was never sent, as its client had left: no task follows it. The handler
        # has done its work all the same; a stream's was still to be done.
        if not self.begun and not self.runtime.loop.is_closed():
            self.background = None
            error = ClientDisconnected("the client has left") if self.of_stream else None
            runs_on = getattr(self.runtime.loop, "_thread_id", None)
            if runs_on is None or runs_on == get_ident():
                self.begin(error)
            else:
                self.begun = True
                self.runtime.loop.call_soon_threadsafe(self.begin, error)

    def own_context(self) -> Context | None:
        """The request's, if it set a variable in it; else that serves other requests too."""
        try:
            is_ours = self.context.run(copy_context) == self.variables
        except RuntimeError:  # it is entered
            return None
        return self.context if is_ours else None

    def _close(self, failure: BaseException | None) -> None:
        self.runtime.background.discard(self)
        closers, error = self.closers, failure
        context = self.own_context()
        if all(how == SYNC for _, how, _ in closers.open):
            while closers.open:
                generator = closers.open.pop()[0]
                error = _went_on(_ended, generator, error) if context is None else context.run(_went_on, _ended, generator, error)
            self._log(error, failure)
            if self.background is not None and len(self.background):
                self.runtime._start_background(self.background)  # now: a stop may wait for it already
            return
        task = self.runtime.loop.create_task(self._close_later(failure), context=context)
        self.runtime.background.add(task)
        task.add_done_callback(self.runtime.background.discard)

    async def _close_later(self, failure: BaseException | None) -> None:
        closers, error = self.closers, failure
        while closers.open:
            generator, how, _ = closers.open.pop()
            if how == SYNC:
                error = _went_on(_ended, generator, error)
            elif how == POOL:
                error = await in_pool(closers.service, _went_on, (_ended, generator, error), {})
            elif error is not None:
                error = await _throw_async(generator, error)
            else:
                try:
                    await _close_async(generator)
                except BaseException as raised:  # noqa: BLE001
                    error = raised
        self._log(error, failure)
        if self.background is not None:
            answers = closers.service.answers
            assert answers is not None
            await self.background.run(self.runtime.pool(DEFAULT_POOL), answers.failed)

    def _log(self, error: BaseException | None, failure: BaseException | None) -> None:
        """Logs what closing raised; the failure of a stream is logged where it is sent."""
        answers, route = self.closers.service.answers, self.closers.route
        if error is not failure and isinstance(error, Exception) and answers is not None:
            answers.log_failure(f"closing the dependencies of {'a scope' if route is None else route.path}", error)


async def in_pool(service: Service, function: Callable[..., Any], arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """A call in the default blocking pool; HTTPError 503 if too many wait."""
    runtime = service.runtime
    if runtime is None:
        raise RuntimeError("a provider with blocking=True needs an app that is being served")
    if options:
        from functools import partial

        function = partial(function, **options)
    return await runtime.run_blocking(DEFAULT_POOL, function, tuple(arguments))


def _parted(entries: list[tuple[Any, int, bool]]) -> tuple[list[tuple[Any, int, bool]], list[tuple[Any, int, bool]]]:
    """(those that stay open, those of handler scope)."""
    return [one for one in entries if not one[2]], [one for one in entries if one[2]]


# --- one generator ---


def _first(generator: Any) -> Any:
    try:
        return next(generator)
    except StopIteration:
        raise _unyielding(generator) from None


def _close(generator: Any) -> None:
    try:
        next(generator)
    except StopIteration:
        return
    generator.close()
    raise _yields_twice(generator)


def _throw(generator: Any, error: BaseException) -> BaseException:
    """The exception that goes on: the same one, or what the generator raised instead."""
    try:
        generator.throw(error)
    except StopIteration:
        return error
    except BaseException as raised:  # noqa: BLE001
        return _other(raised, error)
    generator.close()
    return _yields_twice(generator)


def _ended(generator: Any, error: BaseException | None) -> BaseException | None:
    if error is not None:
        return _throw(generator, error)
    _close(generator)
    return None


def _went_on(
    end: Callable[[Any, BaseException | None], BaseException | None], generator: Any, error: BaseException | None
) -> BaseException | None:
    try:
        return end(generator, error)
    except BaseException as raised:  # noqa: BLE001
        return raised


async def _close_async(generator: Any) -> None:
    try:
        await generator.__anext__()
    except StopAsyncIteration:
        return
    await generator.aclose()
    raise _yields_twice(generator)


async def _throw_async(generator: Any, error: BaseException) -> BaseException:
    try:
        await generator.athrow(error)
    except StopAsyncIteration:
        return error
    except BaseException as raised:  # noqa: BLE001
        return _other(raised, error)
    await generator.aclose()
    return _yields_twice(generator)


def _other(raised: BaseException, error: BaseException) -> BaseException:
    # A StopIteration that goes through a generator comes out as a RuntimeError (PEP 479).
    is_wrapped = isinstance(raised, RuntimeError) and raised.__cause__ is error
    return error if is_wrapped and isinstance(error, StopIteration | StopAsyncIteration) else raised


def _unyielding(generator: Any) -> RuntimeError:
    return RuntimeError(f"the provider {name_of(generator)}() did not yield a value")


def _yields_twice(generator: Any) -> RuntimeError:
    return RuntimeError(f"the provider {name_of(generator)}() yields more than once")
