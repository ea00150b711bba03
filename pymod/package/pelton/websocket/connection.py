"""WebSocket: what a handler holds of one connection, and the messages on it."""

from __future__ import annotations

import pelton.json
from pelton.errors import WebSocketDisconnect
from pelton.messages.headers import fields_of
from pelton.websocket.message_octets import checked_topic, octets_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any, Literal, Protocol, Self

    from pelton._native import Headers, MultiDict, Request
    from pelton.app import App
    from pelton.messages.headers import HeadersInit
    from pelton.messages.state import State
    from pelton.messages.url import URL, Address
    from pelton.websocket.message_octets import Octets

    Message = str | bytes

    class Link(Protocol):
        """The native end of one WebSocket, before and after it is accepted."""

        def accept(self, subprotocol: str | None, fields: list[tuple[bytes, bytes]]) -> None: ...
        def send(self, data: bytes, is_text: bool) -> bool:
            """Queues a message; False once the queue is above its high mark."""
            ...

        def writable(self) -> Awaitable[None]: ...  # below the low mark, or the high one not passed; or it closes
        def receive(self) -> Awaitable[tuple[str, Message]]:
            """("text", str) or ("binary", bytes); WebSocketDisconnect after the end."""
            ...

        def ping(self, data: bytes) -> None: ...
        def subscribe(self, topic: str) -> None: ...
        def unsubscribe(self, topic: str) -> None: ...
        def close(self, code: int, reason: bytes) -> None:
            """Begins the close; before accept() it refuses with a 403."""

        @property
        def buffered(self) -> int: ...
        @property
        def closing(self) -> bool:
            """Whether nothing more can be sent: it has ended, or the client has left while messages wait to be read."""
            ...

        @property
        def closed(self) -> tuple[int, str] | None: ...


__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketMessage"]

CONTROL_BYTES_MAX = 125
REASON_BYTES_MAX = CONTROL_BYTES_MAX - 2  # the code is in the same frame


class WebSocketMessage:
    """A whole message, as `recv()` gives it and `send()` takes it.

    Args:
        text: The content of a text message.
        data: The content of a binary message. Without either it stands for a close.

    Raises:
        TypeError: Both are given, or of another type.
    """

    # With a docstring each, which help() shows.
    __slots__ = {
        "data": "The content of a binary message, else None.",
        "text": "The content of a text message, else None.",
        "type": "`text`, `binary` or `close`.",
    }

    type: Literal["text", "binary", "close"]

    def __init__(self, text: str | None = None, data: Octets | None = None) -> None:
        if text is not None and data is not None:
            raise TypeError("WebSocketMessage() takes text or data, not both")
        if text is not None and not isinstance(text, str):
            raise TypeError(f"text of a message is a str, not {type(text).__name__}; data= takes bytes")
        self.type = "text" if text is not None else "binary" if data is not None else "close"
        self.text = text
        self.data = None if data is None else octets_of(data)

    def is_text(self) -> bool:
        """Whether it is a text message."""
        return self.type == "text"

    def is_binary(self) -> bool:
        """Whether it is a binary message."""
        return self.type == "binary"

    def is_close(self) -> bool:
        """Whether it stands for a close."""
        return self.type == "close"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, WebSocketMessage):
            return (self.text, self.data) == (other.text, other.data)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = "" if self.is_close() else f"text={self.text!r}" if self.is_text() else f"data={self.data!r}"
        return f"WebSocketMessage({shown})"


class Connection:
    """One WebSocket as its handler's calls have left it."""

    __slots__ = ("accepted", "closing", "link", "request", "subprotocol", "turns")

    def __init__(self, request: Request, link: Link) -> None:
        self.request = request
        self.link = link
        self.accepted = False
        self.subprotocol: str | None = None
        self.closing: tuple[int, str] | None = None  # what close() was given
        self.turns: SendTurns | None = None  # once the queue has passed its high mark, till all are through

    @property
    def ended(self) -> tuple[int, str] | None:
        return self.link.closed or self.closing

    @property
    def offered(self) -> list[str]:
        return subprotocols_of(self.request.headers.getlist("sec-websocket-protocol"))

    def open(self) -> None:
        """WebSocketDisconnect if the WebSocket has ended."""
        ended = self.ended
        if ended is not None:
            raise WebSocketDisconnect(*ended)


