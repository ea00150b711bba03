"""Mounts over real connections: who answers which path."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from mounted import Wire, where
from websocket_peer import Peer as WebSocketPeer

from pelton import App, Blueprint, RegistrationError, Request, URLBuildError, WebSocket
from pelton.testing import TestClient


def test_own_routes_first_then_the_longest_prefix(serve: Callable[..., Any]) -> None:
    app, outer, inner = App(), App(), App()
    app.add_route("/a/own", lambda: "own")
    app.add_route("/{x}/any", lambda x: f"any {x}")
    app.mount("/a", outer)
    app.mount("/a/b", inner)
    for name, one in (("outer", outer), ("inner", inner)):
        one.add_route("/own", lambda name=name: name)
        one.add_route("/{rest:path}", lambda request, rest, name=name: [name, rest, request.root_path])
    wire = Wire(serve(app))
    assert wire.json("/a/own") == "own"
    assert wire.json("/a/any") == "any a"
    assert wire.json("/a/x") == ["outer", "x", "/a"]
    assert wire.json("/a/") == ["outer", "", "/a"]
    assert wire.json("/a/b/own") == "inner"
    assert wire.json("/a/b/c/d") == ["inner", "c/d", "/a/b"]
    assert wire.json("/%61/b/%63%2Fd") == ["inner", "c/d", "/a/b"]
    assert wire("GET", "/ab/x").status == 404


def test_paths_and_root_paths_grow(serve: Callable[..., Any]) -> None:
    app, middle, inner = App(), App(), App()
    app.mount("/m", middle, name="middle")
    middle.mount("/i", inner, name="inner")
    for one in (app, middle, inner):
        one.add_route("/x/{id:int}", lambda request, id: [*where(request), request.url_for("x", id=1)], name="x")
    wire = Wire(serve(app))
    assert wire.json("/x/2") == ["/x/2", "", {"id": 2}, "http://a/x/1"]
    assert wire.json("/m/x/2") == ["/m/x/2", "/m", {"id": 2}, "http://a/m/x/1"]
    assert wire.json("/m/i/x/2") == ["/m/i/x/2", "/m/i", {"id": 2}, "http://a/m/i/x/1"]
    assert app.url_for("middle.inner.x", id=3) == "/m/i/x/3" and middle.url_for("inner.x", id=3) == "/i/x/3"
    assert app.url_for("x", id=3, _query={"q": 1}) == "/x/3?q=1"
    with pytest.raises(URLBuildError, match="no route is named 'y'; known are: x"):
        app.url_for("middle.y")
    with pytest.raises(URLBuildError, match="no route is named 'y'"):
        app.url_for("middle.inner.y")
    assert [route.path for route in app.routes] == ["/x/{id:int}"]  # a schema of its own


def test_a_prefix_is_encoded_in_urls() -> None:
    app, below = App(), App()
    app.mount("/a b/ä", below, name="below")
    below.add_route("/x", lambda request: [request.root_path, request.url_for("x")], name="x")
    assert TestClient(app).get(app.url_for("below.x")).json() == ["/a b/ä", "http://testserver/a%20b/%C3%A4/x"]


def test_404_and_405_are_the_mounted_apps_own(serve: Callable[..., Any]) -> None:
    app, plain, problem, handled = App(), App(), App(errors="problem"), App()
    for path, one in (("/plain", plain), ("/problem", problem), ("/handled", handled)):
        one.add_route("/x", lambda: "x", ["POST"])
        app.mount(path, one)

    @app.exception_handler(404)
    def of_app(request: Request, error: Exception) -> Any:
        return {"app": request.path}, 404

    @handled.exception_handler(404)
    @handled.exception_handler(405)
    async def of_handled(request: Request, error: Any) -> Any:
        return {"handled": request.path, "root": request.root_path}, error.status

    wire = Wire(serve(app))
    assert wire.json("/nowhere") == {"app": "/nowhere"}
    assert wire.json("/plain/y") == {"detail": "Not Found"}
    answer = wire("GET", "/problem/y")
    assert (answer.status, answer.fields["content-type"]) == (404, "application/problem+json")
    assert wire.json("/handled/y") == {"handled": "/handled/y", "root": "/handled"}
    assert wire.json("/handled") == {"handled": "/handled", "root": "/handled"}
    for path in ("/plain/x", "/problem/x", "/handled/x"):
        answer = wire("GET", path)
        assert (answer.status, answer.fields["allow"]) == (405, "OPTIONS, POST")
    assert wire("OPTIONS", "/plain/x").fields["allow"] == "OPTIONS, POST"
    answer = wire("POST", "/problem/x", body=b"{}")
    assert (answer.status, answer.body) == (200, b'"x"')


def test_trailing_slashes_are_the_mounted_apps_own(serve: Callable[..., Any]) -> None:
    app, strict, redirect = App(), App(), App(trailing_slash="redirect")
    for path, one in (("/strict", strict), ("/redirect", redirect)):
        one.add_route("/", lambda: "root")
        one.add_route("/x", lambda: "x")
        app.mount(path, one)
    wire = Wire(serve(app))
    assert wire("GET", "/strict").status == wire("GET", "/strict/x/").status == 404
    for path, location in (("/redirect?a=1", "/redirect/?a=1"), ("/redirect/x/?a=1", "/redirect/x?a=1")):
        answer = wire("GET", path)
        assert (answer.status, answer.fields["location"]) == (308, location)
    assert wire.json("/redirect/") == wire.json("/strict/") == "root"


def test_websockets_below(serve: Callable[..., Any]) -> None:
    app, below = App(), App()
    app.mount("/below", below)
    chat = Blueprint("/chat")
    below.register_blueprint(chat)

    @chat.websocket("/{room}", subprotocols=["tea"])
    async def talk(ws: WebSocket, room: str) -> None:
        ws.subscribe("all")
        await ws.send_text(room)
        below.publish("all", await ws.receive_text())
        await ws.receive_text()

    @app.websocket("/below/chat/own")
    async def own(ws: WebSocket) -> None:
        await ws.send_text("own")

    server = serve(app)
    with WebSocketPeer(server.port, "/below/chat/tea") as peer:
        assert peer.text() == "tea"
        peer.say("to all")
        assert peer.text() == "to all"
    with WebSocketPeer(server.port, "/below/chat/own") as peer:
        assert peer.text() == "own"
    assert Wire(server)("GET", "/below/chat/tea").status == 426


def test_at_the_root_it_gets_everything_else(serve: Callable[..., Any]) -> None:
    app, rest = App(), App()
    app.add_route("/own", lambda: "own")
    rest.add_route("/own", lambda: "rest")
    rest.add_route("/", lambda request: where(request))
    app.mount("/", rest)
    wire = Wire(serve(app))
    assert wire.json("/own") == "own" and wire.json("/") == ["/", "", {}]
    assert wire("POST", "/own").fields["allow"] == "GET, HEAD, OPTIONS"


def test_methods_that_only_a_mount_knows(serve: Callable[..., Any]) -> None:
    app, below = App(), App()
    below.add_route("/x", lambda: "purged", ["PURGE"])
    app.mount("/below", below)
    wire = Wire(serve(app))
    assert wire("PURGE", "/below/x").body == b'"purged"' and wire("PURGE", "/x").status == 501
    assert wire("OPTIONS", "*").fields["allow"] == "OPTIONS, PURGE"


def test_routes_of_a_mounted_app_may_come_late() -> None:
    app, below = App(), App()
    app.mount("/below", below)
    below.add_route("/late", lambda: Decimal("1.5"))
    assert TestClient(app).get("/below/late").json() == "1.5"
    with pytest.raises(RegistrationError, match="comes too late"):
        below.add_route("/too-late", lambda: 1)


def test_what_else_mounts_itself() -> None:
    class Files:
        def _mount(self, app: App, path: str, name: str | None) -> None:
            app.add_route(f"{path}/{{rest:path}}", lambda rest: f"file {rest}", name=name or "files")

    class Made:
        def _mount(self, app: App, path: str, name: str | None) -> App:
            made = App()
            made.add_route("/x", lambda: f"made at {path}", name="x")
            return made

    app = App()
    app.mount("/static", Files(), name="static")
    app.mount("/made", Made(), name="made")
    app.mount("/", Files())
    client = TestClient(app)
    assert client.get("/static/a/b.css").json() == "file a/b.css" and client.get("/c").json() == "file c"
    assert client.get("/made/x").json() == "file made/x"  # an own route of the app has it
    assert app.url_for("static", rest="a b") == "/static/a%20b" and app.url_for("made.x") == "/made/x"


@pytest.mark.parametrize("path", ["admin", "/admin/", "/{id}", "/a?b", ""])
def test_paths_that_are_refused(path: str) -> None:
    with pytest.raises(RegistrationError, match="is no path of a mount"):
        App().mount(path, App())


@pytest.mark.parametrize("path", ["/a%20b", "/../a"])
def test_prefixes_that_nothing_matches_are_refused(path: str) -> None:
    with pytest.raises(RegistrationError, match="which nothing matches|compared decoded"):
        App().mount(path, App())


def test_what_else_is_refused() -> None:
    app, below = App(), App()
    with pytest.raises(TypeError, match="takes an App, StaticFiles, an ASGI application"):
        app.mount("/x", print)  # type: ignore[arg-type]
    with pytest.raises(RegistrationError, match="in itself"):
        app.mount("/x", app)
    app.mount("/x", below, name="below")
    with pytest.raises(RegistrationError, match="in itself"):
        below.mount("/y", app)
    with pytest.raises(RegistrationError, match="a mount at '/x' already"):
        app.mount("/x", App())
    with pytest.raises(RegistrationError, match="a mount as 'below' already"):
        app.mount("/z", App(), name="below")
    app.mount("/again", below)
    with pytest.raises(RegistrationError, match="one app is mounted twice"):
        TestClient(app).get("/")
    app, below = App(), App()
    app.mount("/x", below)
    for one in (app, below):
        one.blocking_pool("db", threads=1, queue=1)
    with pytest.raises(RegistrationError, match="two apps have a blocking pool 'db'"):
        TestClient(app).get("/")
