"""Results of every size around the scratch and each time the bytes object grows."""

from __future__ import annotations

import pytest

from pelton import json


@pytest.mark.parametrize("step", [16 * 1024, 256 * 1024, 512 * 1024, 1024 * 1024, 3_000_000])
def test_sizes(step: int) -> None:
    for size in (step - 100, *range(step - 45, step + 3), step + 100):
        text = "x" * size
        assert json.dumps(text) == b'"' + text.encode() + b'"'


@pytest.mark.parametrize("piece", ["x", '"', "é", "漢", "😀", 1, 12345678901, 1.5, 1e300, None, []])
def test_many_small_pieces(piece: object) -> None:
    for count in (1, 1000, 5000, 100_000):
        assert json.loads(json.dumps([piece] * count)) == [piece] * count
