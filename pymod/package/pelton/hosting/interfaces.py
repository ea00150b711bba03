"""Which interface an application has: pelton's own, ASGI or WSGI."""

from __future__ import annotations

from pelton.errors import StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.app import App


def served(found: Any, name: str, interface: str, kind: type[App], lifespan: str = "auto", *, is_inline: bool = False) -> App:
    """The `App` that serves an application; StartupError if its interface is not the one given, or not to be told.

    Args:
        found: The application.
        name: What the command line calls it.
        interface: `auto`, `native`, `asgi`, or `asgi3` as uvicorn calls that, or `wsgi`.
        kind: `App`, which has the room of this module below it and so is an argument.
        lifespan: `auto`, `on` or `off`, of an ASGI application.
        is_inline: Whether a WSGI application runs on the loop's thread.
    """
    is_native = isinstance(found, kind)
    if interface == "native" and not is_native:
        raise StartupError(f"{name} is a {type(found).__name__}, not an App; leave --interface out, or name the App itself")
    if is_native:
        if interface not in ("auto", "native"):
            raise StartupError(f"{name} is an App, which --interface {interface} does not serve; leave --interface out")
        app: App = found
        return app
    application: Any = found
    if not callable(found):
        raise StartupError(f"{name} is a {type(found).__name__}, neither an App nor an ASGI or WSGI application; name the application itself")
    if interface == "auto":
        interface = _found_interface(found, name)
    if interface == "wsgi":
        from pelton.hosting.wsgi import hosted as hosted_wsgi

        return hosted_wsgi(application, kind, is_inline=is_inline)
    if is_inline:
        raise StartupError(f"{name} is no WSGI application; leave --wsgi-inline out")
    from pelton.hosting.asgi import hosted

    return hosted(application, kind, lifespan=lifespan)


def mountable(found: Any, kind: type[App]) -> App:
    """The `App` that stands for a mounted application of another interface; TypeError if it is none for certain.

    Args:
        found: The application.
        kind: As of `served()`.
    """
    if is_wsgi(found):
        from pelton.hosting.wsgi import hosted as hosted_wsgi

        return hosted_wsgi(found, kind)
    if not is_asgi(found):
        raise TypeError(
            "mount() takes an App, StaticFiles, an ASGI application (an async callable of three) or a WSGI application "
            f"(a callable of two), not {found!r}"
        )
    from pelton.hosting.asgi import hosted

    return hosted(found, kind)


def is_asgi(found: Any) -> bool:
    """Whether this looks like an ASGI 3 application: an async callable of (scope, receive, send)."""
    return callable(found) and not isinstance(found, type) and _positional_count(found) == 3 and _is_async(found)


def is_wsgi(found: Any) -> bool:
    """Whether this looks like a WSGI application: a callable of (environ, start_response) that is not async."""
    return callable(found) and not isinstance(found, type) and _positional_count(found) == 2 and not _is_async(found)


def _found_interface(found: Any, name: str) -> str:
    """`asgi` or `wsgi`; StartupError if this looks like neither."""
    if is_asgi(found):
        return "asgi"
    if is_wsgi(found):
        return "wsgi"
    if isinstance(found, type):
        raise StartupError(f"{name} is a class, not an application; name an instance of it")
    raise StartupError(
        f"{name} is a {type(found).__name__}, neither an App nor for certain an ASGI or WSGI application; "
        "if it is one, say --interface asgi or --interface wsgi"
    )


def _is_async(found: Any) -> bool:
    from functools import partial
    from inspect import iscoroutinefunction

    while isinstance(found, partial):
        found = found.func
    return iscoroutinefunction(found) or iscoroutinefunction(getattr(found, "__call__", None))


def _positional_count(found: Any) -> int | None:
    """How many positional arguments it takes, None if that is not to be told or not fixed."""
    from inspect import Parameter, signature

    try:
        parameters = signature(found).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = [one.kind for one in parameters if one.default is Parameter.empty]
    if any(kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds):
        return None
    return len(kinds)
