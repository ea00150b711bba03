"""What a call of a callable gives (a value, a coroutine, a generator), and what the callable is called."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CO_GENERATOR, _CO_ASYNC_GENERATOR = 0x20, 0x200
_CO_ASYNC = 0x80 | _CO_ASYNC_GENERATOR  # a coroutine is the other


def is_async(handler: Any) -> bool:
    return bool(_flags(handler) & _CO_ASYNC)


def is_async_generator(handler: Any) -> bool:
    return bool(_flags(handler) & _CO_ASYNC_GENERATOR)


def is_coroutine(handler: Any) -> bool:
    return is_async(handler) and not is_async_generator(handler)


def is_generator(handler: Any) -> bool:
    return bool(_flags(handler) & _CO_GENERATOR)


def is_passed_on(handler: Any) -> bool:
    """Whether the kind is that of a wrapped function: the def around it may give something else."""
    return _kind(handler)[1]


def is_context_manager(handler: Any) -> bool:
    """Whether it is a function under @contextmanager or @asynccontextmanager."""
    contextlib = sys.modules.get("contextlib")
    code = getattr(handler, "__code__", None)
    if contextlib is None or code is None:
        return False
    # What both of them return shares its code with nothing else.
    return any(code in one.__code__.co_consts for one in (contextlib.contextmanager, contextlib.asynccontextmanager))


def _flags(handler: Any) -> int:
    return _kind(handler)[0]


def _kind(handler: Any) -> tuple[int, bool]:
    """The flags of the function that is called, and whether they are those of a function that it wraps.

    A def around another function mostly gives what that one gives, so the outermost that is more decides.
    """
    is_behind = False
    while True:
        while (called := _bound_to(handler)) is not handler:
            handler = called
        code = getattr(handler, "__code__", None)
        if code is None and not isinstance(handler, type):
            code = getattr(getattr(type(handler), "__call__", None), "__code__", None)
        flags = 0 if code is None else int(code.co_flags) & (_CO_GENERATOR | _CO_ASYNC)
        if flags or not hasattr(handler, "__wrapped__"):
            return flags, is_behind and flags != 0
        handler, is_behind = handler.__wrapped__, True


def _bound_to(handler: Any) -> Any:
    """The function of a partial() or a bound method, else the same."""
    if type(handler).__name__ == "partial" and hasattr(handler, "func"):
        return handler.func
    return getattr(handler, "__func__", handler)


def innermost(handler: Any) -> Any:
    while True:
        behind = handler.__wrapped__ if hasattr(handler, "__wrapped__") else _bound_to(handler)
        if behind is handler:
            return handler
        handler = behind


def name_of(handler: Any) -> str:
    return getattr(innermost(handler), "__name__", None) or type(handler).__name__
