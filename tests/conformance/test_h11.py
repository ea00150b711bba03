"""VER-021: whatever pelton accepts, h11 accepts and frames the same."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import h11_oracle  # noqa: E402

MESSAGES = 10_000


def test_ten_thousand_inputs_are_read_alike() -> None:
    seed = int(os.environ.get("PELTON_SEED", int.from_bytes(os.urandom(4), "big")))
    outcomes, differences = h11_oracle.run(MESSAGES, seed)
    assert not differences, "\n".join(differences)
    # Both verdicts are met often enough to say something.
    assert min(outcomes["200"], outcomes["refused"]) > MESSAGES // 5, (seed, outcomes)


def test_a_difference_would_be_seen() -> None:
    oracle = h11_oracle.Oracle(Counter())
    good = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1 ;a\r\nx\r\n0\r\n\r\n"
    assert oracle.compare(good) == "" and oracle.outcomes["blank in front of a chunk extension"] == 1
    read = h11_oracle.second_opinion
    h11_oracle.second_opinion = lambda octets: read(octets.replace(b"x", b"y"))
    try:
        assert "pelton saw" in oracle.compare(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    finally:
        h11_oracle.second_opinion = read


def test_a_path_that_holds_an_absolute_target_is_a_path() -> None:
    assert h11_oracle.Oracle(Counter()).compare(b"GET /http://h./ HTTP/1.1\r\nHost: h\r\n\r\n") == ""
