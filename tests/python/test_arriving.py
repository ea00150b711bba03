"""Request: what a handler may ask while it waits."""

from __future__ import annotations

from noria import App, Request
from noria.testing import TestClient


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


def test_a_request_that_is_over_has_no_client_to_ask() -> None:
    app, kept = App(), []
    app.add_route("/", lambda request: kept.append(request))
    TestClient(app).get("/")
    assert not kept[0].is_disconnected()
