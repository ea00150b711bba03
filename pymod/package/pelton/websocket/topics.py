"""Publishing: one message to all WebSockets of an application that have subscribed to its topic."""

from __future__ import annotations

import os
from asyncio import _get_running_loop
from collections import deque

from pelton.websocket.message_octets import checked_topic, message_octets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterable
    from typing import Protocol
    from weakref import ReferenceType

    from pelton.websocket.brokers import Broker, Kind
    from pelton.websocket.bus import Bus, BusEnds
    from pelton.websocket.message_octets import Octets

    class Receivers(Protocol):
        """The WebSockets of one server: the native half's publish()."""

        def publish(self, topic: str, data: bytes, is_text: bool) -> int: ...


class Topics:
    """Topics of one server; used only on its loop's thread, except where a method says that any thread may call it."""

    def __init__(self, receivers: Receivers, loop: AbstractEventLoop) -> None:
        self._receivers = receivers
        self._loop = loop
        self._bus: Bus | None = None
        self._broker: Broker | None = None
        self._origin = b""
        # What other threads have published and the loop has not yet sent.
        self._of_threads: deque[tuple[str, bytes, bool]] = deque()

    def join(self, ends: BusEnds, count_dropped: Callable[[int], object]) -> None:
        """The other workers of the machine hear what is published here, and the reverse."""
        from pelton.websocket.bus import Bus

        self._bus = Bus(self._loop, ends, self._receivers.publish, count_dropped)
        self._bus.start()
        self._origin = bytes.fromhex(ends.name)

    async def open(self, broker: Broker) -> None:
        """And so do those of other machines."""
        await broker.start(self._deliver, self._origin or os.urandom(16))
        self._broker = broker

    def _deliver(self, topic: str, kind: Kind, octets: bytes) -> None:
        self._receivers.publish(topic, octets, kind == "text")

    async def close(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.stop()

    def deafen(self) -> None:
        """Takes no more messages from others; what is published here still reaches them."""
        if self._bus is not None:
            self._bus.deafen()

    def leave(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.stop()

    def publish(self, topic: str, data: bytes, is_text: bool) -> None:
        """From any thread; what was published before, on whatever thread, arrives before."""
        if _get_running_loop() is self._loop:
            if self._of_threads:
                self._publish_of_threads()
            self._publish(topic, data, is_text)
            return
        self._of_threads.append((topic, data, is_text))
        try:
            self._loop.call_soon_threadsafe(self._publish_of_threads)
        except RuntimeError:  # the loop has been closed meanwhile, and every WebSocket before it
            pass

    def _publish_of_threads(self) -> None:
        while self._of_threads:
            self._publish(*self._of_threads.popleft())

    def _publish(self, topic: str, data: bytes, is_text: bool) -> None:
        self._receivers.publish(topic, data, is_text)
        if self._bus is not None:
            self._bus.publish(topic, data, is_text)
        if self._broker is not None:
            self._broker.publish(topic, "text" if is_text else "binary", data)


def publish(served: Iterable[ReferenceType[Topics]], topic: str, message: str | Octets) -> None:
    """To each of the servers, of which there is one but for tests in memory.

    Returns nothing, at once: a receiver without room is treated by `ws_slow_policy` (WS-052), and nobody
    knows yet who hears it elsewhere. TypeError for what is no topic or message, RuntimeError where
    nothing is served.
    """
    checked_topic(topic)
    if not isinstance(message, str | bytes | bytearray | memoryview):
        raise TypeError(
            f"publish() takes a str or bytes, not {type(message).__name__}; "
            "for JSON: publish(topic, pelton.json.dumps(value).decode())"
        )
    data, is_text = message_octets(message)
    topic.encode()  # UnicodeEncodeError here and not on the loop
    servers = [found for one in served if (found := one()) is not None]
    if not servers:
        raise RuntimeError("publish() needs an app that is being served")
    for topics in servers:
        topics.publish(topic, data, is_text)
