"""Request: what a handler may ask while it waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from pelton import App, Request
from pelton.testing import TestClient, live_server
from wire import Peer


def test_last_event_id() -> None:
    app = App()
    app.add_route("/", lambda request: request.last_event_id)
    client = TestClient(app)
    assert client.get("/").json() is None
    for length, there in ((1023, True), (1024, True), (1025, False)):
        answer = client.get("/", headers={"Last-Event-ID": "x" * length}).json()
        assert (answer == "x" * length) is there


def test_an_ordinary_body_streams_too() -> None:
    app = App()

    @app.post("/")
    async def handler(request: Request) -> list[int]:
        return [len(piece) async for piece in request.stream()]

    client = TestClient(app)
    assert client.post("/", content=b"x" * 65537).json() == [65536, 1] and client.post("/").json() == []


def test_all_who_wait_for_the_client_to_leave(serve: Callable[..., live_server]) -> None:
    """One that gives up leaves the others waiting; they are told when it leaves, or has its answer."""
    app, began, told = App(), threading.Event(), threading.Semaphore(0)

    async def watch(request: Request) -> None:
        await request.disconnected()
        told.release()

    @app.get("/{way}")
    async def handler(request: Request, way: str) -> bool:
        gives_up, waits = app.spawn(watch(request)), app.spawn(watch(request))
        await asyncio.sleep(0)
        gives_up.cancel()
        await asyncio.wait([gives_up])
        await asyncio.sleep(0)
        began.set()
        if way == "left":
            await waits
        return waits.done()

    port = serve(app).port
    with Peer(port) as peer:
        peer.send(b"GET /answered HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.one().body == b"false" and told.acquire(timeout=10)
        began.clear()
        peer.send(b"GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
        assert began.wait(10)
        peer.finish()
        assert peer.one().body == b"true" and told.acquire(timeout=10)


def test_a_request_that_is_over_has_no_client_to_ask() -> None:
    app, kept = App(), []
    app.add_route("/", lambda request: kept.append(request))
    TestClient(app).get("/")
    assert not kept[0].is_disconnected()
