"""What ps(1) shows of a server: who each process is, its generation and its state."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from supervised import Supervised

APP = """
import asyncio, os
from pelton import App, Response
app = App()
app.add_route("/", lambda: os.getpid())
if os.path.exists("slow"):
    open("begun", "w").close()
    while os.path.exists("slow"):
        pass

@app.get("/wait")
async def wait():
    open("waits", "w").close()
    await asyncio.to_thread(open, "gate", "rb")
    return Response("done")
"""


@pytest.fixture
def run(tmp_path: Path, engine: str) -> Iterator[Callable[..., Supervised]]:
    (tmp_path / "web.py").write_text(APP)
    with ExitStack() as stack:

        def start(*arguments: str, **environment: str) -> Supervised:
            started = Supervised(tmp_path, *arguments, **{"PELTON_ENGINE": engine, **environment})
            stack.callback(started.end)
            return started

        yield start


def title(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()


def name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def wait_for_title(pid: int, wanted: str) -> None:
    while title(pid) != wanted:
        assert title(pid), f"{pid} has ended"


def test_supervisor_and_workers_by_their_generation(run: Callable[..., Supervised], tmp_path: Path) -> None:
    running = run("web:app", "--workers", "2")
    pids = running.ready(2)
    assert title(running.pid) == "pelton: supervisor web:app" and name(running.pid) == "pelton"
    assert sorted(map(title, pids)) == [f"pelton: worker {index} (generation 1) web:app" for index in (0, 1)]
    assert {name(pid) for pid in pids} == {"pelton"}
    os.kill(running.pid, signal.SIGHUP)
    assert sorted(map(title, running.ready(2))) == [f"pelton: worker {index} (generation 2) web:app" for index in (0, 1)]
    assert running.stop() == 0


def test_a_worker_that_starts_and_one_that_stops(run: Callable[..., Supervised], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    running = run("web:app")
    (pid,) = running.ready()
    with running.connect() as waiting:
        waiting.sendall(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        while not (tmp_path / "waits").exists():
            pass
        (tmp_path / "slow").touch()
        os.kill(running.pid, signal.SIGHUP)
        while not (tmp_path / "begun").exists():
            pass
        (starting,) = {*children(running.pid)} - {pid}
        assert title(starting) == "pelton: worker 0 (generation 2, starting) web:app"
        (tmp_path / "slow").unlink()
        assert running.ready() == [starting]
        wait_for_title(pid, "pelton: worker 0 (generation 1, stopping) web:app")
        (tmp_path / "gate").open("wb").close()
        assert waiting.recv(65536).endswith(b"done")
    assert running.stop() == 0


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("place", ["flag", "variable", "file"])
def test_the_name_may_be_another(run: Callable[..., Supervised], tmp_path: Path, place: str) -> None:
    if place == "file":
        (tmp_path / "pelton.toml").write_text('process_name = "shop of the town"\n')
    flags = ["--process-name", "shop of the town"] if place == "flag" else []
    running = run("web:app", *flags, **({"PELTON_PROCESS_NAME": "shop of the town"} if place == "variable" else {}))
    (pid,) = running.ready()
    assert title(pid) == "shop of the town: worker 0 (generation 1) web:app" and name(pid) == "shop of the tow"
    assert title(running.pid) == "shop of the town: supervisor web:app"
    assert running.stop() == 0
