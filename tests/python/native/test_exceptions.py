"""Who is told of an exception when nobody can be answered any more."""

from __future__ import annotations

import asyncio

import pytest

from pelton import App
from pelton.testing import TestClient


@pytest.mark.parametrize(("error", "lines"), [(ZeroDivisionError("late"), 1), (asyncio.CancelledError(), 0)])
def test_what_comes_too_late_is_logged(
    error: BaseException, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.get("/", timeout=0.01)
    async def handler() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise error from None

    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 504
    assert len([record for record in caplog.records if record.name == "pelton.error"]) == lines
