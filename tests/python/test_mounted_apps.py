"""What each mounted app keeps as its own, and what it shares with the one that is served."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.request import urlopen

import pytest
from mounted import Wire, where

from pelton import App, Body, Depends, RegistrationError, Request, WebSocket
from pelton.testing import TestClient, live_server


def test_each_app_keeps_its_own(serve: Callable[..., Any]) -> None:
    def told(request: Request, error: Exception) -> Any:
        return {"told": str(error), "app": request.app.state.name}, 418

    def fails() -> None:
        raise LookupError("nothing")

    app = App(json_default=lambda value: "outer")
    below = App(json_default=lambda value: f"below {value}", errors="problem", dependencies=[Depends(lambda: steps.append("below"))])
    steps: list[str] = []
    app.register_singleton("name", "outer")
    below.register_singleton("name", "below")
    app.mount("/below", below)
    for name, one in (("outer", app), ("below", below)):
        one.state.name = name
        one.add_route("/decimal", lambda: {"at": complex(1)})
        one.add_route("/named", lambda name=Depends("name"): name)
        one.add_route("/state", lambda request: request.state.name)
        one.add_route("/fails", fails)
        one.add_route("/breaks", lambda: 1 / 0)
    app.exception_handler(LookupError)(told)
    wire = Wire(serve(app))
    assert wire.json("/decimal") == {"at": "outer"} and wire.json("/below/decimal") == {"at": "below (1+0j)"}
    assert wire.json("/named") == "outer" and wire.json("/below/named") == "below"
    assert wire.json("/state") == "outer" and wire.json("/below/state") == "below"
    assert wire.json("/fails") == {"told": "nothing", "app": "outer"}
    assert wire.json("/below/fails")["status"] == wire.json("/below/breaks")["status"] == 500
    assert wire.json("/breaks") == {"detail": "Internal Server Error"}
    assert set(steps) == {"below"}


def test_what_the_server_answers_for_a_route_is_in_its_apps_form(serve: Callable[..., Any]) -> None:
    app, below = App(), App(errors="problem")

    async def reads(item: Annotated[dict[str, int], Body()]) -> Any:
        return item

    for one in (app, below):
        one.add_route("/item", reads, ["POST"])
    app.mount("/below", below)
    wire = Wire(serve(app))
    for path, kind in (("/item", "application/json"), ("/below/item", "application/problem+json")):
        answer = wire("POST", path, body=b"{}", kind="text/plain")
        assert (answer.status, answer.fields["content-type"]) == (415, kind)


def test_what_waits_and_what_runs_in_pools(serve: Callable[..., Any]) -> None:
    app, below = App(), App()
    done = threading.Event()
    below.blocking_pool("few", threads=1, queue=4)
    app.mount("/below", below)

    @below.get("/waits")
    async def waits(request: Request) -> Any:
        await asyncio.sleep(0)
        return where(request)

    @below.get("/pool", blocking="few")
    def in_pool() -> str:
        return threading.current_thread().name

    @below.get("/streams", media_type="text/plain")
    async def streams() -> Any:
        for number in range(3):
            await asyncio.sleep(0)
            yield str(number)

    @below.get("/spawns")
    async def spawns() -> None:
        async def task() -> None:
            done.set()

        below.spawn(task())

    server = serve(app)
    wire = Wire(server)
    assert wire.json("/below/waits") == ["/below/waits", "/below", {}]
    assert "few" in wire.json("/below/pool")
    wire("GET", "/below/spawns")
    assert done.wait(10)
    assert urlopen(f"{server.url}/below/streams").read() == b"012"


def test_a_mounted_app_may_be_served_by_itself_too() -> None:
    app, below = App(), App()
    below.add_route("/", lambda request: where(request))
    app.mount("/below", below)
    outer, inner = TestClient(app), TestClient(below)
    for _ in range(2):
        assert outer.get("/below/").json() == ["/below/", "/below", {}]
        assert inner.get("/").json() == ["/", "", {}]
    with live_server(app):
        with pytest.raises(RuntimeError, match="being served already"):
            inner.get("/")


def test_exceptions_below_reach_the_test() -> None:
    app, below = App(), App()
    below.add_route("/", lambda: 1 / 0)
    app.mount("/below", below)
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/below/")
    assert TestClient(app, raise_server_exceptions=False).get("/below/").status_code == 500


def test_the_log_tells_the_whole_template(serve: Callable[..., Any], tmp_path: Path) -> None:
    app, middle, below = App(), App(), App()
    below.add_route("/items/{id:int}", lambda id: id)
    app.mount("/m", middle)
    middle.mount("/b", below)
    server = serve(app, access_log=str(tmp_path / "log"), access_log_format="{path} {route} {status}")
    wire = Wire(server)
    assert wire.json("/m/b/items/7") == 7 and wire("GET", "/m/b/none").status == 404
    server.__exit__(None, None, None)
    assert (tmp_path / "log").read_text().splitlines() == ["/m/b/items/7 /m/b/items/{id:int} 200", "/m/b/none - 404"]


def test_one_that_was_served_before_lacks_the_middleware_around_it() -> None:
    async def around(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app, below = App(), App()
    below.add_route("/", lambda: "below")
    app.mount("/below", below)
    TestClient(below).get("/")
    app.middleware(around)
    with pytest.raises(RegistrationError, match="whose middleware it lacks"):
        TestClient(app).get("/below/")


def test_the_clients_block_ends_what_still_goes_on() -> None:
    steps: list[str] = []
    app, below = App(), App()
    app.mount("/below", below)

    @below.websocket("/talk")
    async def talk(ws: WebSocket) -> None:
        await ws.send_text("begun")
        try:
            await ws.receive_text()
        finally:
            steps.append("talk ended")

    @below.get("/spawn")
    async def spawn() -> None:
        async def goes_on() -> None:
            try:
                await below.stopping.wait()
                steps.append("stopping")
                await asyncio.Event().wait()
            finally:
                steps.append("task ended")

        below.spawn(goes_on())

    below.on_shutdown(lambda: steps.append("shutdown"))
    with TestClient(app) as client:
        assert client.get("/below/spawn").status_code == 200
        session = client.websocket_connect("/below/talk").__enter__()
        assert session.receive_text() == "begun"
    assert sorted(steps) == ["shutdown", "stopping", "talk ended", "task ended"]
