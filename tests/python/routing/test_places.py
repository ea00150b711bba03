"""What routes inherit from where their blueprints stand."""

from __future__ import annotations

from typing import Any


from pelton import App, Blueprint, Depends
from pelton.testing import TestClient


def nested() -> tuple[App, Blueprint, Blueprint]:
    app, outer, inner = App(), Blueprint("/api", "api"), Blueprint("/users", "users")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app, outer, inner


def test_owners_are_the_app_and_the_blueprints_outer_first() -> None:
    app, outer, inner = nested()
    app.add_route("/", lambda: 1)
    inner.add_route("/x", lambda: 1)
    assert [route.owners for route in app.routes] == [(app,), (app, outer, inner)]


def test_dependencies_add_up_outer_first() -> None:
    seen: list[str] = []

    def says(what: str) -> Any:
        def provider() -> None:
            seen.append(what)

        return Depends(provider)

    app = App(dependencies=[says("app")])
    outer = Blueprint("/outer", dependencies=[says("outer")])
    inner = Blueprint("/inner", dependencies=(says("inner"),))
    outer.register_blueprint(inner, dependencies=[says("inner there")])
    app.register_blueprint(outer, dependencies=[says("outer there")])

    @inner.get("/", dependencies=[says("route")])
    def route(own: None = says("parameter")) -> None:
        seen.append("handler")

    app.add_route("/", lambda: None)
    client = TestClient(app)
    client.get("/outer/inner/")
    assert seen == ["app", "outer there", "outer", "inner there", "inner", "route", "parameter", "handler"]
    seen.clear()
    client.get("/")
    assert seen == ["app"]


def test_tags_and_guards_are_collected_outer_first() -> None:
    def guard(request: Any) -> bool:
        return True

    app = App(guards=[guard])
    outer = Blueprint("/outer", tags=["outer"], guards=[guard])
    inner = Blueprint("/inner", tags=["inner"])
    outer.register_blueprint(inner, tags=["there"])
    app.register_blueprint(outer)
    inner.add_route("/", lambda: None)
    app.add_route("/", lambda: None)
    inside, own = app.routes
    assert inside.options["tags"] == ["outer", "there", "inner"] and "tags" not in own.options
    assert inside.options["guards"] == (guard, guard) and own.options["guards"] == (guard,)