class Handshake:
    """What async and sync WebSocket have in common: the request that asked, and the state."""

    __slots__ = ("__weakref__", "_of")

    def __init__(self, connection: Connection) -> None:
        self._of = connection

    @property
    def path(self) -> str:
        """The decoded path that was asked for."""
        return self._of.request.path

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the path, converted."""
        return self._of.request.params

    @property
    def query(self) -> MultiDict:
        """The query of the URL."""
        return self._of.request.query

    @property
    def headers(self) -> Headers:
        """The header fields of the handshake."""
        return self._of.request.headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of the handshake, by name."""
        return self._of.request.cookies

    @property
    def client(self) -> Address | None:
        """Address and port that the client connects from; None on a Unix socket."""
        return self._of.request.client

    @property
    def url(self) -> URL:
        """The absolute URL that was asked for."""
        return self._of.request.url

    @property
    def context(self) -> dict[str, Any]:
        """A dict of this connection, shared with guards and dependencies."""
        return self._of.request.context

    @property
    def state(self) -> State:
        """An attribute view of `context`; absent names are looked up in `app.state`."""
        return self._of.request.state

    @property
    def app(self) -> App:
        """The app that has the route."""
        return self._of.request.app

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order."""
        return self._of.offered

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed upon; None without one."""
        return self._of.subprotocol

    @property
    def connected(self) -> bool:
        """Whether messages can be sent: it is accepted and has not ended."""
        return self._of.accepted and self._of.ended is None and not self._of.link.closing

    @property
    def close_code(self) -> int | None:
        """The code it was closed with; None while it is open."""
        ended = self._of.ended
        return None if ended is None else ended[0]

    @property
    def close_reason(self) -> str | None:
        """The reason it was closed with; None while it is open."""
        ended = self._of.ended
        return None if ended is None else ended[1]

    @property
    def buffered(self) -> int:
        """How many bytes wait to be sent."""
        return self._of.link.buffered

    def __repr__(self) -> str:
        ended = self._of.ended
        state = f"closed {ended[0]}" if ended else "connected" if self._of.accepted else "not accepted yet"
        return f"<{type(self).__name__} {self.path} {state}>"


