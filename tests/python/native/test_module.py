"""The module object and what is registered with it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pelton import _native


def test_types_know_their_home() -> None:
    for name in ("Application", "Headers", "MemoryServer", "MultiDict", "Request", "RouteError", "Server"):
        made = getattr(_native, name)
        assert (made.__module__, made.__qualname__) == ("pelton._native", name) and made.__doc__


@pytest.mark.parametrize(
    ("type_name", "name", "arguments"),
    [
        ("Application", "parameters", (0,)),
        ("Application", "freeze", ({},)),
        ("Server", "stop", ()),
        ("Server", "stats", ()),
        ("MemoryServer", "close", ()),
        ("MemoryServer", "connections", ()),
    ],
)
def test_what_new_alone_has_made_is_refused(type_name: str, name: str, arguments: tuple[Any, ...]) -> None:
    made = getattr(_native, type_name)
    bare = made.__new__(made)
    for _ in range(2):
        with pytest.raises(TypeError, match="calling its class"):
            getattr(bare, name)(*arguments)


def test_an_application_that_new_alone_has_made_is_not_mounted() -> None:
    with pytest.raises(TypeError, match="calling its class"):
        _native.Application().mount("/below", _native.Application.__new__(_native.Application))


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
