"""The client's end of a WebSocket on a real socket, which answers nothing by itself."""

from __future__ import annotations

import socket
import zlib
from types import TracebackType
from typing import NamedTuple

from pelton.hosting.client_frames import BINARY, CLOSE, PING, PONG, TEXT, masked_frame
from pelton.testing.websocket_session import new_key, upgrade_fields

SILENCE_S = 60
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


class Received(NamedTuple):
    opcode: int
    payload: bytes
    is_deflated: bool = False

    @property
    def code(self) -> int:
        """Of a Close."""
        assert self.opcode == CLOSE, self
        return int.from_bytes(self.payload[:2], "big")


class Refused(ConnectionError):
    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Peer:
    """Raises Refused if it is not let in; `receive_buffer` is the kernel's, in bytes."""

    def __init__(self, port: int | None, path: str = "/", *lines: str, receive_buffer: int | None = None) -> None:
        assert port is not None
        self.socket = socket.socket()
        self.socket.settimeout(SILENCE_S)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self._octets = bytearray()
        fields = [f"{name}: {value}" for name, value in upgrade_fields(new_key())]
        head = "\r\n".join([f"GET {path} HTTP/1.1", "Host: h", *fields, *lines, "", ""])
        self.socket.sendall(head.encode())
        while b"\r\n\r\n" not in self._octets:
            self._read()
        self.head, _, rest = bytes(self._octets).partition(b"\r\n\r\n")
        self._octets = bytearray(rest)
        if (status := int(self.head[9:12])) != 101:
            self.socket.close()
            raise Refused(status)

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._octets += data

    def _take(self, size: int) -> bytes:
        while len(self._octets) < size:
            self._read()
        taken = bytes(self._octets[:size])
        del self._octets[:size]
        return taken

    def frame(self) -> Received:
        """The next frame, inflated; EOFError at the connection's end."""
        first, second = self._take(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        payload = self._take(size)
        if first & 0x40:
            payload = zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")
        return Received(first & 0x0F, payload, bool(first & 0x40))

    def text(self) -> str:
        """The next frame, which is a text; pings before it are answered."""
        while (frame := self.frame()).opcode == PING:
            self.send(PONG, frame.payload)
        assert frame.opcode == TEXT, frame
        return frame.payload.decode()

    def data(self) -> bytes:
        frame = self.frame()
        assert frame.opcode == BINARY, frame
        return frame.payload

    def send(self, opcode: int, payload: bytes, *, is_final: bool = True) -> None:
        self.socket.sendall(masked_frame(opcode, payload, is_final=is_final))

    def say(self, text: str) -> None:
        self.send(TEXT, text.encode())

    def ended(self) -> bool:
        """Waits for the connection's end; whether nothing came before it."""
        try:
            self.frame()
        except (EOFError, ConnectionResetError):
            return True
        return False

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def plain(opcode: int, payload: bytes, *, is_final: bool = True) -> bytes:
    """A server's frame: a client's without its mask."""
    frame = bytearray(masked_frame(opcode, payload, is_final=is_final, mask=bytes(4)))
    frame[1] &= 0x7F
    at = {126: 4, 127: 10}.get(frame[1], 2)
    del frame[at : at + 4]
    return bytes(frame)
