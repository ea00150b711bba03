"""How long does a start take: the import alone, and until the first answer?"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import contenders

QUESTION = "How long does a start take: the import alone, and until the first answer?"
TRIES = 15
CLIENT = ("127.0.0.2", 0)  # of another address: from its own, a free port asked often enough connects to itself
# As after a first start: byte code is kept.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", *arguments], check=True, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - began


def _first_answer_s(engine: str) -> float:
    port = contenders.free_port()
    command = [str(Path(sys.executable).parent / "pelton"), "run", "pelton_python:app", "--app-dir"]
    command += [str(contenders.FILES), "--port", str(port), "--engine", engine]
    began = time.perf_counter()
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip
    try:
        while True:
            if server.poll() is not None or time.perf_counter() - began > 10:
                raise contenders.Unavailable("the server did not start")
            try:
                with socket.create_connection(("127.0.0.1", port), 5, CLIENT) as connection:
                    connection.sendall(b"GET /json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    if connection.recv(4096).startswith(b"HTTP/1.1 200 "):
                        return time.perf_counter() - began
            except ConnectionRefusedError:
                time.sleep(0.001)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)


def measure() -> dict[str, float]:
    bare, imports, answers = [], [], {"epoll": [0.0], "uring": [0.0]}
    _seconds("from pelton import App")  # byte code is compiled once
    for _ in range(TRIES):
        bare.append(_seconds("pass"))
        imports.append(_seconds("from pelton import App") - bare[-1])
        for engine, seconds in answers.items():
            seconds.append(_first_answer_s(engine))
    figures = {
        "bare_python_ms": statistics.median(bare) * 1e3,
        "import_ms_over_bare_python": statistics.median(imports) * 1e3,
    }
    for engine, seconds in answers.items():
        figures[f"first_answer_ms_{engine}"] = statistics.median(seconds[1:]) * 1e3
    return figures
