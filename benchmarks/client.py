"""One run of wrk on the client's core, and what it says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contenders import Running, Unavailable

CLIENT_CORE = 1
SCRIPT = Path(__file__).resolve().parent / "versus" / "request.lua"
BUSY_MAX = 0.95
_MICROSECONDS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


SLICE_S = 0.1
SETTLE_S = 0.002  # a stopped client's last requests are answered within it


@dataclass(frozen=True)
class Run:
    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    client_busy: float  # share of its core that the client used
    errors: int  # socket errors and answers that are neither 2xx nor 3xx


def wrk_command(running: Running, seconds: float) -> list[str]:
    question = running.question
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{question.connections}"]
    command += [f"-d{max(1, round(seconds))}s", "--timeout", "60s", "--latency"]
    for header in question.headers:
        command += ["-H", header]
    scripted = question.depth > 1 or question.method != "GET"
    if scripted:
        command += ["-s", str(SCRIPT)]
    command.append(f"http://127.0.0.1:{running.port}{running.path}")
    if scripted:
        command += ["--", str(question.depth), question.method, str(question.body_file or "-")]
    return command


class Load:
    """wrk against one contender; runs when begun, and again in every slice, and stands still between.

    Slices of different contenders follow one another, so a machine that is slower for some seconds
    is slower for all of them alike.
    """

    def __init__(self, running: Running, seconds: float) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115: closed by finish
        self._ran_s = 0.0
        self._began = time.monotonic()
        self._wrk = subprocess.Popen(
            wrk_command(running, seconds), stdout=self._output, stderr=subprocess.STDOUT
        )

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)
        self._ran_s += time.monotonic() - self._began
        time.sleep(SETTLE_S)

    def slice(self) -> None:
        self._go_on()
        time.sleep(SLICE_S)
        self.pause()

    def _go_on(self) -> None:
        self._began = time.monotonic()
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        # Not Popen's way, which would collect one that has ended, and finish() what it used with it.
        os.kill(self._wrk.pid, number)

    def interrupt(self) -> Run:
        """Ends a paused run before its time; wrk then says what it has counted."""
        self._go_on()
        # Its first thread sleeps and must wake; the kernel hands it the signal only once it runs.
        time.sleep(SLICE_S)
        self._signal(signal.SIGINT)
        return self.finish()

    def finish(self) -> Run:
        """Waits for the run's end. Unavailable: the server did not last."""
        _, status, usage = os.wait4(self._wrk.pid, 0)
        self._wrk.returncode = os.waitstatus_to_exitcode(status)
        self._ran_s += time.monotonic() - self._began
        with self._output:
            self._output.seek(0)
            text = self._output.read()
        counted = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
        if self._wrk.returncode != 0 or counted is None:
            raise Unavailable(f"did not last: {(text.strip() or 'wrk failed').splitlines()[-1]}")
        socket_errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        errors = sum(map(int, socket_errors.groups())) if socket_errors else 0
        return Run(
            requests=int(counted[1]),
            seconds=self._ran_s,
            p50_us=_percentile(text, "50%"),
            p99_us=_percentile(text, "99%"),
            client_busy=(usage.ru_utime + usage.ru_stime) / self._ran_s,
            errors=errors + (int(refused[1]) if refused else 0),
        )

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        os.waitpid(self._wrk.pid, 0)
        self._wrk.returncode = -signal.SIGKILL
        self._output.close()


def _percentile(text: str, name: str) -> float:
    found = re.search(rf"^\s+{re.escape(name)}\s+([\d.]+)(us|ms|s|m)", text, re.MULTILINE)
    return float(found[1]) * _MICROSECONDS[found[2]] if found else 0.0
