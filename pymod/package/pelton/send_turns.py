"""Sends of one WebSocket whose queue is full: each waits behind those before it."""

from __future__ import annotations

from asyncio import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.websockets import Connection


class SendTurns:
    """A message is queued once there is room for it.

    Were it queued first, sends that are cancelled while they wait would fill the queue without bound.
    """

    __slots__ = ("_lock", "_of", "_waiting")

    def __init__(self, connection: Connection) -> None:
        self._of = connection
        self._lock = Lock()
        self._waiting = 0

    async def wait(self, *message: Any) -> None:
        """For room, with what is then to be sent; nothing if it has been queued already."""
        of = self._of
        self._waiting += 1
        try:
            async with self._lock:
                await of.link.writable()
                if message:
                    of.open()
                    if not of.link.send(*message):
                        await of.link.writable()
                if self._waiting == 1:
                    of.turns = None  # who sends next overtakes nobody
        finally:
            self._waiting -= 1
