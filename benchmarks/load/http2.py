"""What does a small answer by HTTP/2 cost, with one stream and with many?

h2load asks in clear text, so that framing and header lists are measured and no cipher is.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import client
import contenders
import processes

QUESTION = "What CPU time does a small JSON answer by HTTP/2 take, in us a request, with 1, 10 and 100 streams a connection?"

STREAMS = (1, 10, 100)
CONNECTIONS = 8
ANSWER = '{"hello":"world"}'
PELTON = "from pelton import App\napp = App()\napp.add_route('/', lambda: {'hello': 'world'})\n"
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"hello":"world"}'})
"""
# The first is what the others are compared with: nghttp2's own server, with a constant file.
COMMANDS = {
    "nghttpd": ["nghttpd", "--no-tls", "-d", "{folder}", "{port}"],
    **{
        f"pelton {engine}": [sys.executable, "-m", "pelton", "run", "web:app", "--single", "--h2c", "--engine", engine, "--port", "{port}", "--log-level", "critical"]
        for engine in ("epoll", "uring")
    },
    "hypercorn": [sys.executable, "-m", "hypercorn", "asgi:app", "--bind", "127.0.0.1:{port}"],
}


class Server:
    def __init__(self, command: list[str], folder: Path) -> None:
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port = chosen.getsockname()[1]
        words = [word.format(folder=folder, port=self.port) for word in command]
        pinned = ["taskset", "-c", str(contenders.SERVER_CORE), *words]
        self.process = subprocess.Popen(pinned, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + contenders.START_TIMEOUT_S
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
        raise contenders.Unavailable("it does not listen")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def cost(self, streams: int, seconds: float) -> float:
        """CPU time of a request, in us."""
        command = ["taskset", "-c", str(client.CLIENT_CORE), "h2load", "-D", f"{seconds:g}", "-c", str(CONNECTIONS), "-m", str(streams)]
        pids = processes.tree_of(self.process.pid)
        before = processes.cpu_ns(pids)
        done = subprocess.run([*command, f"http://127.0.0.1:{self.port}/"], capture_output=True, text=True, check=True)
        used = processes.cpu_ns(pids) - before
        counts = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded", done.stdout)
        if counts is None or counts[1] != counts[2] or counts[1] == "0":
            raise contenders.Unavailable(f"not every request succeeded: {done.stdout[:200]}")
        return used / 1e3 / int(counts[1])


def measure(rounds: int, seconds: float, only: list[str]) -> dict[str, dict[str, float | str]]:
    """In turns, so that a slow minute meets all; ratios are of the medians."""
    figures: dict[str, dict[str, float | str]] = {}
    costs: dict[str, dict[int, list[float]]] = {}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "web.py").write_text(PELTON)
        (folder / "asgi.py").write_text(ASGI)
        (folder / "index.html").write_text(ANSWER)
        servers: dict[str, Server] = {}
        for contender, command in COMMANDS.items():
            if only and contender != next(iter(COMMANDS)) and not any(part in contender for part in only):
                continue
            try:
                if shutil.which(command[0]) is None:
                    raise contenders.Unavailable(f"{command[0]} is not installed")
                servers[contender] = Server(command, folder)
                stack.callback(servers[contender].stop)
            except contenders.Unavailable as reason:
                figures[contender] = {"unavailable": str(reason)}
        for _ in range(rounds):
            for contender, server in servers.items():
                for streams in STREAMS:
                    costs.setdefault(contender, {}).setdefault(streams, []).append(server.cost(streams, seconds))
    first = costs.get(next(iter(COMMANDS)))
    for contender, found in costs.items():
        figures[contender] = {}
        for streams, values in found.items():
            median = statistics.median(values)
            figures[contender][f"cpu_us_{streams}_streams"] = median
            if first is not None:
                figures[contender][f"to_nghttpd_{streams}_streams"] = median / statistics.median(first[streams])
    return figures
