"""Variables that a handler sets end with its request; an untouched context serves the next too."""

from __future__ import annotations

import contextvars
from typing import Any

from pelton import App, Request
from pelton.testing import TestClient

VAR: contextvars.ContextVar[int] = contextvars.ContextVar("VAR")


def test_values_set_are_gone_and_those_of_the_start_stay() -> None:
    kept: list[Any] = []

    def handler(request: Request) -> Any:
        seen = VAR.get(None)
        if request.query.get("set"):
            kept.append(VAR.set(int(request.query["set"])))
        return seen

    app = App()
    app.add_route("/", handler)
    client = TestClient(app)
    assert [client.get(f"/?set={n}").json() for n in (1, 2)] == [None, None]
    assert client.get("/").json() is None and VAR.get(None) is None
    token = VAR.set(7)
    other = TestClient(app)
    assert [other.get("/?set=9").json(), other.get("/").json()] == [7, 7]
    VAR.reset(token)
