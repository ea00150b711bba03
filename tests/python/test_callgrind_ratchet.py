"""pelton's own share of a request, in user instructions under callgrind: it may only go down."""

import platform
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "callgrind"))

import json_route  # noqa: E402
from counting import is_made_by_clang  # noqa: E402

# Around the handler: parse, route, call, encode, serialise. It may only go down. The C library's recv() and
# send() cost 36 instructions more from glibc 2.41 on, where each passes two more functions on its way to the kernel
# (__syscall_cancel); one and the same build takes 1 285 on Debian 12 and 1 323 on Debian 13, under Python 3.13 both times.
GLIBC = tuple(map(int, (platform.libc_ver()[1] or "0.0").split(".")[:2]))
# clang 19 makes 200 more of the same code than gcc 12 to 16; wheels are gcc's.
SHARE_INSTRUCTIONS_MAX = (1300 if GLIBC < (2, 41) else 1340) + (200 if is_made_by_clang() else 0)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_the_share_of_a_keep_alive_json_request_is_within_its_ratchet() -> None:
    # Timers wake the server by the clock: a machine that is slow only adds to the count.
    shares = [json_route.share()["share"]]
    while shares[-1] > SHARE_INSTRUCTIONS_MAX and len(shares) < 6:
        shares.append(json_route.share()["share"])
    print(shares)
    assert 0 < min(shares) <= SHARE_INSTRUCTIONS_MAX
