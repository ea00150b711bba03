"""PRC-008: where a process was, natively and in Python."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

PROGRAM = textwrap.dedent(
    """
    import faulthandler, os, signal, sys, threading
    from pelton import _native

    faulthandler.enable()
    if sys.argv[2] == "python too":
        faulthandler.register(_native.stacks_signal)
    _native.report_crashes()
    number = _native.stacks_signal if sys.argv[1] == "stacks" else int(sys.argv[1])

    def where_it_happens():
        os.kill(os.getpid(), number)

    if sys.argv[2] == "thread":
        thread = threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), number))
        thread.start()
        thread.join()
    else:
        where_it_happens()
    print("still here")
    """
)


def run(what: str, how: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, what, how], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "BUS", "ILL", "FPE"])
def test_PRC_008_a_crash_writes_both_stacks_and_ends_the_process(name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    done = run(str(int(number)))
    assert done.returncode == -number and done.stdout == ""
    native, python = done.stderr.split("Fatal Python error", 1)
    assert native.startswith(f"pelton: {name}; native stack, innermost first:\n")
    assert any("[0x" in line for line in native.splitlines()), native
    assert "in where_it_happens" in python


@pytest.mark.parametrize("how", ["", "python too", "thread"])
def test_PRC_034_stacks_that_are_asked_for_cost_nothing_else(how: str) -> None:
    done = run("stacks", how)
    assert done.returncode == 0 and done.stdout == "still here\n"
    assert done.stderr.startswith("pelton: stacks are wanted; native stack, innermost first:\n")
    assert ("in where_it_happens" in done.stderr) == (how == "python too")
