"""The guide's configuration of logrotate, with the real program: no line of the access log is lost or written twice."""

from __future__ import annotations

import grp
import gzip
import os
import pwd
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from descriptors import open_files
from guide import FOLDER, Page
from supervised import Supervised

APP = """
from pelton import App
app = App()
app.add_route("/{n:int}", lambda n: n)
"""
ROUNDS, REQUESTS = 4, 50


@pytest.mark.parametrize("workers", [1, 2])
def test_rotation_loses_nothing(tmp_path: Path, engine: str, workers: int) -> None:
    (tmp_path / "web.py").write_text(APP)
    logs = tmp_path / "log"
    logs.mkdir(0o755)
    [block] = Page(FOLDER / "deploying.md").blocks("logrotate")
    owner = f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"
    text = block.text.replace("/var/log/shop", str(logs)).replace("/run/shop/shop.pid", str(tmp_path / "pid")).replace("shop shop", owner)
    assert "shop" not in text
    (tmp_path / "rotate.conf").write_text(text)
    with ExitStack() as stack:
        running = Supervised(
            tmp_path, "web.py", f"--access-log={logs}/access.log", "--access-log-format", "{path}",
            f"--workers={workers}", "--pid-file", "pid", PELTON_ENGINE=engine,
        )  # fmt: skip
        stack.callback(running.end)
        pids = running.ready(workers)
        for number in range(ROUNDS):
            for request in range(REQUESTS):
                with running.connect() as connection:
                    running.ask(connection, f"/{number * REQUESTS + request}")
            rotate(tmp_path)
            for pid in pids:
                wait_until_reopened(pid, logs)
        assert running.stop() == 0
    lines = [line for path in logs.iterdir() for line in content(path).splitlines()]
    assert sorted(lines) == sorted(f"/{number}" for number in range(ROUNDS * REQUESTS))
    assert {path.name for path in logs.iterdir()} >= {"access.log", "access.log.1", "access.log.2.gz"}
    assert (logs / "access.log").stat().st_mode & 0o777 == 0o640


def rotate(folder: Path) -> None:
    done = subprocess.run(
        ["/usr/sbin/logrotate", "--force", "--state", folder / "state", folder / "rotate.conf"],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stderr


def wait_until_reopened(pid: int, logs: Path) -> None:
    while {path for path in open_files(pid).values() if str(logs) in path} != {f"{logs}/access.log"}:
        pass


def content(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
