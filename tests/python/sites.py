"""A supervised application whose code a test changes while it is served."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from checking_clients import CheckingClients
from supervised import Supervised

APP = """
import fcntl, os
from pelton import App, Response
app = App()

@app.get("/")
def version():
    return Response("{version}", media_type="text/plain")

@app.get("/pid")
def pid():
    return Response(str(os.getpid()), media_type="text/plain")

@app.get("/wait")
async def wait():
    import asyncio
    with open("gate") as gate:
        open("waits", "w").close()
        await asyncio.to_thread(fcntl.flock, gate, fcntl.LOCK_SH)
    return Response("{version}", media_type="text/plain")
"""


# A module that waits, while it is imported, until the test opens the gate.
WAITS = """
open("imports", "w").write(str(os.getpid()))
with open("gate") as gate:
    fcntl.flock(gate, fcntl.LOCK_SH)
"""


class Site:
    """A supervised application whose version can be changed."""

    def __init__(self, folder: Path, engine: str, stack: ExitStack) -> None:
        self.folder = folder
        self.engine = engine
        self.stack = stack
        self.running: Supervised

    def write(self, version: str, more: str = "") -> None:
        (self.folder / "web.py").write_text(APP.format(version=version) + more)
        # Versions of one second and one length are the same to Python, which would use the compiled one.
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)

    def close_gate(self) -> TextIO:
        """Handlers and imports wait until the file is closed."""
        gate = self.stack.enter_context(open(self.folder / "gate", "w"))  # noqa: SIM115
        fcntl.flock(gate, fcntl.LOCK_EX)
        return gate

    def importing(self) -> int:
        """The process ID of a worker that imports WAITS, once there is one."""
        path = self.folder / "imports"
        while not path.exists() or not path.read_text():
            self.ask()
        return int(path.read_text())

    def start(self, workers: int, *arguments: str, **environment: str) -> Supervised:
        self.running = Supervised(
            self.folder, "web.py", "--workers", str(workers), *arguments, PELTON_ENGINE=self.engine, **environment
        )
        self.stack.callback(self.running.end)
        self.running.ready(workers)
        return self.running

    def hup(self) -> None:
        self.running.process.send_signal(signal.SIGHUP)

    def reload(self, generation: int) -> None:
        self.hup()
        self.running.say_until(rf"^pelton: reload: generation {generation} serves$")

    def clients(self, path: str = "/") -> CheckingClients:
        return CheckingClients(self.running.port, lambda body: body in (b"old", b"new", b"newer"), path)

    def ask(self, path: str = "/") -> bytes:
        with self.running.connect() as connection:
            return self.running.ask(connection, path).rpartition(b"\r\n\r\n")[2]


def wait_until_gone(pids: list[int]) -> None:
    for pid in pids:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        Supervised.wait_for(process)
        os.close(process)
