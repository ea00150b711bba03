"""What the requests of one interpreter share."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from native_wire import Wire
from pelton import _native
from pelton.messages.response import Response


def test_uuid_is_imported_by_the_first_request_that_needs_it() -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[1].split(':')\n"
        "from native_wire import Wire\n"
        "wire = Wire().add(lambda request: request.params, path='/{u:uuid}').add(lambda request: 1, path='/')\n"
        "assert wire.ask('/').status == 200 and 'uuid' not in sys.modules\n"
        "assert wire.ask('/12345678-1234-5678-1234-567812345678').status == 200 and 'uuid' in sys.modules\n"
    )
    path = ":".join(one for one in sys.path if one)
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_registered_class_is_read_by_its_slots() -> None:
    class Other:
        __slots__ = ("_background", "_body", "_fields", "_status", "_trailers")

        def __init__(self) -> None:
            self._background = None
            self._status, self._body, self._fields = 202, b"other", [(b"X-A", b"1")]

    def answers(value: Any) -> tuple[int, bytes]:
        answer = Wire().add(lambda request: value).ask()
        return answer.status, answer.body

    _native.register_response(Other)
    try:
        assert answers(Other()) == (202, b"other")
    finally:
        _native.register_response(Response)
    assert answers(Response("x", 203)) == (203, b"x")
    assert answers(Other())[0] == 500
