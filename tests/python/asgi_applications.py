"""ASGI applications for tests, and what they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pelton import App
from pelton.hosting import asgi

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Event, Receive, Send], Awaitable[None]]
ACCEPT: Event = {"type": "websocket.accept"}
CONNECT: Event = {"type": "websocket.connect"}


def hosted(application: Any, lifespan: str = "auto") -> App:
    return asgi.hosted(application, App, lifespan=lifespan)


def over_http(handle: Application) -> Application:
    """The application that has no lifespan and is this for every request."""

    async def app(scope: Event, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await handle(scope, receive, send)

    return app


async def answer(send: Send, body: bytes = b"", status: int = 200, headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Receive) -> bytes:
    body = b""
    while True:
        event = await receive()
        assert event["type"] == "http.request", event
        body += event["body"]
        if not event["more_body"]:
            return body


def request(target: str = "/", method: str = "GET", *fields: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: h", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def over_websockets(handle: Application) -> Application:
    """The application that is this for every WebSocket, and answers `fine` to all else."""

    async def app(scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(send, b"fine")
            return
        assert scope["type"] == "websocket"
        await handle(scope, receive, send)

    return app


def text(data: str) -> Event:
    return {"type": "websocket.send", "text": data}


async def accepted(receive: Receive, send: Send, **more: Any) -> None:
    assert await receive() == CONNECT
    await send({**ACCEPT, **more})


async def echo(scope: Event, receive: Receive, send: Send) -> None:
    await accepted(receive, send)
    while (event := await receive())["type"] == "websocket.receive":
        assert list(event) in (["type", "text"], ["type", "bytes"])
        await send({**event, "type": "websocket.send"})


async def settled(count: Callable[[], int]) -> int:
    """A count once it has been the same, and not 0, for a hundred turns of the event loop."""
    seen, turns = 0, 0
    while turns < 100:
        await asyncio.sleep(0)
        turns = turns + 1 if seen == count() > 0 else 0
        seen = count()
    return seen


REQUEST: Event = {"type": "http.request", "body": b"", "more_body": False}


def scope_of(path: str, **more: Any) -> Event:
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode()}
    return {**scope, "query_string": b"", "root_path": "", "headers": [(b"host", b"h")], "client": None, "server": None, **more}


class Recorded:
    """A connection of ASGI without a server: events to receive, and what was sent."""

    def __init__(self, *events: Event) -> None:
        self.events = list(events)
        self.sent: list[Event] = []
        self.received = 0
        self.room = asyncio.Event()  # clear: send() waits
        self.room.set()

    async def receive(self) -> Event:
        self.received += 1
        if not self.events:
            await asyncio.Event().wait()
        return self.events.pop(0)

    async def send(self, event: Event) -> None:
        await self.room.wait()
        self.sent.append(event)

    @property
    def body(self) -> bytes:
        return b"".join(event.get("body", b"") for event in self.sent)
