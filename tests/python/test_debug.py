"""What debug=True adds."""

from __future__ import annotations

import logging
import threading

import pytest

from pelton import App
from pelton.testing import TestClient


def test_a_handler_that_falls_off_its_end_is_hinted_at(caplog: pytest.LogCaptureFixture) -> None:
    app = App(debug=True)
    app.add_route("/a", lambda: None)

    @app.get("/b")
    def annotated() -> None: ...

    client = TestClient(app)
    with caplog.at_level(logging.WARNING, "pelton"):
        client.get("/b")
        assert not caplog.records
        assert client.get("/a").json() is None
    assert "status=204" in caplog.text


def test_a_misread_first_parameter_is_flagged(caplog: pytest.LogCaptureFixture) -> None:
    app = App(debug=True)
    with caplog.at_level(logging.WARNING, "pelton"):
        app.add_route("/a", lambda req: 1)
        assert not caplog.records
        app.add_route("/b", lambda limit: 1)
    assert "'limit'" in caplog.text


def test_a_slow_handler_is_logged_with_its_stack() -> None:
    app, seen = App(debug=True), threading.Event()

    class Wait(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert "held the loop" in record.getMessage() and "slow_handler" in record.getMessage()
            seen.set()

    @app.get("/")
    def slow_handler() -> int:
        return int(seen.wait(10))

    logger, handler = logging.getLogger("pelton"), Wait()
    logger.addHandler(handler)
    try:
        assert TestClient(app).get("/").json() == 1
    finally:
        logger.removeHandler(handler)


def test_without_debug_handlers_are_called_as_they_are() -> None:
    app = App()
    app.add_route("/", lambda limit: 1)
    assert TestClient(app).get("/").json() == 1
