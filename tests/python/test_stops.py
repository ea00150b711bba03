"""PRC-018, a few times; `python tests/soak/stops.py` does it fifty times."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "soak"))

from stops import CLIENTS, asked, stop_under_load  # noqa: E402

STOPS = 5


def test_PRC_018_PRC_017_stops_under_load_lose_no_request_that_had_arrived(engine: str) -> None:
    first = int(os.environ.get("PELTON_SEED", int.from_bytes(os.urandom(4), "big")))
    answered = 0
    for seed in range(first, first + STOPS):
        tally = stop_under_load(engine, seed)
        assert not tally.faults, (seed, tally.faults)
        answered += tally.answered
    assert answered >= CLIENTS, (first, answered)


def test_what_is_asked_has_answers_of_all_sizes() -> None:
    sizes = [len(asked(number)[1]) for number in range(1, 1000)]
    assert min(sizes) == 9 and max(sizes) > 1 << 20 and any(20_000 < size < 100_000 for size in sizes)
