"""The title of a process, as /proc shows it: of any length, and with the environment whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, os, subprocess, sys
from pelton import _native

os.environ["T_TITLE"] = "changed"
before = dict(os.environ)
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
for title in {titles!r}:
    _native.set_process_title(title, "a name of more than fifteen octets")
    with open("/proc/self/cmdline", "rb") as file:
        shown = file.read().rstrip(b"\\0")
    with open("/proc/self/comm") as file:
        assert file.read() == "a name of more \\n"
    # There is room for the command line and for the environment, no less; the kernel shows a page.
    assert title.startswith(shown) and len(shown) >= min(len(title), {room}), (title, shown)
    assert all(getenv(name.encode()) == text.encode() for name, text in before.items())
    child = subprocess.run([sys.executable, "-c", "import os; print(os.environ == " + repr(before) + ")"], capture_output=True, text=True)
    assert child.stdout == "True\\n", child
print("whole")
"""


@pytest.mark.parametrize("more", [(), ("argument" * 20, "another")], ids=["few arguments", "many arguments"])
def test_a_title_is_shown_and_the_environment_is_not_harmed(more: tuple[str, ...]) -> None:
    titles = [b"pelton", b"pelton: worker 0 (generation 12) pkg.mod:app", b"x" * 100, b"pelton: \xc3\xa9", b"y" * 300, b"z" * 5000, b"short", b""]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(titles=titles, room=300), *more],
        capture_output=True, text=True, check=False, env={"LONG": "v" * 600, "PATH": "/usr/bin:/bin", **_python_path()},
    )  # fmt: skip
    assert done.stdout == "whole\n", done.stderr


def _python_path() -> dict[str, str]:
    import os

    return {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
