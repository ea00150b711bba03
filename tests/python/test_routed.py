"""What an app and a blueprint register alike."""

from __future__ import annotations

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
