"""WSGI applications for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from wsgiref.validate import validator

from pelton import App
from pelton.hosting import wsgi

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
PLAIN = [("Content-Type", "text/plain")]


def hosted(application: Any, *, is_inline: bool = False, is_validated: bool = False) -> App:
    return wsgi.hosted(validator(application) if is_validated else application, App, is_inline=is_inline)


class Closing:
    """A body whose pieces come one by one; counts how often it is closed."""

    def __init__(self, pieces: Any, on_close: Callable[[], object] = bool) -> None:
        self.pieces = iter(pieces)
        self.closed = 0
        self.on_close = on_close

    def __iter__(self) -> Closing:
        return self

    def __next__(self) -> Any:
        return next(self.pieces)

    def close(self) -> None:
        self.closed += 1
        self.on_close()
