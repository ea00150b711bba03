"""Compiling a route anew for its description changes nothing of the route."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.request import urlopen

from pelton import App, Depends, Form, Header
from pelton.openapi.document import signature_of
from pelton.testing import live_server
from pelton.validation.parameters import EMPTY


def test_sources_of_handler_and_providers() -> None:
    def provider(x_token: Annotated[str, Header()], page: int = 1) -> str:
        return x_token

    def handler(id: int, a: Annotated[str, Form()], made: str = Depends(provider)) -> int:
        return id

    app = App()
    app.add_route("/{id}", handler, ["POST"])
    made = signature_of(app._parts, app.routes[0])
    found = [(source.source, source.parameter.name, source.tp) for source in made.sources]
    assert found == [("path", "id", int), ("form", "a", str), ("header", "x_token", str), ("query", "page", int)]
    assert made.returned is int and made.embeds is False and made.security == []


def test_the_route_works_on_and_values_of_app_scope_are_made_once() -> None:
    app, made = App(), []

    def pool() -> int:
        made.append(1)
        return 7

    def handler(pool: int = Depends(pool, scope="app"), page: int = 1) -> list[int]:
        return [pool, page]

    app.add_route("/", handler)
    app.add_route("/bare", lambda: 1)
    assert signature_of(app._parts, app.routes[1]).returned is EMPTY
    signature_of(app._parts, app.routes[0])
    with live_server(app) as server:
        assert json.loads(urlopen(server.url + "/?page=2").read()) == [7, 2] and made == [1]
        signature_of(app._parts, app.routes[0])
        assert json.loads(urlopen(server.url + "/").read()) == [7, 1] and made == [1]
