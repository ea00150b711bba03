"""Octets to and from a server over sockets, and the vectors of tests/http/h1 as Python sees them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

VECTORS = Path(__file__).resolve().parents[1] / "http" / "h1" / "vectors"
SILENCE_S = 10


class Vector(NamedTuple):
    where: str
    rule: str
    mark: str  # + accepted, - refused, ~ unfinished
    reason: str
    octets: bytes
    point: int  # the offending octet, or the end of what is accepted
    facts: dict[str, str]


_ESCAPE = re.compile(rb"\\(?:x(..)|\{(\d+) ((?:[^\\}]|\\x..|\\[^x{])*)\}|(.))", re.DOTALL)
_PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"s": b" ", b"N": b"\r\n", b"\\": b"\\"}


def _decoded(text: bytes) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        if match[1]:
            return bytes.fromhex(match[1].decode())
        if match[2]:
            return _ESCAPE.sub(plain, match[3]) * int(match[2])
        return _PLAIN[match[4]]

    return _ESCAPE.sub(plain, text)


def vectors(kind: str) -> Iterator[Vector]:
    """All vectors of one kind, "head" or "chunked"; their README tells the notation."""
    for file in sorted((VECTORS / kind).glob("*.txt")):
        last: Vector | None = None
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            if line.startswith(b"=") and last is not None:
                last.facts.update(fact.split("=", 1) for fact in line[2:].decode("latin-1").split(" "))
            if line[:2] not in (b"+ ", b"- ", b"~ "):
                continue
            if last is not None:
                yield last
            mark, rule, rest = line.split(b" ", 2)
            reason, octets = rest.split(b" ", 1) if mark == b"-" else (b"", rest)
            # A backslash of the input first, so that none in front of `!` is taken for the point.
            front, _, back = octets.replace(b"\\\\", b"\\x5c").partition(b"\\!")
            point = len(_decoded(front))
            whole = _decoded(front + back)
            where = f"{kind}/{file.name}:{number}"
            last = Vector(where, rule.decode(), mark.decode(), reason.decode(), whole, point, {})
        if last is not None:
            yield last


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.fields.get("connection") == "close"


def answers(octets: bytes, heads: Sequence[int] = ()) -> list[Answer]:
    """The final answers in some octets, 1xx passed over; those of `heads` are answers to HEAD."""
    found: list[Answer] = []
    while octets:
        head, end, octets = octets.partition(b"\r\n\r\n")
        assert end, head
        first, *lines = head.decode("latin-1").split("\r\n")
        assert first.startswith("HTTP/1.1 "), first
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = int(first.split(" ")[1])
        if status < 200:
            continue
        empty = len(found) in heads or status in (204, 304)
        length = 0 if empty else int(fields.get("content-length", 0))
        assert len(octets) >= length, (first, octets)
        found.append(Answer(status, fields, octets[:length]))
        octets = octets[length:]
    return found


class Peer:
    """One connection to a server; every piece leaves as a segment of its own."""

    def __init__(self, port: int, *, receive_bytes: int = 0) -> None:
        """With so large a buffer for what it receives, or as large as the kernel likes."""
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(SILENCE_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ahead = b""  # received behind the answer that one() gave last

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, octets: bytes, piece_bytes: int = 0) -> None:
        pieces = range(0, len(octets), piece_bytes) if piece_bytes else ()
        try:
            for begin in pieces:
                self.socket.sendall(octets[begin : begin + piece_bytes])
            if not piece_bytes:
                self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused in the middle and gone; what was answered tells the rest

    def finish(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def rest(self) -> bytes:
        """Everything until the server ends the connection."""
        received, self._ahead = self._ahead, b""
        while piece := self.socket.recv(65536):
            received += piece
        return received

    def one(self, *, is_head: bool = False) -> Answer:
        """The next final answer; what has come behind it is for the next call."""
        received, self._ahead = self._ahead, b""
        while True:
            head, end, body = received.partition(b"\r\n\r\n")
            if end and head.startswith(b"HTTP/1.1 1"):
                received = body
                continue
            if end:
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                size = len(head) + len(end) + (int(length[1]) if length and not is_head else 0)
                if len(received) >= size:
                    self._ahead = received[size:]
                    return answers(received[:size], [0] if is_head else [])[0]
            piece = self.socket.recv(65536)
            assert piece, received
            received += piece


def ask(port: int, octets: bytes, piece_bytes: int = 0) -> bytes:
    """One connection, these octets, then their end; everything that came back."""
    with Peer(port) as peer:
        peer.send(octets, piece_bytes)
        peer.finish()
        return peer.rest()
