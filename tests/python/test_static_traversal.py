"""STA-003: whatever a path is written like, nothing outside the root is sent."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from static_tree import CANARY, make_tree
from wire import Peer

from pelton import App, StaticFilesConfig
from pelton.testing import live_server

PATHS_MIN = 5000
DOTS = (
    "..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..%00", "..%20", "...", "....//", "..;", ".;.", "%c0%ae%c0%ae",
    "%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "%ef%bc%8e%ef%bc%8e", "..%09", "..%c0%80", "..\\", "%2e", ".", "..%5c",
)  # fmt: skip
SLASHES = ("/", "%2f", "%2F", "%5c", "\\", "%252f", "//", "/./", "%c0%af", "%e2%88%95", "/%2e/", ";/", "%00/", "%2f/")
TARGETS = ("canary.txt", "static-old/a.txt", "static2.txt", "static/../canary.txt", ".git/config", ".hidden")
STARTS = ("", "/", "sub/", "sub%2f", "out/", "out%2f", "empty/inner/", "absent/", "a.txt/", "within.txt/", "-old/", "C:")


def paths(folder: Path) -> Iterator[str]:
    for start, dots, slash, count, target in itertools.product(STARTS, DOTS, SLASHES, (1, 2, 3), TARGETS):
        yield f"/static/{start}{(dots + slash) * count}{target}"
    for dots, slash, target in itertools.product(DOTS, SLASHES, TARGETS):
        yield f"/static{slash}{dots}{slash}{target}"
        yield f"/static{dots}{slash}{target}"
    for target in ("out.txt", "absolute.txt", "out/canary.txt", "out/static-old/a.txt", "out/static/../canary.txt", "loop/x", "fifo"):
        yield f"/static/{target}"
        yield f"/static/%{ord(target[0]):02x}{target[1:]}"
    for target in (folder / "canary.txt", Path("/proc/self/environ"), Path("/etc/passwd")):
        for slash in SLASHES:
            yield f"/static{slash}{target}"
            yield "/static/" + str(target).replace("/", slash)


def test_STA_003_no_encoding_leads_out(serve: Callable[..., live_server], tmp_path: Path) -> None:
    root = make_tree(tmp_path)
    app = App()
    app.enable_static_files(StaticFilesConfig(root=root))
    app.enable_static_files(StaticFilesConfig(root=root, prefix="/never", symlinks="never"))
    port = serve(app).port
    every = sorted(set(paths(tmp_path)))
    drawn = random.Random(7).sample(every, PATHS_MIN) if len(every) > PATHS_MIN else every
    assert len(drawn) >= PATHS_MIN
    statuses: set[int] = set()
    peer = Peer(port)
    for path in drawn:
        for sent in (path, path.replace("/static", "/never", 1)):
            peer.send(f"GET {sent} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            answer = peer.one()
            statuses.add(answer.status)
            assert answer.status in (400, 404, 308), (sent, answer)
            assert CANARY not in answer.body and b"root:" not in answer.body, sent
            if answer.closes:
                peer.socket.close()
                peer = Peer(port)
    peer.send(b"GET /static/a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    assert peer.one().body == b"hello"
    peer.socket.close()
    assert {400, 404} <= statuses
