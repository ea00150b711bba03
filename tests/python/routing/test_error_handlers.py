"""Which function answers an exception."""

from __future__ import annotations

from typing import Any

import pytest
from pelton.errors import HTTPError, RegistrationError
from pelton.routing.error_handlers import ErrorHandlers


def lookup(request: Any, exc: Any) -> str:
    return "lookup"


def everything(request: Any, exc: Any) -> str:
    return "everything"


def missing(request: Any, exc: Any) -> str:
    return "missing"


def test_the_nearest_ancestor_answers() -> None:
    handlers = ErrorHandlers()
    handlers.register(LookupError, lookup, "here")
    handlers.register(Exception, everything, "here")
    assert handlers.of_error(KeyError("x")) is lookup and handlers.of_error(LookupError()) is lookup
    assert handlers.of_error(ValueError()) is everything
    assert handlers.of_error(KeyboardInterrupt()) is None


def test_a_handler_of_exception_does_not_get_an_http_error() -> None:
    handlers = ErrorHandlers()
    handlers.register(Exception, everything, "here")
    handlers.register(404, missing, "here")
    assert handlers.of_error(HTTPError(404)) is missing and handlers.of_error(HTTPError(403)) is None
    handlers.register(HTTPError, lookup, "here")
    assert handlers.of_error(HTTPError(404)) is lookup, "a class beats a status"
    assert handlers.of_status(404) is missing and handlers.of_status(403) is None


@pytest.mark.parametrize("key", [True, 199, 600, "404", int])
def test_a_key_that_is_neither_class_nor_status(key: Any) -> None:
    with pytest.raises(RegistrationError, match="is neither an exception class nor a status"):
        ErrorHandlers().register(key, missing, "here")


@pytest.mark.parametrize("key", [200, 599])
def test_the_statuses_that_can_have_a_handler(key: int) -> None:
    handlers = ErrorHandlers()
    handlers.register(key, missing, "here")
    assert handlers.of_status(key) is missing


def test_a_handler_takes_both_arguments() -> None:
    with pytest.raises(RegistrationError, match="cannot be called with"):
        ErrorHandlers().register(404, lambda request: "x", "here")
