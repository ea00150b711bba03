"""What does an idle keep-alive connection cost in resident memory?"""

from __future__ import annotations

import resource
import select
import socket

import contenders
import processes

QUESTION = "What does one of 10 000 idle keep-alive connections cost in resident memory?"
CONNECTIONS = 10_000


def _open(server: contenders.Running) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(f"GET {server.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    if not connection.recv(4096).startswith(b"HTTP/1.1 200 "):
        raise contenders.Unavailable("a connection got no answer")
    return connection


def measure(server: contenders.Running) -> dict[str, float]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < CONNECTIONS + 100:
        raise contenders.Unavailable(f"the limit of open files is {hard}")
    held: list[socket.socket] = []
    try:
        # The first hundred pay for what is there once: pools, free lists, the interpreter's warm-up.
        held += [_open(server) for _ in range(100)]
        pids = processes.tree_of(server.process.pid)
        before = processes.resident_bytes(pids)
        held += [_open(server) for _ in range(CONNECTIONS)]
        after = processes.resident_bytes(pids)
        if select.select(held[:1000], [], [], 0)[0]:
            raise contenders.Unavailable("the server closed connections")
    finally:
        for connection in held:
            connection.close()
    return {"bytes_per_connection": (after - before) / CONNECTIONS, "resident_bytes_before": before}
