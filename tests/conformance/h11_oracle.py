"""h11 as a second opinion: whatever pelton takes for a request, h11 takes for the same request.

As a program: `python tests/conformance/h11_oracle.py [MESSAGES] [SEED]` compares that many
generated inputs and says what became of them; a difference is printed with its octets.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import h11

from pelton import App, Request
from pelton.testing import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from wire import answers, vectors  # noqa: E402

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TELLING = b"\r\n\t :%?#/\\,;=\"[]@.-_0aF*\x00\x0b\x7f\x80\xa0"
# White space in front of a chunk extension: RFC 9112 7.1.1 has it read, h11 does not.
BLANK_EXTENSION = re.compile(rb"[0-9A-Fa-f][ \t]+;")


ABSOLUTE = re.compile(rb"(?i)\Ahttps?://[^/?]*")


class Message(NamedTuple):
    method: bytes
    target: tuple[bytes, bytes]  # path and query, raw
    fields: list[tuple[bytes, bytes]]
    body: bytes


class Generator:
    """Requests from a seed: well-formed ones, some of them damaged, one behind the other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.vectors = [vector.octets for vector in vectors("head") if len(vector.octets) < 1024]
        self.bodies = [vector.octets for vector in vectors("chunked") if len(vector.octets) < 1024]

    def input(self) -> bytes:
        octets = b"".join(self.request() for _ in range(self.random.randint(1, 3)))
        for _ in range(self.random.choice((0, 0, 1, 1, 1, 2, 4))):
            octets = self.damaged(octets)
        return octets

    def request(self) -> bytes:
        draw = self.random
        if draw.random() < 0.15:
            return draw.choice(self.vectors)
        method = draw.choice(("GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "MKCOL"))
        target = draw.choice(("/", "/a/b?c=d", "/%41?%", "http://h/x", "//h/x", "/..", "/a;b,c", "/?a?b"))
        version = draw.choice(("1.1",) * 7 + ("1.0",))
        fields = [("Host", draw.choice(("h", "h", "H", "h:80")))]
        fields += draw.sample(
            [
                ("X-A", draw.choice(("", "b", "b \t c", "\xa0\x85", ",,", 'a"b'))),
                ("X-A", "again"),
                ("Connection", draw.choice(("close", "keep-alive", "upgrade", ", close,", "x"))),
                ("Upgrade", draw.choice(("h2c", "websocket"))),
                ("Content-Type", "text/plain"),
                ("TE", "trailers"),
                ("Content-length" if draw.random() < 0.1 else "X-B", draw.choice(("0", "5", "+5", "05"))),
                ("x_y", "z"),
            ],
            draw.randint(0, 4),
        )
        body = b""
        if method not in ("GET", "OPTIONS") or draw.random() < 0.3:
            name, value, body = self.framed()
            if name:
                fields.append((name, value))
        draw.shuffle(fields)
        colon = draw.choice((":", ": ", ": ", ":\t", ":  "))
        lines = [f"{method} {target} HTTP/{version}", *(f"{name}{colon}{value}" for name, value in fields)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def framed(self) -> tuple[str, str, bytes]:
        draw = self.random
        kind = draw.random()
        if kind < 0.1:
            return "", "", b""
        data = draw.choice((b"", b"x", b"hello", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"0\r\n\r\n", b"\r\n"))
        if kind < 0.5:
            return "Content-Length", str(len(data) if draw.random() < 0.95 else len(data) + 1), data
        if kind < 0.6:
            return "Transfer-Encoding", "chunked", draw.choice(self.bodies)
        octets = b""
        for begin in range(0, len(data), 7):
            piece = data[begin : begin + 7]
            size = draw.choice((b"%x", b"%X", b"0%x", b"%x;a=b", b'%x;a="b;c"', b"%x ;a", b"%x;a;b = c"))
            octets += size % len(piece) + b"\r\n" + piece + b"\r\n"
        octets += draw.choice((b"0\r\n", b"00\r\n", b"0;x\r\n")) + draw.choice((b"", b"", b"X-T: 1\r\n")) + b"\r\n"
        return "Transfer-Encoding", draw.choice(("chunked", "chunked", "Chunked", "gzip, chunked")), octets

    def damaged(self, octets: bytes) -> bytes:
        draw = self.random
        if not octets:
            return octets
        at = draw.randrange(len(octets))
        one = bytes([draw.choice(TELLING) if draw.random() < 0.6 else draw.randrange(256)])
        kind = draw.randrange(6)
        if kind < 2:
            return octets[:at] + one + octets[at + 1 :]
        if kind == 2:
            return octets[:at] + one + octets[at:]
        if kind == 3:
            return octets[:at] + octets[at + draw.randint(1, 3) :]
        if kind == 4:
            begin = draw.randrange(len(octets))
            return octets[:at] + octets[begin : begin + draw.randint(1, 40)] + octets[at:]
        line = octets.find(b"\r\n", at)
        return octets if line < 0 else octets[:at] + octets[line:]


def as_octets(text: str) -> bytes:
    return text.encode("latin-1")


def fields_alike(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """h11 gives the coding in lower case, pelton as it came."""
    return [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in fields]


class Oracle:
    """Gives octets to both and compares what each request was to them."""

    def __init__(self, outcomes: Counter[str]) -> None:
        self.seen: list[Message] = []
        self.outcomes = outcomes
        app = App()

        def record(request: Request) -> bytes:
            fields = [(as_octets(name.lower()), as_octets(value)) for name, value in request.headers.multi_items()]
            target = (request.raw_path, as_octets(request.query_string))
            self.seen.append(Message(as_octets(request.method), target, fields_alike(fields), request.body()))
            return b"seen"

        app.add_route("/{rest:path}", record, methods=list(METHODS))
        app.add_route("/", record, methods=list(METHODS))
        self.client = TestClient(app)

    def compare(self, octets: bytes) -> str:
        """What differs; nothing if all is well."""
        self.seen.clear()
        received = self.client.raw(octets)
        seen = iter(self.seen)
        rest = octets
        found = accepted_in(received)
        for number, (status, refused) in enumerate(found, 1):
            self.outcomes["refused" if refused else str(status)] += 1
            if refused:
                return ""
            rest = rest.removeprefix(b"\r\n")  # H1-003; to h11 it is an error
            message, behind, trouble = second_opinion(rest)
            if message is None:
                if "chunk header" in trouble and BLANK_EXTENSION.search(rest):
                    self.outcomes["blank in front of a chunk extension"] += 1
                    return ""
                # What no handler wants is answered before its body is read (H1-058).
                if status != 200 and number == len(found):
                    self.outcomes["answered before a bad body"] += 1
                    return ""
                return f"pelton answered with {status}, h11: {trouble}"
            rest = behind
            if status == 200:
                mine = next(seen, None)
                if mine is None or mine != message:
                    return f"pelton saw {mine}, h11 {message}"
        return ""


def accepted_in(received: bytes) -> list[tuple[int, bool]]:
    """Status and whether it was a refusal, answer by answer; bodies of HEAD are told by their absence."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if status < 200:
            continue
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        body_bytes = int(length[1]) if length else 0
        if not received.startswith(b"HTTP/1.1 "):
            received = received[body_bytes:]
        found.append((status, b"Cache-Control: no-store" in head and b"Connection: close" in head))
    return found


def second_opinion(octets: bytes) -> tuple[Message | None, bytes, str]:
    """The first request in some octets and what is behind it, by h11; or what it says instead."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(octets)
    request: h11.Request | None = None
    body = b""
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                return None, b"", "there is more to come"
    except h11.RemoteProtocolError as error:
        return None, b"", str(error)
    assert request is not None
    path, _, query = ABSOLUTE.sub(b"", bytes(request.target), count=1).partition(b"?")
    fields = [(bytes(name), bytes(value)) for name, value in request.headers]
    message = Message(bytes(request.method), (path or b"/", query), fields_alike(fields), body)
    return message, bytes(connection.trailing_data[0]), ""


def run(messages: int, seed: int) -> tuple[Counter[str], list[str]]:
    generator = Generator(seed)
    outcomes: Counter[str] = Counter()
    differences = []
    for number in range(messages):
        if number % 10_000 == 0:  # a test client remembers every connection it made
            oracle = Oracle(outcomes)
        octets = generator.input()
        difference = oracle.compare(octets)
        if difference:
            differences.append(f"seed {seed}, input {number}: {difference}\n  {octets!r}")
            if len(differences) == 10:
                break
    return outcomes, differences


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    outcomes, differences = run(count, chosen)
    told = [f"seed: {chosen}", *(f"{name}: {times}" for name, times in outcomes.most_common()), *differences]
    sys.stdout.write("\n".join(told) + "\n")
    sys.exit(1 if differences else 0)
