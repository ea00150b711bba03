"""Timers leave the heap by time, then by who asked first, whatever was cancelled between."""

from __future__ import annotations

import random

import pytest

from pelton.loop import Loop


@pytest.mark.parametrize("seed", range(20))
def test_random_timers_leave_in_order(seed: int) -> None:
    chance = random.Random(seed)
    loop = Loop("epoll")
    seen: list[tuple[float, int]] = []
    base = loop.time() - 1000
    wanted: list[tuple[float, int]] = []
    handles = []
    for number in range(chance.randrange(1, 400)):
        when = base + chance.randrange(50)
        handles.append((when, number, loop.call_at(when, seen.append, (when, number))))
    for when, number, handle in handles:
        if chance.random() < 0.4:
            handle.cancel()
            assert not handle._scheduled
        else:
            wanted.append((when, number))
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == sorted(wanted), seed
    loop.close()
