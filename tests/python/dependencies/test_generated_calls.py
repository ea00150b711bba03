"""The generated call: no coroutine where none is needed, nothing on routes without dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from pelton import App, Depends
from pelton.errors import place_of
from pelton.routing.routes import RouteInfo
from pelton.signature.compiler import Compiler


def plan_of(handler: Callable[..., Any], **options: Any) -> Any:
    return Compiler(App()._parts, RouteInfo("/", ("GET",), "x", handler, options, place_of(handler), False)).plan()


def sync() -> Iterator[int]:
    yield 1


async def later() -> int:
    return 1


async def later_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("provider", "blocking", "is_coroutine"),
    [(int, False, False), (sync, False, False), (int, True, True), (sync, True, True), (later, False, True), (later_generator, False, True)],
)
def test_a_def_stays_one_unless_a_provider_is_awaited(provider: Any, blocking: bool, is_coroutine: bool) -> None:
    def provided(one: int = 1) -> int:
        return one

    used = provided if provider is int else provider
    plan = plan_of(lambda one=Depends(used, blocking=blocking): one)
    assert plan["is_coroutine"] is is_coroutine
    assert [argument["source"] for argument in plan["arguments"]] == ["request", "query"][: 2 if used is provided else 1]


def test_a_route_without_dependencies_keeps_its_handler() -> None:
    def handler(page: int) -> int:
        return page

    plan = plan_of(handler)
    assert plan["handler"] is handler and [one["source"] for one in plan["arguments"]] == ["query"]


def test_tracebacks_name_the_route() -> None:
    plan = plan_of(lambda one=Depends(lambda: 1 / 0): one)
    with pytest.raises(ZeroDivisionError) as raised:
        plan["handler"](None)
    assert any("GET /" in str(entry.path) for entry in raised.traceback)
