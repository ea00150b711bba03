"""tools/wheel.py: which wheel goes with which Python, and which Python it finds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import roots  # noqa: E402
import wheel  # noqa: E402


def a_root(tmp_path: Path) -> roots.Root:
    return roots.Root("bookworm", "bookworm", tmp_path, "http://mirror.test/debian")


def test_the_tag_of_a_python() -> None:
    assert [wheel.tag(version) for version in wheel.PYTHONS] == ["cp311", "cp312", "cp313", "cp314"]


def test_each_release_of_debian_checks_a_wheel_that_is_made() -> None:
    assert set(wheel.OWN_PYTHON.values()) <= set(wheel.PYTHONS)
    assert wheel.BUILT_ON in wheel.OWN_PYTHON


def test_a_folder_must_hold_one_wheel(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    folder = root.directory / "made"
    folder.mkdir(parents=True)
    with pytest.raises(roots.Trouble, match="holds 0 wheels"):
        wheel.only(root, "/made")
    (folder / "a.whl").touch()
    assert wheel.only(root, "/made") == "/made/a.whl"
    (folder / "b.whl").touch()
    with pytest.raises(roots.Trouble, match="holds 2 wheels"):
        wheel.only(root, "/made")


def test_a_python_of_pyenv_is_found_by_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert wheel.pyenv_folder("3.12") is None
    command = tmp_path / "versions/3.12.1/bin/python3.12"
    command.parent.mkdir(parents=True)
    command.touch()
    assert wheel.pyenv_folder("3.12") == tmp_path / "versions/3.12.1"
    assert wheel.pyenv_folder("3.1") is None
