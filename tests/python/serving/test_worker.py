"""app.worker: which of the server's processes this one is."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pelton import App, WorkerInfo

from sites import Site, wait_until_gone

TELLS_ITS_PLACE = """
import json

@app.get("/place")
def place():
    one = app.worker
    return Response(json.dumps([one.id, one.pid, one.count, one.restarts, one.generation]))
"""


@pytest.fixture
def site(tmp_path: Path, engine: str) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path, engine, stack)


def test_a_worker_knows_its_place_and_its_generation(site: Site) -> None:
    def place() -> list[int]:
        told: list[int] = json.loads(site.ask("/place"))
        return told

    site.write("old", TELLS_ITS_PLACE)
    running = site.start(1)
    [first] = running.workers
    assert place() == [0, first, 1, 0, 1]
    os.kill(first, signal.SIGKILL)
    [second] = running.ready()
    assert place() == [0, second, 1, 1, 1]
    site.reload(2)
    wait_until_gone([second])
    assert place()[2:] == [1, 2, 2]
    site.write("new", "no python")
    site.hup()
    running.say_until("reload failed, generation 2 goes on serving")
    assert place()[2:] == [1, 2, 2]
    assert running.stop() == 0


def test_without_a_supervisor_a_process_is_worker_0_of_1() -> None:
    one = App().worker
    assert isinstance(one, WorkerInfo)
    assert repr(one) == f"WorkerInfo(id=0, pid={os.getpid()}, count=1, restarts=0, generation=1)"
