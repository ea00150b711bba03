"""Sends of one WebSocket whose queue is full: each waits behind those before it."""

from __future__ import annotations

from asyncio import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.websocket.connection import Connection


class SendTurns:
    """A message is queued once there is room for it.

    Were it queued first, sends that are cancelled while they wait would fill the queue without bound.
    """

    __slots__ = ("_lock", "_waiting")

    def __init__(self) -> None:
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
                    of.turns = None  # who sends next overtakes nobody
        finally:
            self._waiting -= 1
