"""Python's heap, which grows by whole arenas in a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

PROGRAM = textwrap.dedent(
    """
    from pelton import _native

    def resident_kib():
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))

    _native.grow_heap_by_whole_arenas()
    kept, steps, before = [], [], resident_kib()
    for _ in range(1000):
        kept.append([bytes(400) for _ in range(20)])
        now = resident_kib()
        steps.append(now - before)
        before = now
    kept.clear()
    print([steps, before - resident_kib()])
    """
)


def test_an_arena_comes_with_its_pages_and_goes_whole() -> None:
    # Of malloc(3) there are no arenas.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONMALLOC"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    )
    steps, given_back = json.loads(done.stdout)
    # 8.4 MiB in arenas of 1 MiB; page by page no step would be as large.
    assert 6 <= sum(step >= 1000 for step in steps) <= 10
    assert given_back >= 2000  # but for arenas that something else has come to live in
