"""STA-010, STA-012, STA-014: conditions and ranges are answered as nginx answers them.

Where RFC 9110 says one thing and nginx does another we follow the RFC, and such requests are not drawn:
If-None-Match beside If-Modified-Since (nginx wants both), If-Match beside If-Unmodified-Since (the same), a
Range of HEAD (nginx heeds it), ranges that overlap, touch or are out of order (we merge them), and ranges
that are malformed (nginx answers 416, we the whole file).
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from static_peer import StaticNginx
from static_tree import MODIFIED, write
from wire import Answer, Peer

from pelton import App, StaticFilesConfig
from pelton.testing import live_server

REQUESTS = 300
SEED = 11
SIZES = {"one.bin": 1, "ten.bin": 10, "page.bin": 4096, "some.bin": 40_000, "many.bin": 700_001}
BEFORE, SAME, AFTER = (f"Sun, 13 Sep 2020 12:26:{second} GMT" for second in (39, 40, 41))
TAG = "{etag}"  # each server's own


def ranges(draw: random.Random, size: int) -> str | None:
    kind = draw.randrange(9)
    first = draw.randrange(size)
    last = draw.randrange(first, size)
    if kind == 0:
        return f"bytes={first}-{last}"
    if kind == 1:
        return f"bytes={first}-"
    if kind == 2:
        return f"bytes=-{draw.randrange(1, 2 * size + 2)}"
    if kind == 3:
        return f"bytes={first}-{size + draw.randrange(100)}"
    if kind == 4:
        return f"bytes={size + draw.randrange(100)}-"
    if kind == 5:
        return f"Bytes= {first} - {last}".replace(" - ", "-")
    if kind < 8 and size >= 100:
        points = sorted(draw.sample(range(0, size, 2), 2 * draw.randrange(2, 5)))
        pairs = [(points[i], points[i + 1] - 1) for i in range(0, len(points), 2)]
        return "bytes=" + ", ".join(f"{a}-{b}" for a, b in pairs)
    return None


def request(draw: random.Random) -> tuple[str, str, dict[str, str], str]:
    name = draw.choice(list(SIZES))
    method = draw.choice(["GET", "GET", "GET", "HEAD"])
    fields: dict[str, str] = {}
    if method == "GET" and (value := ranges(draw, SIZES[name])) is not None:
        fields["Range"] = value
        if draw.randrange(3) == 0:
            fields["If-Range"] = draw.choice([TAG, '"other"', f"W/{TAG}", BEFORE, SAME, AFTER])
    condition = draw.randrange(6)
    if condition == 0:
        fields["If-None-Match"] = draw.choice([TAG, f"W/{TAG}", "*", '"x"', f'"x", {TAG}', f'"x",W/"y" , W/{TAG}'])
    elif condition == 1:
        fields["If-Modified-Since"] = draw.choice([BEFORE, SAME, AFTER])
    elif condition == 2:
        fields["If-Match"] = draw.choice([TAG, "*", '"x"', f'"x", {TAG}', f"W/{TAG}"])
    elif condition == 3:
        fields["If-Unmodified-Since"] = draw.choice([BEFORE, SAME, AFTER])
    elif condition == 4:
        fields["If-Match"] = draw.choice([TAG, '"x"'])
        fields["If-None-Match"] = draw.choice([TAG, '"x"'])
    return method, name, fields, ""


def ask(peer: Peer, method: str, name: str, fields: dict[str, str], tag: str) -> Answer:
    lines = "".join(f"{key}: {value.replace(TAG, tag)}\r\n" for key, value in fields.items())
    peer.send(f"{method} /static/{name} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
    return peer.one(is_head=method == "HEAD")


def parts(answer: Answer) -> list[tuple[str, bytes]]:
    """Content-Range and octets of each part."""
    boundary = re.search(r"boundary=(\S+)", answer.fields["content-type"])
    assert boundary is not None
    pieces = answer.body.split(f"\r\n--{boundary[1]}".encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _, octets = piece.partition(b"\r\n\r\n")
        said = re.search(rb"(?i)content-range: ([^\r]*)", head)
        assert said is not None
        found.append((said[1].decode(), octets))
    return found


def gist(answer: Answer, tag: str, is_head: bool) -> object:
    fields = answer.fields
    several = fields.get("content-type", "").startswith("multipart/byteranges")
    is_error = answer.status in (412, 416)
    return (
        answer.status,
        fields.get("content-range"),
        fields.get("last-modified") if not is_error else None,
        (fields.get("etag") == tag) if not is_error else None,
        fields.get("accept-ranges") if answer.status == 200 else None,
        fields.get("content-length") if not several and not is_error else None,
        None if is_head or is_error else parts(answer) if several else answer.body,
    )


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx")
def test_STA_010_STA_012_STA_014_as_nginx_does(serve: Callable[..., live_server], tmp_path: Path) -> None:
    draw = random.Random(SEED)
    for name, size in SIZES.items():
        write(tmp_path / "root" / name, draw.randbytes(size), MODIFIED)
    app = App()
    app.enable_static_files(StaticFilesConfig(root=tmp_path / "root", precompressed=False))
    port = serve(app).port
    drawn = [request(draw) for _ in range(REQUESTS)]
    seen: dict[int, int] = {}
    with StaticNginx(tmp_path / "root", tmp_path / "nginx") as nginx, Peer(port) as ours, Peer(nginx.port) as theirs:
        tags = {name: [ask(peer, "HEAD", name, {}, "").fields["etag"] for peer in (ours, theirs)] for name in SIZES}
        for method, name, fields, _ in drawn:
            mine = ask(ours, method, name, fields, tags[name][0])
            # nginx may end a connection behind an error that it has called keep-alive.
            with Peer(nginx.port) as fresh:
                other = ask(fresh, method, name, fields, tags[name][1])
            is_head = method == "HEAD"
            assert gist(mine, tags[name][0], is_head) == gist(other, tags[name][1], is_head), (method, name, fields)
            seen[mine.status] = seen.get(mine.status, 0) + 1
    assert set(seen) == {200, 206, 304, 412, 416} and min(seen.values()) >= 10, seen
