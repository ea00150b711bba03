"""One thread at a time serves an application."""

from __future__ import annotations

import pytest
from pelton import App
from pelton.testing import TestClient, live_server


def test_one_at_a_time() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    with live_server(app):
        with pytest.raises(RuntimeError, match="served already"):
            TestClient(app).get("/")
    assert TestClient(app).get("/").json() == 1
