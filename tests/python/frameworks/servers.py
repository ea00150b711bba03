"""A server with an application, as a process that says where it listens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple

from services import unsanitized

from frameworks.environments import HERE

SILENCE_S = 60
_LISTENS = re.compile(r"(?:running on|Listening at:|listening on) http://127\.0\.0\.1:(\d+)")


class Sample(NamedTuple):
    """A sample application, MODULE:ATTRIBUTE of the folder applications, in the environment of requirements/NAME.txt."""

    name: str
    target: str
    interface: str = "asgi"
    has_websockets: bool = True


class Server:
    """Listens on a free port when it is made, and is stopped by the end of the with block."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | {"PYTHONHASHSEED": "0"},  # the samples answer with sets too: methods of a path
            cwd=HERE / "applications",
            start_new_session=True,
        )
        self.said: list[str] = []
        self.port = 0
        self._listens = threading.Event()
        # Applications that fail as they are asked to write more than a pipe holds.
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        if not self._listens.wait(SILENCE_S) or not self.port:
            self.stop()
            raise AssertionError(f"{command} does not listen:\n{''.join(self.said)}")

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)
            if not self.port and (found := _LISTENS.search(line)):
                self.port = int(found[1])
                self._listens.set()
        self._listens.set()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(SILENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reading.join(SILENCE_S)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def pelton_server(python: Path, sample: Sample, engine: str) -> Server:
    command = [str(python), "-m", "pelton", "run", sample.target, "--interface", sample.interface, "--port", "0"]
    return Server(command, os.environ | {"PELTON_ENGINE": engine})


def other_server(python: Path, sample: Sample) -> Server:
    """What an operator would have used instead: uvicorn for ASGI, gunicorn for WSGI."""
    if sample.interface == "asgi":
        options = ["--http", "httptools", "--no-access-log", "--log-level", "info"]
        command = ["uvicorn", sample.target, "--port", "0", *options]
    else:
        command = ["gunicorn", sample.target, "--bind", "127.0.0.1:0", "--threads", "2"]
    return Server([str(python), "-m", *command], unsanitized())
