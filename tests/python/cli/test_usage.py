"""Help, version, and command lines that are refused."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pelton.cli.command import main
from pelton.cli.usage import UsageError, parsed


APP = """
import os
from pelton import App
app = App()
app.add_route("/", lambda: os.getpid())

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
        "late.py": "from pelton import App\napp = App()\n@app.get('/')\ndef f(x: 'Nowhere'): ...\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "usage"),
        (["rnu"], "did you mean 'run'"),
        (["run", "a", "b"], "one APP"),
        (["run", "a", "--prot", "1"], "did you mean --port"),
        (["run", "a", "--root-path", "/x"], "--root-path'; mount the App below the path"),
        (["run", "a", "--timeout-idle"], "--timeout-idle needs a value"),
        (["run", "a", "--loop", "uvloop"], "--loop uvloop: pelton has a loop of its own; write --engine"),
        (["run", "a", "--engine", "epoll", "--loop", "uring"], "--engine and --loop are one flag"),
        (["run", "a", "--no-port"], "no flag '--no-port'"),
        (["run", "a", "--no-debug=1"], "no flag '--no-debug'"),
        (["run", "a", "--headers", "a:b"], "write header, once for each field"),
        (["run", "a", "--port"], "needs a value"),
        (["run", "a", "--workers", "many"], "--workers"),
        (["run", "a", "--workers", "0"], "--workers"),
        (["run", "a", "--reload-dir", "."], "--reload-dir is of --reload, which is not given"),
        (["run", "a", "--reload", "--reload-dir", "nowhere"], "--reload-dir nowhere: there is no such folder"),
        (["run", "a", "--reload", "--reload-delay", "soon"], "--reload-delay"),
        (["run", "a", "-p", "1"], "-p"),
        (["openapi", "a", "b"], "one APP"),
        (["openapi", "a", "-o"], "-o needs a value"),
        (["openapi", "a", "--output=x"], "no flag '--output=x'"),
        (["openapi", "a", "--app-dri=x"], "did you mean --app-dir?"),
    ],
)
def test_a_bad_command_line_is_exit_2(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == main(["run", "--help"]) == main(["openapi", "-h"]) == main(["--version"]) == 0
    assert "pelton 0.1.0" in capsys.readouterr().out


FLAGS = {"values": {"host", "port", "header", "log"}, "switches": {"debug", "log"}, "aliases": {"p": "port", "address": "host"}}


def read(*arguments: str) -> tuple[list[str], dict[str, str]]:
    return parsed(list(arguments), **FLAGS, unknown=lambda flag: f"what is {flag}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "others", "flags"),
    [
        ("a --host h b", ["a", "b"], {"host": "h"}),
        ("--host=h=i -p 1", [], {"host": "h=i", "port": "1"}),
        ("-p=1 --address h", [], {"port": "1", "host": "h"}),
        ("--debug a", ["a"], {"debug": "on"}),
        ("--debug false a", ["a"], {"debug": "false"}),
        ("--debug=no --no-log", [], {"debug": "no", "log": "off"}),
        ("--log=./x --log", [], {"log": "on"}),
        ("--no-debug --debug", [], {"debug": "on"}),
        ("--header a:b --header c:d", [], {"header": "a:b\nc:d"}),
        ("- --port 1 --port 2", ["-"], {"port": "2"}),
    ],
)
def test_flags_and_what_stands_beside_them(line: str, others: list[str], flags: dict[str, str]) -> None:
    assert read(*line.split()) == (others, flags)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--prot 1", "what is --prot"),
        ("-host h", "what is -host"),
        ("--p 1", "what is --p"),
        ("--no-host", "what is --no-host"),
        ("--no-debug=on", "what is --no-debug=on"),
        ("--host", "--host needs a value"),
        ("--host --port", "--host needs a value"),
        ("--host=", "--host needs a value"),
        ("--host h --address i", "--host and --address are one flag"),
    ],
)
def test_flags_that_are_refused(line: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read(*line.split())


class Run:
    """A `pelton run` process and what it says."""

    def __init__(self, folder: Path, *arguments: str, engine: str = "auto") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pelton", "run", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PELTON_ENGINE": engine},
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr

    def ready(self, workers: int = 1) -> tuple[str, list[int]]:
        """(URL, pids) once all workers have said that they listen."""
        url, pids = "", []
        while len(pids) < workers:
            line = self.said.readline()
            assert line, "ended before it was ready"
            if found := re.search(r"listening on (\S+) \(engine \w+, pid (\d+)\)", line):
                url, pid = found.groups()
                pids.append(int(pid))
        return url, pids

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        self.said.close()
        return code


@pytest.fixture
def run(folder: Path, engine: str) -> Iterator[Callable[..., Run]]:
    with ExitStack() as stack:

        def start(*arguments: str) -> Run:
            started = Run(folder, *arguments, engine=engine)
            stack.callback(started.stop)
            return started

        yield start
