"""The native half of a hosted WSGI application."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from wsgi_applications import PLAIN, Environ, StartResponse, hosted

from pelton.testing import TestClient


class Plain:
    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", PLAIN)
        return [b"x"]


@pytest.mark.parametrize("is_inline", [False, True])
def test_nothing_of_an_application_stays(is_inline: bool) -> None:
    application = Plain()
    app = hosted(application, is_inline=is_inline)
    with TestClient(app) as client:
        assert client.get("/").text == "x"
    gone = weakref.ref(application)
    del application, app, client
    gc.collect()
    assert gone() is None
