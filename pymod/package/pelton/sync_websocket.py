"""A WebSocket for a handler in the blocking pool: the same names without await."""

from __future__ import annotations

from pelton.websockets import Handshake, WebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Coroutine
    from typing import Any, Self, TypeVar

    from pelton.options import HeadersInit
    from pelton.websockets import Message, Octets, WebSocketMessage

    T = TypeVar("T")

__all__ = ["SyncWebSocket"]


class SyncWebSocket(Handshake):
    """Each call runs on the loop while the thread that makes it waits."""

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
        self._on_loop(self._websocket.accept(subprotocol, headers))

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._on_loop(self._websocket.close(code, reason))

    def receive_text(self) -> str:
        return self._on_loop(self._websocket.receive_text())

    def receive_bytes(self) -> bytes:
        return self._on_loop(self._websocket.receive_bytes())

    def receive_json(self) -> Any:
        return self._on_loop(self._websocket.receive_json())

    def recv(self) -> WebSocketMessage | None:
        return self._on_loop(self._websocket.recv())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        message = self._on_loop(self._websocket.recv())
        if message is None:
            raise StopIteration
        return message.text if message.text is not None else message.data or b""

    def send_text(self, text: str) -> None:
        self._on_loop(self._websocket.send_text(text))

    def send_bytes(self, data: Octets) -> None:
        self._on_loop(self._websocket.send_bytes(data))

    send_binary = send_bytes

    def send_json(self, value: Any) -> None:
        self._on_loop(self._websocket.send_json(value))

    def send(self, message: str | Octets | WebSocketMessage) -> None:
        self._on_loop(self._websocket.send(message))

    def ping(self, data: Octets = b"") -> None:
        self._on_loop(self._websocket.ping(data))

    def subscribe(self, topic: str) -> None:
        async def call() -> None:
            self._websocket.subscribe(topic)

        self._on_loop(call())

    def unsubscribe(self, topic: str) -> None:
        async def call() -> None:
            self._websocket.unsubscribe(topic)

        self._on_loop(call())
