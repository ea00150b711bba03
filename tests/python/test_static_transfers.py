"""Large files over sockets: slow readers, readers that leave, and files that change (STA-006, STA-017)."""

from __future__ import annotations

import os
import re
import select
import socket
from collections.abc import Callable
from pathlib import Path

from descriptors import open_files
from static_tree import write
from wire import Peer

from pelton import App, StaticFilesConfig
from pelton.testing import live_server

LARGE = os.urandom(1 << 20) * 24
REQUEST = b"GET /static/large.bin HTTP/1.1\r\nHost: a\r\n\r\n"


def resident_bytes() -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def open_at(path: Path) -> int:
    """How many descriptors of this process are that file."""
    return sum(name.startswith(str(path)) for name in open_files().values())


def serving(serve: Callable[..., live_server], folder: Path) -> int:
    write(folder / "large.bin", LARGE)
    write(folder / "small.txt", b"small")
    app = App()
    app.enable_static_files(StaticFilesConfig(root=folder))
    return serve(app).port


def small_is_served(port: int) -> None:
    with Peer(port) as peer:
        peer.send(b"GET /static/small.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.one().body == b"small"


def narrow(port: int) -> Peer:
    """A peer that takes little at once."""
    peer = Peer(port, receive_bytes=4096)
    peer.socket.settimeout(20)
    return peer


def test_STA_017_whole_and_in_order(serve: Callable[..., live_server], tmp_path: Path) -> None:
    port = serving(serve, tmp_path)
    with Peer(port) as peer:
        for _ in range(3):
            peer.send(REQUEST)
            assert peer.one().body == LARGE
        peer.send(REQUEST.replace(b"\r\n\r\n", b"\r\nRange: bytes=100000-20000000\r\n\r\n") + REQUEST.replace(b"large.bin", b"small.txt"))
        received = b""
        while not received.endswith(b"\r\n\r\nsmall"):
            received += peer.socket.recv(1 << 20)
        assert LARGE[100000:20000001] in received
    assert open_at(tmp_path / "large.bin") == 0


def test_STA_017_slow_readers_cost_no_memory_and_hold_up_nobody(serve: Callable[..., live_server], tmp_path: Path) -> None:
    port = serving(serve, tmp_path)
    small_is_served(port)
    before = resident_bytes()
    peers = [narrow(port) for _ in range(150)]
    for peer in peers:
        peer.send(REQUEST)
    for peer in peers:
        assert peer.socket.recv(100).startswith(b"HTTP/1.1 200")
        small_is_served(port) if peer is peers[-1] else None
    assert open_at(tmp_path / "large.bin") == len(peers)
    assert resident_bytes() - before < 8 << 20
    for peer in peers:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.socket.close()
    # One that comes behind them is served when they are gone.
    while open_at(tmp_path / "large.bin"):
        small_is_served(port)


def test_STA_006_a_file_that_shrinks_is_cut(serve: Callable[..., live_server], tmp_path: Path) -> None:
    port = serving(serve, tmp_path)
    peer = narrow(port)
    peer.send(REQUEST)
    received = peer.socket.recv(1000)
    assert f"Content-Length: {len(LARGE)}\r\n".encode() in received
    os.truncate(tmp_path / "large.bin", 1000)
    total, error = len(received), None
    try:
        while octets := peer.socket.recv(1 << 20):
            total += len(octets)
    except ConnectionResetError as reset:
        error = reset
    assert total < len(LARGE) and error is not None
    peer.socket.close()


def test_STA_006_a_file_that_grows_is_sent_as_it_was(serve: Callable[..., live_server], tmp_path: Path) -> None:
    port = serving(serve, tmp_path)
    peer = narrow(port)
    peer.send(REQUEST)
    first = peer.socket.recv(1000)
    with (tmp_path / "large.bin").open("ab") as file:
        file.write(b"more" * 1000)
    received = [first]
    head, _, body = first.partition(b"\r\n\r\n")
    left = len(LARGE) - len(body)
    while left:
        received.append(peer.socket.recv(1 << 20))
        left -= len(received[-1])
        assert left >= 0
    assert b"".join(received)[len(head) + 4 :] == LARGE
    peer.send(REQUEST.replace(b"large.bin", b"small.txt"))
    assert peer.one().body == b"small"
    peer.socket.close()


def test_STA_006_a_reader_that_half_closes_gets_it_all(serve: Callable[..., live_server], tmp_path: Path) -> None:
    port = serving(serve, tmp_path)
    with Peer(port) as peer:
        peer.send(REQUEST)
        peer.finish()
        received = b"".join(iter(lambda: peer.socket.recv(1 << 20), b""))
    assert received.partition(b"\r\n\r\n")[2] == LARGE


def test_STA_017_what_is_not_in_memory_is_waited_for_elsewhere(serve: Callable[..., live_server], tmp_path: Path) -> None:
    port = serving(serve, tmp_path)
    file = os.open(tmp_path / "large.bin", os.O_RDONLY)
    try:
        for _ in range(2):
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            with Peer(port) as peer:
                peer.send(REQUEST)
                assert peer.one().body == LARGE
    finally:
        os.close(file)
    assert any("pelton-disk" in (task / "comm").read_text() for task in Path("/proc/self/task").iterdir())


def test_a_stop_lets_a_file_be_sent(serve: Callable[..., live_server], tmp_path: Path) -> None:
    write(tmp_path / "large.bin", LARGE)
    app = App()
    app.enable_static_files(StaticFilesConfig(root=tmp_path))
    server = serve(app)
    peer = narrow(server.port)
    peer.send(REQUEST)
    received = [peer.socket.recv(1000)]
    app.stop()
    while select.select([peer.socket], [], [], 20)[0] and (octets := peer.socket.recv(1 << 20)):
        received.append(octets)
    assert b"".join(received).partition(b"\r\n\r\n")[2] == LARGE
    peer.socket.close()
