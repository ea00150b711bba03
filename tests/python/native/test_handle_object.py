"""Handles keep what they call, and nothing longer than they must."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from pelton.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop("epoll")
    yield made
    made.close()


def turn(loop: Loop) -> None:
    loop.call_soon(loop.stop)
    loop.run_forever()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 10])
def test_any_number_of_arguments(loop: Loop, count: int) -> None:
    seen: list[tuple[Any, ...]] = []
    handle = loop.call_soon(lambda *args: seen.append(args), *range(count))
    assert handle._args == tuple(range(count))
    turn(loop)
    assert seen == [tuple(range(count))]


@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_cancel_lets_go_at_once(loop: Loop, count: int) -> None:
    class Thing:
        pass

    things = [Thing() for _ in range(count)]
    seen = [weakref.ref(thing) for thing in things]
    handle = loop.call_later(1000, print, *things)
    things.clear()
    assert all(ref() is not None for ref in seen)
    handle.cancel()
    assert all(ref() is None for ref in seen)
    assert handle._callback is None and handle._args is None and not handle._scheduled


def test_a_callback_may_cancel_itself(loop: Loop) -> None:
    seen: list[Any] = []

    def callback(argument: list[int]) -> None:
        handle.cancel()
        seen.append(argument)

    handle = loop.call_soon(callback, [1, 2, 3])
    turn(loop)
    assert seen == [[1, 2, 3]] and handle._callback is None


def test_handles_die_with_a_cycle(loop: Loop) -> None:
    class Thing:
        handle: Any

        def call(self) -> None: ...

    thing = Thing()
    thing.handle = loop.call_soon(thing.call)
    seen = weakref.ref(thing)
    turn(loop)
    del thing
    gc.collect()
    assert seen() is None


def test_dead_handles_are_used_again(loop: Loop) -> None:
    def burst() -> int:
        for _ in range(1000):
            loop.call_soon(int)
            loop.call_later(0, int)
        turn(loop)
        turn(loop)
        gc.collect()
        return sys.getallocatedblocks()

    burst()
    first = burst()
    assert all(abs(burst() - first) < 30 for _ in range(3))


def test_weak_references_and_order(loop: Loop) -> None:
    early, late = loop.call_at(1e9, print), loop.call_at(2e9, print)
    assert weakref.ref(early)() is early
    assert early < late and late >= early and early != late and len({early, late}) == 2
    assert early.when() == 1e9
    context = loop.call_soon(print).get_context()
    assert type(context).__name__ == "Context"
    with pytest.raises(TypeError, match="contextvars.Context"):
        loop.call_soon(print, context=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword"):
        loop.call_soon(print, other=3)  # type: ignore[call-arg]
