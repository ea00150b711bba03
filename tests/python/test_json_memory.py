"""What one large JSON text leaves behind, and what becomes of one that there is no memory for."""

from __future__ import annotations

import ctypes
import resource
import subprocess
import sys

import pytest

from pelton import json

MIB = 1 << 20
KEPT_BYTES_MAX = 8 * MIB  # each of the reader's buffers keeps at most one MiB


class _HeapInfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keep")
    ]


def heap_bytes() -> int:
    """What the C heap has lent, from its arenas and by mappings of their own."""
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _HeapInfo
    info = ask()
    return int(info.uordblks + info.hblkhd)


TEXTS = {
    "values": b"[" + b"1," * (10 * MIB) + b"1]",
    "escapes": b'["' + b"\\n" * (10 * MIB) + b'"]',
    "narrow": '["'.encode() + "\N{SNOWMAN}".encode() * (5 * MIB) + b'"]',
    "wide": '["'.encode() + "\N{PILE OF POO}".encode() * (4 * MIB) + b'"]',
    "copied": b" " * (20 * MIB) + b"1",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_reader_gives_back_what_a_large_text_has_made_it_grow_to(name: str) -> None:
    json.loads(b"[1]")
    text = memoryview(TEXTS[name])  # of no type that a NUL octet follows: so it is copied too
    before = heap_bytes()
    json.loads(text)
    assert heap_bytes() - before < KEPT_BYTES_MAX
    with pytest.raises(ValueError):
        json.loads(bytes(text) + b"}")
    assert heap_bytes() - before < KEPT_BYTES_MAX


STARVED = """
import resource, sys
from pathlib import Path
from pelton import json
text = {text}
json.loads(b"[1]")
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {room}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    json.{call}
except MemoryError:
    print("MemoryError")
assert json.loads(b'{{"a": [1, "\\\\n", "\\xe2\\x98\\x83"]}}') == {{"a": [1, "\\n", "\\u2603"]}}
assert json.dumps({{"a": 1}}) == b'{{"a":1}}'
"""


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("b'[' + b'1,' * 10_000_000 + b'1]'", "loads(text)"),
        ("b'[\"' + b'\\\\n' * 20_000_000 + b'\"]'", "loads(text)"),
        ("b'[\"' + b'\\xe2\\x98\\x83' * 10_000_000 + b'\"]'", "loads(text)"),
        ("memoryview(b' ' * 60_000_000 + b'1')", "loads(text)"),
        ("['x' * 30_000_000] * 2", "dumps(text)"),
    ],
)
def test_PRC_036_without_memory_it_raises_and_goes_on(text: str, call: str) -> None:
    script = STARVED.format(text=text, call=call, room=16 * MIB)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "MemoryError\n"), run.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
