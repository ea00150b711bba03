"""Whether what is registered as middleware, hook or guard can be called as one. Loaded with the first of them."""

from __future__ import annotations

from pelton.callables import innermost, is_async_generator, is_coroutine, is_generator, is_passed_on, name_of
from pelton.errors import RegistrationError
from pelton.python_versions import signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check_middleware(fn: Any, place: str) -> None:
    """RegistrationError unless it is an `async def (request, call_next)`."""
    if isinstance(fn, type):
        raise RegistrationError(
            f"middleware {fn.__name__} is a class",
            where=place,
            fix="write async def (request, call_next); ASGI middleware goes around an ASGI app",
        )
    if not is_coroutine(fn):
        raise RegistrationError(
            f"middleware {name_of(fn)}() is no async def",
            where=place,
            fix="write async def (request, call_next), or use @app.before or @app.after",
        )
    check_arguments(fn, ("request", "call_next"), "middleware", place)


def check_call(fn: Any, what: str, names: tuple[str, ...], place: str) -> None:
    """RegistrationError unless it can be called with so many arguments and answers at once."""
    if not callable(fn) or isinstance(fn, type):
        raise RegistrationError(
            f"{what} {fn!r} is no function",
            where=place,
            fix=f"give def or async def ({', '.join(names)})",
        )
    if (is_generator(fn) or is_async_generator(fn)) and not is_passed_on(fn):
        raise RegistrationError(
            f"{what} {name_of(fn)}() yields, and nothing reads it",
            where=place,
            fix="return, or write it as a middleware to run on both sides of the handler",
        )
    check_arguments(fn, names, what, place)


def check_arguments(fn: Any, names: tuple[str, ...], what: str, place: str) -> None:
    """RegistrationError unless it can be called with so many arguments."""
    try:
        signature = signature_of(fn, follow_wrapped=False)
    except (TypeError, ValueError):
        return  # of a builtin; the call will tell
    try:
        signature.bind(*names)
    except TypeError:
        raise RegistrationError(
            f"{what} {name_of(innermost(fn))}{signature} cannot be called with ({', '.join(names)})",
            where=place,
            fix=f"it takes {' and '.join(names)}, by position",
        ) from None
