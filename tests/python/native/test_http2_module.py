"""pelton._http2: what reads and writes frames, loaded where HTTP/2 is served and nowhere else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pelton import _http2

PROGRAM = """
import sys
from pelton import App, ServerConfig
from pelton.testing import live_server

with live_server(App(server=ServerConfig(h2c={h2c}))):
    pass
mapped = open("/proc/self/maps").read()
print("pelton._http2" in sys.modules, "libnghttp2" in mapped)
"""


def test_it_says_which_nghttp2_it_has() -> None:
    assert tuple(int(part) for part in _http2.library_version().split(".")[:2]) >= (1, 52)


@pytest.mark.parametrize("is_used", [False, True])
def test_nghttp2_is_loaded_where_HTTP_2_is_served_and_nowhere_else(is_used: bool) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(h2c=is_used)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == [str(is_used)] * 2
