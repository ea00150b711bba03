"""`breakpoint()` in a worker of `pelton run`: a prompt on the command's terminal, or a line that says how to get one."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pelton.cli.breakpoints import Debugger

SILENCE_S = 60
APP = """
import asyncio
from pelton import App
app = App()

@app.get("/def")
def plain():
    value = 6
    breakpoint()
    return value * 7

@app.get("/async")
async def later():
    await asyncio.sleep(0)
    value = 6
    breakpoint()
    return value * 7

@app.get("/ok")
def ok():
    return 1
"""


class Terminal:
    """`pelton run` in the foreground of a terminal of its own, as a shell would start it."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.master, slave = pty.openpty()

        def control() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "pelton", "run", "main.py", "--port", "0", *arguments],
            stdin=slave, stdout=slave, stderr=slave, cwd=folder, preexec_fn=control,
            env={**os.environ, "TERM": "dumb", **environment},
        )  # fmt: skip
        os.close(slave)
        self.shown = ""
        self.workers = list[int]()
        self.port = 0

    def until(self, pattern: str) -> re.Match[str]:
        """The first match in what is shown from here on."""
        while (found := re.search(pattern, self.shown)) is None:
            assert select.select([self.master], [], [], SILENCE_S)[0], self.shown
            self.shown += os.read(self.master, 65536).decode()
        self.shown = self.shown[found.end() :]
        return found

    def ready(self, workers: int = 1) -> None:
        for _ in range(workers):
            found = self.until(r"listening on http://127.0.0.1:(\d+) \(engine \w+, pid (\d+)\)")
            self.port = int(found[1])
            self.workers.append(int(found[2]))

    def type(self, line: str) -> None:
        os.write(self.master, f"{line}\n".encode())

    def ask(self, path: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=SILENCE_S)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        return connection

    @staticmethod
    def answer(connection: socket.socket) -> str:
        with connection, connection.makefile("rb") as received:
            return received.read().partition(b"\r\n\r\n")[2].decode()

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        # What a full terminal holds back must not hold back the end.
        with suppress(OSError):
            while os.read(self.master, 65536):
                pass
        return self.process.wait(SILENCE_S)


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    (tmp_path / "main.py").write_text(APP)
    opened = list[Terminal]()
    yield opened
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(SILENCE_S)
        os.close(one.master)


def test_the_terminal_of_one_worker_gets_the_prompt(terminals: list[Terminal], tmp_path: Path, engine: str) -> None:
    # The shortest patience that there is, which a prompt must outlast.
    terminal = Terminal(tmp_path, PELTON_ENGINE=engine, PELTON_TIMEOUT_STUCK_DUMP="2", PELTON_TIMEOUT_STUCK_KILL="2.5")
    terminals.append(terminal)
    terminal.ready()
    (worker,) = terminal.workers
    for path, function in (("/def", "plain"), ("/async", "later")):
        connection = terminal.ask(path)
        assert function in terminal.until(r"main.py\(\d+\)(\w+)\(\)")[1]
        terminal.until(r"\(Pdb\) ")
        assert os.getpgid(worker) == terminal.process.pid
        if path == "/def":
            assert not select.select([terminal.master], [], [], 4)[0], os.read(terminal.master, 65536)
        terminal.type("p value + 100")
        terminal.until("106")
        terminal.type("continue")
        assert terminal.answer(connection) == "42"
        assert os.getpgid(worker) == worker
    assert terminal.answer(terminal.ask("/ok")) == "1"
    assert terminal.end() == 0 and "has not turned" not in terminal.shown


def test_steps_and_leaving_the_debugger(terminals: list[Terminal], tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminals.append(terminal)
    terminal.ready()
    connection = terminal.ask("/def")
    terminal.until(r"\(Pdb\) ")
    terminal.type("next")
    terminal.until(r"--Return--[^$]*\(Pdb\) |\(Pdb\) ")
    terminal.type("quit")
    assert "Internal Server Error" in terminal.answer(connection)
    assert terminal.answer(terminal.ask("/ok")) == "1"
    assert terminal.end() == 0


def test_a_breakpoint_while_the_application_is_imported(terminals: list[Terminal], tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(f"{APP}\nbreakpoint()\nready = True\n")
    terminal = Terminal(tmp_path)
    terminals.append(terminal)
    terminal.until(r"main.py\(\d+\)<module>\(\)")
    terminal.until(r"\(Pdb\) ")
    terminal.type("continue")
    terminal.ready()
    assert terminal.answer(terminal.ask("/ok")) == "1" and terminal.end() == 0


@pytest.mark.parametrize("obstacle", ["2 workers cannot share a terminal", "standard input is no terminal"])
def test_what_cannot_prompt_says_so_and_goes_on(terminals: list[Terminal], tmp_path: Path, obstacle: str) -> None:
    if "workers" in obstacle:
        terminal = Terminal(tmp_path, "--workers", "2")
        terminals.append(terminal)
        terminal.ready(2)
        assert terminal.answer(terminal.ask("/def")) == "42"
        terminal.until(f"breakpoint\\(\\) at main.py:9 is passed over: {obstacle}; to debug, use ")
        assert terminal.end() == 0
        return
    (tmp_path / "main.py").write_text(f"{APP}\nbreakpoint()\nraise LookupError('the end')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "main.py", "--port", "0"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert f"breakpoint() at main.py:23 is passed over: {obstacle}" in done.stderr and "LookupError" in done.stderr


@pytest.mark.parametrize("chosen", ["0", "other.debugger"])
def test_another_debugger_is_left_alone(tmp_path: Path, chosen: str) -> None:
    (tmp_path / "other.py").write_text("def debugger(): raise SystemExit('the other one')\n")
    (tmp_path / "main.py").write_text("breakpoint()\nraise LookupError('none at all')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "main.py", "--port", "0"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONBREAKPOINT": chosen},
    )  # fmt: skip
    assert ("none at all" if chosen == "0" else "the other one") in done.stderr and "passed over" not in done.stderr


def test_interrupts_stay_the_servers() -> None:
    assert Debugger(os.getpgrp()).nosigint
