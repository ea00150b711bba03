"""The short form of tests/soak/aborts.py: clients that leave in the middle leave nothing behind."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "soak"))

import aborts  # noqa: E402


def test_clients_that_leave_leave_nothing_behind(engine: str) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")
    assert aborts.run(800, engine, seed) == []


def test_who_was_told_late_is_named() -> None:
    told = [(1, 0.0, 1.5), (2, 2.0, 2.5), (3, 0.0, 0.5)]
    assert aborts.late(told, {1: 0.2, 2: 0.0, 3: 0.1}) == ["1 was told 1.30 s late"]
