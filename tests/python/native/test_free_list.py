"""Dead requests wait for the next one; more than the list holds go back to the allocator."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest
from native_wire import GET, Wire


@pytest.mark.parametrize("kept_count", [1, 63, 64, 65, 1000])
def test_a_burst_of_kept_requests(kept_count: int) -> None:
    kept: list[Any] = []
    keep = [True]
    wire = Wire().add(lambda request: kept.append(request) if keep[0] else None)

    def burst() -> int:
        wire.exchange(GET * kept_count)
        assert len({id(one) for one in kept}) == kept_count
        assert all(one.path == "/" for one in kept)
        kept.clear()
        gc.collect()
        return sys.getallocatedblocks()

    burst()
    first = burst()
    assert all(abs(burst() - first) < 30 for _ in range(3))


def test_requests_die_in_any_order() -> None:
    kept: list[Any] = []
    wire = Wire().add(lambda request: kept.append(request), path="/{n:int}")
    for n in range(200):
        wire.ask(f"/{n}")
        if n % 3 == 0:
            del kept[len(kept) // 2]
    assert [one.params["n"] for one in kept] == sorted(one.params["n"] for one in kept)
