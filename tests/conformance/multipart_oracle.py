"""PyPI's multipart and python-multipart as second opinions on generated bodies.

What pelton accepts, both read as the same parts; what it refuses breaks a rule, whatever they make of it
(multipart_rules.py has the table). As a program: `python tests/conformance/multipart_oracle.py [BODIES] [SEED]`.
"""

from __future__ import annotations

import io
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import multipart
import python_multipart
from multipart_rules import broken_rule

from pelton import _native

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

LIMITS = (70, 1000, 1000, 1000, 2**30, 2**31, 8, 4096, 1024)
BOUNDARIES = ("b", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "---------------------------905191404", "0f1c9a")
NAMES = ("a", "title", "file[]", "x y", "ä", "n;m", "a=b", "%22", "")
TYPES = ("text/plain", "image/png", "application/octet-stream", "text/plain; charset=utf-8")

Part = tuple[str, str | None, bytes]  # name, file name, content


class Generator:
    """Bodies from a seed: well-formed ones, some of them damaged."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def body(self) -> tuple[str, bytes]:
        draw = self.random
        boundary = draw.choice(BOUNDARIES)
        octets = b"".join(self.part(boundary) for _ in range(draw.randint(0, 4)))
        octets += f"--{boundary}--".encode() + draw.choice((b"", b"\r\n", b"\r\nepilogue"))
        if draw.random() < 0.1:
            octets = draw.choice((b"\r\n", b"preamble\r\n")) + octets
        for _ in range(draw.choice((0, 0, 0, 1, 1, 2))):
            octets = self.damaged(octets)
        return boundary, octets

    def part(self, boundary: str) -> bytes:
        draw = self.random
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{draw.choice(NAMES)}"'
        if draw.random() < 0.4:
            head += f'; filename="{draw.choice(("x.txt", "ä.png", "a b", "q%22"))}"\r\nContent-Type: {draw.choice(TYPES)}'
        return head.encode() + b"\r\n\r\n" + self.content(boundary) + b"\r\n"

    def content(self, boundary: str) -> bytes:
        draw = self.random
        pieces = (b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", boundary[:-1].encode(), b"text", b"\0\xff", "ä".encode())
        return b"".join(draw.choice(pieces) for _ in range(draw.choice((0, 1, 2, 5, 30))))

    def damaged(self, octets: bytes) -> bytes:
        draw = self.random
        at = draw.randint(0, len(octets))
        how = draw.randint(0, 3)
        if how == 0:
            return octets[:at] + octets[at + 1 :]
        if how == 1:
            return octets[:at] + draw.choice((b"\r", b"\n", b"-", b'"', b";", b":", b" ", b"x")) + octets[at:]
        if how == 2:
            return octets[:at]
        return octets[:at] + octets[max(0, at - draw.randint(1, 20)) :]


def ours(boundary: str, body: bytes, cuts: list[int]) -> tuple[list[Part], Any]:
    reader = _native.FormReader(f'multipart/form-data; boundary="{boundary}"', LIMITS)
    events: list[Any] = []
    at = 0
    for cut in [*cuts, len(body)]:
        events += reader.feed(body[at:cut])
        at = cut
    reader.end()
    found: list[Part] = []
    name, filename, content = "", None, b""
    for event in events:
        if type(event) is tuple:
            name, _, filename, _, _ = event
            content = b""
        elif event is None:
            found.append((name, filename, content))
        else:
            content += bytes(event)
    return found, reader.failure


def by_multipart(boundary: str, body: bytes) -> list[Part]:
    parser = multipart.MultipartParser(io.BytesIO(body), boundary, content_length=len(body), strict=False)
    return [(_browser(part.name), part.filename and _browser(part.filename), part.raw) for part in parser]


def _browser(text: str) -> str:
    """multipart undoes what browsers do to quotes and line ends, pelton gives names as they were sent."""
    return text.replace('"', "%22")


def by_python_multipart(boundary: str, body: bytes) -> list[Part]:
    found: list[Part] = []
    state: dict[str, Any] = {}

    def begin() -> None:
        state.update(headers={}, field=b"", value=b"", content=b"")

    def end_header() -> None:
        state["headers"][state["field"].lower()] = state["value"]
        state.update(field=b"", value=b"")

    def grow(key: str) -> Any:
        def take(data: bytes, start: int, end: int) -> None:
            state[key] += data[start:end]

        return take

    def end() -> None:
        _, options = python_multipart.multipart.parse_options_header(state["headers"].get(b"content-disposition"))
        filename = options.get(b"filename")
        found.append((options[b"name"].decode(), None if filename is None else filename.decode(), state["content"]))

    callbacks: Any = {
        "on_part_begin": begin,
        "on_header_field": grow("field"),
        "on_header_value": grow("value"),
        "on_header_end": end_header,
        "on_part_data": grow("content"),
        "on_part_end": end,
    }
    parser = python_multipart.MultipartParser(boundary.encode(), callbacks)
    parser.write(body)
    parser.finalize()
    return found


def run(bodies: int, seed: int) -> tuple[Counter[str], list[str]]:
    """(what became of the bodies, differences with their octets)."""
    generator, outcomes, differences = Generator(seed), Counter[str](), []
    for _ in range(bodies):
        boundary, body = generator.body()
        found, failure = ours(boundary, body, [])
        cut = generator.random.randint(0, len(body))
        again = ours(boundary, body, [cut])
        if again != (found, failure):
            differences.append(f"seed {seed}: cut at {cut}: {body!r}: {again} is not {(found, failure)}")
        rule = broken_rule(boundary, body)
        if (rule is None) != (failure is None):
            differences.append(f"seed {seed}: {body!r} breaks {rule}, and is answered {failure}")
        if failure is not None:
            outcomes[failure[2]] += 1
            for opinion in (by_multipart, by_python_multipart):
                outcomes[f"{rule}: {opinion.__name__} reads it"] += _reads(opinion, boundary, body)
            continue
        outcomes["accepted"] += 1
        if has_preamble(boundary, body):
            outcomes["accepted with a preamble"] += 1
            continue
        for opinion in (by_multipart, by_python_multipart):
            try:
                other: Any = opinion(boundary, body)
            except Exception as error:  # noqa: BLE001
                other = error
            if isinstance(other, multipart.ParserError) and "failed to decode" in str(other):
                outcomes["accepted with octets nobody asks for"] += 1
            elif other != found:
                differences.append(f"seed {seed}: {opinion.__name__}: {body!r}: {other!r} is not {found}")
    return outcomes, differences


def _reads(opinion: Callable[[str, bytes], list[Part]], boundary: str, body: bytes) -> bool:
    try:
        return bool(opinion(boundary, body))
    except Exception:  # noqa: BLE001
        return False


def has_preamble(boundary: str, body: bytes) -> bool:
    """RFC 2046 5.1.1 has it passed over; the oracles refuse it, or take for a delimiter what is in no line of its own."""
    delimiter = b"--" + boundary.encode()
    return not body.removeprefix(b"\r\n").startswith((delimiter + b"\r\n", delimiter + b"--"))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    start = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    results, unlike = run(count, start)
    print(f"seed {start}: {dict(results)}")
    print(*unlike[:20], sep="\n")
    print(f"{count - len(unlike)} passed, {len(unlike)} failed")
    sys.exit(1 if unlike else 0)
