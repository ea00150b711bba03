"""What does a cancel cost the epoll engine among many descriptors, against one among few?

User instructions per cancel of an operation that has ended, counted by callgrind: a number that does
not depend on the machine's load.

    cancel_growth.py PROGRAM    prints the figures; exit code 1 if the cost grows beyond its bound
"""

from __future__ import annotations

import resource
import sys

from counting import instructions

FEW = 64
VALGRINDS_OWN = 64  # descriptors at the top that valgrind keeps to itself, and some more
CANCELS = 1_000
GROWTH_MAX = 0.03


def main(program: str) -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    many = min(100_000, limit - VALGRINDS_OWN)
    counted = [
        instructions([program, str(descriptors), str(CANCELS)], "*cancel_ended*") / CANCELS
        for descriptors in (FEW, many)
    ]
    growth = counted[1] / counted[0] - 1
    verdict = "within" if growth <= GROWTH_MAX else "BEYOND"
    print(f"{counted[0]:.0f} user instructions among {FEW} descriptors, {counted[1]:.0f} among {many}: "
          f"{growth:+.2%}, {verdict} {GROWTH_MAX:.0%}")  # fmt: skip
    return 0 if growth <= GROWTH_MAX else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
