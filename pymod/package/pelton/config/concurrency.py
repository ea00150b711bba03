"""What a route asks of concurrency (pool, time, disconnect, streamed body), judged against its handler."""

from __future__ import annotations

from pelton.callables import is_async, is_async_generator, is_passed_on, name_of
from pelton.errors import RegistrationError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

OPTIONS = ("blocking", "timeout", "cancel_on_disconnect", "stream_body")

DEFAULT_POOL = "default"
# Instead of seconds: the server's timeouts.handler.
CONFIGURED: Any = object()


class Concurrency:
    """The options of one route as they were read."""

    __slots__ = ("cancel_on_disconnect", "pool", "stream_body", "timeout_s")

    def __init__(self) -> None:
        self.pool: str | None = None  # by name; None: on the loop
        self.timeout_s: float | None = CONFIGURED  # None: no limit
        self.cancel_on_disconnect = False
        self.stream_body = False


def read_concurrency(options: Mapping[str, Any], handler: Callable[..., Any], where: str) -> Concurrency:
    """TypeError or ValueError for a bad value, RegistrationError for one that the handler cannot follow."""
    made = Concurrency()
    made.pool = read_pool(options.get("blocking", False))
    made.cancel_on_disconnect = _switch(options, "cancel_on_disconnect")
    made.stream_body = _switch(options, "stream_body")
    name = name_of(handler)
    if is_async(handler):
        if made.pool is not None and not is_passed_on(handler):
            raise RegistrationError(
                f"{name}() is an async def with blocking={options['blocking']!r}",
                where=where,
                fix="leave blocking out, or write it as def; await asyncio.to_thread(...) moves a part of it",
            )
    elif made.cancel_on_disconnect:
        raise RegistrationError(
            f"{name}() is a def with cancel_on_disconnect=True, and nothing can interrupt it",
            where=where,
            fix="write it as async def, or leave cancel_on_disconnect out",
        )
    if "timeout" in options:
        made.timeout_s = _timeout(options["timeout"])
        if made.timeout_s is not None and made.pool is None and not is_async(handler):
            raise RegistrationError(
                f"{name}() is a def on the loop with timeout={options['timeout']!r}, and nothing can interrupt it",
                where=where,
                fix="write it as async def, or add blocking=True",
            )
    return made


def read_websocket_pool(blocking: Any, handler: Callable[..., Any], where: str) -> str | None:
    """The pool of a WebSocket handler: None for an async def, which nothing else may be without one."""
    pool, name = read_pool(blocking), name_of(handler)
    if is_async_generator(handler):
        raise RegistrationError(f"{name}() yields, and nothing reads it", where=where, fix="await ws.send(...)")
    if is_async(handler) and pool is not None:
        raise RegistrationError(
            f"{name}() is an async def with blocking={blocking!r}",
            where=where,
            fix="leave blocking out, or write it as def with a SyncWebSocket",
        )
    if not is_async(handler) and pool is None:
        raise RegistrationError(
            f"{name}() is a def, and a WebSocket has to be waited for",
            where=where,
            fix="write it as async def, or add blocking=True",
        )
    return pool


def check_pool(pool: str | None, known: Iterable[str], where: str) -> None:
    """RegistrationError for a pool that was not made; called once everything is registered."""
    names = list(known)
    if pool is not None and pool not in names:
        near = nearest(pool, names)
        raise RegistrationError(
            f"there is no blocking pool {pool!r}" + (f"; did you mean {near!r}?" if near else ""),
            where=where,
            fix=f"app.blocking_pool({pool!r}, threads=2, queue=16), or blocking=True for the default one",
        )


def read_pool(blocking: Any) -> str | None:
    if blocking is False:
        return None
    if blocking is True:
        return DEFAULT_POOL
    if isinstance(blocking, str) and blocking:
        return blocking
    raise TypeError(f"blocking is True, False or the name of a pool, not {blocking!r}")


def _switch(options: Mapping[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {value!r}")
    return value


def _timeout(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"timeout is a number of seconds or None, not {value!r}")
    if not 0 < value < 2**32:
        raise ValueError(f"timeout is more than 0 seconds, or None for no limit, not {value!r}")
    return float(value)
