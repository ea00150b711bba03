from __future__ import annotations

import pytest

from pelton.cli.broken import stand_in
from pelton.errors import ConfigError, StartupError
from pelton.testing import TestClient


def failure() -> StartupError:
    error = StartupError("importing app.py failed: NameError: name '<x>' is not defined (app.py:3)")
    error.trace = 'Traceback (most recent call last):\n  File "app.py", line 3\nNameError: <x>\n'
    return error


@pytest.mark.parametrize("method", ["GET", "POST", "PURGE", "OPTIONS"])
def test_every_request_gets_the_error_and_its_traceback(method: str) -> None:
    response = TestClient(stand_in(failure())).request(method, "/any/where?x=1")
    assert response.status_code == 503
    assert response.text == f"cannot start: {failure()}\n\n{failure().trace}"
    assert (response.headers["retry-after"], response.headers["cache-control"]) == ("1", "no-store")


def test_a_browser_gets_a_page_in_which_nothing_of_the_error_is_markup() -> None:
    response = TestClient(stand_in(failure())).get("/", headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "NameError: &lt;x&gt;" in response.text and "<x>" not in response.text


def test_an_error_without_a_traceback_is_shown_alone() -> None:
    assert TestClient(stand_in(ConfigError("port is a port from 0 to 65535"))).get("/").text == "cannot start: port is a port from 0 to 65535\n"
