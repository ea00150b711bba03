"""Decorators as programs have them; each says of whom it is by __wrapped__."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def awaiting(function: Function) -> Function:
    """An async def around a def."""

    @functools.wraps(function)
    async def inner(*arguments: Any, **keywords: Any) -> Any:
        return function(*arguments, **keywords)

    return inner


def passing(function: Function) -> Function:
    """A def that gives what the function gives: its coroutine, its generator."""

    @functools.wraps(function)
    def inner(*arguments: Any, **keywords: Any) -> Any:
        return function(*arguments, **keywords)

    return inner


def running(function: Function) -> Function:
    """A def around an async def that never waits: it gives that one's result."""

    @functools.wraps(function)
    def inner(*arguments: Any, **keywords: Any) -> Any:
        try:
            function(*arguments, **keywords).send(None)
        except StopIteration as ended:
            return ended.value
        raise AssertionError("it waits")

    return inner


def listing(function: Function) -> Function:
    """A def around a generator: it gives a list."""

    @functools.wraps(function)
    def inner(*arguments: Any, **keywords: Any) -> Any:
        return list(function(*arguments, **keywords))

    return inner
