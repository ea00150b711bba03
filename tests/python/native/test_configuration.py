"""Settings as a mapping of key to int."""

from __future__ import annotations

import pytest
from pelton import _native


def test_defaults_are_no_problem() -> None:
    defaults = _native.config_defaults()
    assert defaults["body_bytes_max"] == 2**20 and defaults["connections_max"] == 2**64 - 1
    assert all(type(name) is str and type(value) is int for name, value in defaults.items())
    assert _native.config_problem(defaults) is None and _native.config_problem({}) is None


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"no_such": 1}, ["no_such"]),
        ({"header_count_max": 0}, ["header_count_max"]),
        ({"header_count_max": -1}, ["header_count_max"]),
        ({"header_count_max": 2**64}, ["header_count_max"]),
        ({"header_count_max": "1"}, ["header_count_max"]),
        ({"send_queue_bytes_low": 2**20}, ["send_queue_bytes_low", "send_queue_bytes_high"]),
    ],
)
def test_a_problem_names_its_keys(config: dict[str, int], words: list[str]) -> None:
    problem = _native.config_problem(config)
    assert problem is not None and all(word in problem for word in words) and "\n" not in problem
