"""Layers of blueprints and of mounted apps: whose are around which routes, and in what order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asking import Ask
from asking import asking as asking  # a fixture

from pelton import App, Blueprint, HTTPError, RegistrationError, Request, Response
from pelton.testing import TestClient

Asking = Callable[[App], Ask]


def noting(group: Any, name: str, steps: list[str]) -> Any:
    """One layer of each kind, which say when they run; the guard."""

    @group.middleware
    async def around(request: Request, call_next: Any) -> Any:
        steps.append(f"{name} in")
        response = await call_next(request)
        steps.append(f"{name} out")
        return response

    group.before(lambda request: steps.append(f"{name} before"))
    group.after(lambda request, response: steps.append(f"{name} after"))
    return guard(name, steps)


def guard(name: str, steps: list[str]) -> Any:
    return lambda request: steps.append(f"{name} guard")


def test_an_app_is_around_its_blueprints_and_these_around_theirs(asking: Asking) -> None:
    steps: list[str] = []
    app = App(guards=[guard("app", steps)])
    outer = Blueprint("/outer", "outer", guards=[guard("outer", steps)])
    inner = Blueprint("/inner", "inner", guards=[guard("inner", steps)])
    for group, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        noting(group, name, steps)
    inner.add_route("/", lambda: 1, guards=[guard("route", steps)])
    outer.add_route("/own", lambda: 1, name="own")
    app.add_route("/plain", lambda: 1, name="plain")
    outer.register_blueprint(inner, guards=[guard("there", steps)])
    app.register_blueprint(outer)

    def nested(*names: str) -> list[str]:
        of_guards = [f"{one} guard" for one in names]
        if names[-1] == "inner":
            of_guards[2:] = ["there guard", "inner guard", "route guard"]
        return [
            *(f"{one} in" for one in names),
            *(f"{one} before" for one in names),
            *of_guards,
            *(f"{one} after" for one in reversed(names)),
            *(f"{one} out" for one in reversed(names)),
        ]

    ask = asking(app)
    for path, names in (
        ("/outer/inner/", ("app", "outer", "inner")),
        ("/outer/own", ("app", "outer")),
        ("/plain", ("app",)),
    ):
        steps.clear()
        assert ask("GET", path).body == b"1"
        assert steps == nested(*names)
    steps.clear()
    assert ask("GET", "/outer/none").status == 404 and steps == ["app in", "app out"]


def test_a_blueprint_in_two_places_has_its_layers_in_both() -> None:
    app, steps, group = App(), list[str](), Blueprint()
    noting(group, "group", steps)
    group.add_route("/x", lambda: 1)
    app.add_route("/none", lambda: 1)
    app.register_blueprint(group, "/a", name="a")
    app.register_blueprint(group, "/b", name="b")

    @group.middleware
    async def late(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-late"] = request.path
        return response

    client = TestClient(app)
    assert client.get("/none").json() == 1 and not steps
    for path in ("/a/x", "/b/x"):
        assert client.get(path).headers["x-late"] == path
    assert len(steps) == 8
    with pytest.raises(RegistrationError, match="too late"):
        group.before(len)


def test_middleware_of_an_app_is_around_what_is_mounted(asking: Asking) -> None:
    app, below, deepest, steps = App(), App(), App(), list[str]()
    noting(app, "app", steps)
    noting(below, "below", steps)
    below.add_route("/x", lambda: 1)
    below.add_route("/known", lambda: _raise(LookupError()), name="known")
    below.add_route("/unknown", lambda: _raise(OSError()), name="unknown")
    deepest.add_route("/y", lambda: 2)

    @below.exception_handler(LookupError)
    def lost(request: Request, error: Exception) -> Any:
        return "lost", 410

    @below.exception_handler(404)
    def missing(request: Request, error: Exception) -> Any:
        return "missing below", 404

    @app.middleware
    async def catches(request: Request, call_next: Any) -> Any:
        try:
            response = await call_next(request)
        except OSError as error:
            raise HTTPError(503) from error
        allowed = {"allow": response.headers["allow"]} if "allow" in response.headers else {}
        return Response(response.body() + b"!", response.status, headers=allowed)

    below.mount("/deep", deepest)
    app.mount("/below", below)
    ask = asking(app)
    own = ["below in", "below before", "below after", "below out"]
    for path, status, body, middle in (
        ("/below/x", 200, b"1!", own),
        ("/below/known", 410, b'"lost"!', own),
        ("/below/deep/y", 200, b"2!", ["below in", "below out"]),
        ("/below/none", 404, b'"missing below"!', ["below in", "below out"]),
    ):
        steps.clear()
        answer = ask("GET", path)
        assert (answer.status, answer.body) == (status, body), path
        assert steps == ["app in", *middle, "app out"]
    assert ask("GET", "/below/unknown").status == 503
    assert ask("OPTIONS", "/below/x").headers["allow"] == "GET, HEAD, OPTIONS"
    assert ask("GET", "/none").body == b'{"detail":"Not Found"}!'


def _raise(error: BaseException) -> Any:
    raise error


def test_an_app_that_has_served_cannot_come_behind_middleware() -> None:
    app, below = App(), App()
    below.add_route("/", lambda: 1)
    assert TestClient(below).get("/").json() == 1
    noting(app, "app", [])
    app.mount("/below", below)
    with pytest.raises(RegistrationError, match="whose middleware it lacks"):
        TestClient(app).get("/below/")
