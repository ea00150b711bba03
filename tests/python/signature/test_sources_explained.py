"""All that is wrong with a request is told at once, each thing once, in one order."""

from __future__ import annotations

from typing import Any

import pytest

from pelton import RequestValidationError
from pelton.scalars import Problems, missing
from pelton.signature.sources import Source, explainer


def source(kind: str, *locs: list[Any]) -> Source:
    def read(request: Any) -> None:
        if locs:
            raise Problems([missing(loc) for loc in locs])

    return Source(kind, read, {"source": "resolver"})  # type: ignore[typeddict-item]


def test_order_and_repetitions() -> None:
    explain = explainer(
        [source("body", ["body", "a"]), source("form", ["body", "f"]), source("query", ["query", "q"]), source("query", ["query", "q"]), source("path")],
        "here",
    )
    with pytest.raises(RequestValidationError) as raised:
        explain(None, None)
    assert [one["loc"] for one in raised.value.errors()] == [["query", "q"], ["body", "f"], ["body", "a"]]


def test_what_is_none_of_the_sources() -> None:
    explain = explainer([source("path")], "here")
    with pytest.raises(LookupError):
        explain(None, LookupError())
    with pytest.raises(RuntimeError, match="here: an argument was refused, but is valid"):
        explain(None, None)
