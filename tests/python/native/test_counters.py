"""Counters by the names of protocol section 12."""

from __future__ import annotations

from native_wire import Wire


def test_every_counter_is_there_and_starts_at_zero() -> None:
    stats = Wire().add(print).open().server.stats()
    assert len(stats) > 90 and set(stats.values()) == {0}
    assert all(name.count(".") == 1 and name == name.lower() for name in stats)
    assert {"refused.line_bare_lf", "fault.handler", "engine.cq_overflow"} <= set(stats)
