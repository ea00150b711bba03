"""What the reference library of ASGI makes of an App, and of a WSGI application that it wraps and pelton serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgi_applications import Event, hosted, request, scope_of
from asgiref.testing import ApplicationCommunicator
from asgiref.wsgi import WsgiToAsgi
from wire import SILENCE_S, Peer
from wsgi_applications import PLAIN, Environ, StartResponse

from pelton import App, Response
from pelton.testing import live_server

Serve = Callable[..., live_server]


def site() -> App:
    app = App()
    app.add_route("/hello/{name}", lambda name: {"hello": name})
    app.add_route("/pieces", lambda: Response.stream(iter([b"one", b"two"])))
    return app


async def events(communicator: ApplicationCommunicator) -> list[Event]:
    found: list[Event] = []
    while not found or found[-1].get("more_body") or found[-1]["type"] == "http.response.start":
        found.append(await communicator.receive_output(timeout=SILENCE_S))
    return found


@pytest.mark.parametrize(("path", "status", "body"), [("/hello/you", 200, b'{"hello":"you"}'), ("/pieces", 200, b"onetwo"), ("/none", 404, None)])
def test_its_communicator_gets_the_answers_of_an_app(path: str, status: int, body: bytes | None) -> None:
    async def talk() -> list[Event]:
        communicator = ApplicationCommunicator(site().asgi, scope_of(path))
        await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
        found = await events(communicator)
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(timeout=SILENCE_S)
        return found

    start, *pieces = asyncio.run(talk())
    assert start["type"] == "http.response.start" and start["status"] == status
    assert {piece["type"] for piece in pieces} == {"http.response.body"}
    assert body is None or b"".join(piece.get("body", b"") for piece in pieces) == body


def test_its_communicator_runs_the_lifespan_of_an_app() -> None:
    async def talk() -> list[str]:
        communicator = ApplicationCommunicator(site().asgi, {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}})
        said: list[str] = []
        for phase in ("startup", "shutdown"):
            await communicator.send_input({"type": f"lifespan.{phase}"})
            said.append((await communicator.receive_output(timeout=SILENCE_S))["type"])
        await communicator.wait(timeout=SILENCE_S)
        return said

    assert asyncio.run(talk()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_its_adapter_of_a_wsgi_application_is_served(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        body = environ["wsgi.input"].read(10_000_000)
        start_response("200 OK", PLAIN)
        return iter([environ["PATH_INFO"].encode(), b" ", b"%d" % len(body)])

    with Peer(serve(hosted(WsgiToAsgi(app), lifespan="off")).port or 0) as peer:
        peer.send(request("/x", "POST", "Connection: close", body=b"b" * 300_000))
        assert b"/x" in (answer := peer.rest()) and b"300000" in answer
    assert not caplog.records
