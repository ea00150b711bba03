"""What runs out: descriptors and memory, with a server in a process of its own."""

from __future__ import annotations

import os
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
from wire import Answer, Peer

SCRIPT = """
import resource
from pelton import App, StaticFilesConfig
resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}))
app = App()
app.add_route("/", lambda: b"up")
app.add_route("/shed", lambda: app._parts.service.server.stats()["shed.descriptors"])
app.add_route("/upload", lambda request: len(request.body()), methods=["POST"], max_body=1 << 26)
app.enable_static_files(StaticFilesConfig(root="{files}", prefix="/files"))
app.run(port=0, engine="{engine}", {settings})
"""
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"

Start = Callable[..., tuple[int, int]]


def script_for(folder: Path, descriptors: int, engine: str, settings: str) -> str:
    files = folder / "files"
    files.mkdir()
    (files / "small.txt").write_text("small")
    (files / "large.bin").write_bytes(b"l" * (8 << 20))
    return SCRIPT.format(descriptors=descriptors, engine=engine, settings=settings, files=files)


@pytest.fixture
def start(engine: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a server that may open so many descriptors; its port and process."""
    with ExitStack() as stack:

        def run(descriptors: int, settings: str = "") -> tuple[int, int]:
            script = tmp_path / "script.py"
            script.write_text(script_for(tmp_path, descriptors, engine, settings))
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


def ask(peer: Peer, path: str, body: bytes = b"") -> Answer:
    method = "POST" if body else "GET"
    peer.send(f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return peer.one()


def test_LIM_030_PRC_043_a_crowd_of_idle_clients_leaves_descriptors_for_files(start: Start) -> None:
    """However many connect at once: beyond the bound they wait in the kernel's queue."""
    port, pid = start(512)
    with ExitStack() as stack:
        served = [stack.enter_context(Peer(port)) for _ in range(8)]
        assert all(answered(peer) for peer in served)
        request = b"GET /files/small.txt HTTP/1.1\r\nHost: h\r\n\r\n"
        for peer in served:
            peer.send(request[:1])  # busy all the time: one that is idle gives way to the crowd
        os.kill(pid, signal.SIGSTOP)
        for _ in range(900):
            stack.enter_context(Peer(port))
        os.kill(pid, signal.SIGCONT)
        for _ in range(5):
            for peer in served:
                peer.send(request[1:] + request[:1])
                answer = peer.one()
                assert (answer.status, answer.body) == (200, b"small")
        assert len(os.listdir(f"/proc/{pid}/fd")) < 512 - 200


def no_more_descriptors(pid: int) -> None:
    """Whatever the process opens from now on fails."""
    opened = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    lowest_free = next(number for number in range(512) if number not in opened)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, 512))


def test_PRC_043_a_file_that_cannot_be_opened_for_want_of_descriptors_is_a_503(start: Start) -> None:
    port, pid = start(512)
    with Peer(port) as peer:
        assert ask(peer, "/files/small.txt").status == 200
        no_more_descriptors(pid)
        for count, path in enumerate(["small.txt", "large.bin", "small.txt"], 1):
            answer = ask(peer, f"/files/{path}")
            assert (answer.status, answer.fields["retry-after"]) == (503, "1")
            assert ask(peer, "/shed").body == str(count).encode()
        assert ask(peer, "/files/nowhere.txt").status in (404, 503)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (512, 512))
        assert ask(peer, "/files/large.bin").status == 200


def test_PRC_043_a_body_that_cannot_be_spooled_for_want_of_descriptors_is_a_503(start: Start) -> None:
    port, pid = start(512)
    with Peer(port) as peer:
        assert ask(peer, "/upload", b"x" * (4 << 20)).body == str(4 << 20).encode()
        no_more_descriptors(pid)
        assert ask(peer, "/upload", b"x" * (4 << 20)).status == 503
    with Peer(port) as waiting:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (512, 512))
        assert ask(waiting, "/upload", b"x" * (4 << 20)).body == str(4 << 20).encode()


def test_PRC_004_PRC_043_log_files_are_reopened_without_free_descriptors(start: Start, tmp_path: Path) -> None:
    """One descriptor is in reserve for them, again after each rotation."""
    log = tmp_path / "access.log"
    port, pid = start(512, f'access_log="{log}", access_log_format="{{path}}"')
    with Peer(port) as peer:
        assert answered(peer)
        no_more_descriptors(pid)
        for round in range(3):
            log.rename(tmp_path / f"access.log.{round}")
            os.kill(pid, signal.SIGUSR1)
            while not log.exists():
                assert answered(peer)
        peer.send(b"GET /last HTTP/1.1\r\nHost: h\r\n\r\n")
        assert peer.one().status == 404
        while "/last" not in log.read_text():
            assert answered(peer)


def test_LIM_205_more_connections_than_descriptors_are_refused_at_start(engine: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(script_for(tmp_path, 64, engine, "limit_connections=33"))
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
