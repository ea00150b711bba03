"""What runs out: descriptors and memory, with a server in a process of its own."""

from __future__ import annotations

import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from wire import Peer

SCRIPT = """
import resource
from pelton import App
resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}))
app = App()
app.add_route("/", lambda: b"up")
app.run(port=0, engine="{engine}", {settings})
"""
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"

Start = Callable[..., tuple[int, int]]


@pytest.fixture
def start(engine: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a server that may open so many descriptors; its port and process."""
    with ExitStack() as stack:

        def run(descriptors: int, settings: str = "") -> tuple[int, int]:
            script = tmp_path / "script.py"
            script.write_text(SCRIPT.format(descriptors=descriptors, engine=engine, settings=settings))
            process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True)
            stack.callback(process.wait, 20)
            stack.callback(process.send_signal, signal.SIGTERM)
            assert process.stderr is not None
            stack.callback(process.stderr.close)
            ready = process.stderr.readline()
            found = re.search(r"listening on http://127.0.0.1:(\d+) ", ready)
            assert found is not None, ready
            return int(found[1]), process.pid

        yield run


def answered(peer: Peer) -> bool:
    peer.send(GET)
    return peer.one().body == b"up"


def is_silent(peer: Peer) -> bool:
    peer.socket.settimeout(0.2)
    try:
        return not peer.socket.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return True
    finally:
        peer.socket.settimeout(10)


def test_LIM_030_PRC_043_connections_leave_descriptors_for_the_rest(start: Start) -> None:
    """With nofile 64 there is room for 32; the others wait until someone goes."""
    port, _ = start(64)
    with ExitStack() as stack:
        served = [stack.enter_context(Peer(port)) for _ in range(32)]
        assert all(answered(peer) for peer in served)
        for peer in served:
            peer.send(GET[:1])  # busy: who is idle gives way
        waiting = [stack.enter_context(Peer(port)) for _ in range(32)]
        for peer in waiting:
            peer.send(GET)
        assert is_silent(waiting[0])
        for peer in served:
            peer.send(GET[1:])
            assert peer.one().body == b"up"
        for gone, peer in zip(served, waiting, strict=True):
            gone.socket.close()
            assert peer.one().body == b"up"


def test_PRC_042_the_idle_give_way(start: Start) -> None:
    port, _ = start(64)
    with ExitStack() as stack:
        idle = [stack.enter_context(Peer(port)) for _ in range(32)]
        assert all(answered(peer) for peer in idle)
        assert answered(stack.enter_context(Peer(port)))
        assert idle[0].rest() == b""


def test_ENG_028_PRC_043_without_descriptors_accepting_resumes(start: Start) -> None:
    """More connections are allowed than there are descriptors left: accept itself fails."""
    port, pid = start(64, "limit_connections=32")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (24, 64))
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(port)) for _ in range(40)]
        for peer in peers:
            peer.send(GET)
        assert peers[0].one().body == b"up" and is_silent(peers[-1])
        served = next(at for at, peer in enumerate(peers[1:], 1) if is_silent(peer))
        assert all(answered(peer) for peer in peers[:1])
        for peer in peers[:served]:
            peer.socket.close()
        assert all(peer.one().body == b"up" for peer in peers[served : served + 5])


def test_LIM_205_more_connections_than_descriptors_are_refused_at_start(engine: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(descriptors=64, engine=engine, settings="limit_connections=33"))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 3
    assert done.stderr == (
        "pelton: cannot start: connections_max 33 and 32 more exceed this process's nofile of 64;"
        " raise ulimit -n or lower it\n"
    )


def test_LIM_211_an_idle_connection_costs_little(start: Start) -> None:
    """At most 8 KiB each, in thousands; the kernel's part is not the process's."""
    count = 2000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < count + 100:
        pytest.skip("too few descriptors for the clients")
    port, pid = start(4 * count)

    def resident() -> int:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    with ExitStack() as stack:
        assert all(answered(stack.enter_context(Peer(port))) for _ in range(100))
        before = resident()
        assert all(answered(stack.enter_context(Peer(port))) for _ in range(count))
        assert (resident() - before) / count <= 8 * 1024
