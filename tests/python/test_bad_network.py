"""VER-026: a network that loses and resets, in a namespace of the test's own."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest

from supervised import Supervised

APP = """
from pelton import App, Request, Response
app = App()

@app.post("/echo")
def echo(request: Request):
    return Response(request.body())

@app.get("/stats")
def stats():
    return app._parts.service.server.stats()
"""

CLONE_NEWNET = 0x40000000
CLIENTS = 8


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[str]:
    """The name of a network namespace that has nothing but a loopback."""
    if os.geteuid() != 0 or shutil.which("iptables") is None or shutil.which("ip") is None:
        pytest.skip("takes root, ip and iptables")
    name = f"pelton-{os.getpid()}-{random.randrange(1 << 32):x}"
    try:
        run("ip", "netns", "add", name)
    except subprocess.CalledProcessError:
        pytest.skip("network namespaces cannot be made here")
    try:
        run("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up")
        yield name
    finally:
        run("ip", "netns", "del", name)


def inside(network: str, work: Callable[[], None]) -> None:
    """Does the work in a thread of that namespace, and fails with what it fails with."""
    failed: list[BaseException] = []

    def enter_and_work() -> None:
        try:
            with open(f"/run/netns/{network}") as handle:
                libc = ctypes.CDLL(None, use_errno=True)
                assert libc.setns(handle.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=enter_and_work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


class Client:
    """Sends bodies of its own and looks at what comes back."""

    def __init__(self, port: int, seed: int, patience_s: float) -> None:
        self.random = random.Random(seed)
        self.port = port
        self.patience_s = patience_s
        self.answered = self.lost = 0

    def talk(self, requests: int) -> None:
        connection: socket.socket | None = None
        for _ in range(requests):
            body = self.random.randbytes(self.random.randrange(1, 6000))
            head = f"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", self.port), timeout=self.patience_s)
                connection.sendall(head.encode() + body)
                self.check(connection, body)
                self.answered += 1
            except (ConnectionError, TimeoutError):
                self.lost += 1
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()

    @staticmethod
    def check(connection: socket.socket, body: bytes) -> None:
        received = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                raise ConnectionResetError
            received += piece
            head, end, content = received.partition(b"\r\n\r\n")
            if end and len(content) >= len(body):
                assert head.startswith(b"HTTP/1.1 200 "), head
                assert sha256(content).digest() == sha256(body).digest()
                return


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(0.02, ["DROP"]), (0.02, ["REJECT", "--reject-with", "tcp-reset"])],
    ids=["loss", "resets"],
)
def test_VER_026_ENG_024_no_octet_is_wrong_on_a_bad_network(
    network: str, tmp_path: Path, engine: str, share: float, verdict: list[str]
) -> None:
    (tmp_path / "web.py").write_text(APP)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    with ExitStack() as stack:
        running = Supervised(tmp_path, "web.py", before=["ip", "netns", "exec", network], PELTON_ENGINE=engine)
        stack.callback(running.end)
        running.ready()
        rule = ["INPUT", "-p", "tcp", "-m", "statistic", "--mode", "random", "--probability", str(share)]
        table = ["ip", "netns", "exec", network, "iptables"]
        run(*table, "-A", *rule, "-j", *verdict)
        # A reset of what the server sends reaches the server alone: its client waits in vain.
        patience_s = 60 if verdict == ["DROP"] else 1
        clients = [Client(running.port, seed + number, patience_s) for number in range(CLIENTS)]

        def talk_all() -> None:
            threads = [threading.Thread(target=client.talk, args=(40,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        inside(network, talk_all)
        run(*table, "-F")
        lost = sum(client.lost for client in clients)
        assert sum(client.answered for client in clients) == 40 * CLIENTS - lost
        # What the network lost comes again; what it reset is the peer's to ask again.
        assert (lost == 0) == (verdict == ["DROP"])

        def ask_again() -> None:
            fresh = Client(running.port, seed, 60)
            fresh.talk(20)
            assert fresh.answered == 20

        inside(network, ask_again)
        assert running.stop() == 0
