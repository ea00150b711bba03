"""A virtual environment for each framework, with the packages its list pins, and pelton in front of them all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from services import unsanitized

import pelton

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build" / "frameworks"


def environment(name: str) -> Path:
    """The Python of the environment of requirements/NAME.txt: made once, and again when the list has changed."""
    folder = BUILD / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    wanted = HERE / "requirements" / f"{name}.txt"
    stamp = folder / ".requirements"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        _run("venv", "--clear", "--without-pip", str(folder))
        _run("pip", "--python", str(python), "install", "-q", "--disable-pip-version-check", "-r", str(wanted))
        stamp.write_text(wanted.read_text())
    _lend_pelton(folder)
    return python


def _run(*module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *module], capture_output=True, text=True, env=unsanitized(), check=False
    )
    assert done.returncode == 0, f"{' '.join(module)}:\n{done.stdout}{done.stderr}"


def _lend_pelton(folder: Path) -> None:
    """Makes the pelton under test importable there, and nothing else of what is installed beside it."""
    link = next(folder.glob("lib/python*/site-packages")) / "pelton"
    package = Path(pelton.__file__).parent
    if not link.is_symlink() or link.readlink() != package:
        link.unlink(missing_ok=True)
        link.symlink_to(package)