class WebSocket(Handshake):
    """One WebSocket. Messages are sent whole and in the order of the calls, from any task."""

    __slots__ = ("_dumps", "_loads", "_wanted")

    def __init__(
        self,
        request: Request,
        link: Link,
        *,
        subprotocols: Sequence[str] = (),
        dumps: Callable[[Any], bytes] = pelton.json.dumps,
        loads: Callable[[str], Any] = pelton.json.loads,
    ) -> None:
        super().__init__(Connection(request, link))
        self._wanted = subprotocols  # the route's, best first
        self._dumps = dumps
        self._loads = loads

    # --- beginning and end ---

    async def accept(self, subprotocol: str | None = None, headers: HeadersInit | None = None) -> None:
        """Answers the handshake with 101. Without it the first receive or send does.

        Args:
            subprotocol: One of those that the client offers; None: the first of the route's that it offers.
            headers: Header fields of the answer.

        Raises:
            ValueError: The client does not offer the subprotocol, or a field may not go on the wire.
            WebSocketDisconnect: It has ended.
        """
        if self._of.accepted:
            raise RuntimeError("this WebSocket has been accepted already; the first receive or send does it")
        fields = [] if headers is None else fields_of(headers)
        for name, _ in fields:
            if name.lower().startswith(b"sec-websocket-"):
                raise ValueError(f"header {name.decode()!r} is part of the handshake; subprotocol= chooses a protocol")
        self._accept(subprotocol, fields)

    def _accept(self, subprotocol: str | None, fields: list[tuple[bytes, bytes]]) -> None:
        of = self._of
        of.open()
        offered = of.offered
        if subprotocol is None:
            subprotocol = next((one for one in self._wanted if one in offered), None)
        elif subprotocol not in offered:
            raise ValueError(f"the client did not offer the subprotocol {subprotocol!r}, but {', '.join(offered) or 'none'}")
        of.link.accept(subprotocol, fields)
        of.accepted = True
        of.subprotocol = subprotocol

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Begins the close; before it is accepted the handshake is refused with 403. It does nothing once it has ended.

        Args:
            code: 1000 to 1003, 1007 to 1014 or 3000 to 4999.
            reason: At most 123 bytes of UTF-8.

        Raises:
            ValueError: The code or the reason may not be sent.
        """
        of = self._of
        if of.ended is not None:
            return
        octets = checked_close(code, reason)
        of.closing = (code, reason)
        of.link.close(code, octets)

    # --- messages in ---

    async def _receive(self) -> tuple[str, Message]:
        of = self._of
        if not of.accepted:
            self._accept(None, [])
        if of.closing is not None:
            of.open()  # what the peer still sends is discarded
        return await of.link.receive()

    async def receive_text(self) -> str:
        """The next text message.

        Raises:
            WebSocketDisconnect: It has ended.
            TypeError: The message is binary; the WebSocket is closed with 1003.
        """
        kind, message = await self._receive()
        if isinstance(message, str):
            return message
        raise await self._unexpected(kind, "text")

    async def receive_bytes(self) -> bytes:
        """The next binary message.

        Raises:
            WebSocketDisconnect: It has ended.
            TypeError: The message is text; the WebSocket is closed with 1003.
        """
        kind, message = await self._receive()
        if isinstance(message, bytes):
            return message
        raise await self._unexpected(kind, "binary")

    async def receive_json(self) -> Any:
        """The value of the next text message.

        Raises:
            JSONDecodeError: It is no JSON, or exceeds the application's limits of JSON.
            WebSocketDisconnect: It has ended.
        """
        return self._loads(await self.receive_text())

    async def _unexpected(self, kind: str, wanted: str) -> TypeError:
        await self.close(1003, f"a {wanted} message was expected")
        return TypeError(f"a {kind} message came where a {wanted} one was expected; `async for` takes both")

    async def recv(self) -> WebSocketMessage | None:
        """The next message as a `WebSocketMessage`; None once it has ended."""
        try:
            _, message = await self._receive()
        except WebSocketDisconnect:
            return None
        return WebSocketMessage(message) if isinstance(message, str) else WebSocketMessage(data=message)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        try:
            _, message = await self._receive()
        except WebSocketDisconnect:
            raise StopAsyncIteration from None
        return message

    # --- messages out ---

    def _ready(self) -> None:
        if not self._of.accepted:
            self._accept(None, [])
        self._of.open()

    async def _send(self, data: bytes, is_text: bool) -> None:
        self._ready()
        of = self._of
        if of.turns is not None:
            await of.turns.wait(of, data, is_text)
        elif not of.link.send(data, is_text):
            of.turns = SendTurns()
            await of.turns.wait(of)

    async def send_text(self, text: str) -> None:
        """Sends a text message. Waits while too much is queued; WebSocketDisconnect once it has ended."""
        if not isinstance(text, str):
            raise TypeError(f"send_text() takes a str, not {type(text).__name__}; send_json() takes any value")
        await self._send(text.encode(), True)

    async def send_bytes(self, data: Octets) -> None:
        """Sends a binary message. Waits while too much is queued; WebSocketDisconnect once it has ended."""
        await self._send(octets_of(data), False)

    send_binary = send_bytes

    async def send_json(self, value: Any) -> None:
        """Sends a value as JSON in a text message; JSONEncodeError if it cannot be encoded."""
        await self._send(self._dumps(value), True)

    async def send(self, message: str | Octets | WebSocketMessage) -> None:
        """Sends a `str` as text, bytes as a binary message, or a `WebSocketMessage` as what it is."""
        if isinstance(message, WebSocketMessage):
            if message.type == "close":
                await self.close()
                return
            message = message.text if message.text is not None else message.data or b""
        if isinstance(message, str):
            await self._send(message.encode(), True)
        else:
            await self._send(octets_of(message), False)

    async def ping(self, data: Octets = b"") -> None:
        """Sends a ping with at most 125 bytes. Pings that keep the connection alive are sent without it."""
        self._ready()
        octets = octets_of(data)
        if len(octets) > CONTROL_BYTES_MAX:
            raise ValueError(f"a ping carries at most {CONTROL_BYTES_MAX} octets, not {len(octets)}")
        self._of.link.ping(octets)

    # --- topics ---

    def subscribe(self, topic: str) -> None:
        """From now on it gets what `app.publish(topic, ...)` sends, until it ends. A second call changes nothing."""
        checked_topic(topic)
        self._ready()
        self._of.link.subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """Ends what `subscribe()` began; nothing if it has not subscribed."""
        checked_topic(topic)
        self._of.link.unsubscribe(topic)


def checked_close(code: int, reason: str) -> bytes:
    """The reason as it goes on the wire; ValueError for a code or reason that may not (WS-030)."""
    if type(code) is not int or not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise ValueError(f"close code {code!r} may not be sent; use 1000 to 1003, 1007 to 1014 or 3000 to 4999")
    octets = reason.encode()
    if len(octets) > REASON_BYTES_MAX:
        raise ValueError(f"the reason of a close has at most {REASON_BYTES_MAX} octets, not {len(octets)}")
    return octets


def subprotocols_of(lines: Sequence[str]) -> list[str]:
    """The members of Sec-WebSocket-Protocol, over all its lines."""
    return [name for line in lines for one in line.split(",") if (name := one.strip(" \t"))]


# --- sending in turns ---


class SendTurns:
    """A message is queued once there is room for it.

    Were it queued first, sends that are cancelled while they wait would fill the queue without bound.
    """

    __slots__ = ("_lock", "_waiting")

    def __init__(self) -> None:
        from asyncio import Lock

        self._lock = Lock()
        self._waiting = 0

    async def wait(self, of: Connection, *message: Any) -> None:
        """For room on the connection, with what is then to be sent; nothing if it has been queued already.

        The connection holds this object, and this object does not hold the connection: a cycle would
        keep what waits for a lost client until the garbage collector runs.
        """
        self._waiting += 1
        try:
            async with self._lock:
                await of.link.writable()
                if message:
                    of.open()
                    if not of.link.send(*message):
                        await of.link.writable()
                if self._waiting == 1:
                    of.turns = None  # none waits, so the next send begins at once
        finally:
            self._waiting -= 1
