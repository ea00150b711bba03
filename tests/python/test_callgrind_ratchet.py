"""pelton's own share of a request, in user instructions under callgrind: it may only go down."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "callgrind"))

import json_route  # noqa: E402

# Around the handler: parse, route, call, encode, serialise. It may only go down. Since 3.13 the interpreter
# spends some more in calls, where it asks of each object whether it is immortal.
SHARE_INSTRUCTIONS_MAX = 1300 if sys.version_info < (3, 13) else 1330


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_the_share_of_a_keep_alive_json_request_is_within_its_ratchet() -> None:
    # Timers wake the server by the clock: a machine that is slow only adds to the count.
    shares = [json_route.share()["share"]]
    while shares[-1] > SHARE_INSTRUCTIONS_MAX and len(shares) < 3:
        shares.append(json_route.share()["share"])
    print(shares)
    assert 0 < min(shares) <= SHARE_INSTRUCTIONS_MAX
