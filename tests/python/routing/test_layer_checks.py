"""What can be no middleware, hook or guard is refused where it is registered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from pelton import App, RegistrationError, Request


class Stamp:
    async def __call__(self, request: Request, call_next: Any) -> Any:
        return await call_next(request)


def sync_middleware(request: Request, call_next: Any) -> None: ...
async def one_argument(request: Request) -> None: ...
def yields(request: Request) -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("kind", "fn", "says"),
    [
        ("middleware", sync_middleware, "no async def"),
        ("use", one_argument, "cannot be called with (request, call_next)"),
        ("middleware", Stamp, "is a class"),
        ("middleware", "websocket", "no middleware of the kind 'websocket'"),
        ("before", yields, "yields, and nothing reads it"),
        ("before", lambda: None, "cannot be called with (request)"),
        ("after", one_argument, "cannot be called with (request, response)"),
        ("after", 3, "is no function"),
    ],
)
def test_what_is_refused(kind: str, fn: Any, says: str) -> None:
    app = App()
    with pytest.raises(RegistrationError) as refused:
        getattr(app, kind)(fn)
    assert says in str(refused.value) and "\n  fix:   " in str(refused.value)
    assert not app._layers


@pytest.mark.parametrize("fn", [Stamp(), partial(Stamp()), Stamp().__call__])
def test_middleware_is_any_callable(fn: Any) -> None:
    assert App().middleware(fn) is fn


@pytest.mark.parametrize("fn", [len, print, lambda request, more=1: None, lambda *all: None])
def test_hooks_are_any_callable(fn: Any) -> None:
    app = App()
    assert app.before(fn) is fn and app._layers.before == [fn]
