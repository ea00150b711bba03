"""The test clients' end of a WebSocket."""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import pelton.json
from pelton.errors import PeltonError, WebSocketDisconnect
from pelton.hosting.client_frames import BINARY, CLOSE, PING, PONG, TEXT, MessageReader, masked_frame
from pelton.testing.client_stream import Arriving, at_once, begun
from pelton.websocket.connection import CONTROL_BYTES_MAX, checked_close

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from pelton.messages.request import Headers
    from pelton.hosting.client_frames import Frame
    from pelton.testing.client_stream import Wire
    from pelton.testing.received import TestResponse

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
NO_STATUS, LOST = 1005, 1006


class WebSocketRefused(PeltonError):
    """The server answered the handshake with an ordinary response.

    Args:
        response: That response.
    """

    def __init__(self, response: TestResponse) -> None:
        super().__init__(f"the upgrade was answered with {response.status_code}")
        self.response = response


def upgrade_fields(key: str, subprotocols: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The fields that ask for a WebSocket."""
    fields = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
    ]
    return [*fields, ("Sec-WebSocket-Protocol", ", ".join(subprotocols))] if subprotocols else fields


def new_key() -> str:
    return b64encode(os.urandom(16)).decode()


def accept_of(key: str) -> str:
    return b64encode(sha1(key.encode() + _GUID).digest()).decode()


class AsyncWebSocketSession:
    """One WebSocket of `AsyncTestClient.websocket_connect()`; an async context manager that closes it."""

    def __init__(self, wire: Wire, response: Arriving) -> None:
        self._wire = wire
        self._messages = MessageReader()
        self._frames: list[Frame] = self._messages.feed(response._reader.rest)  # received and not taken
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self._has_closed = False  # sent a Close
        self.headers: Headers = response.headers
        self.subprotocol = response.headers.get("sec-websocket-protocol")

    # --- out ---

    async def _send(self, opcode: int, payload: bytes) -> None:
        if self.close_code is not None or self._has_closed:
            raise WebSocketDisconnect(self.close_code or LOST, self.close_reason or "")
        await self._wire.send(masked_frame(opcode, payload))

    async def send_text(self, text: str) -> None:
        """Sends a text message."""
        await self._send(TEXT, text.encode())

    async def send_bytes(self, data: bytes) -> None:
        """Sends a binary message."""
        await self._send(BINARY, bytes(data))

    async def send_json(self, value: Any) -> None:
        """Sends a value as JSON in a text message."""
        await self._send(TEXT, pelton.json.dumps(value))

    async def send(self, message: str | bytes) -> None:
        """Sends a `str` as text, bytes as a binary message."""
        if isinstance(message, str):
            await self.send_text(message)
        else:
            await self.send_bytes(message)

    async def ping(self, data: bytes = b"") -> None:
        """Sends a ping."""
        if len(data) > CONTROL_BYTES_MAX:
            raise ValueError(f"a ping carries at most {CONTROL_BYTES_MAX} octets, not {len(data)}")
        await self._send(PING, data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends a Close, waits for the other and drops what comes before it. Nothing if it has ended."""
        octets = checked_close(code, reason)
        try:
            if self.close_code is None and not self._has_closed:
                await self._wire.send(masked_frame(CLOSE, code.to_bytes(2, "big") + octets))
                self._has_closed = True
                while await self._next() is not None:
                    pass
        finally:
            await self._wire.leave()

    # --- in ---

    async def _next(self) -> str | bytes | None:
        """The next message, None at the end; pings are answered on the way."""
        while self.close_code is None:
            while self._frames:
                frame = self._frames.pop(0)
                if frame.opcode == TEXT:
                    return frame.payload.decode()
                if frame.opcode == BINARY:
                    return frame.payload
                if frame.opcode == PING and not self._has_closed:
                    await self._wire.send(masked_frame(PONG, frame.payload))
                elif frame.opcode == CLOSE:
                    await self._take_close(frame.payload)
                    return None
            data = await self._wire.receive()
            if not data:
                self.close_code, self.close_reason = LOST, ""
                return None
            self._frames += self._messages.feed(data)
        return None

    async def _take_close(self, payload: bytes) -> None:
        self.close_code = int.from_bytes(payload[:2], "big") if payload else NO_STATUS
        self.close_reason = payload[2:].decode()
        if not self._has_closed:
            self._has_closed = True
            await self._wire.send(masked_frame(CLOSE, payload[:2]))

    async def receive(self) -> str | bytes:
        """The next message; WebSocketDisconnect once the server has closed."""
        message = await self._next()
        if message is None:
            raise WebSocketDisconnect(self.close_code or LOST, self.close_reason or "")
        return message

    async def receive_text(self) -> str:
        """The next message, which is text; TypeError if it is binary."""
        message = await self.receive()
        if not isinstance(message, str):
            raise TypeError(f"a binary message came where a text one was expected: {message!r}")
        return message

    async def receive_bytes(self) -> bytes:
        """The next message, which is binary; TypeError if it is text."""
        message = await self.receive()
        if not isinstance(message, bytes):
            raise TypeError(f"a text message came where a binary one was expected: {message!r}")
        return message

    async def receive_json(self) -> Any:
        """The value of the next message as JSON."""
        return pelton.json.loads(await self.receive())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        message = await self._next()
        if message is None:
            raise StopAsyncIteration
        return message


async def opened(wire: Wire, url: str, key: str, subprotocols: Sequence[str] = ()) -> AsyncWebSocketSession:
    """The session, once the server has accepted; WebSocketRefused if it answers otherwise."""
    response = Arriving(url, wire, *await begun(wire, "GET"))
    if response.status_code != 101:
        await response._rest()
        await wire.leave()
        raise WebSocketRefused(response)
    session = AsyncWebSocketSession(wire, response)
    if response.headers.get("sec-websocket-accept") != accept_of(key):
        raise ConnectionError("the 101 does not accept the key that was sent")
    if session.subprotocol is not None and session.subprotocol not in subprotocols:
        raise ConnectionError(f"the 101 names the subprotocol {session.subprotocol!r}, which was not offered")
    return session


class WebSocketSession:
    """One WebSocket of `TestClient.websocket_connect()`; a context manager that closes it."""

    def __init__(self, wire: Wire, url: str, key: str, subprotocols: Sequence[str] = ()) -> None:
        self._session = at_once(opened(wire, url, key, subprotocols))
        self.headers: Headers = self._session.headers
        self.subprotocol = self._session.subprotocol

    @property
    def close_code(self) -> int | None:
        """The code it was closed with; None while it is open."""
        return self._session.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason it was closed with; None while it is open."""
        return self._session.close_reason

    def send_text(self, text: str) -> None:
        """Sends a text message."""
        at_once(self._session.send_text(text))

    def send_bytes(self, data: bytes) -> None:
        """Sends a binary message."""
        at_once(self._session.send_bytes(data))

    def send_json(self, value: Any) -> None:
        """Sends a value as JSON in a text message."""
        at_once(self._session.send_json(value))

    def send(self, message: str | bytes) -> None:
        """Sends a `str` as text, bytes as a binary message."""
        at_once(self._session.send(message))

    def ping(self, data: bytes = b"") -> None:
        """Sends a ping."""
        at_once(self._session.ping(data))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends a Close, waits for the other and drops what comes before it. Nothing if it has ended."""
        at_once(self._session.close(code, reason))

    def receive(self) -> str | bytes:
        """The next message; WebSocketDisconnect once the server has closed."""
        return at_once(self._session.receive())

    def receive_text(self) -> str:
        """The next message, which is text; TypeError if it is binary."""
        return at_once(self._session.receive_text())

    def receive_bytes(self) -> bytes:
        """The next message, which is binary; TypeError if it is text."""
        return at_once(self._session.receive_bytes())

    def receive_json(self) -> Any:
        """The value of the next message as JSON."""
        return at_once(self._session.receive_json())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str | bytes:
        message = at_once(self._session._next())
        if message is None:
            raise StopIteration
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()
