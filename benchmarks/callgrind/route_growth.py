"""What does a request cost among ten thousand routes, against one among three?

User instructions per request of the C++ server on the memory engine, counted by callgrind: a number
that does not depend on the machine's load. It says nothing of cache misses; the question `routes`
of the benchmarks measures those in time.

    route_growth.py PROGRAM    prints the figures; exit code 1 if any grows beyond its bound
"""

from __future__ import annotations

import sys

from counting import instructions

KINDS = ("static", "integer", "text", "nowhere")
FEW, MANY = 1, 3_334  # times three kinds of templates: ten thousand routes
REQUESTS = 1_000
GROWTH_MAX = 0.03


def per_request(program: str, routes: int, kind: str) -> float:
    command = [program, str(routes), kind, str(REQUESTS)]
    return instructions(command, "*serve_requests*") / REQUESTS


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
