"""The tree of errors and how they read."""

from __future__ import annotations

import functools
import traceback

import pytest

import pelton
from pelton import (
    BadBody,
    BodyTooLarge,
    ConfigError,
    HandlerSignatureError,
    HTTPError,
    InvalidHeader,
    PeltonError,
    RegistrationError,
    RequestValidationError,
    ResponseTypeError,
    ResponseValidationError,
    RouteConflict,
    StartupError,
    UnsupportedMediaType,
    URLBuildError,
)
from pelton.errors import nearest, phrase, place_of


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (ConfigError, (PeltonError,)),
        (StartupError, (PeltonError,)),
        (RegistrationError, (PeltonError,)),
        (HandlerSignatureError, (RegistrationError,)),
        (RouteConflict, (RegistrationError,)),
        (URLBuildError, (PeltonError, LookupError)),
        (InvalidHeader, (PeltonError, ValueError)),
        (ResponseTypeError, (PeltonError, TypeError)),
        (ResponseValidationError, (PeltonError, ValueError)),
        (RequestValidationError, (HTTPError,)),
        (BadBody, (HTTPError,)),
        (BodyTooLarge, (HTTPError,)),
        (UnsupportedMediaType, (HTTPError,)),
    ],
)
def test_the_tree(error: type[Exception], bases: tuple[type[Exception], ...]) -> None:
    assert all(issubclass(error, base) for base in bases) and error.__module__ == "pelton"


def test_statuses() -> None:
    raised = [RequestValidationError([]), BadBody(), BodyTooLarge(), UnsupportedMediaType()]
    assert [error.status_code for error in raised] == [422, 400, 413, 415]
    assert [error.detail for error in raised[1:]] == ["Bad Request", "Content Too Large", "Unsupported Media Type"]


def test_http_error() -> None:
    error = HTTPError(404, headers={"a": "b"})
    assert (error.status, error.detail, error.headers, str(error)) == (404, "Not Found", {"a": "b"}, "404: Not Found")
    assert HTTPError(status_code=400).status == 400 and HTTPError(599).detail == "Error"
    for wrong in ((), (100,), (600,)):
        with pytest.raises((TypeError, ValueError)):
            HTTPError(*wrong)
    with pytest.raises(TypeError, match="alias"):
        HTTPError(400, status_code=400)


def test_registration_errors_have_three_lines() -> None:
    error = HandlerSignatureError("what", where="app.py:1, GET /", fix="so")
    text = "".join(traceback.format_exception_only(error))
    assert text == "pelton.HandlerSignatureError: what\n  where: app.py:1, GET /\n  fix:   so\n"


def test_place_of() -> None:
    def handler() -> None: ...

    class Thing:
        def method(self) -> None: ...

        def __call__(self) -> None: ...

    line = handler.__code__.co_firstlineno
    for one in (handler, functools.partial(handler), functools.wraps(handler)(lambda: None)):
        assert place_of(one).endswith(f"test_errors.py:{line}")
    assert "test_errors.py:" in place_of(Thing().method) and "test_errors.py:" in place_of(Thing())
    assert place_of(len) == repr(len)


def test_nearest_and_phrase() -> None:
    assert nearest("prot", ["port", "host"]) == "port" and nearest("xyz", ["port"]) is None
    assert nearest("y", ["x"]) is None and nearest("X", ["x"]) == "x"
    assert phrase(404) == "Not Found" and phrase(299) == ""


def test_names_are_importable() -> None:
    for name in pelton.errors.__all__:
        assert getattr(pelton, name) is getattr(pelton.errors, name)
