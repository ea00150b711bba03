"""The objects behind `receive` and `send` of an application's call."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from asgi_applications import Event, Receive, Send, answer, hosted

from pelton.testing import TestClient


async def app(scope: Event, receive: Any, send: Any) -> None:
    kind = {"http": "AsgiExchange", "websocket": "AsgiSocket"}[scope["type"]]
    assert (receive.__name__, send.__name__) == ("receive", "send")
    call = receive.__self__
    assert type(call).__name__ == kind and call is send.__self__
    with pytest.raises(TypeError, match="cannot create"):
        type(call)()
    for function, arguments in ((receive, (1,)), (send, ())):
        with pytest.raises(TypeError, match="argument"):
            function(*arguments)
    if scope["type"] == "http":
        await answer(send, kind.encode())
    else:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": kind})


def test_both_functions_are_of_one_native_object() -> None:
    client = TestClient(hosted(app, lifespan="off"))
    assert client.get("/").text == "AsgiExchange"
    with client.websocket_connect("/") as ws:
        assert ws.receive_text() == "AsgiSocket"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_collector_frees_a_call_that_refers_to_itself(kind: str) -> None:
    held: weakref.WeakSet[Any] = weakref.WeakSet()

    class Mark: ...

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        scope["all"] = [scope, receive, send]
        scope["mark"] = mark = Mark()
        held.add(mark)
        if scope["type"] == "http":
            await answer(send)
        else:
            await send({"type": "websocket.close"})

    with TestClient(hosted(handle, lifespan="off")) as client:
        fields = {"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13", "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
        assert client.get("/", headers=fields if kind == "websocket" else {}).status_code == (200 if kind == "http" else 403)
    gc.collect()
    assert not held
