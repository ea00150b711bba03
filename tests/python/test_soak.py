"""What tests/soak/soak.py does and how it judges; it runs for minutes by hand and in nightly builds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "soak"))

import soak  # noqa: E402

FLAT = {"objects": 9000, "blocks": 90_000, "descriptors": 20, "connections": 9, "leases": 0, "operations": 11}


def samples(rss_kib_per_hour: float = 0, **per_sample: int) -> list[soak.Sample]:
    return [
        soak.Sample(
            at_s=minute * 60.0,
            rss_kib=50_000 + round(minute * rss_kib_per_hour / 60),
            figures={name: value + minute * per_sample.get(name, 0) for name, value in FLAT.items()},
        )
        for minute in range(60)
    ]


def test_what_stays_passes() -> None:
    assert soak.verdicts(samples()) == []
    assert soak.verdicts(samples(rss_kib_per_hour=1000)) == []
    # What grows at the beginning alone is the warming up.
    early = samples()
    for index, one in enumerate(early[:9]):
        one.rss_kib += 10_000 * index
    assert soak.verdicts(early) == []


def test_VER_024_memory_that_grows_by_a_mebibyte_an_hour_is_seen() -> None:
    (line,) = soak.verdicts(samples(rss_kib_per_hour=1100))
    assert line.startswith("memory grows by 1")


@pytest.mark.parametrize("name", list(FLAT))
def test_VER_024_whatever_grows_is_named(name: str) -> None:
    (line,) = soak.verdicts(samples(**{name: 10}))
    assert line.startswith(f"{name} grew from ")


def test_every_kind_of_step_gets_the_answer_it_expects(engine: str) -> None:
    process, port, _, used = soak.start(engine)
    try:
        load = soak.Load(port, seed=1)
        for _ in range(600):
            load.step()
        assert load.wrong == 0 and used == engine
        load.close()
    finally:
        process.terminate()
        assert process.wait(60) == 0
