"""What an application does before its first request and after its last."""

from __future__ import annotations

from pelton.errors import RegistrationError, StartupError, place_of
from pelton.messages.response import JSON_ENCODER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack
    from typing import Any

    from pelton.app import App
    from pelton.routing.app_parts import AppParts


class Lifespan:
    """A context manager, then start-up hooks in order; of an app also its blueprints' and mounts'. Stopped in reverse."""

    def __init__(self, context_manager: Callable[[Any], Any] | None) -> None:
        if context_manager is not None and not callable(context_manager):
            raise TypeError("lifespan= takes an async context manager function: @asynccontextmanager")
        self._context_manager = context_manager
        self.startup: list[Callable[..., Any]] = []
        self.shutdown: list[Callable[..., Any]] = []
        self._stack: AsyncExitStack | None = None

    def __bool__(self) -> bool:
        return self._context_manager is not None or bool(self.startup or self.shutdown)

    def hooks(self, event: str, where: str) -> list[Callable[..., Any]]:
        if event == "startup":
            return self.startup
        if event == "shutdown":
            return self.shutdown
        raise RegistrationError(
            f"there is no event {event!r}", where=where, fix='use "startup" or "shutdown"'
        )

    async def start(self, parts: AppParts) -> None:
        """Everything in order; if one fails, what had started is stopped and the error raised."""
        from contextlib import AsyncExitStack

        from pelton.routing.places import inner

        app, stack = parts.app, AsyncExitStack()
        encoding = JSON_ENCODER.set(parts.service.json.dumps)
        try:
            await self._enter(app, stack)
            for blueprint in inner(app):
                await blueprint._lifespan._enter(app, stack)
            for mount in parts.mounts:
                await mount.parts.start()
                stack.push_async_callback(mount.parts.stop)
            # Last, for all before may register names; stopped first, for it may use what they made.
            stack.push_async_callback(parts.providers.stop)
            await parts.providers.start()
        except BaseException:
            await stack.aclose()
            raise
        finally:
            try:
                JSON_ENCODER.reset(encoding)
            except ValueError:
                pass  # closed from outside, whose context never had it
        self._stack = stack

    async def _enter(self, app: App, stack: AsyncExitStack) -> None:
        """What one owner has, the app or a blueprint in it."""
        if self._context_manager is not None:
            made = self._context_manager(app)
            if not hasattr(made, "__aenter__"):
                raise _no_context_manager(self._context_manager, made)
            entered = await stack.enter_async_context(made)
            if entered is not None:
                app.state._values.update(entered)
        # Reversed twice: the stack undoes last what it was given first.
        for hook in self.shutdown:
            stack.push_async_callback(_call, hook)
        for hook in self.startup:
            await _call(hook)

    async def stop(self) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.aclose()


def _no_context_manager(lifespan: Any, made: Any) -> StartupError:
    from pelton.callables import name_of

    if hasattr(made, "__await__") and hasattr(made, "close"):
        made.close()  # it is not awaited
    return StartupError(
        f"lifespan {name_of(lifespan)}() of {place_of(lifespan)} gave {type(made).__name__}, "
        "no async context manager; put @asynccontextmanager on it and yield once"
    )


async def _call(hook: Callable[..., Any]) -> None:
    result = hook()
    if hasattr(result, "__await__"):
        await result
