"""--log-level, --log-config and --use-colors: what real servers write where, on both engines."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pelton import App
from pelton.testing import live_server

APP = """
from pelton import App
app = App()
app.add_route("/", lambda: 1)

@app.get("/fail")
def fail():
    raise ValueError("line one\\nline two")
"""


class Run:
    """`pelton run` on a Unix socket, with its standard output and error in files, or on a terminal."""

    def __init__(self, folder: Path, engine: str, *arguments: str, command: str = "run", terminal: bool = False, **environment: str) -> None:
        self.folder = folder
        self.terminal = -1
        self._shown = b""
        (folder / "web.py").write_text(APP)
        with ExitStack() as stack:
            streams: list[Any] = [stack.enter_context(open(folder / name, "wb")) for name in ("out", "err")]
            if terminal:
                self.terminal, end = pty.openpty()
                streams = [end, end]
                stack.callback(os.close, end)
            clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pelton", command, "web.py", "--uds", "s", *arguments],
                cwd=folder, env={**clean, "PELTON_ENGINE": engine, "TERM": "xterm", **environment},
                stdout=streams[0], stderr=streams[1],
            )  # fmt: skip

    def ask(self, octets: bytes = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") -> bytes:
        """The answer, from whenever it listens and serves."""
        while True:
            assert self.process.poll() is None, self.text("err")
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError), socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.folder / "s"))
                client.sendall(octets)
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
                return answer

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def shown(self, pattern: str) -> str:
        """What the terminal has got, once that matches."""
        while not re.search(pattern, self._shown.decode()):
            self._shown += os.read(self.terminal, 65536).replace(b"\r\n", b"\n")
        return self._shown.decode()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            if self.terminal >= 0:
                with contextlib.suppress(OSError):  # the terminal is nobody's any more
                    while piece := os.read(self.terminal, 65536):
                        self._shown += piece.replace(b"\r\n", b"\n")
            return self.process.wait(60)
        finally:
            if self.terminal >= 0:
                os.close(self.terminal)
                self.terminal = -1


@pytest.fixture
def run(tmp_path: Path, engine: str) -> Iterator[Callable[..., Run]]:
    with ExitStack() as stack:

        def start(*arguments: str, **more: Any) -> Run:
            started = Run(tmp_path, engine, *arguments, **more)
            stack.callback(started.stop)
            return started

        yield start


BAD = b"GET / HTTP/1.1\nHost: a\r\n\r\n"
FAILS = b"GET /fail HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("level", ["critical", "error", "warning", "info", "trace"])
def test_what_each_level_writes(run: Callable[..., Run], level: str) -> None:
    running = run("--log-level", level, "--access-log", "--access-log-format", "{path}")
    running.ask()
    assert b"line_bare_lf" in running.ask(BAD) and b" 500 " in running.ask(FAILS)
    running.process.send_signal(signal.SIGHUP)
    while "generation 2 serves" not in running.text("err") and level in ("info", "trace"):
        running.ask()
    assert running.stop() == 0
    out, err = running.text("out"), running.text("err")
    is_info = level in ("info", "trace")
    assert ("listening on" in err) == ("refused.line_bare_lf" in err) == ("reload: generation 2" in err) == is_info
    assert ("/fail" in out.splitlines()) == is_info and (is_info or out == "")
    assert ("ValueError: line one" in err) == (level != "critical")
    assert err or level in ("critical",)


def test_what_cannot_start_is_said_at_every_level(run: Callable[..., Run]) -> None:
    running = run("--log-level", "critical", "--config", "none.toml")
    assert running.process.wait(60) == 3 and running.text("err").startswith("pelton: cannot start: none.toml cannot be read")


CONFIG = {
    "version": 1,
    "formatters": {"plain": {"format": "%(process)d %(name)s %(levelname)s %(message)s"}},
    "handlers": {
        "access": {"class": "logging.FileHandler", "filename": "access.txt", "formatter": "plain"},
        "error": {"class": "logging.FileHandler", "filename": "error.txt", "formatter": "plain"},
    },
    "loggers": {"pelton.access": {"handlers": ["access"]}, "pelton.error": {"handlers": ["error"]}},
}


@pytest.mark.parametrize("workers", [1, 2])
def test_loggers_take_both_logs_of_workers_and_supervisor(run: Callable[..., Run], tmp_path: Path, workers: int) -> None:
    (tmp_path / "log.json").write_text(json.dumps(CONFIG))
    running = run("--log-config", "log.json", "--access-log", "--access-log-format", "{method} {path} {status}", f"--workers={workers}")
    for _ in range(20):
        running.ask()
    while running.text("error.txt").count("listening on") < workers:
        running.ask()
    running.ask(BAD)
    running.ask(FAILS)
    running.process.send_signal(signal.SIGHUP)
    while "reload: generation 2 serves" not in running.text("error.txt"):
        running.ask()
    while running.text("error.txt").count("listening on") < 2 * workers:
        running.ask()
    assert running.stop() == 0
    assert running.text("out") == running.text("err") == ""
    lines = running.text("access.txt").splitlines()
    pids = {int(line.split()[0]) for line in lines}
    assert all(re.fullmatch(r"\d+ pelton.access INFO (GET / 200|- - 400|GET /fail 500)", line) for line in lines)
    assert sum(line.endswith("GET / 200") for line in lines) >= 20 and running.process.pid not in pids
    error = running.text("error.txt")
    said = rf"{running.process.pid} pelton.error INFO reload: generation"
    assert re.search(rf"^{said} 1|^{said} 2 starts\n(?s:.*)^{said} 2 serves$", error, re.MULTILINE)
    assert len(re.findall(r"^\d+ pelton.error INFO pelton 0.1.0 listening on unix:s ", error, re.MULTILINE)) == 2 * workers
    assert re.search(r"^\d+ pelton.error INFO refused.line_bare_lf", error, re.MULTILINE)
    # An exception is a record with its traceback, which the formatter writes.
    assert re.search(r"^\d+ pelton.error ERROR GET /fail: ValueError\nTraceback .*(\n  .*)+\nValueError: line one\nline two$", error, re.MULTILINE)


def test_a_configuration_that_cannot_be_applied_is_one_line_and_exit_3(run: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text('{"version": 7}')
    running = run("--log-config", "log.json")
    assert running.process.wait(60) == 3
    said = "pelton: cannot start: log_config: log.json cannot be applied: ValueError: Unsupported version: 7\n"
    assert running.text("err") == said


def test_a_table_of_the_configuration_file(run: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "pelton.toml").write_text("""
access_log = true
access_log_format = "{path}"
log_level = "debug"
[log_config]
version = 1
handlers.file = {class = "logging.FileHandler", filename = "access.txt"}
loggers."pelton.access" = {handlers = ["file"]}
""")
    running = run()
    running.ask()
    assert running.stop() == 0 and running.text("access.txt") == "/\n" and running.text("out") == ""
    assert "listening on" in running.text("err")


def test_a_handler_of_the_application_takes_a_log_too(engine: str) -> None:
    import logging
    from urllib.request import urlopen

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record.getMessage())

    kept: list[str] = []
    logger, handler = logging.getLogger("pelton.access"), Kept()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    app = App()
    app.add_route("/", lambda: 1)
    try:
        with live_server(app, engine=engine, access_log=True, access_log_format="{path}") as server:  # type: ignore[arg-type]
            for _ in range(100):
                urlopen(server.url).close()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert kept == ["/"] * 100


# --- colours ---

GREEN, YELLOW, RED, FAINT, END = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


def test_a_terminal_gets_colours(run: Callable[..., Run]) -> None:
    running = run("--access-log", "--access-log-format", "{path} {status}", terminal=True)
    running.ask()
    running.ask(FAILS)
    running.ask(BAD)
    shown = running.shown(r"pelton: refused")
    assert running.stop() == 0
    shown = running._shown.decode()
    assert f"{GREEN}pelton{END} 0.1.0 listening on unix:s" in shown
    assert f"/ {GREEN}200{END}\n" in shown and f"/fail {RED}500{END}\n" in shown and f"- {YELLOW}400{END}\n" in shown
    assert re.search(rf"{re.escape(FAINT)}\S+Z{re.escape(END)} {re.escape(RED)}error{re.escape(END)} pelton.error: GET /fail", shown)
    assert f"{GREEN}info{END} pelton: refused.line_bare_lf" in shown


@pytest.mark.parametrize("how", ["--no-use-colors", "--use-colors=off", "NO_COLOR", "TERM", "json"])
def test_a_terminal_without_colours(run: Callable[..., Run], how: str) -> None:
    more = {"NO_COLOR": "1"} if how == "NO_COLOR" else {"TERM": "dumb"} if how == "TERM" else {}
    flags = [how] if how.startswith("--") else ["--access-log-format", "json", "--no-use-colors"] if how == "json" else []
    running = run("--access-log", *flags, terminal=True, **more)
    running.ask()
    running.shown(r'GET|"/"')
    assert running.stop() == 0 and "\x1b" not in running._shown.decode()


@pytest.mark.parametrize(("flag", "has"), [("--use-colors", True), ("--use-colors=auto", False), ("--no-use-colors", False)])
def test_what_is_no_terminal(run: Callable[..., Run], flag: str, has: bool) -> None:
    running = run("--access-log", "--access-log-format", "{status}", flag)
    running.ask()
    assert running.stop() == 0
    assert (f"{GREEN}200{END}\n" == running.text("out")) == (f"{GREEN}pelton{END}" in running.text("err")) == has


def test_a_file_never_has_colours(run: Callable[..., Run]) -> None:
    running = run("--access-log=./access.txt", "--access-log-format", "{status}", "--use-colors")
    running.ask()
    assert running.stop() == 0 and running.text("access.txt") == "200\n"


def test_pelton_dev_has_a_line_for_each_request_in_colours(run: Callable[..., Run]) -> None:
    running = run(command="dev", terminal=True)
    running.ask()
    shown = running.shown(r"GET / .* ms")
    assert re.search(rf"GET / {re.escape(GREEN)}200{re.escape(END)} \d+\.\d+ ms\n", shown)
    (running.folder / "web.py").write_text(APP + "\n# new\n")
    assert f"{GREEN}pelton{END}: web.py changed\n" in running.shown(r"web.py changed\n")
    assert running.stop() == 0
