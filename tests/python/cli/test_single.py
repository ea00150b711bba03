"""pelton run --single: the command itself serves."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from supervised import Supervised

APP = """
import os
from pelton import App
app = App()

@app.get("/")
def place():
    one = app.worker
    return [os.getpid(), one.id, one.count]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web.py").write_text(APP)
    return tmp_path


def children(pid: int) -> str:
    return "".join(one.read_text() for one in Path(f"/proc/{pid}/task").glob("*/children"))


def test_it_serves_in_the_process_that_was_started(folder: Path, engine: str) -> None:
    running = Supervised(folder, "web.py", "--single", "--pid-file", "pid", PELTON_ENGINE=engine, WEB_CONCURRENCY="4")
    try:
        assert running.ready() == [running.process.pid] and children(running.process.pid) == ""
        with running.connect() as connection:
            assert running.ask(connection).endswith(f"[{running.process.pid},0,1]".encode())
        assert (folder / "pid").read_text() == f"{running.process.pid}\n"
        title = Path(f"/proc/{running.process.pid}/cmdline").read_bytes().rstrip(b"\0")
        assert title == b"pelton: single web.py"
        running.process.send_signal(signal.SIGHUP)  # has nobody who could reload
        with running.connect() as connection:
            running.ask(connection)
        assert running.stop() == 0
        assert not (folder / "pid").exists()
    finally:
        running.end()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--workers", "2"), 2, "--workers takes a supervisor; leave --single out"),
        (("--reload",), 2, "--reload takes a supervisor; leave --single out"),
        (("--bind", "nowhere"), 3, "cannot start: "),
    ],
)
def test_what_does_not_go_with_it(folder: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    running = Supervised(folder, "web.py", "--single", *arguments)
    try:
        running.say_until(says)
        assert running.process.wait(60) == code
    finally:
        running.end()


def test_an_application_that_fails_shows_its_own_line(folder: Path) -> None:
    (folder / "web.py").write_text("from pelton import App\napp = App()\nimport nothing_of_this_name\n")
    running = Supervised(folder, "web.py", "--single", "--pid-file", "pid")
    try:
        running.say_until(r"cannot start: importing web\.py failed: ModuleNotFoundError.*web\.py:3")
        assert running.process.wait(60) == 3 and os.listdir(folder).count("pid") == 0
    finally:
        running.end()
