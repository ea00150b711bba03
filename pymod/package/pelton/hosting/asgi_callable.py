"""An `App` as an ASGI 3 application, for any server: pelton's own server runs in memory, and ASGI's events are its octets."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from pelton import _native
from pelton.config.settings import effective_settings, native_values, websocket_settings
from pelton.hosting.asgi_links import HttpExchange, Link, Links, SocketExchange
from pelton.serving.runtime import Runtime
from pelton.serving.server import broker_in

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Context

    from pelton.hosting.asgi_lifespan import Event, Receive, Send
    from pelton.routing.app_parts import AppParts


class AsgiCallable:
    """What `App.asgi` is. One event loop at a time serves it.

    Args:
        parts: Of the application.
    """

    def __init__(self, parts: AppParts) -> None:
        self._parts = parts
        self._loop: asyncio.AbstractEventLoop | None = None
        self._links: Links | None = None  # while it is served
        self._runtime: Runtime | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """One connection of ASGI, or the lifespan.

        Args:
            scope: Of type `http`, `websocket` or `lifespan`.
            receive: Awaited for each event.
            send: Takes each event.

        Raises:
            ValueError: The scope is of another type.
            RuntimeError: The app is being served otherwise.
        """
        kind = scope["type"]
        if kind == "http":
            await HttpExchange(scope, receive, send).run(scope, lambda: Link(self._opened(), scope))
        elif kind == "websocket":
            await SocketExchange(scope, receive, send).run(scope, lambda: Link(self._opened(), scope))
        elif kind == "lifespan":
            await self._run_lifespan(receive, send)
        else:
            raise ValueError(f"an App has no connections of type {kind!r}")

    # --- the lifespan ---

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._opened()
            assert self._runtime is not None and self._links is not None
            settings = self._parts.service.settings
            assert settings is not None
            await self._runtime.start_up_here(broker_in(settings))
        except Exception as error:
            self._forget()
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        runtime = self._runtime
        try:
            runtime.begin_stop()
            self._links.close()
            if self._handlers:  # all cancelled by now
                await asyncio.wait(self._handlers, timeout=runtime.graceful_s)
            await runtime.wind_down_here()
        except Exception as error:
            await send({"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"})
            raise
        finally:
            self._forget()
        await send({"type": "lifespan.shutdown.complete"})

    # --- the server in memory ---

    def _opened(self) -> Links:
        """Of the loop that runs; another one than before has forgotten what was waited for there."""
        loop = asyncio.get_running_loop()
        if self._links is not None and self._loop is loop:
            return self._links
        self._forget()
        parts = self._parts
        if parts.service.runtime is not None:
            raise RuntimeError("the app is being served already; stop it first")
        settings = effective_settings(parts.server_config, {})
        if settings["debug"]:
            for _, one in parts.mounts.tree():
                one.app.debug = True
        # Date and Server are for the server in front to say, and so is who the client is.
        server = _native.MemoryServer(
            parts.freeze(),
            config=native_values(settings),
            fields=(False, list(settings["headers"])),
            websockets=websocket_settings(settings),
            start_task=self._start_task,
        )
        self._loop = loop
        self._links = Links(server, loop)
        self._runtime = Runtime(parts, settings, loop)
        self._runtime.serve_topics(self)
        parts.mounts.serve_by(self._runtime)
        return self._links

    def _forget(self) -> None:
        links, self._links = self._links, None
        runtime, self._runtime = self._runtime, None
        if links is not None and runtime is not None:
            links.close()
            runtime.close()
            self._parts.mounts.serve_by(None)

    def publish(self, topic: str, data: bytes, is_text: bool) -> int:
        """Queues a message for every WebSocket that has subscribed; how many will get it."""
        if self._links is None:
            return 0
        self._links.turn_soon()
        return self._links.server.publish(topic, data, is_text)

    def _start_task(self, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        """Puts a handler on the loop; after each of its steps the server has a turn."""
        assert self._links is not None
        task = asyncio.Task(_Steps(coroutine, self._links.turn_soon), loop=self._loop, context=context)
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)
        return task


class _Steps(Coroutine[Any, Any, None]):
    """A handler's coroutine as its task sees it."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], has_stepped: Callable[[], None]) -> None:
        self._coroutine = coroutine
        self._has_stepped = has_stepped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)

    def __await__(self) -> Generator[Any, Any, None]:
        return (yield from self._coroutine.__await__())

    def send(self, value: Any) -> Any:
        self._has_stepped()
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        self._has_stepped()
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._has_stepped()
        self._coroutine.close()
