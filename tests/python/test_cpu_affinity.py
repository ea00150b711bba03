"""With `cpu_affinity` a worker keeps to one CPU, and gets the connections that come in there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervised import Supervised

APP = """
import os
from pelton import App
app = App()

@app.get("/")
def place():
    return [app.worker.id, sorted(os.sched_getaffinity(0))]
"""
CPUS = sorted(os.sched_getaffinity(0))


def answer(server: Supervised) -> bytes:
    with server.connect() as connection:
        return server.ask(connection).rpartition(b"\r\n\r\n")[2]


@pytest.mark.skipif(len(CPUS) < 2, reason="one CPU has nothing to choose from")
def test_connections_reach_the_worker_of_the_cpu_on_which_they_come_in(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    server = Supervised(tmp_path, "web.py", "--workers", str(len(CPUS)), "--cpu-affinity", PELTON_ENGINE=engine)
    try:
        server.ready(len(CPUS))
        for place, cpu in enumerate(CPUS):
            # Over the loopback a connection comes in on the CPU of its client.
            os.sched_setaffinity(0, {cpu})
            assert {answer(server) for _ in range(10)} == {f"[{place},[{cpu}]]".encode()}
        assert server.stop() == 0
    finally:
        os.sched_setaffinity(0, CPUS)
        server.end()


def test_more_workers_than_cpus_share_them(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    count = len(CPUS) + 1
    server = Supervised(tmp_path, "web.py", "--workers", str(count), PELTON_ENGINE=engine, PELTON_CPU_AFFINITY="1")
    try:
        pids = server.ready(count)
        kept_to = sorted(cpu for pid in pids for cpu in os.sched_getaffinity(pid))
        assert kept_to == sorted([*CPUS, CPUS[0]])
        assert server.stop() == 0
    finally:
        server.end()


def test_without_it_workers_run_anywhere(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    server = Supervised(tmp_path, "web.py", "--workers", "2", PELTON_ENGINE=engine)
    try:
        assert [sorted(os.sched_getaffinity(pid)) for pid in server.ready(2)] == [CPUS, CPUS]
        assert server.stop() == 0
    finally:
        server.end()
