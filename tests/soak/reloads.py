"""Reloads a server that works, many times: `python tests/soak/reloads.py [COUNT] [--engine ENGINE] [--workers N]`.

With --upgrade each time a new supervisor takes the place of the last one, and all workers with it. Clients check every answer meanwhile: some keep their connection as long as they may, others connect for
each request. The next reload is asked for when the last one has ended, but not before its share of
SECONDS is over. No answer may be wrong or missing, no connection reset or refused (PRC-023); the memory
of the supervisor and the number of its descriptors stay as they are, from one supervisor to the next too. The exit code is 0 then.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from checking_clients import CheckingClients  # noqa: E402
from supervised import Supervised  # noqa: E402

APP = """
from pelton import App, Response
app = App()
app.add_route("/", lambda: Response("version {version}.", media_type="text/plain"))
"""
CLIENTS = 4  # pairs of one that keeps its connection and one that does not
WARM_RELOADS = 10  # until memory is looked at for the first time


def memory_kib(pid: int) -> int:
    """What the process has of its own, and its share of what others have too."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state_of(running: Supervised, workers: int) -> tuple[int, int, int]:
    """Memory of the supervisor and of its workers in KiB, and the supervisor's descriptors, once the old workers have gone."""
    while len(pids := children(running.pid)) > workers:
        for pid in pids[:-workers]:
            try:
                process = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            Supervised.wait_for(process)
            os.close(process)
    return memory_kib(running.pid), sum(map(memory_kib, pids)), len(os.listdir(f"/proc/{running.pid}/fd"))


def reload_under_load(count: int, seconds: float, engine: str, workers: int, upgrades: bool = False) -> list[str]:
    """The faults; a report on standard output. With `upgrades` the supervisor is replaced each time."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:

        def write(version: int) -> None:
            (Path(folder) / "web.py").write_text(APP.format(version=version))
            shutil.rmtree(Path(folder) / "__pycache__", ignore_errors=True)

        write(1)
        running = Supervised(Path(folder), "web.py", "--workers", str(workers), PELTON_ENGINE=engine)
        stack.callback(running.end)
        running.ready(workers)
        clients = [
            stack.enter_context(
                CheckingClients(running.port, lambda body: body.startswith(b"version ") and body.endswith(b"."))
            )
            for _ in range(CLIENTS)
        ]
        began = time.monotonic()
        at_first = at_last = (0, 0, 0)
        for number in range(1, count + 1):
            write(number + 1)
            if upgrades:
                running.upgrade()
            else:
                running.process.send_signal(signal.SIGHUP)
                running.say_until(rf"^pelton: reload: generation {number + 1} serves$")
            due = began + number * seconds / count
            while (left_s := due - time.monotonic()) > 0:
                clients[0].answered_within(left_s)
            # Workers have served for as long each time: what they need grows in their first seconds.
            if number == min(WARM_RELOADS, count):
                at_first = state_of(running, workers)
        took_s = time.monotonic() - began
        at_last = state_of(running, workers)
        newest = f"version {count + 1}.".encode()
        for one in clients:
            one.wait_for(lambda body: body == newest)
        faults = [fault for one in clients for fault in one.faults]
        answers = sum(len(one.bodies) for one in clients)
        connections = sum(one.connections for one in clients)
        print(
            f"{engine}, {workers} workers: {count} {'upgrades' if upgrades else 'reloads'} in {took_s:.1f} s; {answers} answers on {connections} connections, "
            f"{len(faults)} lost, wrong, reset or refused; supervisor {at_first[0]} to {at_last[0]} KiB and "
            f"{at_first[2]} to {at_last[2]} descriptors, workers {at_first[1]} to {at_last[1]} KiB",
            flush=True,
        )
        if at_last[2] > at_first[2]:
            faults.append(f"the supervisor has {at_last[2] - at_first[2]} more descriptors")
        return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?")
    parser.add_argument("--upgrade", action="store_true")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--engine", choices=["epoll", "uring"])
    parser.add_argument("--workers", type=int)
    asked_for = parser.parse_args()
    count = asked_for.count or (20 if asked_for.upgrade else 100)
    faults = []
    for engine in [asked_for.engine] if asked_for.engine else ["epoll", "uring"]:
        for workers in [asked_for.workers] if asked_for.workers else [1, 2]:
            faults += reload_under_load(count, asked_for.seconds, engine, workers, asked_for.upgrade)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
