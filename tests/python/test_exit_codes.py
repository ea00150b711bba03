"""Every exit code of every command, as its help and the page of the command line list them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pelton.cli.commands import COMMANDS, EXIT_CODES, help_of
from supervised import Supervised

# No engine can start, because the limit leaves no descriptor free. Importing needs descriptors, so it is done before.
NO_DESCRIPTOR = """
import resource, pelton._native, pelton._tls, pelton.cli.doctor, pelton.serving.terminal
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
raise SystemExit(pelton.cli.doctor.doctor())
"""

# By command and code: a line of the shell, in a folder with an application, and what is said of the failure.
LINES = {
    ("run", 1): ("ulimit -f 0; exec pelton run web.py --port 0", "cannot make the counters that workers share: File too large"),
    ("run", 2): ("pelton run web.py --prot 1", "no flag '--prot'"),
    ("run", 3): ("pelton run broken.py --port 0", "cannot start: importing broken.py failed"),
    ("dev", 1): ("ulimit -f 0; exec pelton dev web.py --port 0", "cannot make the counters that workers share: File too large"),
    ("dev", 2): ("pelton dev web.py --reload-dir none", "--reload-dir none: there is no such folder"),
    ("dev", 3): ("pelton dev web.py --port x", "cannot start: command line: port is a port"),
    ("reload", 1): ("pelton reload --pid-file none", "cannot reload: "),
    ("reload", 2): ("pelton reload", "pelton reload needs --pid-file FILE"),
    ("check", 0): ("pelton check web.py", ""),
    ("check", 1): ("pelton check web.py --debug", "--debug: debug is true"),
    ("check", 2): ("pelton check --print-confg", "did you mean --print-config?"),
    ("routes", 0): ("pelton routes web.py", ""),
    ("routes", 2): ("pelton routes web.py --json --explain", "give one of them"),
    ("routes", 3): ("pelton routes broken.py", "cannot describe broken.py"),
    ("openapi", 0): ("pelton openapi web.py", ""),
    ("openapi", 1): ("pelton openapi web.py -o none/file", "cannot write none/file: No such file or directory"),
    ("openapi", 2): ("pelton openapi a b", "pelton openapi takes one APP, not a b"),
    ("openapi", 3): ("pelton openapi broken.py", "cannot describe broken.py"),
    ("new", 0): ("pelton new made", ""),
    ("new", 1): ("pelton new .", "is not empty"),
    ("new", 2): ("pelton new", "pelton new takes one DIR"),
    ("completion", 0): ("pelton completion bash", ""),
    ("completion", 2): ("pelton completion tcsh", "no completion for 'tcsh'"),
    ("doctor", 0): ("pelton doctor", ""),
    ("doctor", 1): (f"exec {sys.executable} -c '{NO_DESCRIPTOR}'", ""),
    ("doctor", 2): ("pelton doctor now", "pelton doctor takes no arguments"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web.py").write_text("import os\nfrom pelton import App\napp = App()\napp.add_route('/', lambda: os.getpid())\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    return tmp_path


@pytest.mark.parametrize(("command", "code"), LINES, ids=lambda value: str(value))
def test_a_line_that_ends_with_the_code(command: str, code: int, folder: Path) -> None:
    line, says = LINES[command, code]
    done = subprocess.run(
        ["bash", "-c", line.replace("pelton ", f"{sys.executable} -m pelton ")],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert says in done.stderr and (code != 0 or done.stderr == "")


@pytest.mark.parametrize("command", ["run", "dev"])
def test_0_a_stop_was_asked_for(command: str, folder: Path, engine: str) -> None:
    running = Supervised(folder, "web.py", command=command, PELTON_ENGINE=engine)
    running.ready()
    assert running.stop() == 0


def test_0_a_reload_that_has_gone_well(folder: Path, engine: str) -> None:
    running = Supervised(folder, "web.py", "--pid-file", "pid", PELTON_ENGINE=engine)
    running.ready()
    done = subprocess.run([sys.executable, "-m", "pelton", "reload", "--pid-file", "pid"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "reload: generation 2 serves\n")
    assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_128_and_n_a_second_signal_n_ends_it_at_once(number: int, folder: Path, engine: str) -> None:
    (folder / "slow.py").write_text(
        "import asyncio\nfrom pelton import App\napp = App()\n\n@app.get('/')\nasync def slow():\n    open('begun', 'w').close()\n    await asyncio.Event().wait()\n"
    )
    running = Supervised(folder, "slow.py", PELTON_ENGINE=engine)
    running.ready()
    with running.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        while not (folder / "begun").exists():
            pass
        os.kill(running.pid, number)
        while running.process.poll() is None:
            os.kill(running.pid, number)
    assert running.process.wait() in (128 + number, -number)


TESTED = {*LINES, ("run", 0), ("dev", 0), ("reload", 0), ("run", 128)}


def test_no_code_is_left_out() -> None:
    listed = set()
    for command in COMMANDS.values():
        codes = re.findall(r"^  (\d+)(?: \+ n)?  ", help_of(command).partition("exit codes:\n")[2], re.MULTILINE)
        listed |= {(command.name, int(code)) for code in codes}
    assert listed == TESTED
    assert {int(code.partition(" ")[0]) for code, _ in EXIT_CODES} == {code for _, code in TESTED}
