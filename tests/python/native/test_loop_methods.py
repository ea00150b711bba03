"""The methods of LoopCore refuse what they cannot take, and say why."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pelton.loop import Loop


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


@pytest.mark.parametrize("path", [__file__, os.devnull, "/"])
def test_a_file_that_is_always_ready_is_not_watched(loop: Loop, path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    for add in (loop.add_reader, loop.add_writer):
        with pytest.raises(PermissionError):
            add(descriptor, print)
    os.close(descriptor)


def test_a_terminal_is_watched(loop: Loop) -> None:
    ends = os.openpty()
    loop.add_reader(ends[0], loop.stop)
    os.write(ends[1], b"x")
    loop.run_forever()
    assert loop.remove_reader(ends[0])
    for end in ends:
        os.close(end)


def test_time_is_the_monotonic_clock(loop: Loop) -> None:
    import time

    before = time.monotonic()
    assert before <= loop.time() <= time.monotonic()
    assert loop.call_later(5, print).when() >= before + 5
