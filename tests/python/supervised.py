"""`pelton run` as a process of its own, with its workers, and what they say."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SILENCE_S = 60


class Supervised:
    def __init__(
        self,
        folder: Path,
        *arguments: str,
        before: list[str] | None = None,
        passed: list[int] | None = None,
        command: str = "run",
        **environment: str,
    ) -> None:
        address = [] if {"--bind", "--fd"} & {*arguments} else ["--port", "0"]
        self.process = subprocess.Popen(
            [*(before or []), sys.executable, "-m", "pelton", command, *arguments, *address],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **environment},
            pass_fds=passed or (),
            start_new_session=True,
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr
        self.port = 0
        self.engine = ""
        self.workers: list[int] = []
        self._successor: int | None = None  # a supervisor that has taken the place of the first

    @property
    def pid(self) -> int:
        return self._successor or self.process.pid

    def upgrade(self) -> tuple[int, int]:
        """The supervisor before, which has begun its end, and the one that serves now."""
        before = self.pid
        os.kill(before, signal.SIGUSR2)
        line = self.say_until(r"^pelton: upgrade: supervisor \d+ serves|upgrade failed")[-1]
        found = re.search(r"supervisor (\d+) serves", line)
        assert found is not None, line
        self._successor = int(found[1])
        return before, self._successor

    def say_until(self, pattern: str) -> list[str]:
        """The lines up to the first that matches."""
        lines = []
        for line in self.said:
            lines.append(line)
            if re.search(pattern, line):
                return lines
        raise AssertionError(f"it ended without {pattern!r}: {''.join(lines)}")

    def ready(self, workers: int = 1) -> list[int]:
        """Process ids of as many workers as say now that they listen."""
        found = []
        while len(found) < workers:
            line = self.say_until(r"listening on ")[-1]
            match = re.search(r"listening on \S+:(\d+),?.* \(engine (\w+), pid (\d+)\)", line)
            assert match is not None, line
            self.port, self.engine = int(match[1]), match[2]
            found.append(int(match[3]))
        self.workers += found
        return found

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SILENCE_S)

    def closes(self) -> bool:
        """Whether nobody listens any more, after a while: the kernel closes what a ring holds once its process has ended."""
        until = time.monotonic() + SILENCE_S
        while time.monotonic() < until:
            try:
                self.connect().close()
            except (ConnectionRefusedError, ConnectionResetError):
                return True
        return False

    def ask(self, connection: socket.socket, path: str = "/") -> bytes:
        """The answer, which is a small one."""
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        received = b""
        while True:
            piece = connection.recv(65536)
            assert piece, received
            received += piece
            head, end, body = received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if end and length is not None and len(body) == int(length[1]):
                return received

    @staticmethod
    def wait_for(process: int) -> None:
        """Until the process of this pidfd has ended."""
        assert select.select([process], [], [], SILENCE_S)[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code; of a successor, which is no child of this process, that of the first supervisor."""
        ended = os.pidfd_open(self.pid)
        os.kill(self.pid, number)
        self.wait_for(ended)
        os.close(ended)
        return self.process.wait(SILENCE_S)

    def end(self) -> None:
        """Whatever state it is in."""
        if self._successor is not None:
            with contextlib.suppress(ProcessLookupError, AssertionError):
                self.stop()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(SILENCE_S)
        # Whoever outlives a command that ran in front of it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.said.close()
