from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from pelton.cli.usage import UsageError
from pelton.cli.watching import Watch, Watcher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("app.py", "notes.txt", ".hidden.py", "inner/part.py", ".git/hook.py", "__pycache__/app.py", "env/lib.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    return tmp_path


def seen(watch: Watch, folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in watch.look()}


def test_python_files_are_watched_but_not_hidden_ones_or_those_of_environments(folder: Path) -> None:
    assert seen(Watch([str(folder)]), folder) == {"app.py", "inner/part.py"}


def test_patterns_name_what_is_watched(folder: Path) -> None:
    watch = Watch([str(folder)], include=("*.txt", "*.py"), exclude=(".*", "inner"))
    assert seen(watch, folder) == {"app.py", "notes.txt"}


def test_a_further_file_is_watched_whatever_its_name(folder: Path) -> None:
    watch = Watch([str(folder / "inner")], files=(str(folder / "notes.txt"),))
    assert seen(watch, folder) == {"inner/part.py", "notes.txt"}
    assert watch.takes(str(folder / "notes.txt"))


@pytest.mark.parametrize(
    "name, taken",
    [("app.py", True), ("gone.py", True), ("inner/part.py", True), ("notes.txt", False), (".git/hook.py", False), ("__pycache__/app.py", False), ("../app.py", False)],
)  # fmt: skip
def test_a_change_counts_by_the_same_rules(folder: Path, name: str, taken: bool) -> None:
    assert Watch([str(folder)]).takes(os.path.normpath(folder / name)) is taken


def test_a_look_tells_a_file_that_was_written_from_one_that_was_not(folder: Path) -> None:
    watch = Watch([str(folder)])
    before = watch.look()
    (folder / "inner/part.py").write_text("x = 1\n")
    after = watch.look()
    assert {path for path in after if after[path] != before[path]} == {str(folder / "inner/part.py")}


def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="--reload-dir nowhere: there is no such folder"):
        Watch(["nowhere"])


@pytest.mark.parametrize("way", ["watchfiles", "polling"])
def test_a_change_right_after_the_begin_is_not_missed(folder: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "polling":
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    asked = threading.Event()
    before = signal.signal(signal.SIGHUP, lambda *_: asked.set())
    try:
        for round in range(5):
            watcher = Watcher(Watch([str(folder)], delay_s=0.05))
            watcher.begin()
            (folder / "app.py").write_text(f"round = {round}\n")
            assert asked.wait(30)
            watcher.end()
            asked.clear()
    finally:
        signal.signal(signal.SIGHUP, before)
