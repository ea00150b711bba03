"""VER-011: JSONTestSuite. Every y_ is read, every n_ refused, every i_ as protocol section 6.3 has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noria import json

ROOT = Path(__file__).parents[2]
SUITE = Path(os.environ.get("NORIA_SUITES", ROOT.parent / "shared" / "suites")) / "json-test-suite"
FILES = sorted((SUITE / "test_parsing").glob("*.json")) if SUITE.is_dir() else []

if not FILES:
    pytest.skip(f"JSONTestSuite is not at {SUITE}", allow_module_level=True)

# Underflow, big integers and 500 levels are read; all other open questions are answered no.
READ = {
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    "i_structure_500_nested_arrays.json",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_parsing(file: Path) -> None:
    text = file.read_bytes()
    if file.name.startswith("y_") or file.name in READ:
        json.loads(text)
        return
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
