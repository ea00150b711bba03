"""Query parameters, found in one pass over the query, against a reading of it that is plain Python."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import unquote_plus

from native_wire import Wire

ABSENT = "absent"
# Empty, alike in their beginnings, at and beyond the octets that are compared at once, and such as a
# query has to spell with escapes.
KEYS = ["", "a", "ab", "page", "pages", "sort-by1", "sort-by12", "sort-by13", "a b", "a+b", "a=b", "&", "é", "\ufffd", "%61"]
MORE = [f"field{n}" for n in range(12)]
PIECES = [
    *("a", "ab", "page", "pages", "sort-by1", "sort-by12", "sort-by13", "field7", "Page", "pag"),
    *("%61", "p%61ge", "a+b", "a%20b", "a%2Bb", "a%3Db", "%26", "%C3%A9", "%c3%a9", "%FF", "%2561", "sort%2Dby12"),
    *("=", "=", "=", "=", "=", "&", "&", "&", "+", "%", "%2", "%zz", "%00", ";", "7", "-12", "lamp", "x" * 40),
]


def read(query: str) -> list[tuple[str, str]]:
    """URL-004."""
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    return [(unquote_plus(key), unquote_plus(value)) for key, _, value in pieces]


def generated(count: int) -> list[str]:
    made = random.Random(4)
    return ["".join(made.choices(PIECES, k=made.randrange(30))) for _ in range(count)]


def served(keys: list[str], seen: list[Any], **options: Any) -> Wire:
    arguments = [{"source": "query", "key": key, "default": ABSENT} for key in keys]
    return Wire(**options).add(lambda *values: seen.append(values), arguments)


def test_ten_thousand_queries_are_read_as_plain_python_reads_them() -> None:
    seen: list[Any] = []
    few, many = served(KEYS, seen), served(KEYS + MORE + KEYS, seen)
    every = Wire().add(lambda request: seen.append(request.query.multi_items()))
    found: set[str] = set()
    for query in generated(10_000):
        pairs = read(query)
        # The last of a key's values, and all of them in order.
        expected = dict(pairs)
        assert every.ask("/?" + query).status == 200, query
        assert seen.pop() == pairs, query
        assert few.ask("/?" + query).status == 200, query
        assert seen.pop() == tuple(expected.get(key, ABSENT) for key in KEYS), query
        assert many.ask("/?" + query).status == 200, query
        assert seen.pop() == tuple(expected.get(key, ABSENT) for key in KEYS + MORE + KEYS), query
        found.update(expected)
    assert found.issuperset(KEYS)


def test_the_limit_counts_the_fields_there_are_not_those_wanted() -> None:
    """LIM-040, wherever the parameter stands."""
    seen: list[Any] = []
    wire = served(["a"], seen, config={"query_fields_max": 5})
    for query in generated(2_000):
        count = len([piece for piece in query.split("&") if piece])
        assert wire.ask("/?" + query).status == (200 if count <= 5 else 422), query


def test_converted_and_unfit() -> None:
    seen: list[Any] = []
    arguments = [
        {"source": "query", "key": "n", "convert": "int"},
        {"source": "query", "key": "b", "convert": "bytes", "default": b"?"},
        {"source": "query", "key": "n", "convert": "str"},
    ]
    wire = Wire().add(lambda *values: seen.append(values), arguments)
    for query, values in (
        ("n=1&n=2", (2, b"?", "2")),
        ("n=%2B300&b=%FF+", (300, b"\xff ", "+300")),
        ("%6E=-5&b", (-5, b"", "-5")),
        ("n=x", None),
        ("n=1&n=", None),
        ("b=1", None),
        ("N=1", None),
        ("n=+1", None),
    ):
        assert wire.ask("/?" + query).status == (422 if values is None else 200), query
        assert (seen.pop() if seen else None) == values, query
