"""What connections of ASGI to the server in memory do, one event at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgi_applications import REQUEST, Event, Recorded, scope_of, settled

from pelton import App, LimitsConfig, Request, ServerConfig, WebSocket


def test_a_body_is_received_as_the_handler_reads_it() -> None:
    app = App(server=ServerConfig(limits=LimitsConfig(max_body_size=None)))
    reading = asyncio.Event()
    piece = {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    @app.post("/slow", stream_body=True)
    async def slow(request: Request) -> Any:
        await reading.wait()
        return sum([len(one) async for one in request.stream()])

    async def run() -> None:
        one = Recorded(*[piece] * 100, REQUEST)
        scope = scope_of("/slow", method="POST", headers=[(b"host", b"h"), (b"transfer-encoding", b"chunked")])
        task = asyncio.ensure_future(app.asgi(scope, one.receive, one.send))
        assert await settled(lambda: one.received) < 50
        reading.set()
        await task
        assert one.body == b"10000000"

    asyncio.run(run())


def test_a_stream_waits_for_its_client() -> None:
    app = App()
    made: list[int] = []

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        for number in range(200):
            made.append(number)
            yield bytes(50_000)

    async def run() -> None:
        one = Recorded()
        one.room.clear()
        task = asyncio.ensure_future(app.asgi(scope_of("/stream"), one.receive, one.send))
        assert await settled(lambda: len(made)) < 100
        one.room.set()
        await task
        assert len(one.body) == 10_000_000

    asyncio.run(run())


@pytest.mark.parametrize("length", [b"3", b"x", b"-1"])
def test_a_body_longer_than_its_length_is_no_second_request(length: bytes) -> None:
    app = App()
    bodies: list[bytes] = []

    @app.post("/")
    async def take(request: Request) -> Any:
        bodies.append(await request.body_async())
        return "taken"

    one = Recorded({"type": "http.request", "body": b"abcPOST / HTTP/1.1\r\nHost: h\r\n\r\n", "more_body": False})
    asyncio.run(app.asgi(scope_of("/", method="POST", headers=[(b"host", b"h"), (b"content-length", length)]), one.receive, one.send))
    assert one.sent[0]["status"] == (200 if length == b"3" else 400)
    assert bodies == ([b"abc"] if length == b"3" else [])


def test_a_handler_is_cancelled_when_its_client_leaves() -> None:
    app = App()
    steps: list[str] = []

    @app.get("/", cancel_on_disconnect=True)
    async def waits() -> None:
        steps.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("ended")

    async def run() -> None:
        one = Recorded({"type": "http.disconnect"})
        await app.asgi(scope_of("/"), one.receive, one.send)
        await settled(lambda: steps.count("ended"))
        assert steps == ["begun", "ended"] and one.sent == []

    asyncio.run(run())


def test_a_client_that_send_does_not_reach_is_one_that_has_left() -> None:
    app = App()
    app.add_route("/", lambda: "here")

    async def send(event: Event) -> None:
        raise OSError

    one = Recorded()
    asyncio.run(app.asgi(scope_of("/"), one.receive, send))


def test_an_answer_that_is_cut_is_an_error() -> None:
    app = App()

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("broken")

    async def run() -> None:
        one = Recorded()
        with pytest.raises(RuntimeError, match="the answer ended in the middle"):
            await app.asgi(scope_of("/"), one.receive, one.send)
        assert one.body == b"one" and one.sent[-1]["more_body"]

    asyncio.run(run())


CONNECT: Event = {"type": "websocket.connect"}


def socket_scope(path: str, **more: Any) -> Event:
    return {**scope_of(path), "type": "websocket", "scheme": "ws", "subprotocols": [], "extensions": {}, **more}


@pytest.mark.parametrize("may_answer", [True, False])
def test_a_refusal_of_a_websocket(may_answer: bool) -> None:
    extensions = {"websocket.http.response": {}} if may_answer else {}
    one = Recorded(CONNECT)
    asyncio.run(App().asgi(socket_scope("/none", extensions=extensions), one.receive, one.send))
    if may_answer:
        assert [event["type"] for event in one.sent] == ["websocket.http.response.start", "websocket.http.response.body"]
        assert one.sent[0]["status"] == 404 and b"Not Found" in one.body
    else:
        assert one.sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize(("code", "seen"), [(1000, 1000), (4001, 4001), (1005, 1005), (1006, 1006)])
def test_the_close_of_a_client_reaches_the_handler(code: int, seen: int) -> None:
    app = App()
    codes: list[int | None] = []
    got: list[Any] = []

    @app.websocket("/")
    async def takes(ws: WebSocket) -> None:
        await ws.accept()
        got.extend([message async for message in ws])
        codes.append(ws.close_code)

    async def run() -> None:
        said = [{"type": "websocket.receive", "text": "a"}, {"type": "websocket.receive", "bytes": b"b"}]
        one = Recorded(CONNECT, *said, {"type": "websocket.disconnect", "code": code, "reason": "why"})
        accepted = asyncio.Event()

        async def receive() -> Event:
            if one.received:  # before the accept no client sends
                await accepted.wait()
            return await one.receive()

        async def send(event: Event) -> None:
            await one.send(event)
            accepted.set()

        await app.asgi(socket_scope("/"), receive, send)
        await settled(lambda: len(codes))
        assert codes == [seen] and got == ["a", b"b"]
        assert one.sent == [{"type": "websocket.accept", "subprotocol": None, "headers": []}]

    asyncio.run(run())
