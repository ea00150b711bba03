"""The typed keyword arguments name what is really taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any, get_args


from pelton import App, GuardLike, HeadersInit, Lifespan, Request
from pelton.keywords import RouteOptions, WebSocketOptions
from pelton.routing.route_options import _ROUTE_OPTIONS


def test_route_options() -> None:
    assert set(RouteOptions.__annotations__) == set(_ROUTE_OPTIONS)


def test_websocket_options() -> None:
    taken = signature(App.websocket).parameters.values()
    assert list(WebSocketOptions.__annotations__) == [one.name for one in taken if one.kind is one.KEYWORD_ONLY]


def test_all_route_options_at_once() -> None:
    options: Any = {"name": "x", "status": 201, "media_type": "a/json", "response_model": None, "max_body": 1}
    app = App()
    app.get("/", **options)(lambda: 1)
    assert dict(app.routes[0].options) == options


def test_names_for_what_is_passed() -> None:
    assert get_args(GuardLike)[0] == [Request] and get_args(Lifespan)[0] == [App]
    assert HeadersInit == Mapping[str, str] | Iterable[tuple[str, str]]
