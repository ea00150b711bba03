"""JSON bodies: valid ones, and the same with something wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from samples.texts import GOOD, text

Maker = Callable[[Random], Any]

LEAVES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 5, 6, 1.5, 1.0, -0.0, 1e16, 1e22, 1e-7, 10**20, "", "x", "1", "1.5", "true", " 2 ", "é", "2024-01-01",
    "card", "cash", [], {}, [1], ["a", 1], {"a": 1}, [[]], [None], "NAME", "a" * 50, "\n", "1e3", "1_000", 12345678901.5, 3.999,
)  # fmt: skip

WRONG_BODIES: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"{}", b'"text"', b"1", b"true", b"[{}]", b"[[]]", b"{", b"[1,]", b'{"a":}', b"nope", b"'a'", b"{}{}",
    b'{"a" 1}', b'{"a":1,}', b"\xff", b'{"a":"\xff"}', b"\xef\xbb\xbf{}", b" ", b"\n", b'"\\ud800"', b"[1 2]", b'"open', b"-", b"01", b"tru",
)  # fmt: skip

MEDIA_TYPES = ("application/json; charset=utf-8", "application/vnd.shop+json", "text/plain", "", "application/x-www-form-urlencoded", "APPLICATION/JSON")


def maybe(random: Random, record: dict[str, Any], name: str, make: Maker) -> None:
    if random.random() < 0.55:
        record[name] = make(random)


def product(random: Random) -> Any:
    made: dict[str, Any] = {"name": GOOD["str"](random) + "xx", "price": random.choice((1, 2.5, "3.99", "12.345", 0, 0.1, 99999, "1e2"))}
    maybe(random, made, "size", lambda r: r.choice((1, 2, 3, 4, "1", "large")))
    maybe(random, made, "tags", lambda r: [GOOD["str"](r) for _ in range(r.randint(0, 5))])
    maybe(random, made, "dimensions", lambda r: {"width": r.choice((1, 2.5, "3", 0)), "height": 2, "unit": r.choice(("cm", "in", "m"))})
    maybe(random, made, "released", text("date"))
    maybe(random, made, "codes", lambda r: [r.choice((1, 2, "3", 4.0, 4.5)) for _ in range(3)])
    maybe(random, made, "links", lambda r: {"a": "b", "é": r.choice(("c", 1, None))})
    return made


def change(random: Random) -> Any:
    made: dict[str, Any] = {}
    maybe(random, made, "name", lambda r: r.choice(("Cup", "cup", "Jug1", None)))
    maybe(random, made, "price", lambda r: r.choice((0.5, 1, 1.25, "2.5", 0.1, None, 1e16)))
    maybe(random, made, "inStock", lambda r: r.choice((0, 3, -1, "4", 1.0, 1.5, None)))
    if random.random() < 0.15:
        made["stock"] = 1
    return made


def review(random: Random) -> Any:
    made: dict[str, Any] = {"author": random.choice(("ann", "BOB", "é", "")), "stars": random.choice((1, 2, 3, 5, 0, 6, "4"))}
    maybe(random, made, "text", GOOD["str"])
    maybe(random, made, "written", text("datetime"))
    maybe(random, made, "at", text("time"))
    maybe(random, made, "spent", text("timedelta"))
    return made


def line(random: Random) -> Any:
    made: dict[str, Any] = {"product": random.choice((1, 2, "3", 4.0))}
    maybe(random, made, "count", lambda r: r.choice((1, 2, 0, -1, "3")))
    maybe(random, made, "options", lambda r: r.choice((["a", 1], ["a"], ["a", 1, 2], ["a", "x"], None)))
    return made


def payment(random: Random) -> Any:
    return random.choice((
        {"kind": "card", "number": "1234"}, {"kind": "card", "number": "12345"}, {"kind": "cash", "given": 2}, {"kind": "cash"},
        {"kind": "cash", "given": -1}, {"kind": "bitcoin"}, {"number": "1234"}, {"kind": 1},
    ))  # fmt: skip


def voucher_or_payment(random: Random) -> Any:
    if random.random() < 0.6:
        return payment(random)
    return {"code": text("uuid")(random), "worth": random.choice((1, "2", 1.5, None))}


def order(random: Random) -> Any:
    made: dict[str, Any] = {"customer": text("uuid")(random), "payment": payment(random), "lines": lines(random)}
    maybe(random, made, "extra", lambda r: r.choice(LEAVES))
    return made


def lines(random: Random) -> Any:
    return [line(random) for _ in range(random.choice((0, 1, 1, 2, 3, 4)))]


def quote(random: Random) -> Any:
    made = {"line": line(random), "card": {"kind": "card", "number": "4321"}, "urgency": random.choice((0, 1, 3, 4, "2"))}
    maybe(random, made, "note", lambda r: r.choice(("n", None, 3)))
    return made


def note(random: Random) -> Any:
    return {"text": random.choice(("ok", "o", "long enough", "fine", "é é"))}


def prices(random: Random) -> Any:
    return {random.choice(("cup", "jug", "é", "")): random.choice((1, 2.5, "3.5", 1e16, 1e22, -0.0, None)) for _ in range(3)}


def place(random: Random) -> Any:
    made: dict[str, Any] = {"x": random.choice((1, 2.5, "3")), "y": random.choice((0, -1.5, 1e21))}
    maybe(random, made, "label", GOOD["str"])
    return made


def numbers(random: Random) -> Any:
    return {random.choice(("1", "2", "x", "1.0", "")): [random.choice((1, 2.5, "a", "3", None)) for _ in range(2)] for _ in range(2)}


def _spots(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        for key, value in document.items():
            found += [(document, key), *_spots(value)]
    elif isinstance(document, list):
        for index, value in enumerate(document):
            found += [(document, index), *_spots(value)]
    return found


def _worsened(random: Random, document: Any) -> Any:
    document = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 2, 3))):
        spots = _spots(document)
        if not spots:
            return random.choice(LEAVES)
        container, key = random.choice(spots)
        what = random.random()
        if what < 0.3:
            del container[key]
        elif what < 0.9:
            container[key] = copy.deepcopy(random.choice(LEAVES))
        elif isinstance(container, dict):
            container["surplus"] = copy.deepcopy(random.choice(LEAVES))
    return document


def body(random: Random, make: Maker) -> tuple[bytes, str]:
    """Octets and their media type."""
    what, media_type = random.random(), "application/json"
    if random.random() < 0.05:
        media_type = random.choice(MEDIA_TYPES)
    if what < 0.1:
        return random.choice(WRONG_BODIES), media_type
    document = make(random)
    if what < 0.5:
        document = _worsened(random, document)
    return json.dumps(document, ensure_ascii=random.random() < 0.5).encode(), media_type
