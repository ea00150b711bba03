"""What a process tree has used: CPU time to the nanosecond, memory, and instructions where counted."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path


def tree_of(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(after_name[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_ns(pids: list[int]) -> int:
    """CPU time of all threads, ended ones included, by each process's own clock.

    The clock's number is made as the kernel does (CPUCLOCK_SCHED of a process); /proc/PID/stat counts
    in ticks of 10 ms, too coarse for a one-second run.
    """
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += time.clock_gettime_ns((~pid << 3) | 2)
    return total


def resident_bytes(pids: list[int]) -> int:
    """Proportional set size: a page shared by n processes counts 1/n in each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def counters_supported() -> bool:
    try:
        done = subprocess.run(
            ["perf", "stat", "-x,", "-e", "instructions:u", "true"], capture_output=True, text=True
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0 and "not supported" not in done.stderr


class Instructions:
    """Counts a tree's instructions with perf from begin to end; `user` and `kernel` after it."""

    user = 0
    kernel = 0

    def __init__(self, pids: list[int]) -> None:
        self._command = ["perf", "stat", "-x,", "-e", "instructions:u,instructions:k"]
        self._command += ["-p", ",".join(map(str, pids))]

    def begin(self) -> None:
        self._perf = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)

    def end(self) -> None:
        self._perf.send_signal(2)
        for line in self._perf.communicate()[1].splitlines():
            count, _, event = line.split(",")[:3]
            if count.isdigit() and event.endswith(":u"):
                self.user = int(count)
            elif count.isdigit():
                self.kernel = int(count)
