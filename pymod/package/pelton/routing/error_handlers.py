"""ErrorHandlers: the exception handlers of one application, by class and by status."""

from __future__ import annotations

from pelton.errors import HTTPError, RegistrationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class ErrorHandlers:
    """Which function answers an exception. A class beats a status; among classes the nearest ancestor wins."""

    def __init__(self) -> None:
        self._by_class: dict[type[BaseException], Callable[..., Any]] = {}
        self._by_status: dict[int, Callable[..., Any]] = {}

    def register(self, key: type[BaseException] | int, handler: Callable[..., Any], place: str) -> None:
        """Takes a handler.

        Args:
            key: An exception class, or a status from 200 to 599.
            handler: Called with the request and the exception.
            place: Where the handler is defined, for the message of an error.

        Raises:
            RegistrationError: The key is neither, or the handler does not take both arguments.
        """
        from pelton.routing.layer_checks import check_arguments

        check_arguments(handler, ("request", "exc"), "exception handler", place)
        if isinstance(key, type) and issubclass(key, BaseException):
            self._by_class[key] = handler
        elif isinstance(key, int) and not isinstance(key, bool) and 200 <= key <= 599:
            self._by_status[key] = handler
        else:
            raise RegistrationError(
                f"{key!r} is neither an exception class nor a status",
                where=place,
                fix="@app.exception_handler(LookupError) or @app.exception_handler(404)",
            )

    def of_error(self, error: BaseException) -> Callable[..., Any] | None:
        """The handler of an exception, or None."""
        if self._by_class:
            for ancestor in type(error).__mro__:
                if ancestor in self._by_class:
                    return self._by_class[ancestor]
                if ancestor is HTTPError:
                    break  # an HTTPError is an answer already: a handler of Exception does not get it
        if isinstance(error, HTTPError):
            return self._by_status.get(error.status)
        return None

    def of_status(self, status: int) -> Callable[..., Any] | None:
        """The handler of a status, or None."""
        return self._by_status.get(status)
