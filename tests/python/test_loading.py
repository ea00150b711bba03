"""Finding the App that a command line names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pelton import App, StartupError
from pelton.loading import load

APP = """
import os
from pelton import App
app = App()

class Nested:
    inner = App()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    for name, text in {
        "pkg/web.py": APP,
        "single.py": APP,
        "broken.py": "x = 1\nimport nothing_of_this_name\n",
        "failing.py": "1 / 0\n",
        "exiting.py": "raise SystemExit(5)\n",
        "several.py": "from pelton import App\nfirst = App()\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("target", ["pkg.web:app", "single.py", "single.py:app", "pkg/web.py", "single:Nested.inner"])
def test_targets(folder: Path, target: str) -> None:
    assert isinstance(load(target, str(folder)), App)


def test_a_file_finds_what_lies_beside_it_and_what_a_module_would(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop/beside.py").write_text(APP)
    (folder / "shop/items.py").write_text("from beside import app\n")
    (folder / "shop/main.py").write_text("from shop.items import app\n")
    assert isinstance(load("shop/main.py", str(folder)), App)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere:app", "no module 'nowhere'"),
        ("nowhere.py", "no file nowhere.py"),
        ("single", "single:app"),
        ("single:other", "has no attribute 'other'; it has app"),
        ("single:os", "is a module"),
        ("several.py", "several.py:NAME"),
        ("broken:app", r"importing broken failed: ModuleNotFoundError: .*\(.*broken.py:2\)"),
        ("failing:app", r"ZeroDivisionError.*\(.*failing.py:1\)"),
        ("exiting:app", "SystemExit"),
    ],
)
def test_bad_targets_are_one_clear_line(folder: Path, target: str, says: str) -> None:
    with pytest.raises(StartupError, match=says) as raised:
        load(target, str(folder))
    assert "\n" not in str(raised.value)
