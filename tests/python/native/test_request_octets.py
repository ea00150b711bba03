"""The copy of a head that a kept request takes."""

from __future__ import annotations

from typing import Any

import pytest
from native_wire import Wire


@pytest.mark.parametrize("count", [0, 1, 50, 98])
@pytest.mark.parametrize("cut", [None, 1, 40])
def test_every_field_survives(count: int, cut: int | None) -> None:
    kept: list[Any] = []
    wire = Wire().add(kept.append, path="/{p:path}")
    fields = [(f"X-{n}", "v" * n) for n in range(count)]
    wire.ask("/a?b=c", "POST", fields, b"body", None if cut is None else [cut])
    for _ in range(3):
        wire.ask("/" + "z" * 500, "GET", [("X-Filler", "z" * 500)])
    request = kept[0]
    assert request.headers.multi_items() == [("Host", "example.org"), *fields, ("Content-Length", "4")]
    assert (request.method, request.path, request.raw_path, request.query_string) == ("POST", "/a", b"/a", "b=c")
    assert (request.query["b"], request.body(), request.http_version) == ("c", b"body", "1.1")


def test_an_unknown_method_survives() -> None:
    kept: list[Any] = []
    wire = Wire().add(kept.append, methods=("PROPFIND",))
    wire.ask(method="PROPFIND")
    wire.ask("/none")
    assert kept[0].method == "PROPFIND"
