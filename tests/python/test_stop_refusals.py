"""PRC-011: once what had connected is served, a stop refuses connections, and nobody waits in vain."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest
from supervised import SILENCE_S, Supervised

APP = """
import asyncio, os
from pelton import App
app = App()
app.add_route("/", lambda: os.getpid())

@app.get("/hold")
async def hold():
    released, pipe = asyncio.Event(), os.open("release", os.O_RDONLY | os.O_NONBLOCK)
    asyncio.get_running_loop().add_reader(pipe, released.set)
    open("begun", "w").close()
    await released.wait()
    asyncio.get_running_loop().remove_reader(pipe)
    return "held"
"""
GET = b"GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


class Alone:
    """`app.run()` in a process of its own."""

    def __init__(self, folder: Path, engine: str, where: str, before: list[str] | None = None) -> None:
        script = f"import web\nweb.app.run({where})\n"
        self.process = subprocess.Popen(
            [*(before or []), sys.executable, "-c", script],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PELTON_ENGINE": engine},
        )
        assert self.process.stderr is not None
        found = re.search(r"listening on (?:http://127.0.0.1:(\d+)|unix:\S+) ", self.process.stderr.readline())
        assert found is not None
        self.port = int(found[1] or 0)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SILENCE_S)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


Start = Callable[[str], "Alone | Supervised"]


@pytest.fixture
def start(tmp_path: Path, engine: str) -> Iterator[Start]:
    (tmp_path / "web.py").write_text(APP)
    with ExitStack() as stack:

        def started(how: str) -> Alone | Supervised:
            if how == "app.run":
                alone = Alone(tmp_path, engine, "port=0")
                stack.callback(alone.end)
                return alone
            workers = how.split(" ")[0]
            made = Supervised(tmp_path, "web.py", "--workers", workers, PELTON_ENGINE=engine)
            stack.callback(made.end)
            made.ready(int(workers))
            return made

        yield started


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def ask_until_refused(connect: Callable[[], socket.socket]) -> int:
    """Each client that gets in is served; how many did."""
    served = 0
    while True:
        try:
            connection = connect()
        except ConnectionRefusedError:
            return served
        with connection:
            connection.settimeout(2)  # who waits longer than this waits in vain
            connection.sendall(GET % b"/")
            answer = rest_of(connection)
        assert answer.startswith(b"HTTP/1.1 200 "), (served, answer)
        served += 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("how", ["app.run", "1 worker", "2 workers"])
def test_PRC_011_a_drain_refuses_connections(start: Start, tmp_path: Path, how: str, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "release")
    running = start(how)
    with running.connect() as held:
        held.sendall(GET % b"/hold")
        while not (tmp_path / "begun").exists():
            assert running.process.poll() is None
        running.process.send_signal(number)
        ask_until_refused(running.connect)
        # It stays so, and the request that had arrived is answered whole.
        for _ in range(20):
            with pytest.raises(ConnectionRefusedError):
                running.connect()
        assert running.process.poll() is None
        (tmp_path / "release").write_bytes(b"x")
        answer = rest_of(held)
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b'"held"')
    assert running.process.wait(SILENCE_S) == 0


def crowd_until_refused(connect: Callable[[], socket.socket], stop: Callable[[], None]) -> int:
    """Clients connect all the time from several threads, and the stop comes in the middle."""
    many = 6
    busy = Barrier(many + 1)

    def client() -> int:
        with connect() as connection:
            connection.sendall(GET % b"/")
            assert rest_of(connection).startswith(b"HTTP/1.1 200 ")
        busy.wait(SILENCE_S)
        return ask_until_refused(connect)

    with ThreadPoolExecutor(many) as threads:
        asked = [threads.submit(client) for _ in range(many)]
        busy.wait(SILENCE_S)
        stop()
        return sum(one.result() for one in asked)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("over", ["tcp", "unix"])
@pytest.mark.parametrize("how", ["app.run", "1 worker", "2 workers"])
def test_PRC_011_whoever_gets_in_as_the_stop_begins_is_served(engine: str, tmp_path: Path, how: str, over: str) -> None:
    """Connecting either fails or leads to an answer, even while the listener is being shut down."""
    (tmp_path / "web.py").write_text(APP)
    slowly = "strace -D -f -qq -o /dev/null -e trace=shutdown -e inject=shutdown:delay_enter=100000".split()
    running: Alone | Supervised
    if how == "app.run":
        running = Alone(tmp_path, engine, "port=0" if over == "tcp" else "uds='socket'", slowly)
    else:
        workers = how.split(" ")[0]
        where = [] if over == "tcp" else ["--uds", "socket"]
        running = Supervised(tmp_path, "web.py", "--workers", workers, *where, before=slowly, PELTON_ENGINE=engine)
        for _ in range(int(workers)):
            listening = running.say_until("listening on ")[-1]
        running.port = int(listening.rpartition("127.0.0.1:")[2].partition(" ")[0]) if over == "tcp" else 0

    def over_unix() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SILENCE_S)
        try:
            connection.connect(str(tmp_path / "socket"))
        except FileNotFoundError:
            connection.close()
            raise ConnectionRefusedError from None
        except OSError:
            connection.close()
            raise
        return connection

    try:
        crowd_until_refused(running.connect if over == "tcp" else over_unix, running.process.terminate)
        assert running.process.wait(SILENCE_S) == 0
    finally:
        running.end()


def test_PRC_030_the_end_of_one_worker_is_no_stop(start: Start) -> None:
    """Its listener lives on, for the worker that takes its place."""
    running = start("1 worker")
    assert isinstance(running, Supervised)
    os.kill(running.workers[0], signal.SIGTERM)
    running.ready()
    with running.connect() as connection:
        assert running.ask(connection).endswith(str(running.workers[1]).encode())
    assert running.stop() == 0
