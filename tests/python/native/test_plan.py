"""A plan is judged when it is set, not when it is used."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from native_wire import REQUEST, Wire, no_regex
from pelton import _native


def set_plan(plan: dict[str, Any]) -> None:
    application = _native.Application()
    application.set_plan(application.add_route(("GET",), "/", no_regex), plan)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ({}, KeyError),
        ({"handler": print}, KeyError),
        ({"handler": print, "arguments": 5}, TypeError),
        ({"handler": print, "arguments": [{}]}, ValueError),
        ({"handler": print, "arguments": [{"source": "nowhere"}]}, ValueError),
        ({"handler": print, "arguments": [{"source": "query", "convert": "nothing"}]}, ValueError),
        ({"handler": print, "arguments": [{"source": "path"}]}, KeyError),
        ({"handler": print, "arguments": [{"source": "resolver"}]}, KeyError),
        ({"handler": print, "arguments": [{"source": "request", "keyword": True}]}, KeyError),
        (
            {"handler": print, "arguments": [{**REQUEST, "keyword": True, "parameter": "a"}, REQUEST]},
            ValueError,
        ),
        ({"handler": print, "arguments": [], "status": 199}, ValueError),
        ({"handler": print, "arguments": [], "status": 600}, ValueError),
        ({"handler": print, "arguments": [], "status": "x"}, TypeError),
        ({"handler": print, "arguments": [], "body_bytes_max": -1}, OverflowError),
    ],
)
def test_what_cannot_be_a_plan(plan: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        set_plan(plan)


def test_the_status_at_its_bounds() -> None:
    for status in (200, 201, 598, 599):
        assert Wire().add(lambda request: {}, status=status).ask().status == status


@pytest.mark.parametrize(
    ("media_type", "value", "content_type", "body"),
    [
        (None, "é", "application/json", '"é"'),
        ("text/plain", "é", "text/plain; charset=utf-8", "é"),
        ("text/html; charset=ascii", "x", "text/html; charset=ascii", "x"),
        ("application/xml", "<a/>", "application/xml", "<a/>"),
        ("application/vnd.x+json", "x", "application/vnd.x+json", '"x"'),
        ("application/vnd.x+json", {"a": 1}, "application/vnd.x+json", '{"a":1}'),
        (None, b"x", "application/octet-stream", "x"),
        ("image/png", b"x", "image/png", "x"),
        ("text/plain", b"x", "text/plain", "x"),
    ],
)
def test_media_types(media_type: str | None, value: Any, content_type: str, body: str) -> None:
    answer = Wire().add(lambda request: value, media_type=media_type).ask()
    assert (answer.field("content-type"), answer.body.decode()) == (content_type, body)


def test_a_route_has_its_own_body_limit() -> None:
    """LIM-010 per route at n - 1, n and n + 1."""
    n = 10
    wire = Wire().add(lambda request: request.body(), body_bytes_max=n)
    assert wire.ask(method="POST", body=b"x" * (n - 1)).status == 200
    assert wire.ask(method="POST", body=b"x" * n).status == 200
    assert wire.ask(method="POST", body=b"x" * (n + 1)).status == 413


def test_the_collector_sees_what_a_plan_holds() -> None:
    class Held:
        def __init__(self) -> None:
            self.application = _native.Application()

        def __call__(self, *arguments: Any) -> Any:
            return None

    for name in ("handler", "encode", "explain", "info", "default", "resolve"):
        held = Held()
        argument: dict[str, Any] = {"source": "resolver", "resolve": print, "parameter": "a"}
        plan: dict[str, Any] = {"handler": print, "arguments": [argument]}
        (argument if name in ("default", "resolve") else plan)[name] = held
        held.application.set_plan(held.application.add_route(("GET",), "/", no_regex), plan)  # type: ignore[arg-type]
        gone = weakref.ref(held)
        del held, plan, argument
        gc.collect()
        assert gone() is None, name
