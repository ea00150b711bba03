"""What a call of a callable gives, whatever kind of callable it is."""

from __future__ import annotations

import functools
from typing import Any

from decorators import awaiting, listing, passing, running

from pelton.callables import is_async, is_async_generator, is_coroutine, is_generator, is_passed_on, name_of


def plain(a: Any) -> bytes:
    return b""


class Thing:
    def method(self, a: int) -> None: ...

    def __call__(self, b: str = "x") -> None: ...


def test_is_async_and_name_of() -> None:
    async def coroutine() -> None: ...

    assert is_async(coroutine) and is_async(functools.partial(coroutine)) and not is_async(plain)
    assert name_of(functools.partial(plain)) == "plain" and name_of(Thing()) == "Thing"


def test_the_function_that_is_called_says_what_a_call_gives() -> None:
    async def coroutine() -> None: ...
    def generator() -> Any:
        yield 1
    async def async_generator() -> Any:
        yield 1

    class Held:
        @awaiting
        def method(self) -> None: ...

        @awaiting
        def __call__(self) -> None: ...

    for certain in (awaiting(plain), awaiting(generator), functools.partial(awaiting(plain)), Held().method, Held()):
        assert is_coroutine(certain) and not is_passed_on(certain)
    for def_in_front in (passing, running, listing, functools.cache):
        assert is_coroutine(def_in_front(coroutine)) and is_passed_on(def_in_front(coroutine))
        assert is_generator(def_in_front(generator)) and is_passed_on(def_in_front(generator))
        assert is_async_generator(def_in_front(async_generator)) and is_passed_on(def_in_front(async_generator))
    assert is_coroutine(passing(awaiting(plain))) and is_passed_on(passing(awaiting(plain)))
    for one in (plain, passing(plain), Thing(), functools.partial(passing(plain)), Thing):
        assert not is_async(one) and not is_generator(one) and not is_passed_on(one)
