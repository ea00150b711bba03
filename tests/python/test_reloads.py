"""The short form of tests/soak/reloads.py: change after change under clients that check every answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "soak"))

import reloads  # noqa: E402


@pytest.mark.parametrize("workers", [1, 2])
def test_PRC_023_reloads_lose_nothing(engine: str, workers: int) -> None:
    assert reloads.reload_under_load(5, 0, engine, workers) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_PRC_005_PRC_023_upgrades_lose_nothing(engine: str, workers: int) -> None:
    assert reloads.reload_under_load(3, 0, engine, workers, upgrades=True) == []
