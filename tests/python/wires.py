"""The client's end of a connection whose server is a list of pieces."""

from __future__ import annotations


class ScriptedWire:
    """Gives the pieces one after the other, then says that the server has closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.sent: list[bytes] = []
        self.left = 0

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def receive(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def leave(self) -> None:
        self.left += 1
