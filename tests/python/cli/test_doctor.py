"""pelton doctor."""

from __future__ import annotations

import pytest

from pelton.cli.command import main
from pelton.cli.doctor import report


def test_it_says_what_works_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("pelton 0.1.0", "kernel", "engine", "openssl: ", "nghttp2: "):
        assert word in said
    assert main(["doctor", "--what"]) == 2


def test_report() -> None:
    facts = {"kernel": "6.1", "engine": None, "features": {"a": True, "bc": False}, "lost": []}
    assert report(facts)[1:] == [
        "kernel:   6.1",
        "engine:   unknown",
        "features:",
        "  a   yes",
        "  bc  no",
        "lost:     none",
    ]
