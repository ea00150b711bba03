"""Blueprints: prefixes and options add up, names are dotted, routes that come late count too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, Blueprint, Depends, RegistrationError, RouteConflict, Router, URLBuildError, WebSocket
from pelton.testing import TestClient


def nested() -> tuple[App, Blueprint, Blueprint]:
    app, outer, inner = App(), Blueprint("/api", "api"), Blueprint("/users", "users")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app, outer, inner


def test_prefixes_concatenate_on_the_wire(serve: Callable[..., Any]) -> None:
    app, outer, inner = nested()

    @inner.get("/{id:int}")
    def show(id: int) -> dict[str, int]:
        return {"id": id}

    @outer.route("", methods=("GET", "PUT"))
    async def root() -> str:
        return "root"

    server = serve(app)
    assert urlopen(f"{server.url}/api/users/7").read() == b'{"id":7}'
    assert urlopen(f"{server.url}/api").read() == b'"root"'
    assert [(r.path, r.methods, r.name) for r in app.routes] == [
        ("/api/users/{id:int}", ("GET",), "api.users.show"),
        ("/api", ("GET", "PUT"), "api.root"),
    ]


def test_routes_may_come_late_until_the_freeze() -> None:
    app, outer, inner = nested()
    client = TestClient(app)
    inner.add_route("/late", lambda: "late")
    assert client.get("/api/users/late").json() == "late"
    for register in (
        lambda: inner.add_route("/too-late", lambda: 1),
        lambda: outer.on_startup(lambda: None),
        lambda: outer.register_blueprint(Blueprint("/more")),
        lambda: app.register_blueprint(Blueprint("/more")),
        lambda: app.mount("/more", App()),
    ):
        with pytest.raises(RegistrationError, match="comes too late"):
            register()


def test_a_blueprint_in_a_registered_one_counts_too() -> None:
    app, _, inner = nested()
    more = Blueprint("/more", "more")
    more.add_route("/a", lambda: "a", name="a")
    inner.register_blueprint(more)
    more.add_route("/b", lambda: "b", name="b")
    client = TestClient(app)
    assert client.get("/api/users/more/a").json() == "a" and client.get("/api/users/more/b").json() == "b"
    assert app.url_for("api.users.more.b") == "/api/users/more/b"


def test_prefixes_take_parameters() -> None:
    app, shop = App(), Blueprint("/{tenant}", "shop")
    shop.add_route("/items/{id:int}", lambda tenant, id: [tenant, id], name="item")
    app.register_blueprint(shop, "/of")
    assert TestClient(app).get("/of/acme/items/3").json() == ["acme", 3]
    assert app.url_for("shop.item", tenant="acme", id=3) == "/of/acme/items/3"


def test_the_same_one_twice_needs_two_prefixes_and_names() -> None:
    app, users = App(), Blueprint("/users", "users")
    users.add_route("/{id:int}", lambda request, id: [id, request.route.path], name="show")
    app.register_blueprint(users, "/v1")
    with pytest.raises(RegistrationError, match="registered there already, below '/v1/users'"):
        app.register_blueprint(users, "/v1", name="other")
    with pytest.raises(RegistrationError, match="two blueprints are named 'users'"):
        app.register_blueprint(users, "/v2")
    app.register_blueprint(users, "/v2", name="users2")
    users.add_route("/late", lambda: "late")
    client = TestClient(app)
    assert client.get("/v1/users/1").json() == [1, "/v1/users/{id:int}"]
    assert client.get("/v2/users/1").json() == [1, "/v2/users/{id:int}"]
    assert client.get("/v1/users/late").json() == client.get("/v2/users/late").json() == "late"
    assert app.url_for("users.show", id=1) == "/v1/users/1" and app.url_for("users2.show", id=1) == "/v2/users/1"


def test_the_same_one_in_two_others() -> None:
    app, users = App(), Blueprint("/users", "users")
    users.add_route("/", lambda: "all", name="all")
    for version in ("v1", "v2"):
        around = Blueprint(f"/{version}", version)
        around.register(users)
        app.include_router(around)
    assert app.url_for("v1.users.all") == "/v1/users/" and app.url_for("v2.users.all") == "/v2/users/"


def test_names_collide_as_those_of_routes_do() -> None:
    app, one = App(), Blueprint("/one")
    app.add_route("/", lambda: 1, name="same")
    one.add_route("/", lambda: 1, name="same")
    with pytest.raises(RegistrationError, match="two routes are named 'same'"):
        app.register_blueprint(one)
    app, one, other = App(), Blueprint("/one"), Blueprint("/other")
    for blueprint in (one, other):

        @blueprint.get("/")
        def listing() -> None: ...

        app.register_blueprint(blueprint)
    with pytest.raises(URLBuildError, match="names several routes"):
        app.url_for("listing")


def test_a_conflict_names_both_places() -> None:
    app, users = App(), Blueprint("/users")
    app.add_route("/users/{id}", lambda id: id)
    users.add_route("/{name}", lambda name: name)
    with pytest.raises(RouteConflict, match=r"/users/\{name\} has the shape of /users/\{id\}"):
        app.register_blueprint(users)


@pytest.mark.parametrize("prefix", ["users", "/users/", "/"])
def test_prefixes_that_are_refused(prefix: str) -> None:
    for make in (lambda: Blueprint(prefix), lambda: App().register_blueprint(Blueprint(), prefix)):
        with pytest.raises(RegistrationError, match="is no prefix"):
            make()


def test_what_else_is_refused() -> None:
    app, users = App(), Blueprint("/users")
    with pytest.raises(RegistrationError, match="is no name of a blueprint"):
        Blueprint("/x", "a.b")
    with pytest.raises(RegistrationError, match="no leading slash"):
        users.add_route("x", lambda: 1)
    with pytest.raises(RegistrationError, match="no leading slash"):
        users.websocket("x")(lambda ws: None)
    with pytest.raises(TypeError, match="takes a Blueprint"):
        app.register_blueprint(App())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="tags is a sequence"):
        Blueprint(tags="users")
    with pytest.raises(TypeError, match="sequence of Depends"):
        Blueprint(dependencies=[print])
    with pytest.raises(TypeError, match="is no route option"):
        users.add_route("/", lambda: 1, nmae="x")  # type: ignore[call-arg]
    with pytest.raises(RegistrationError, match="cannot be registered in itself"):
        users.register_blueprint(users)
    around = Blueprint("/around")
    around.register_blueprint(users)
    with pytest.raises(RegistrationError, match="cannot be registered in itself"):
        users.register_blueprint(around)


def test_one_provider_of_several_runs_once() -> None:
    seen: list[str] = []

    def identify() -> str:
        seen.append("identify")
        return "me"

    app = App(dependencies=[Depends(identify)])
    users = Blueprint("/users", dependencies=[Depends(identify)])
    users.add_route("/", lambda who=Depends(identify): who)
    app.register_blueprint(users)
    assert TestClient(app).get("/users/").json() == "me" and seen == ["identify"]


def test_websockets() -> None:
    seen: list[str] = []
    app, chat = App(), Blueprint("/chat", "chat", dependencies=[Depends(lambda: seen.append("dependency"))])

    @chat.websocket("/{room}", name="room")
    async def room(ws: WebSocket, room: str) -> None:
        await ws.send_text(f"{room} {await ws.receive_text()}")

    app.register_blueprint(chat, "/v1")
    with TestClient(app).websocket_connect("/v1/chat/tea") as ws:
        ws.send_text("hello")
        assert ws.receive_text() == "tea hello"
    assert seen == ["dependency"] and app.url_for("chat.room", room="tea") == "/v1/chat/tea"


def test_get_all_routes_is_seen_from_its_own_prefix() -> None:
    outer, inner = Blueprint("/api", "api"), Router("/users", "users")
    outer.register_blueprint(inner)
    inner.add_route("/{id}", lambda id: id, name="show")

    @inner.websocket("/live")
    async def live(ws: WebSocket) -> None: ...

    expected = [("/api/users/{id}", "api.users.show"), ("/api/users/live", "api.users.live")]
    assert [(route.path, route.name) for route in outer.get_all_routes()] == expected
    App().register_blueprint(outer, "/v1")
    assert [(route.path, route.name) for route in outer.get_all_routes()] == expected
    assert [route.methods for route in inner.get_all_routes()] == [("GET",), ("WEBSOCKET",)]
