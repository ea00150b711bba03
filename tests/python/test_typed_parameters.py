"""What a typed parameter adds to a request, in user instructions under callgrind: it may only go down."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "callgrind"))

import typed_parameters  # noqa: E402
from counting import is_made_by_clang  # noqa: E402

# Over what finding it in the message costs in any language, and with that: of one parameter that is
# alone in its handler, and so has to pay for the call with arguments; of five in a row, each. Since 3.12
# the interpreter asks of each object whether it is immortal before it counts a reference.
INSTRUCTIONS_MAX = (
    {
        "text of the path": (385, 690),
        "text of the query": (385, 690),
        "header field": (390, 495),
        "five of them": (215, 350),
    }
    if sys.version_info < (3, 12)
    else {
        "text of the path": (440 if is_made_by_clang() else 400, 690),
        "text of the query": (440, 740),
        "header field": (420, 525),
        "five of them": (235, 380),
    }
)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_a_typed_parameter_is_within_its_ratchet() -> None:
    # Timers wake the server by the clock, and the first life after an installation compiles the package.
    left = set(INSTRUCTIONS_MAX)
    for _ in range(3):
        for name, each in typed_parameters.added(sorted(left)):
            print(name, each)
            over_finding_max, whole_max = INSTRUCTIONS_MAX[name]
            if 0 < each.over_finding <= over_finding_max and each.finding < each.whole <= whole_max:
                left.remove(name)
        if not left:
            break
    assert not left
