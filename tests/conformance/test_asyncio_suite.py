"""The quick part of CPython's own asyncio tests; `tools/dev conformance` runs all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import asyncio_suite  # noqa: E402
import loop_suite  # noqa: E402


@pytest.mark.skipif(not asyncio_suite.is_there(), reason="this Python came without its tests")
@pytest.mark.parametrize("module", asyncio_suite.QUICK)
@pytest.mark.parametrize("engine", loop_suite.engines())
def test_module(module: str, engine: str) -> None:
    suite = asyncio_suite.suite()
    verdict = loop_suite.judge(suite, f"{asyncio_suite.PACKAGE}.{module}", engine)
    print(verdict.line())
    assert list(loop_suite.complaints(suite, [verdict], whole=False)) == []
    assert verdict.loops > 0
