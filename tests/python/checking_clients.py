"""Clients on a thread that check every answer, for tests that do something to the server meanwhile."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable

SILENCE_S = 20


class CheckingClients:
    """One client keeps its connection as long as the server lets it; another one connects for each request.

    `faults` has a line for each answer that is not the right one, each reset and each refused connection.
    A keep-alive connection may end between two requests, after an answer that says so: that is no fault.
    """

    def __init__(self, port: int, is_right: Callable[[bytes], bool], path: str = "/") -> None:
        self.port = port
        self.is_right = is_right
        self.request = f"GET {path} HTTP/1.1\r\nHost: h\r\n".encode()
        self.faults: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._stop = threading.Event()
        self._answered = threading.Condition()
        self._threads = [threading.Thread(target=self._run, args=(keeps,), daemon=True) for keeps in (True, False)]

    def __enter__(self) -> CheckingClients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(SILENCE_S)
            assert not thread.is_alive()

    def wait_for(self, is_wanted: Callable[[bytes], bool]) -> None:
        """Until both have had an answer since now, and one of them one that is wanted."""
        with self._answered:
            begin = len(self.bodies)
            assert self._answered.wait_for(
                lambda: self.faults or any(is_wanted(body) for body in self.bodies[begin:]), SILENCE_S
            )

    def answered_within(self, seconds: float) -> None:
        """Until the next answer, or so long."""
        with self._answered:
            self._answered.wait(seconds)

    def _run(self, keeps: bool) -> None:
        try:
            while not self._stop.is_set():
                self._one_connection(keeps)
        except OSError as error:
            self._take(None, f"{'keep-alive' if keeps else 'new'} connection {self.connections}: {error!r}")

    def _one_connection(self, keeps: bool) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=SILENCE_S) as connection:
            self.connections += 1
            closes = not keeps
            while True:
                connection.sendall(self.request + (b"Connection: close\r\n\r\n" if not keeps else b"\r\n"))
                received = b""
                while (whole := re.match(rb"(?s)(.*?\r\n)\r\n(.*)", received)) is None or len(whole[2]) < _length(whole[1]):
                    piece = connection.recv(65536)
                    if not piece:
                        return self._take(None, f"an answer ends after {received!r}")
                    received += piece
                status = received.startswith(b"HTTP/1.1 200 ")
                right = status and self.is_right(whole[2])
                self._take(whole[2], None if right else f"a wrong answer: {received!r}")
                closes = closes or b"\r\nconnection: close\r\n" in whole[1].lower()
                if closes:
                    if connection.recv(1):
                        self._take(None, "octets after an answer that says close")
                    return
                if self._stop.is_set():
                    return

    def _take(self, body: bytes | None, fault: str | None) -> None:
        with self._answered:
            if body is not None:
                self.bodies.append(body)
            if fault is not None:
                self.faults.append(fault)
            self._answered.notify_all()


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: (\d+)\r\n", head)
    assert found is not None, head
    return int(found[1])
