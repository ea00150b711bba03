"""One run of wrk on the client's core, and what it says."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contenders import Running, Unavailable

CLIENT_CORE = 1
CONNECTIONS = 64
SCRIPT = Path(__file__).resolve().parent / "versus" / "request.lua"
BUSY_MAX = 0.95
_MICROSECONDS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


@dataclass(frozen=True)
class Run:
    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    client_busy: float  # share of its core that the client used
    errors: int  # socket errors and answers that are neither 2xx nor 3xx
    command: list[str]


def wrk_command(running: Running, seconds: float) -> list[str]:
    question = running.question
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{CONNECTIONS}"]
    command += [f"-d{max(1, round(seconds))}s", "--latency"]
    for header in question.headers:
        command += ["-H", header]
    scripted = question.depth > 1 or question.method != "GET"
    if scripted:
        command += ["-s", str(SCRIPT)]
    command.append(f"http://127.0.0.1:{running.port}{running.path}")
    if scripted:
        command += ["--", str(question.depth), question.method, str(question.body_file or "-")]
    return command


def drive(running: Running, seconds: float) -> Run:
    command = wrk_command(running, seconds)
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        wrk = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(wrk.pid, 0)
        wrk.returncode = os.waitstatus_to_exitcode(status)
        elapsed_s = time.monotonic() - began
        output.seek(0)
        text = output.read()
    counted = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
    if wrk.returncode != 0 or counted is None:
        raise Unavailable(f"did not last: {(text.strip() or 'wrk failed').splitlines()[-1]}")
    socket_errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, socket_errors.groups())) if socket_errors else 0
    return Run(
        requests=int(counted[1]),
        seconds=float(counted[2]) * _MICROSECONDS[counted[3]] / 1e6,
        p50_us=_percentile(text, "50%"),
        p99_us=_percentile(text, "99%"),
        client_busy=(usage.ru_utime + usage.ru_stime) / elapsed_s,
        errors=errors + (int(refused[1]) if refused else 0),
        command=command,
    )


def _percentile(text: str, name: str) -> float:
    found = re.search(rf"^\s+{re.escape(name)}\s+([\d.]+)(us|ms|s|m)", text, re.MULTILINE)
    return float(found[1]) * _MICROSECONDS[found[2]] if found else 0.0
