"""A WebSocket for a handler in the blocking pool: the same names without await."""

from __future__ import annotations

from pelton.websocket.connection import Handshake, WebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Coroutine
    from typing import Any, Self, TypeVar

    from pelton.messages.headers import HeadersInit
    from pelton.websocket.connection import Message, WebSocketMessage
    from pelton.websocket.message_octets import Octets

    T = TypeVar("T")

__all__ = ["SyncWebSocket"]


class SyncWebSocket(Handshake):
    """A WebSocket for a `def` handler with `blocking=True`: the methods of `WebSocket` without `await`.

    Each call runs on the loop while the thread that makes it waits.
    """

    __slots__ = ("_loop", "_websocket")

    def __init__(self, websocket: WebSocket, loop: AbstractEventLoop) -> None:
        super().__init__(websocket._of)
        self._websocket = websocket
        self._loop = loop

    def _on_loop(self, call: Coroutine[Any, Any, T]) -> T:
        from asyncio import _get_running_loop, run_coroutine_threadsafe

        if _get_running_loop() is self._loop:
            call.close()
            raise RuntimeError("a SyncWebSocket is used on the loop's own thread, which would wait for itself")
        return run_coroutine_threadsafe(call, self._loop).result()

    def accept(self, subprotocol: str | None = None, headers: HeadersInit | None = None) -> None:
        """Answers the handshake with 101. Without it the first receive or send does.

        Args:
            subprotocol: One of those that the client offers; None: the first of the route's that it offers.
            headers: Header fields of the answer.

        Raises:
            ValueError: The client does not offer the subprotocol, or a field may not go on the wire.
            WebSocketDisconnect: It has ended.
        """
        self._on_loop(self._websocket.accept(subprotocol, headers))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begins the close; before it is accepted the handshake is refused with 403. It does nothing once it has ended.

        Args:
            code: 1000 to 1003, 1007 to 1014 or 3000 to 4999.
            reason: At most 123 bytes of UTF-8.

        Raises:
            ValueError: The code or the reason may not be sent.
        """
        self._on_loop(self._websocket.close(code, reason))

    def receive_text(self) -> str:
        """The next text message.

        Raises:
            WebSocketDisconnect: It has ended.
            TypeError: The message is binary; the WebSocket is closed with 1003.
        """
        return self._on_loop(self._websocket.receive_text())

    def receive_bytes(self) -> bytes:
        """The next binary message.

        Raises:
            WebSocketDisconnect: It has ended.
            TypeError: The message is text; the WebSocket is closed with 1003.
        """
        return self._on_loop(self._websocket.receive_bytes())

    def receive_json(self) -> Any:
        """The value of the next text message.

        Raises:
            JSONDecodeError: It is no JSON.
            WebSocketDisconnect: It has ended.
        """
        return self._on_loop(self._websocket.receive_json())

    def recv(self) -> WebSocketMessage | None:
        """The next message as a `WebSocketMessage`; None once it has ended."""
        return self._on_loop(self._websocket.recv())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        message = self._on_loop(self._websocket.recv())
        if message is None:
            raise StopIteration
        return message.text if message.text is not None else message.data or b""

    def send_text(self, text: str) -> None:
        """Sends a text message. Waits while too much is queued; WebSocketDisconnect once it has ended."""
        self._on_loop(self._websocket.send_text(text))

    def send_bytes(self, data: Octets) -> None:
        """Sends a binary message. Waits while too much is queued; WebSocketDisconnect once it has ended."""
        self._on_loop(self._websocket.send_bytes(data))

    send_binary = send_bytes

    def send_json(self, value: Any) -> None:
        """Sends a value as JSON in a text message; JSONEncodeError if it cannot be encoded."""
        self._on_loop(self._websocket.send_json(value))

    def send(self, message: str | Octets | WebSocketMessage) -> None:
        """Sends a `str` as text, bytes as a binary message, or a `WebSocketMessage` as what it is."""
        self._on_loop(self._websocket.send(message))

    def ping(self, data: Octets = b"") -> None:
        """Sends a ping with at most 125 bytes. Pings that keep the connection alive are sent without it."""
        self._on_loop(self._websocket.ping(data))

    def subscribe(self, topic: str) -> None:
        """From now on it gets what `app.publish(topic, ...)` sends, until it ends. A second call changes nothing."""

        async def call() -> None:
            self._websocket.subscribe(topic)

        self._on_loop(call())

    def unsubscribe(self, topic: str) -> None:
        """Ends what `subscribe()` began; nothing if it has not subscribed."""

        async def call() -> None:
            self._websocket.unsubscribe(topic)

        self._on_loop(call())
