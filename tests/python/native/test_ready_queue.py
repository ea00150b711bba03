"""The ready queue keeps its order while it grows and wraps around."""

from __future__ import annotations

from pelton.loop import Loop


def test_order_through_growth_and_wrap() -> None:
    loop = Loop("epoll")
    seen: list[int] = []
    wanted: list[int] = []
    number = 0
    for burst in (1, 63, 64, 65, 3, 200, 1000, 7, 128):
        for _ in range(burst):
            loop.call_soon(seen.append, number)
            wanted.append(number)
            number += 1
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert seen == wanted
    loop.close()
