"""A tree of files to be served, and what lies around it that must not be."""

from __future__ import annotations

import os
from pathlib import Path

CANARY = b"canary-7d1f0c"
MODIFIED = 1_600_000_000


def write(path: Path, octets: bytes, modified: int = MODIFIED) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    os.utime(path, (modified, modified))


def make_tree(folder: Path) -> Path:
    """The root; beside it a canary, a sibling with the same beginning, and links that lead out and stay."""
    root = folder / "static"
    write(root / "a.txt", b"hello")
    write(root / "index.html", b"<p>index</p>")
    write(root / "sub" / "b.css", b"body{}")
    write(root / "sub" / "index.html", b"<p>sub</p>")
    write(root / "empty" / "inner" / "c.bin", bytes(range(256)))
    write(root / "zero.txt", b"")
    write(root / "with space.txt", b"space")
    write(root / ".hidden", CANARY)
    write(root / ".git" / "config", CANARY)
    write(root / ".well-known" / "x.txt", b"known")
    write(root / "ten.txt", b"0123456789")
    write(root / "big.bin", bytes(range(256)) * 8192)
    for name in ("app.js", "only.js", "late.js"):
        write(root / name, b"plain")
    for extension, octets in ((".gz", b"gz"), (".br", b"br"), (".zst", b"zst")):
        write(root / f"app.js{extension}", octets)
    write(root / "only.js.gz", b"gz")
    write(root / "late.js.gz", b"gz", MODIFIED - 1)
    write(folder / "canary.txt", CANARY)
    write(folder / "static-old" / "a.txt", CANARY)
    write(folder / "static2.txt", CANARY)
    (root / "out.txt").symlink_to("../canary.txt")
    (root / "out").symlink_to("..")
    (root / "absolute.txt").symlink_to(folder / "canary.txt")
    (root / "within.txt").symlink_to("sub/b.css")
    (root / "around.txt").symlink_to("sub/../a.txt")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    return root
