"""send() and throw() of the coroutines written in C, beside those of a generator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pelton._native import ItemPump


class Sink:
    gone = False


def pump() -> ItemPump:
    return ItemPump(iter([]), bytes, lambda data: True, Sink(), lambda: 0.0, b"a")


def generator() -> Iterator[Any]:
    yield None
    yield None
    return True


def test_a_return_raises_stop_iteration_with_the_value() -> None:
    going = pump()
    assert going.send(None) is None
    with pytest.raises(StopIteration) as returned:
        going.send(None)
    assert returned.value.value is True


@pytest.mark.parametrize(
    "arguments", [(LookupError("x"),), (LookupError,), (LookupError, "x"), (LookupError, LookupError("x")), (LookupError, None, None)]
)
@pytest.mark.parametrize("make", [pump, generator])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_throw_as_a_generator_takes_it(make: Any, arguments: tuple[Any, ...]) -> None:
    going = make()
    assert next(going) is None
    with pytest.raises(LookupError) as raised:
        going.throw(*arguments)
    assert raised.value.args in ((), ("x",))
