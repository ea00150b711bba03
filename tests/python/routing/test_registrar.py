"""What an app and a blueprint register alike."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pelton import App, Blueprint, RegistrationError
from pelton.testing import TestClient

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


def app_of(routed: App | Blueprint) -> App:
    if isinstance(routed, App):
        return routed
    app = App()
    app.register_blueprint(routed)
    return app


@pytest.fixture(params=[App, Blueprint])
def routed(request: pytest.FixtureRequest) -> App | Blueprint:
    made: App | Blueprint = request.param()
    return made


def test_every_decorator_returns_its_function(routed: App | Blueprint) -> None:
    def handler() -> str:
        return "x"

    for verb in VERBS:
        assert getattr(routed, verb)("/x")(handler) is handler
    assert routed.route("/y", methods=("GET", "PURGE"))(handler) is handler
    assert routed.on_startup(handler) is handler and routed.on_shutdown(handler) is handler
    client = TestClient(app_of(routed))
    for verb in VERBS:
        assert client.request(verb.upper(), "/x").status_code == 200
    assert client.request("PURGE", "/y").json() == "x"


def test_what_is_refused_at_once(routed: App | Blueprint) -> None:
    def handler() -> None: ...

    refusals: list[tuple[type[Exception], str, Any]] = [
        (TypeError, "methods is a sequence", lambda: routed.add_route("/", handler, "GET")),
        (TypeError, "is not callable", lambda: routed.add_route("/", 1)),  # type: ignore[arg-type]
        (TypeError, "is no route option", lambda: routed.get("/", nope=1)(handler)),  # type: ignore[call-arg]
        (RegistrationError, "no leading slash", lambda: routed.get("x")(handler)),
        (RegistrationError, "there is no event", lambda: routed.on_event("noon")(handler)),  # type: ignore[arg-type]
        (RegistrationError, "is a def, and a WebSocket", lambda: routed.websocket("/ws")(handler)),
        (TypeError, "origins is a sequence", lambda: routed.websocket("/ws", origins="x")(handler)),
        (ValueError, "max_size is at least", lambda: routed.websocket("/ws", max_size=0)(handler)),
    ]
    for kind, message, register in refusals:
        with pytest.raises(kind, match=message):
            register()


def test_an_empty_template_needs_a_prefix() -> None:
    bare = Blueprint()
    bare.add_route("", lambda: 1)
    with pytest.raises(RegistrationError, match="no leading slash"):
        App().register_blueprint(bare)
    app = App()
    app.register_blueprint(bare, "/x")
    assert TestClient(app).get("/x").json() == 1


DECORATORS = [*VERBS, "route", "websocket", "on_event"]


@pytest.mark.parametrize("name", DECORATORS)
def test_a_decorator_without_parentheses_says_so(routed: App | Blueprint, name: str) -> None:
    called = f"@{type(routed).__name__.lower()}.{name}"

    def show() -> str:
        return "x"

    wanted = '"startup"' if name == "on_event" else '"/path"'
    for handler in (show, partial(show), App().routes.__len__):
        with pytest.raises(RegistrationError) as raised:
            getattr(routed, name)(handler)
        text = str(raised.value)
        assert f"{called} is used without parentheses" in text and f"fix:   {called}({wanted})" in text
    assert "show() is not registered" in text or "__len__() is not registered" in text
    assert not app_of(routed).routes


def test_exception_handler_without_parentheses_says_so() -> None:
    def show(request: Any, error: Any) -> None: ...

    with pytest.raises(RegistrationError, match="@app.exception_handler is used without parentheses") as raised:
        App().exception_handler(show)  # type: ignore[arg-type]
    assert "fix:   @app.exception_handler(ValueError)" in str(raised.value)


def test_the_path_of_a_route_is_a_str(routed: App | Blueprint) -> None:
    with pytest.raises(TypeError, match="the path of a route is a str, not None"):
        routed.add_route(None, lambda: "x")  # type: ignore[arg-type]


def test_decorators_that_take_the_function_itself_want_it(routed: App | Blueprint) -> None:
    for name in ("middleware", "before", "after", "on_startup", "on_shutdown"):
        with pytest.raises(TypeError):
            getattr(routed, name)()
