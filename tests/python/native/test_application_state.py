"""What requests share of their application: hooks, limits, JSON options."""

from __future__ import annotations

from typing import Any

import pytest
from native_wire import Recorder, Wire
from pelton import _native
from pelton.messages.response import Response

HOOKS = tuple(Recorder().as_dict())


@pytest.mark.parametrize("missing", HOOKS)
def test_every_hook_is_needed(missing: str) -> None:
    hooks = Recorder().as_dict()
    del hooks[missing]
    application = _native.Application()
    with pytest.raises(KeyError, match=missing):
        application.freeze(hooks)  # type: ignore[arg-type]
    application.freeze(Recorder().as_dict())  # type: ignore[arg-type]


def test_an_answer_to_an_error_has_no_options_of_the_route() -> None:
    class Plain(Recorder):
        def on_exception(self, request: Any, error: BaseException) -> Any:
            return Response("r", 418) if request.path == "/r" else {"plain": True}

    wire = Wire(Plain())
    for path in ("/r", "/p"):
        wire.add(lambda request: 1 / 0, path=path, media_type="text/html", status=201, encode=print)
    assert wire.ask("/r").status == 418
    answer = wire.ask("/p")
    assert (answer.status, answer.json, answer.field("content-type")) == (200, {"plain": True}, "application/json")


def test_limits_are_those_of_the_server_made_last() -> None:
    wire = Wire(config={"json_number_bytes_max": 3})
    wire.add(lambda request: request.json())
    assert [wire.ask(method="POST", body=b"9" * n).status for n in (2, 3, 4)] == [200, 200, 400]
