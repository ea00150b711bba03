"""The client's end of RFC 6455, for those whose server is in memory: masked frames out, messages in."""

from __future__ import annotations

import os
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class FrameError(ConnectionError):
    """The server sent what no server may."""


class Frame(NamedTuple):
    opcode: int
    payload: bytes
    is_final: bool = True


def masked_frame(opcode: int, payload: bytes, *, is_final: bool = True, mask: bytes | None = None) -> bytes:
    """One frame as a client sends it."""
    size = len(payload)
    if size < 126:
        head = bytes((is_final << 7 | opcode, 0x80 | size))
    elif size < 2**16:
        head = bytes((is_final << 7 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((is_final << 7 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    mask = os.urandom(4) if mask is None else mask
    return head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class FrameReader:
    """Octets of a server in, cut anywhere; whole frames out. FrameError for what no server may send."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self._octets += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        octets = self._octets
        if len(octets) < 2:
            return None
        opcode, size, at = octets[0] & 0x0F, octets[1] & 0x7F, 2
        is_final = bool(octets[0] & 0x80)
        if octets[0] & 0x70:
            raise FrameError("a frame has reserved bits, and no extension was agreed upon")
        if octets[1] & 0x80:
            raise FrameError("a frame of the server is masked")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise FrameError(f"a frame has the unknown opcode {opcode}")
        if opcode >= CLOSE and (size > 125 or not is_final):
            raise FrameError("a control frame is longer than 125 octets or in pieces")
        if size >= 126:
            at = 4 if size == 126 else 10
            if len(octets) < at:
                return None
            size = int.from_bytes(octets[2:at], "big")
            if size < (126 if at == 4 else 2**16) or size >= 2**63:
                raise FrameError(f"a frame writes its length of {size} in {at - 2} octets")
        if len(octets) < at + size:
            return None
        payload = bytes(octets[at : at + size])
        del octets[: at + size]
        return Frame(opcode, payload, is_final)


class MessageReader:
    """Frames in; whole text and binary messages and control frames out, in their order."""

    def __init__(self) -> None:
        self._frames = FrameReader()
        self._opcode: int | None = None  # of the message that is in pieces
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[Frame]:
        return [whole for frame in self._frames.feed(data) if (whole := self._take(frame)) is not None]

    def _take(self, frame: Frame) -> Frame | None:
        if frame.opcode >= CLOSE:
            return frame
        if (frame.opcode == CONTINUATION) == (self._opcode is None):
            raise FrameError("a message begins inside another, or a piece belongs to none")
        opcode = frame.opcode if self._opcode is None else self._opcode
        self._pieces.append(frame.payload)
        if not frame.is_final:
            self._opcode = opcode
            return None
        payload, self._opcode = b"".join(self._pieces), None
        self._pieces.clear()
        return Frame(opcode, payload)
