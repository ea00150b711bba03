"""What a typed parameter adds to a request, in user instructions under callgrind: it may only go down."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "callgrind"))

import typed_parameters  # noqa: E402

# Of five parameters in a row, each, over what finding them in the message costs in any language.
OVER_FINDING_MAX = 330
WHOLE_MAX = 580


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_a_typed_parameter_is_within_its_ratchet() -> None:
    # Timers wake the server by the clock, and the first life after an installation compiles the package.
    for _ in range(3):
        ((_, each),) = typed_parameters.added(["five of them"])
        print(each)
        if 0 < each.over_finding <= OVER_FINDING_MAX and each.whole <= WHOLE_MAX:
            break
    assert 0 < each.over_finding <= OVER_FINDING_MAX
    assert each.finding < each.whole <= WHOLE_MAX
