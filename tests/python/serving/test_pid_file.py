"""The file with the supervisor's process ID."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pelton.errors import StartupError
from pelton.serving.pid_file import PidFile, process_of

HOLDS = "import sys; from pelton.serving.pid_file import PidFile; PidFile(sys.argv[1]); print(flush=True); sys.stdin.read()"


def test_it_holds_the_process_id_until_it_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "pelton.pid"
    path.write_text("1234567\n")  # left by a process that has gone
    file = PidFile(str(path))
    assert path.read_text() == f"{os.getpid()}\n" and process_of(str(path)) == os.getpid()
    with pytest.raises(StartupError, match=r"pelton.pid belongs to a pelton that runs; stop that or choose"):
        PidFile(str(path))
    file.remove()
    assert not path.exists()


def test_where_it_cannot_be_removed_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "pelton.pid"
    file = PidFile(str(path))
    moved = tmp_path / "moved"
    path.rename(moved)
    file.remove()
    assert moved.read_text() == ""


def test_a_process_that_is_killed_leaves_it(tmp_path: Path) -> None:
    path = str(tmp_path / "pelton.pid")
    with subprocess.Popen([sys.executable, "-c", HOLDS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"\n"
        assert process_of(path) == other.pid
        other.kill()
    with pytest.raises(StartupError, match=r"no pelton that runs has .*; start one with --pid-file"):
        process_of(path)
    PidFile(path).remove()


def test_what_cannot_be_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"none/pelton.pid cannot be written: No such file or directory; choose another"):
        PidFile(str(tmp_path / "none" / "pelton.pid"))
    with pytest.raises(StartupError, match=r"none.pid cannot be read: No such file or directory; is pelton started"):
        process_of(str(tmp_path / "none.pid"))


@pytest.mark.parametrize("text", ["", "many", "-1", "١"])
def test_what_is_no_process_id(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pelton.pid"
    file = PidFile(str(path))
    path.write_text(text)
    with pytest.raises(StartupError, match="holds no process ID"):
        process_of(str(path))
    file.remove()
