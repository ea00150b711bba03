"""The short form of tests/soak/kills.py: workers and supervisors killed under load."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "soak"))

import kills  # noqa: E402


def test_PRC_030_a_killed_worker_costs_its_own_requests_only(engine: str) -> None:
    assert kills.kill_workers(4, engine, random.Random(1)) == []


def test_PRC_032_nothing_stays_of_a_killed_supervisor(engine: str) -> None:
    assert kills.kill_supervisors(2, engine) == []
