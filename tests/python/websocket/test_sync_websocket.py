"""Section 12: a WebSocket in the blocking pool, without await."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from links import KeptLink, handshake
from pelton.errors import WebSocketDisconnect
from pelton.serving.pool import BlockingPool
from pelton.websocket.connection import WebSocket, WebSocketMessage
from pelton.websocket.sync_websocket import SyncWebSocket


def in_pool(link: KeptLink, use: Callable[[SyncWebSocket], Any]) -> Any:
    request = handshake(sec_websocket_protocol="chat")

    async def main() -> Any:
        loop, pool = asyncio.get_running_loop(), BlockingPool("p", 1, 0)
        ws = SyncWebSocket(WebSocket(request, link, subprotocols=("chat",)), loop)
        result = await pool.submit(loop, use, (ws,))
        assert pool.shutdown(10)
        return result

    return asyncio.run(main())


def test_the_same_names() -> None:
    def names(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert names(SyncWebSocket) == names(WebSocket)
    for name in names(WebSocket):
        if inspect.iscoroutinefunction(asynchronous := getattr(WebSocket, name)):
            # Also the same parameters, defaults and annotations.
            assert inspect.signature(getattr(SyncWebSocket, name)) == inspect.signature(asynchronous)


def test_a_conversation() -> None:
    def use(ws: SyncWebSocket) -> None:
        ws.accept(headers={"x-a": "1"})
        assert ws.connected and ws.subprotocol == "chat" and ws.params == {"id": 7}
        assert [ws.receive_text(), ws.receive_bytes(), ws.receive_json(), ws.recv()] == ["a", b"b", 1, WebSocketMessage("c")]
        ws.send_text("t")
        ws.send_bytes(b"b")
        ws.send_binary(b"b")
        ws.send_json([])
        ws.send("s")
        ws.ping(b"p")
        assert list(ws) == ["d", b""] and not ws.connected and ws.recv() is None
        with pytest.raises(WebSocketDisconnect):
            ws.receive_text()
        ws.close()

    link = KeptLink("a", b"b", "1", "c", "d", b"")
    in_pool(link, use)
    assert link.calls == [
        ("accept", "chat", [(b"x-a", b"1")]),
        ("send", b"t", True),
        ("send", b"b", False),
        ("send", b"b", False),
        ("send", b"[]", True),
        ("send", b"s", True),
        ("ping", b"p"),
    ]


def test_closing() -> None:
    def use(ws: SyncWebSocket) -> None:
        ws.send("x")
        ws.close(4000, "done")
        assert (ws.close_code, ws.close_reason) == (4000, "done")
        with pytest.raises(ValueError, match="close code"):
            SyncWebSocket(WebSocket(ws._of.request, KeptLink()), ws._loop).close(1)

    link = KeptLink()
    in_pool(link, use)
    assert link.calls[1:] == [("send", b"x", True), ("close", 4000, b"done")]


def test_on_the_loop_it_would_wait_for_itself() -> None:
    async def main() -> None:
        ws = SyncWebSocket(WebSocket(request, link), asyncio.get_running_loop())
        with pytest.raises(RuntimeError, match="would wait for itself"):
            ws.send("x")

    link, request = KeptLink(), handshake()
    asyncio.run(main())
    assert link.calls == []
