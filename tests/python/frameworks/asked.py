"""What every sample application is asked, by requests and over WebSockets, and what it answers."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple

from websocket_peer import Peer, Refused

from pelton.hosting.client_frames import BINARY, CLOSE, PING, PONG, TEXT

SILENCE_S = 60
BOUNDARY = "----between-the-parts"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
PARTS = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
Fields = tuple[tuple[str, str], ...]


class Request(NamedTuple):
    method: str
    target: str
    fields: Fields = ()
    body: bytes | None = None
    chunk_bytes: int = 0  # the body goes out in chunks of so many octets, instead of with its length
    version: str = "1.1"

    def __str__(self) -> str:
        sent = "" if self.body is None else f" with {len(self.body)} octets"
        chunked = f" in chunks of {self.chunk_bytes}" if self.chunk_bytes else ""
        named = "".join(f", {name}: {value}" for name, value in self.fields if name != "Content-Type")
        return f"{self.method} {self.target}{sent}{chunked}{named}" + (" by HTTP/1.0" if self.version == "1.0" else "")

    def octets(self) -> bytes:
        fields = [("Host", "sample"), *self.fields]
        body = self.body or b""
        if self.chunk_bytes:
            fields.append(("Transfer-Encoding", "chunked"))
            pieces = [body[begin : begin + self.chunk_bytes] for begin in range(0, len(body), self.chunk_bytes)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        elif self.body is not None:
            fields.append(("Content-Length", str(len(body))))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return f"{self.method} {self.target} HTTP/{self.version}\r\n{lines}\r\n".encode("latin-1") + body


class Answer(NamedTuple):
    status: int  # 0: the connection was reset before it
    reason: str  # the phrase of the status
    fields: list[tuple[str, str]]  # names in lower case, sorted
    body: bytes
    is_whole: bool = True  # False: the connection ended in the middle of the body


def part(disposition: str, content: bytes, *lines: str) -> bytes:
    head = "\r\n".join([f"--{BOUNDARY}", f"Content-Disposition: form-data; {disposition}", *lines])
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def parts(*made: bytes) -> bytes:
    return b"".join([*made, f"--{BOUNDARY}--\r\n".encode()])


OCTETS = bytes(range(256)) * 256  # 64 KiB
UPLOAD = parts(
    part('name="title"', "Grüße".encode()),
    part('name="file"; filename="first.txt"', b"one line\n", "Content-Type: text/plain"),
    part('name="file"; filename="second.bin"', OCTETS * 24, "Content-Type: application/octet-stream"),
)

REQUESTS = [
    Request("GET", "/"),
    Request("HEAD", "/"),
    Request("GET", "/?"),
    Request("GET", "/", version="1.0"),
    Request("GET", "/items/7?q=a%20b&q=c"),
    Request("GET", "/items/7?q=%C3%A9&empty="),
    Request("GET", "/items/seven"),
    Request("DELETE", "/items/7"),
    Request("PUT", "/items/7", (("Content-Type", "application/json"),), b'{"name": "lamp"}'),
    Request("PUT", "/items/7", (("Content-Type", "application/json"),), b'{"name": '),
    Request("GET", "/path/a%20b/%C3%A9/c"),
    Request("POST", "/form", (FORM,), b"name=Ada+L%C3%B6w&tag=a&tag=b&empty="),
    Request("POST", "/form", (FORM,), b""),
    Request("POST", "/upload", (PARTS,), UPLOAD),
    Request("POST", "/upload", (PARTS,), UPLOAD, chunk_bytes=10_000),
    Request("POST", "/echo", (), b"octets"),
    Request("POST", "/echo", (), b""),
    Request("POST", "/echo", (("Expect", "100-continue"),), b"awaited"),
    Request("POST", "/echo", (), OCTETS * 32),
    Request("POST", "/echo", (), OCTETS, chunk_bytes=1000),
    Request("GET", "/large"),
    Request("GET", "/stream"),
    Request("HEAD", "/stream"),
    Request("GET", "/stream", version="1.0"),
    Request("GET", "/cut"),
    Request("GET", "/cookies", (("Cookie", "seen=yes; other=no"),)),
    Request("GET", "/cookies"),
    Request("GET", "/redirect"),
    Request("GET", "/empty"),
    Request("GET", "/teapot"),
    Request("GET", "/failure"),
    Request("GET", "/missing"),
    Request("GET", "/fields", (("X-Twice", "one"), ("X-Twice", "two"), ("X-Latin", "\xe9"), ("x-under_score", "z"))),
    Request("GET", "/begun"),
    Request("POST", "/", (), b"unread" * 1000),
    Request("OPTIONS", "/"),
    Request("PATCH", "/"),
    Request("PROPFIND", "/"),
    Request("GET", "/scope?a=1"),
    Request("GET", "/path/a%2Fb//c/../d/./e"),
    Request("GET", "/path/100%25/%00/;a=b,c"),
    Request("GET", "/path/a?b?c=%ZZ&&=&"),
    Request("GET", "/path/a#b"),
    Request("GET", "/path/%zz"),
    Request("GET", "/path/caf\xe9"),
    Request("GET", "//"),
    Request("GET", "http://other/items/7?q=absolute"),
    Request("GET", "/items/7?q=1", (), b"a body that nobody expects"),
    Request("OPTIONS", "*"),
    Request("GET", "/cookies", (("Cookie", "seen=first"), ("Cookie", "other=second"))),
    Request("GET", "/fields", (("X-Long", "x" * 8000),)),
    Request("POST", "/form", (), b"name=untyped"),
    Request("POST", "/form", (FORM,), b"name=a&tag=%zz&tag=%E9", chunk_bytes=5),
    Request("PUT", "/items/8", (("Content-Type", "application/json; charset=utf-8"),), b'{"name": "\xc3\xa9"}', 3),
    Request("POST", "/upload", (PARTS,), UPLOAD[:-60]),
]


def _one(connection: socket.socket, request: Request) -> tuple[Answer, bool]:
    """The answer, and whether the connection ends with it."""
    connection.sendall(request.octets())
    response = HTTPResponse(connection, method=request.method)
    try:
        response.begin()
    except ConnectionResetError:
        return Answer(0, "", [], b"", False), True
    except TimeoutError:
        raise AssertionError(f"{request}: no answer within {SILENCE_S} s") from None
    is_whole = True
    try:
        body = response.read()
    except TimeoutError:
        raise AssertionError(f"{request}: no end of the answer within {SILENCE_S} s") from None
    except (HTTPException, ConnectionResetError) as error:
        body, is_whole = getattr(error, "partial", b""), False
    fields = sorted((name.lower(), value) for name, value in response.getheaders())
    ends = response.will_close or not is_whole
    response.close()
    return Answer(response.status, response.reason, fields, body, is_whole), ends


def answers(port: int, requests: Iterable[Request]) -> list[Answer]:
    """The answers to these, one after the other, on one connection for as long as the server keeps it."""
    found = []
    connection: socket.socket | None = None
    for request in requests:
        if connection is None:
            connection = socket.create_connection(("127.0.0.1", port), SILENCE_S)
        answer, ends = _one(connection, request)
        # Servers may close after such a status, or chunks that were not read, without saying so.
        if ends or answer.status >= 500 or request.chunk_bytes:
            connection.close()
            connection = None
        found.append(answer)
    if connection is not None:
        connection.close()
    return found


class Conversation(NamedTuple):
    """What a client says over a WebSocket; each text or octets of its own, a number a Close with that code."""

    path: str
    said: tuple[str | bytes | int, ...] = ()
    lines: tuple[str, ...] = ()  # of the request

    def __str__(self) -> str:
        return " ".join([self.path, *(str(one)[:20] for one in self.said), *self.lines])


CONVERSATIONS = [
    Conversation("/ws", ("hello", b"\x00\xff", "Grüße" * 30_000, 1000)),
    Conversation("/ws", ("", 4001)),
    Conversation("/ws", (b"", 1000)),
    Conversation("/ws", ("close 4002",)),
    Conversation("/ws", ("fail",)),
    Conversation("/ws", (1000,), ("Sec-WebSocket-Protocol: other, sample",)),
    Conversation("/ws?token=a%20b", ("query", 1000), ("Cookie: seen=yes",)),
    Conversation("/ws/refused"),
    Conversation("/ws/missing"),
]


def transcript(port: int, conversation: Conversation) -> list[tuple[str, object]]:
    """What the server says, to its end. A refusal is its status, and a Close its code and reason.

    The client waits for what each message is answered with: a server may drop what it has still to say at a Close.
    """
    try:
        peer = Peer(port, conversation.path, *conversation.lines)
    except Refused as refused:
        return [("refused", refused.status)]
    with peer:
        fields = (line.split(": ", 1) for line in peer.head.decode("latin-1").split("\r\n")[1:])
        told = sorted((name.lower(), value) for name, value in fields)
        heard: list[tuple[str, object]] = []
        heard += [field for field in told if field[0] == "sec-websocket-protocol" or field[0].startswith("x-")]
        is_closing = False
        for one in conversation.said:
            if isinstance(one, int):
                peer.send(CLOSE, one.to_bytes(2, "big"))
                is_closing = True
            else:
                peer.send(TEXT if isinstance(one, str) else BINARY, one.encode() if isinstance(one, str) else one)
            heard.append(_heard(peer))
            if heard[-1][0] in ("close", "ended"):
                break
        if heard[-1][0] == "close":
            if not is_closing:
                peer.send(CLOSE, heard[-1][1])  # type: ignore[arg-type]
            heard.append(_heard(peer))
        return heard


def _heard(peer: Peer) -> tuple[str, object]:
    while True:
        try:
            frame = peer.frame()
        except (EOFError, ConnectionResetError):
            return "ended", None
        if frame.opcode == PING:
            peer.send(PONG, frame.payload)
        elif frame.opcode == CLOSE:
            return "close", frame.payload
        else:
            return "message", (frame.opcode, frame.payload)
