"""What does a request cost among ten thousand routes, against one among three?

User instructions per request of the C++ server on the memory engine, counted by callgrind: a number
that does not depend on the machine's load. It says nothing of cache misses; the question `routes`
of the benchmarks measures those in time.

    route_growth.py PROGRAM    prints the figures; exit code 1 if any grows beyond its bound
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ("static", "integer", "text", "nowhere")
FEW, MANY = 1, 3_334  # times three kinds of templates: ten thousand routes
REQUESTS = 1_000
GROWTH_MAX = 0.03


def per_request(program: str, routes: int, kind: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", "--error-exitcode=9", f"--callgrind-out-file={out}"]
        command += ["--toggle-collect=*serve_requests*", program, str(routes), kind, str(REQUESTS)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        counted = re.search(r"^(?:totals|summary):\s+(\d+)", out.read_text(), re.MULTILINE)
        if counted is None:
            raise RuntimeError(f"callgrind wrote no totals into {out}")
        return int(counted[1]) / REQUESTS


def main(program: str) -> int:
    worst = 0.0
    for kind in KINDS:
        few, many = (per_request(program, routes, kind) for routes in (FEW, MANY))
        growth = many / few - 1
        worst = max(worst, growth)
        print(f"{kind}: {few:.0f} user instructions among {3 * FEW} routes, "
              f"{many:.0f} among {3 * MANY}: {growth:+.2%}", flush=True)  # fmt: skip
    verdict = "within" if worst <= GROWTH_MAX else "BEYOND"
    print(f"largest growth {worst:+.2%}, {verdict} {GROWTH_MAX:.0%}")
    return 0 if worst <= GROWTH_MAX else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
