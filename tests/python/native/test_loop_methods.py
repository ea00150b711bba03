"""The methods of LoopCore refuse what they cannot take, and say why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from noria.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop("epoll")
    yield made
    made.close()


def test_missing_and_odd_arguments(loop: Loop) -> None:
    with pytest.raises(TypeError, match="misses its callback"):
        loop.call_soon()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="misses its callback"):
        loop.call_later(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="delay must not be None"):
        loop.call_later(None, print)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="when cannot be None"):
        loop.call_at(None, print)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        loop.call_at("soon", print)  # type: ignore[arg-type]


def test_time_is_the_monotonic_clock(loop: Loop) -> None:
    import time

    before = time.monotonic()
    assert before <= loop.time() <= time.monotonic()
    assert loop.call_later(5, print).when() >= before + 5
