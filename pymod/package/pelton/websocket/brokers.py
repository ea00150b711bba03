"""What carries published messages between machines: the interface, and Redis as one that has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from pelton.errors import StartupError

if TYPE_CHECKING:
    from pelton.websocket.redis_broker import RedisBroker

__all__ = ["Broker", "Deliver", "Kind", "RedisBroker"]

Kind = Literal["text", "binary"]
Deliver = Callable[[str, Kind, bytes], None]  # topic, kind, octets (UTF-8 of a text)


class Broker(Protocol):
    """What the setting `ws_broker` takes beside a URL. Each worker has its own, on its loop.

    What is published on one machine is delivered to each worker of the others, at most once and in the
    order of its sender. A broker may lose what it cannot carry.
    """

    async def start(self, deliver: Deliver, origin: bytes) -> None:
        """Before the application's start-up; what it raises ends the start.

        `deliver` is called, on the loop, for what others publish. Workers with the same origin, 16 octets,
        hear each other already: what one of them published is not delivered to any of them.
        """

    def publish(self, topic: str, kind: Kind, octets: bytes) -> None:
        """Takes a message for the other machines, and returns at once."""

    async def stop(self) -> None:
        """After the application's shutdown. What was published may have a second to leave."""


def broker_of(value: str | Broker | None) -> Broker | None:
    """What the setting names; StartupError if what it needs is not installed."""
    if not isinstance(value, str):
        return value
    try:
        import redis.asyncio  # noqa: F401
    except ImportError:
        raise StartupError(
            "ws_broker names a Redis server, but the package redis is not installed; pip install 'pelton[redis]'"
        ) from None
    from pelton.websocket.redis_broker import RedisBroker

    return RedisBroker(value)


def __getattr__(name: str) -> object:
    if name == "RedisBroker":
        from pelton.websocket.redis_broker import RedisBroker

        return RedisBroker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
