"""Section 2: the options blocking, timeout, cancel_on_disconnect and stream_body, and what refuses them."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from decorators import awaiting, running

from pelton import RegistrationError
from pelton.config.concurrency import CONFIGURED, OPTIONS, check_pool, read_concurrency, read_websocket_pool

WHERE = "app.py:7, GET /x"


def inline() -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def coroutine() -> None: ...


async def async_generator() -> AsyncIterator[int]:
    yield 1


class Coroutine:
    async def __call__(self) -> None: ...


SYNC: list[Callable[..., Any]] = [inline, generator, functools.partial(inline)]
ASYNC: list[Callable[..., Any]] = [coroutine, async_generator, functools.partial(coroutine), Coroutine(), Coroutine().__call__]


def read(handler: Callable[..., Any], **options: Any) -> tuple[Any, ...]:
    made = read_concurrency(options, handler, WHERE)
    timeout = "configured" if made.timeout_s is CONFIGURED else made.timeout_s
    return made.pool, timeout, made.cancel_on_disconnect, made.stream_body


@pytest.mark.parametrize("handler", SYNC + ASYNC)
def test_defaults(handler: Callable[..., Any]) -> None:
    assert read(handler) == (None, "configured", False, False)
    assert read(handler, blocking=False, cancel_on_disconnect=False, stream_body=False) == read(handler)
    assert read(handler, timeout=None, stream_body=True) == (None, None, False, True)


def test_what_each_kind_may_ask_for() -> None:
    for handler in SYNC:
        assert read(handler, blocking=True, timeout=0.5) == ("default", 0.5, False, False)
        assert read(handler, blocking="pdf") == ("pdf", "configured", False, False)
    for handler in ASYNC:
        assert read(handler, timeout=3, cancel_on_disconnect=True) == (None, 3.0, True, False)
    assert OPTIONS == ("blocking", "timeout", "cancel_on_disconnect", "stream_body")


def refusal(handler: Callable[..., Any], **options: Any) -> list[str]:
    with pytest.raises(RegistrationError) as raised:
        read(handler, **options)
    return str(raised.value).splitlines()


def test_blocking_on_async_def() -> None:
    for handler in ASYNC:
        what, where, fix = refusal(handler, blocking="pdf")
        assert what.endswith("() is an async def with blocking='pdf'") and where == f"  where: {WHERE}"
        assert "leave blocking out" in fix


def test_what_cannot_be_interrupted() -> None:
    for handler in SYNC:
        what, _, fix = refusal(handler, timeout=1)
        assert "is a def on the loop with timeout=1, and nothing can interrupt it" in what and "blocking=True" in fix
        for blocking in (False, True):
            what, _, fix = refusal(handler, cancel_on_disconnect=True, blocking=blocking)
            assert "is a def with cancel_on_disconnect=True" in what and "async def" in fix


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"blocking": 1}, TypeError),
        ({"blocking": None}, TypeError),
        ({"blocking": ""}, TypeError),
        ({"timeout": "1"}, TypeError),
        ({"timeout": True}, TypeError),
        ({"timeout": 0}, ValueError),
        ({"timeout": -1.5}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": 2**32}, ValueError),
        ({"cancel_on_disconnect": 1}, TypeError),
        ({"stream_body": None}, TypeError),
    ],
)
def test_bad_values(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(options))):
        read(coroutine, **options)


def test_pools_that_nobody_made() -> None:
    check_pool(None, [], WHERE)
    check_pool("default", ["default"], WHERE)
    check_pool("pdf", ["default", "pdf"], WHERE)
    with pytest.raises(RegistrationError, match="no blocking pool 'pfd'; did you mean 'pdf'") as raised:
        check_pool("pfd", ["default", "pdf"], WHERE)
    assert WHERE in str(raised.value) and "app.blocking_pool('pfd'" in str(raised.value)


def test_websocket_handlers() -> None:
    for handler in (coroutine, functools.partial(coroutine), Coroutine()):
        assert read_websocket_pool(False, handler, WHERE) is None
        with pytest.raises(RegistrationError, match="async def with blocking=True"):
            read_websocket_pool(True, handler, WHERE)
    assert read_websocket_pool(True, inline, WHERE) == "default" and read_websocket_pool("p", inline, WHERE) == "p"
    with pytest.raises(RegistrationError, match="a WebSocket has to be waited for"):
        read_websocket_pool(False, inline, WHERE)
    with pytest.raises(RegistrationError, match="yields, and nothing reads it"):
        read_websocket_pool(False, async_generator, WHERE)


def test_the_function_that_is_called_decides() -> None:
    with pytest.raises(RegistrationError, match="is an async def with blocking"):
        read(awaiting(inline), blocking=True)
    assert read(awaiting(inline), timeout=3) == (None, 3.0, False, False)
    assert read(running(coroutine), blocking=True) == ("default", "configured", False, False)
