"""The document of an application as a whole: what it says of itself, when it is made, where it is served."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from openapi_spec_validator import validate

from pelton import App, Depends, HandlerSignatureError, Query
from pelton.testing import TestClient, live_server


def test_what_an_empty_app_says() -> None:
    document = App().openapi()
    validate(document)
    assert document == {"openapi": "3.1.0", "info": {"title": "pelton", "version": "0.1.0"}, "paths": {}}
    assert App(title="A", version="2", description="B").openapi()["info"] == {
        "title": "A",
        "version": "2",
        "description": "B",
    }


def test_what_enable_openapi_says_goes_before() -> None:
    app = App(title="A", version="2")
    app.enable_openapi("C")
    assert app.openapi()["info"] == {"title": "C", "version": "2"} and (app.title, app.version) == ("C", "2")


@pytest.mark.parametrize("name", ["title", "version", "description"])
def test_words_are_words(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        App(**{name: 1})  # type: ignore[arg-type]


def test_it_is_made_anew_until_the_app_serves_and_once_from_then_on() -> None:
    app = App()
    assert app.openapi()["paths"] == {}
    app.add_route("/", lambda: 1)
    assert app.openapi()["paths"].keys() == {"/"}
    TestClient(app).get("/")
    assert app.openapi() is app.openapi()


def test_it_is_served_as_openapi_gives_it(serve: Callable[..., live_server]) -> None:
    app = App()
    app.enable_openapi(path="/schema")
    app.add_route("/", lambda q=Query(float("inf")): q)
    server = serve(app)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    bodies = []
    for _ in range(2):
        connection.request("GET", "/schema")
        bodies.append(connection.getresponse().read())
    connection.close()
    assert bodies[0] == bodies[1] and json.loads(bodies[0]) == app.openapi()


def test_registering_and_importing_pelton_do_not_load_what_makes_it() -> None:
    import subprocess
    import sys

    code = "import sys, pelton; pelton.App().add_route('/', lambda: 1); print([m for m in sys.modules if 'openapi_' in m or 'schemas' in m or m == 'pelton.security'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_names_that_start_up_registers() -> None:
    app = App()

    def handler(pool: Any = Depends("pool"), page: int = 1) -> int:
        return page

    app.add_route("/", handler)
    assert [one["name"] for one in app.openapi()["paths"]["/"]["get"]["parameters"]] == ["page"]


def test_annotations_that_name_nothing() -> None:
    app = App()

    def handler(page: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821, UP037

    app.add_route("/", handler)
    with pytest.raises(HandlerSignatureError, match="cannot be described yet.*Nowhere"):
        app.openapi()
