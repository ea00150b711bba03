"""The native end of a WebSocket as handlers' objects need it: notes what is sent, gives what is put in."""

from __future__ import annotations

import asyncio
from typing import Any

from pelton import App, Request
from pelton.errors import WebSocketDisconnect
from pelton.testing import TestClient


class KeptLink:
    def __init__(self, *messages: str | bytes) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.messages = list(messages)
        self.closing = False
        self.closed: tuple[int, str] | None = None
        self.buffered = 0
        self.is_full = False
        self.waited: asyncio.Future[None] | None = None

    def accept(self, subprotocol: str | None, fields: list[tuple[bytes, bytes]]) -> None:
        self.calls.append(("accept", subprotocol, fields))

    def send(self, data: bytes, is_text: bool) -> bool:
        self.calls.append(("send", data, is_text))
        self.buffered += len(data)
        return not self.is_full

    async def writable(self) -> None:
        if not self.is_full:
            return
        self.waited = asyncio.get_running_loop().create_future()
        await self.waited

    async def receive(self) -> tuple[str, str | bytes]:
        await asyncio.sleep(0)
        if not self.messages:
            self.closed = self.closed or (1000, "bye")
            raise WebSocketDisconnect(*self.closed)
        message = self.messages.pop(0)
        return ("text", message) if isinstance(message, str) else ("binary", message)

    def ping(self, data: bytes) -> None:
        self.calls.append(("ping", data))

    def subscribe(self, topic: str) -> None:
        self.calls.append(("subscribe", topic))

    def unsubscribe(self, topic: str) -> None:
        self.calls.append(("unsubscribe", topic))

    def close(self, code: int, reason: bytes) -> None:
        self.calls.append(("close", code, reason))


def handshake(target: str = "/room/7?q=1", **headers: str) -> Request:
    """A request that was really received, with these fields."""
    app, kept = App(), list[Request]()

    @app.get("/room/{id:int}")
    def keep(request: Request) -> None:
        kept.append(request)

    TestClient(app).get(target, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return kept[0]
