"""Fields of any number reach the wire in order; what is no field is refused."""

from __future__ import annotations

import pytest
from native_wire import Wire

from pelton.messages.response import Response


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
def test_any_number(count: int) -> None:
    def handler(request: object) -> Response:
        response = Response(b"x")
        for n in range(count):
            response.add_header("x-n", str(n))
        return response

    answer = Wire().add(handler).ask()
    assert [value for name, value in answer.fields if name == "x-n"] == [str(n) for n in range(count)]


@pytest.mark.parametrize("fields", [(), [1], [("a", b"b")], [(b"a",)]])
def test_what_is_no_list_of_pairs(fields: object) -> None:
    def handler(request: object) -> Response:
        response = Response(b"x")
        response._fields = fields  # type: ignore[assignment]
        return response

    assert Wire().add(handler).ask().status == 500
