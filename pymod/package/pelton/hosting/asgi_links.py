"""Connections of ASGI to the server in memory: what one of HTTP and one of a WebSocket do, from scope to end."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from pelton.hosting.asgi_octets import BadScope, request_head, response_fields, upgrade_head
from pelton.hosting.client_frames import BINARY, CLOSE, PING, PONG, TEXT, MessageReader, masked_frame
from pelton.hosting.response_parser import ResponseParser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

    from pelton._native import MemoryServer
    from pelton.hosting.asgi_lifespan import Receive, Send
    from pelton.hosting.client_frames import Frame
    from pelton.hosting.response_parser import Fields

WINDOW_BYTES = 256 * 1024  # of a response, beyond which the application waits for the client
NO_MASK = bytes(4)  # a mask is for proxies on the way, and there is none
TIMERS_S = 0.1  # the server in memory has timers, which nothing wakes
NO_STATUS, LOST, INTERNAL_ERROR = 1005, 1006, 1011


class Link:
    """One connection to the server in memory.

    Args:
        links: Those of the same server.
        scope: What the connection is of: its addresses, its scheme and its `root_path` are taken from it.
    """

    def __init__(self, links: Links, scope: Mapping[str, Any]) -> None:
        self._links = links
        self._server = links.server
        self._news: asyncio.Future[None] | None = None
        self._read: asyncio.Future[None] | None = None
        is_secure = scope.get("scheme") in ("https", "wss")
        ends = _address(scope.get("client")), _address(scope.get("server"))
        self.number = self._server.connect(*ends, is_secure, scope.get("root_path", ""), WINDOW_BYTES)
        links.by_number[self.number] = self

    def send(self, octets: bytes) -> None:
        if octets and not self.is_closed():
            self._server.send(self.number, octets)
            self._links.turn_soon()

    def receive(self) -> bytes:
        """What has come, which may be nothing."""
        data = self._server.receive(self.number)
        if data:
            self._links.turn_soon()  # there is room for more
        return data

    def is_closed(self) -> bool:
        return self._server.closed(self.number)

    def leave(self) -> None:
        """The client has gone, or needs nothing any more."""
        self._server.leave(self.number)
        self._links.by_number.pop(self.number, None)
        self._links.turn_soon()
        self.note_news()
        self.note_read()

    async def news(self) -> None:
        """Returns when something has come, or the connection has ended."""
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def note_news(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def room(self) -> None:
        """Returns once the server has read what was sent, or the connection has ended."""
        while not self.is_closed() and self._server.has_unread(self.number):
            self._read = asyncio.get_running_loop().create_future()
            self._links.unread.add(self)
            await self._read

    def note_read(self) -> None:
        self._links.unread.discard(self)
        if self._read is not None and not self._read.done():
            self._read.set_result(None)


class Links:
    """The connections to one server in memory, which has turns while there is something to do.

    Args:
        server: That server.
        loop: The event loop on which it has its turns.
    """

    def __init__(self, server: MemoryServer, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self.by_number: dict[int, Link] = {}
        self.unread: set[Link] = set()  # whose client waits until the server has read
        self._loop = loop
        self._context = copy_context()
        self._next_turn: asyncio.Handle | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._is_closed = False

    def turn_soon(self) -> None:
        """Something was sent, taken or written."""
        if self._next_turn is None and not self._is_closed:
            self._next_turn = self._loop.call_soon(self._turn, context=self._context)

    def _turn(self) -> None:
        self._next_turn = None
        self.server.turn()
        for number in self.server.news():
            if (link := self.by_number.get(number)) is not None:
                link.note_news()
                link.note_read()
        for link in list(self.unread):
            if not self.server.has_unread(link.number):
                link.note_read()
        if self._next_look is None and (self.by_number or self.server.pending()):
            self._next_look = self._loop.call_later(TIMERS_S, self._look, context=self._context)

    def _look(self) -> None:
        self._next_look = None
        self.turn_soon()

    def close(self) -> None:
        """Stops the server; what it has not answered is cut."""
        self._is_closed = True
        for handle in (self._next_turn, self._next_look):
            if handle is not None:
                handle.cancel()
        left = list(self.by_number.values())
        for link in left:
            link.leave()
        self.server.close()


def _address(given: Any) -> tuple[str, int]:
    """Of a Unix socket there is a path, or nothing, and no port."""
    host, port = given or ("", None)
    return ("", 0) if port is None else (host, port)


class Watch:
    """A task beside the one that answers, which brings what the client sends. It ends with the client, or is ended."""

    def __init__(self, link: Link, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.has_left = False  # the client
        self._link = link
        self._task = asyncio.get_running_loop().create_task(self._run(run), name="ASGI receive")

    async def _run(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await run()
        except BaseException:
            self._link.leave()
            raise
        finally:
            self.has_left = True
            self._link.note_news()

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # a receive() that raises is a client that has left


# --- HTTP ---


class HttpExchange:
    """One request and its answer."""

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._parser = ResponseParser(scope["method"])
        self._has_begun = False
        self._body_left: int | None = 0  # None: it is sent in chunks
        self._body_ended = True

    async def run(self, scope: Mapping[str, Any], link_of: Callable[[], Link]) -> None:
        """Until the answer has been handed over or the client has left."""
        first = None
        # Only HTTP/1 says in the head whether there is a body.
        if not scope["http_version"].startswith("1"):
            first = await self._receive()
        has_body = first is not None and bool(first.get("body") or first.get("more_body"))
        try:
            head, framing = request_head(scope, has_body)
        except BadScope:
            await self._answer(400, [], b"Bad Request")
            return
        self._body_left, self._body_ended = framing.length, not framing.has_body
        if not self._body_ended:
            octets = await self._piece(first or await self._receive())
            if octets is None:
                return
            head += octets
        link = link_of()
        watch: Watch | None = None
        try:
            link.send(head)
            while not await self._pass_on(link):
                if watch is None:
                    watch = Watch(link, lambda: self._bring(link))
                await link.news()
                if watch.has_left:
                    return
        except OSError:
            pass  # of send(): the client has left
        finally:
            link.leave()
            if watch is not None:
                await watch.end()

    async def _bring(self, link: Link) -> None:
        """The rest of the body, as the server reads it; then until the client leaves."""
        while not self._body_ended:
            await link.room()
            octets = await self._piece(await self._receive())
            if octets is None:
                link.leave()
                return
            link.send(octets)
        while (await self._receive())["type"] != "http.disconnect":
            pass
        link.leave()

    async def _piece(self, event: Mapping[str, Any]) -> bytes | None:
        """A piece of the body as it is framed; None if the client has left."""
        if event["type"] == "http.disconnect":
            return None
        octets = self._octets(event)
        # Some servers tell of the end in an event of its own, and an answer before that confuses them.
        while self._body_left == 0 and not self._body_ended:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                return None
            self._octets(event)
        return octets

    def _octets(self, event: Mapping[str, Any]) -> bytes:
        """A piece of the body as it is framed. No octet beyond its length, which would begin another request."""
        body: bytes = event.get("body", b"")
        self._body_ended = not event.get("more_body", False)
        if self._body_left is None:
            chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if self._body_ended else chunk
        body = body[: self._body_left]
        self._body_left -= len(body)
        return body

    async def _pass_on(self, link: Link) -> bool:
        """Sends what has come; whether that was all."""
        parser = self._parser
        while data := link.receive():
            pieces = parser.feed(data)
            if not parser.status:
                continue
            await self._begin(parser.status, parser.fields)
            if pieces or parser.is_whole:
                await self._send({"type": "http.response.body", "body": b"".join(pieces), "more_body": not parser.is_whole})
        if not parser.is_whole and link.is_closed():
            try:
                parser.end()
            except ConnectionError:
                raise RuntimeError("the answer ended in the middle") from None
            await self._send({"type": "http.response.body"})
        return parser.is_whole

    async def _begin(self, status: int, fields: Fields) -> None:
        if not self._has_begun:
            self._has_begun = True
            await self._send({"type": "http.response.start", "status": status, "headers": response_fields(fields)})

    async def _answer(self, status: int, fields: Fields, body: bytes) -> None:
        await self._begin(status, fields)
        await self._send({"type": "http.response.body", "body": body})


# --- WebSockets ---


class SocketExchange:
    """One WebSocket."""

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._may_answer = "websocket.http.response" in (scope.get("extensions") or {})
        self._parser = ResponseParser("GET")
        self._body: list[bytes] = []
        self._messages = MessageReader()
        self._is_open = False
        self._has_closed = False  # the client

    async def run(self, scope: Mapping[str, Any], link_of: Callable[[], Link]) -> None:
        """Until one of both has closed."""
        event = await self._receive()
        if event["type"] != "websocket.connect":
            return
        try:
            head = upgrade_head(scope)
        except BadScope:
            await self._refuse(400, [], b"Bad Request")
            return
        link = link_of()
        watch = Watch(link, lambda: self._bring(link))
        try:
            link.send(head)
            while not await self._pass_on(link):
                if watch.has_left and link.is_closed():
                    return
                await link.news()
        except OSError:
            pass  # of send(): the client has left
        finally:
            link.leave()
            await watch.end()

    async def _bring(self, link: Link) -> None:
        """The messages of the client, as the server reads them."""
        while True:
            await link.room()
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                code, reason = event.get("code", NO_STATUS), event.get("reason") or ""
                self._has_closed = True
                if code == LOST or not self._is_open:
                    link.leave()
                    return
                payload = b"" if code == NO_STATUS else code.to_bytes(2, "big") + reason.encode()
                link.send(masked_frame(CLOSE, payload, mask=NO_MASK))
                return
            text = event.get("text")
            opcode, payload = (BINARY, event["bytes"]) if text is None else (TEXT, text.encode())
            link.send(masked_frame(opcode, payload, mask=NO_MASK))

    async def _pass_on(self, link: Link) -> bool:
        """Sends what has come; whether that was the end."""
        while data := link.receive():
            if self._is_open:
                if await self._deliver(link, data):
                    return True
                continue
            self._body += self._parser.feed(data)
            if self._parser.status == 101:
                await self._accept()
                if await self._deliver(link, self._parser.rest):
                    return True
            elif self._parser.is_whole:
                break
        if self._is_open:
            if link.is_closed() and not self._has_closed:
                await self._send({"type": "websocket.close", "code": INTERNAL_ERROR})
            return link.is_closed()
        if self._has_closed:
            return link.is_closed()
        if self._parser.is_whole or link.is_closed():
            await self._refuse(self._parser.status or 500, self._parser.fields, b"".join(self._body))
            return True
        return False

    async def _accept(self) -> None:
        self._is_open = True
        named = [value for name, value in self._parser.fields if name.lower() == "sec-websocket-protocol"]
        headers = [one for one in response_fields(self._parser.fields) if one[0] != b"date"]
        await self._send({"type": "websocket.accept", "subprotocol": named[0] if named else None, "headers": headers})

    async def _refuse(self, status: int, fields: Fields, body: bytes) -> None:
        if not self._may_answer:
            await self._send({"type": "websocket.close"})  # a 403, as the specification has it
            return
        start = {"type": "websocket.http.response.start", "status": status, "headers": response_fields(fields)}
        await self._send(start)
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def _deliver(self, link: Link, data: bytes) -> bool:
        for frame in self._messages.feed(data):
            if frame.opcode == CLOSE:
                await self._close(link, frame)
                return True
            if frame.opcode == TEXT:
                await self._send({"type": "websocket.send", "text": frame.payload.decode()})
            elif frame.opcode == BINARY:
                await self._send({"type": "websocket.send", "bytes": frame.payload})
            elif frame.opcode == PING:  # whether the client is there is for its server to find out
                link.send(masked_frame(PONG, frame.payload, mask=NO_MASK))
        return False

    async def _close(self, link: Link, frame: Frame) -> None:
        if self._has_closed:
            return
        link.send(masked_frame(CLOSE, frame.payload[:2], mask=NO_MASK))
        code = int.from_bytes(frame.payload[:2], "big") if frame.payload else 1000
        await self._send({"type": "websocket.close", "code": code, "reason": frame.payload[2:].decode()})
