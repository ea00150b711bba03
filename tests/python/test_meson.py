"""meson.build: what a build says when a library's headers are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("meson") is None, reason="meson is not on PATH")
def test_missing_headers_are_one_line_that_names_the_packages(tmp_path: Path) -> None:
    # Neither pkg-config nor CMake finds a library there; zlib alone is looked for without them too.
    nowhere = {name: str(tmp_path) for name in ("PKG_CONFIG_LIBDIR", "CMAKE_FIND_ROOT_PATH")}
    done = subprocess.run(
        ["meson", "setup", tmp_path / "build", ROOT, "-Dpython=false"],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    errors = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
    assert len(errors) == 1, done.stdout
    assert "on Debian: apt-get install pkg-config liburing-dev" in errors[0]


def test_every_module_of_the_package_is_installed() -> None:
    package = ROOT / "pymod" / "package"
    listed = (package / "meson.build").read_text()
    modules = [path.relative_to(package).as_posix() for path in (package / "pelton").rglob("*.py")]
    assert [module for module in modules if f"'{module}'" not in listed] == []
