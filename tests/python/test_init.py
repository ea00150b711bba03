"""What importing pelton costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pelton

HEAVY = ("asyncio", "dataclasses", "http", "inspect", "json", "logging", "re", "socket", "ssl", "subprocess", "typing", "urllib")
FIRST = "from pelton import App"
# Processor time: what else runs on this machine must not decide.
TIMED = "import time; begin = time.process_time(); {}; print((time.process_time() - begin) * 1000)"


def run(code: str, folder: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=folder)
    return done.stdout


def test_heavy_modules_are_not_imported() -> None:
    loaded = run(f"import sys; before = set(sys.modules); {FIRST}; print(*(set(sys.modules) - before))").split()
    assert "pelton.app" in loaded and not set(HEAVY) & set(loaded)


SUPERVISOR = """
import sys
before = set(sys.modules)
from pelton import _native
def supervise(*_, **__):
    print(*(set(sys.modules) - before))
    raise SystemExit
_native.supervise = supervise
from pelton.cli.command import main
main(["run", "module:app", "--port", "0"])
"""


def test_a_supervisor_loads_little_and_nothing_that_an_application_is_made_of(tmp_path: Path) -> None:
    assert sorted(run(SUPERVISOR, tmp_path).split()) == [
        "__future__", "pelton", "pelton._native", "pelton.cli", "pelton.cli.command", "pelton.cli.options", "pelton.cli.process",
        "pelton.cli.program", "pelton.cli.run", "pelton.cli.usage", "pelton.config", "pelton.config.command_keys",
        "pelton.config.settings", "pelton.errors",
        "pelton.serving", "pelton.serving.listeners", "pelton.serving.terminal",
    ]  # fmt: skip


def test_only_a_configuration_file_loads_its_parser(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\ndependencies = ["pelton"]\n[tool.mypy]\nstrict = true\n')
    assert "tomllib" not in run(SUPERVISOR, tmp_path).split()
    project.write_text(project.read_text() + "[tool.pelton]\nbacklog = 5\n")
    assert "tomllib" in run(SUPERVISOR, tmp_path).split()


def test_import_takes_at_most_25_ms() -> None:
    times = [float(run(TIMED.format(FIRST))) for _ in range(7)]
    assert min(times) <= 25


def test_names_that_are_loaded_when_asked_for() -> None:
    assert pelton.RouteOptions.__name__ == "RouteOptions" and pelton.Settings.__name__ == "Settings"
    loaded = {name: getattr(pelton, name) for name in pelton.__all__}
    assert {"GuardLike", "HeadersInit", "Lifespan", "RouteOptions", "Settings", "WebSocketOptions"} <= loaded.keys()
    assert pelton.__version__ == "0.1.0"
    assert run("import pelton; print('App' in dir(pelton) and pelton.errors.PeltonError.__name__)") == "PeltonError\n"
    asked = "set(dir(pelton.Request))"
    assert run(f"import pelton; first = {asked}; import pelton.app; print({asked} - first)") == "set()\n"
    with pytest.raises(AttributeError, match="nothing"):
        pelton.nothing


def test_names_of_pelton_testing_are_loaded_when_asked_for() -> None:
    loaded = run("import sys, pelton.testing as t; before = set(sys.modules); t.Cookies; print(*(set(sys.modules) - before))")
    assert "pelton.testing.cookie_jar" in loaded.split() and "pelton.testing.client" not in loaded.split()
    assert run("from pelton.testing import *; print(TestClient.__name__, live_server.__name__)") == "TestClient live_server\n"
    assert run("import pelton.testing; print('TestClient' in dir(pelton.testing), hasattr(pelton.testing, 'no'))") == "True False\n"
