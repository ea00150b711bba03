"""What runs around handlers, of an application or a blueprint: middleware and hooks, as they are registered."""

from __future__ import annotations

from pelton.callables import innermost, is_async_generator, is_coroutine, is_generator, is_passed_on, name_of
from pelton.errors import RegistrationError, place_of
from pelton.python_versions import signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])


class Layers:
    """Those of one application or blueprint, each list in order of registration."""

    __slots__ = ("after", "before", "middleware")

    def __init__(self) -> None:
        self.middleware: list[Callable[..., Any]] = []
        self.before: list[Callable[..., Any]] = []
        self.after: list[Callable[..., Any]] = []

    def __bool__(self) -> bool:
        return bool(self.middleware or self.before or self.after)


class Layered:
    """The half of App, and of whatever groups routes, that is about layers."""

    def __init__(self) -> None:
        self._layers = Layers()
        # Of the apps that this one is mounted in, the outermost first: their middleware is around its own.
        self._outer_layers: tuple[Layers, ...] = ()

    def _registering(self, what: str, place: str) -> None:
        """Raises RegistrationError once registration has ended."""

    if TYPE_CHECKING:

        @overload
        def middleware(self, fn: F) -> F: ...
        @overload
        def middleware(self, fn: str) -> Callable[[F], F]: ...

    def middleware(self, fn: Any) -> Any:
        """Registers `async def (request, call_next)` around every request; also as `middleware("http")`.

        `await call_next(request)` gives the Response of what is inside. The first registered is the outermost. It runs for
        404, 405 and automatic OPTIONS too.

        Args:
            fn: The middleware.

        Raises:
            RegistrationError: It is no `async def`, or does not take both arguments.
        """
        if not isinstance(fn, str):
            return self.use(fn)
        if fn != "http":
            raise RegistrationError(
                f"there is no middleware of the kind {fn!r}", where="", fix='@app.middleware or @app.middleware("http")'
            )
        return self.use

    def use(self, fn: F) -> F:
        """Registers middleware by a plain call."""
        place = place_of(fn)
        self._registering("middleware", place)
        check_middleware(fn, place)
        self._layers.middleware.append(fn)
        return fn

    def before(self, fn: F) -> F:
        """Registers `(request)`, `def` or `async def`: what it returns, unless that is None, is the answer."""
        self._layers.before.append(self._hook(fn, "before", ("request",)))
        return fn

    def after(self, fn: F) -> F:
        """Registers `(request, response)`, `def` or `async def`: it may change the response, or return another."""
        self._layers.after.append(self._hook(fn, "after", ("request", "response")))
        return fn

    def _hook(self, fn: F, kind: str, names: tuple[str, ...]) -> F:
        place = place_of(fn)
        self._registering(f"{kind} hook", place)
        check_call(fn, f"{kind} hook", names, place)
        return fn


# --- whether what is registered can be called as middleware, hook or guard ---


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
