"""ENG-028, PRC-020: workers that share one listener take turns, and one connection wakes one of them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

WORKERS = 4
CONNECTIONS = 80
APP = """
import os
from pelton import App
app = App()
app.add_route("/", lambda: os.getpid())
"""


@pytest.fixture
def workers(tmp_path: Path, engine: str) -> Iterator[list[int]]:
    (tmp_path / "web.py").write_text(APP)
    command = [sys.executable, "-m", "pelton", "run", "web.py", "--uds", "socket", "--workers", str(WORKERS)]
    environment = {**os.environ, "PELTON_ENGINE": engine}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    assert process.stderr is not None
    found: list[int] = []
    while len(found) < WORKERS:
        match = re.search(r"listening on unix:.* pid (\d+)\)", process.stderr.readline())
        assert match is not None
        found.append(int(match[1]))
    yield found
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stderr.close()


def waits(pid: int) -> int:
    """How often its loop went to sleep."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", status)
    assert found is not None
    return int(found[1])


def rest(workers: list[int]) -> None:
    """Waits until each of them waits for a connection: on a busy machine a worker may not be back yet."""
    while not all(is_asleep(pid) for pid in workers):
        os.sched_yield()


def is_asleep(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def ask(path: Path) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
        return int(answer.rpartition(b"\r\n")[2])


def test_a_connection_to_a_unix_socket_wakes_one_worker_and_they_take_turns(workers: list[int], tmp_path: Path) -> None:
    before = sum(map(waits, workers))
    served: Counter[int] = Counter()
    for _ in range(CONNECTIONS):
        rest(workers)
        served[ask(tmp_path / "socket")] += 1
    woken = sum(map(waits, workers)) - before
    assert set(served) == set(workers), served
    assert min(served.values()) >= CONNECTIONS // WORKERS // 4, served
    # Of its worker a connection wants the accept, the request and the end. Were the others woken
    # too, each connection would cost three waits more.
    assert woken <= 4 * CONNECTIONS, woken
