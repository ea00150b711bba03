"""Standard output and standard error: what takes nothing, and what is closed."""

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

from pelton.serving.terminal import painted


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


@pytest.mark.parametrize("command", ["openapi single.py", "doctor"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_nobody_takes_ends_a_command_as_it_does_a_tool(folder: Path, command: str, unbuffered: str) -> None:
    reader, left = os.pipe()
    os.close(reader)
    full = os.open("/dev/full", os.O_WRONLY)
    no_space = "pelton: cannot write to standard output: No space left on device\n"
    for output, code, says in ((left, 128 + signal.SIGPIPE, ""), (full, 1, no_space)):
        with open(output, "wb") as stdout:
            done = subprocess.run(
                [sys.executable, "-m", "pelton", *command.split()],
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                cwd=folder,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
        assert (done.returncode, done.stderr) == (code, says)


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("--version >&-", 1, "pelton: cannot write to standard output: it is closed\n"),
        ("doctor >&-", 1, "pelton: cannot write to standard output: it is closed\n"),
        ("2>&-", 2, ""),
        ("run a b 2>&-", 2, ""),
    ],
)
def test_a_closed_descriptor_is_as_one_that_nobody_reads(command: str, code: int, says: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m pelton {command}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", says)


@pytest.mark.parametrize("command", ["-m pelton run closed.py --port 0", "closed.py"])
def test_PRC_050_nothing_is_opened_in_the_place_of_stderr(folder: Path, command: str) -> None:
    (folder / "closed.py").write_text(APP + """
@app.on_event("startup")
def start():
    names = [os.readlink(f"/proc/self/fd/{descriptor}") for descriptor in range(3)]
    with open("names", "w") as file:
        print(*names, file=file)
    raise RuntimeError

if __name__ == "__main__":
    app.run(port=0, access_log="./log")
""")
    command = f"exec <&- >&- 2>&-; exec {sys.executable} {command}"
    assert subprocess.run(["bash", "-c", command], cwd=folder, timeout=60, check=False).returncode == 3
    assert (folder / "names").read_text() == "/dev/null /dev/null /dev/null\n"


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


@pytest.mark.parametrize(
    ("is_terminal", "environment", "coloured"),
    [(True, {"TERM": "xterm"}, True), (True, {"TERM": "dumb"}, False), (True, {}, False), (False, {"TERM": "xterm"}, False),
     (True, {"TERM": "xterm", "NO_COLOR": "1"}, False)],
)  # fmt: skip
def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, is_terminal: bool, environment: dict[str, str], coloured: bool) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal, raising=False)
    assert painted("a", "red") == ("\x1b[31ma\x1b[0m" if coloured else "a")
