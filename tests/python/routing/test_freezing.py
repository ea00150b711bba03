"""The end of registration: annotations that named nothing get their second chance, and only that."""

from __future__ import annotations

import pytest

from pelton import App, HandlerSignatureError
from pelton.routing.freezing import compile_unresolved
from pelton.testing import TestClient


def test_a_name_that_exists_by_then() -> None:
    app = App()

    def handler(page: Number = 1) -> int:  # type: ignore[name-defined]  # noqa: F821
        return page

    app.add_route("/", handler)
    assert len(app._parts.table.unresolved) == 1
    globals()["Number"] = int
    try:
        assert TestClient(app).get("/?page=4").json() == 4
    finally:
        del globals()["Number"]


def test_one_that_does_not() -> None:
    app = App()

    def handler(page: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    app.add_route("/", handler)
    with pytest.raises(HandlerSignatureError, match="'page' of handler\\(\\) names nothing"):
        compile_unresolved(app._parts)
