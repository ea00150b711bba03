"""The module object and what is registered with it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from noria import _native


def test_types_know_their_home() -> None:
    for name in ("Application", "Headers", "MemoryServer", "MultiDict", "Request", "RouteError", "Server"):
        made = getattr(_native, name)
        assert (made.__module__, made.__qualname__) == ("noria._native", name) and made.__doc__


def test_only_a_class_with_the_three_slots_is_a_response() -> None:
    class Partly:
        __slots__ = ("_body", "_status")

    class Plain:
        _status, _body, _fields = 200, b"", []

    for wrong in (Partly, Plain):
        with pytest.raises((AttributeError, TypeError)):
            _native.register_response(wrong)
    with pytest.raises(TypeError):
        _native.register_response(5)  # type: ignore[arg-type]


def test_it_leaves_the_process_in_peace() -> None:
    """Everything is torn down at the end of the interpreter, live servers and kept requests too."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1].split(':')\n"
        "from native_wire import Wire\n"
        "kept = []\n"
        "wire = Wire().add(kept.append); wire.ask(); wire.ask('/none')\n"
        "sys.kept = kept, wire\n"
    )
    path = ":".join(one for one in sys.path if one)
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program, path], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
