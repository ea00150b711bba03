"""ENG-001, ENG-003, ENG-005: which engine serves, what is said of it, and forced engines that cannot."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

SCRIPT = """
from pelton import App
app = App()
app.add_route("/", lambda: "up")
app.run(port=0, engine="{engine}")
"""

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def started(tmp_path: Path, engine: str, error: str) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(engine=engine))
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=io_uring_setup"]
    environment = {name: value for name, value in os.environ.items() if name != "PELTON_ENGINE"}
    return subprocess.Popen(
        [*inject, "-e", f"inject=io_uring_setup:error={error}", sys.executable, str(script)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


@needs_strace
@pytest.mark.parametrize("error", ["EPERM", "ENOSYS", "ENOMEM"])
def test_ENG_003_any_errno_means_epoll_and_says_why(tmp_path: Path, error: str) -> None:
    process = started(tmp_path, "auto", error)
    assert process.stderr is not None
    begin = time.monotonic()
    why = process.stderr.readline()
    ready = process.stderr.readline()
    assert why.startswith("pelton: engine epoll instead of uring: ") and time.monotonic() - begin < 30
    found = re.search(r"listening on (\S+) \(engine epoll, pid (\d+)\)", ready)
    assert found is not None, ready
    assert urlopen(found[1]).read() == b'"up"'
    os.kill(int(found[2]), signal.SIGTERM)
    process.communicate(timeout=20)


@needs_strace
def test_ENG_001_a_forced_engine_that_cannot_start_is_one_line_and_exit_3(tmp_path: Path) -> None:
    process = started(tmp_path, "uring", "EPERM")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 3
    assert said.startswith("pelton: cannot start: the engine uring cannot start: ") and said.count("\n") == 1
