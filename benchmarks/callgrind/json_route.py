"""How many user instructions does pelton spend around a handler, on the keep-alive JSON route?

A server on the epoll engine runs under callgrind twice, with a different number of requests; the
difference divided is one request, start-up cancelled. The bare call of the same handler, measured the
same way in a loop of C, is taken off: what is left is pelton's own share. Requests arrive on 64
connections, all in one turn as under load (the server is stopped while they are written); `alone` is
the dearer case of one connection, where each request pays for a whole turn.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONNECTIONS = 64
REQUEST = b"GET /json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
VALGRIND = ("valgrind", "--tool=callgrind", "--error-exitcode=9", "--callgrind-out-file={out}")

# deque swallows what starmap yields without a bytecode in between; the empty loop is taken off below.
_CALLS = """
import collections, itertools, sys
def handler():
    return {"hello": "world"}
call = handler if sys.argv[2] == "handler" else bool
collections.deque(itertools.starmap(call, itertools.repeat((), int(sys.argv[1]))), maxlen=0)
"""


def instructions(out: Path) -> int:
    found = re.search(r"^(?:totals|summary):\s+(\d+)", out.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"callgrind wrote no totals into {out}")
    return int(found[1])


def _python() -> str:
    return str(Path(sys.executable))


def _bare_calls(count: int, what: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [part.format(out=out) for part in VALGRIND]
        command += [_python(), "-S", "-c", _CALLS, str(count), what]
        subprocess.run(command, check=True, capture_output=True, env={"PYTHONHASHSEED": "0"})
        return instructions(out)


def bare_call() -> float:
    """Instructions of one vectorcall of a handler that returns a one-entry dictionary."""
    span = 20_000
    with_handler = _bare_calls(span + 1000, "handler") - _bare_calls(1000, "handler")
    without = _bare_calls(span + 1000, "nothing") - _bare_calls(1000, "nothing")
    return (with_handler - without) / span


def _read_answer(connection: socket.socket) -> None:
    answer = b""
    while not answer.endswith(b"}"):
        piece = connection.recv(65536)
        if not piece:
            raise RuntimeError("the server closed the connection")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"unexpected answer {answer!r}")


def _ask(port: int, pid: int, connections: int, rounds: int, request: bytes) -> None:
    """Each round sends one request on every connection while the server stands still."""
    # Connecting too: how many turns it would take otherwise is for the scheduler to say.
    os.kill(pid, signal.SIGSTOP)
    held = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(connections)]
    for _ in range(rounds):
        os.kill(pid, signal.SIGSTOP)
        for connection in held:
            connection.sendall(request)
        os.kill(pid, signal.SIGCONT)
        for connection in held:
            _read_answer(connection)
    for connection in held:
        connection.close()


def _start(command: list[str]) -> tuple[subprocess.Popen[str], int]:
    """The server and its port, once it has said that it listens."""
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env={"PYTHONHASHSEED": "0"}
    )
    assert server.stderr is not None
    said = ""
    for line in server.stderr:
        said += line
        if found := re.search(r"listening on http://127\.0\.0\.1:(\d+) ", line):
            return server, int(found[1])
    server.wait()
    raise RuntimeError(f"the server did not start under callgrind: {said}")


def live(out: Path, connections: int, rounds: int, request: bytes, app: str) -> None:
    """A whole server life with this many requests on each connection, counted into `out`."""
    command = [part.format(out=out) for part in VALGRIND]
    server, port = _start([*command, _python(), str(HERE / app)])
    try:
        _ask(port, server.pid, connections, rounds, request)
    finally:
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=120)
    if server.returncode != 0:
        raise RuntimeError(f"the server ended with {server.returncode}: {said}")


def served(connections: int, rounds: int) -> int:
    """Instructions of such a life."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        live(out, connections, rounds, REQUEST, "json_app.py")
        return instructions(out)


def request(connections: int, rounds: int) -> float:
    few, many = rounds, 11 * rounds
    asked = connections * (many - few)
    return (served(connections, many) - served(connections, few)) / asked


def share() -> dict[str, float]:
    handler = bare_call()
    together = request(CONNECTIONS, 5)
    return {"handler": handler, "request": together, "share": together - handler}


if __name__ == "__main__":
    measured = share() | {"alone": request(1, 100)}
    for name, instructions in measured.items():
        print(f"{name}: {instructions:.0f} user instructions")
