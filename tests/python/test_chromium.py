"""EventSource and WebSocket of a real browser, in a page that pelton serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from chromium import Browser, Page, browser
from pelton import App, Request, SseEvent, WebSocket
from pelton.testing import live_server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture
def app() -> App:
    made = App()
    made.add_route("/", lambda: "<!doctype html><title>pelton</title>", media_type="text/html")
    return made


def test_an_event_source_reconnects_where_it_was(app: App, chromium: Browser, serve: Callable[..., live_server]) -> None:
    asked: list[str | None] = []

    @app.get("/events")
    async def events(request: Request) -> AsyncIterator[SseEvent]:
        last = request.last_event_id
        asked.append(last)
        first = int(last or 0) + 1
        yield SseEvent({"n": first}, "tick", str(first), retry=10)
        yield SseEvent(f"line {first + 1}\nof two", id=str(first + 1))

    with chromium.page(serve(app).url) as page:
        seen = page.value(
            """new Promise((resolve) => {
                const seen = [], source = new EventSource("/events");
                const note = (event) => {
                    if (seen.push([event.type, event.data, event.lastEventId]) === 5) {
                        source.close();
                        resolve(seen);
                    }
                };
                source.addEventListener("tick", note);
                source.onmessage = note;
            })"""
        )
    assert seen == [
        ["tick", '{"n":1}', "1"],
        ["message", "line 2\nof two", "2"],
        ["tick", '{"n":3}', "3"],
        ["message", "line 4\nof two", "4"],
        ["tick", '{"n":5}', "5"],
    ]
    assert asked == [None, "2", "4"]


STREAM = """
    window.source = new EventSource("/endless");
    window.failed = new Promise((resolve) => { source.onerror = () => resolve(source.readyState); });
    window.ended = fetch("/endless").then(async (answer) => {
        const reader = answer.body.getReader();
        window.began = await reader.read();
        window.on_began();
        while (!(await reader.read()).done);
        return "whole";
    });
    Promise.all([
        new Promise((resolve) => { window.on_began = resolve; }),
        new Promise((resolve) => { source.onmessage = (event) => resolve(event.data); }),
    ]).then((values) => values[1])
"""


def test_SSE_005_a_stop_ends_an_event_source_cleanly(
    app: App, chromium: Browser, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    @app.get("/endless")
    async def endless() -> AsyncIterator[SseEvent]:
        try:
            yield SseEvent("first")
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    monkeypatch.setenv("PELTON_ENGINE", engine)
    with live_server(app) as server, chromium.page(server.url) as page:
        assert page.value(STREAM) == "first"
        app.stop()
        # A stream that was cut would make the reader raise, and the promise with it.
        assert page.value("ended") == "whole" and page.value("failed") == 0  # it tries to connect again
        assert closed == ["closed", "closed"]


def sockets(app: App) -> list[Any]:
    seen: list[Any] = []

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        seen.append(ws.headers.get("sec-websocket-extensions"))
        await ws.accept()
        try:
            async for message in ws:
                if message == "leave":
                    await ws.close(4002, "asked to")
                else:
                    await ws.send(message)
        finally:
            seen.append((ws.close_code, ws.close_reason))

    return seen


OPEN = """
    window.socket = new WebSocket("ws://" + location.host + "/echo");
    socket.binaryType = "arraybuffer";
    window.over = new Promise((resolve) => {
        socket.onclose = (event) => resolve([event.code, event.reason, event.wasClean]);
    });
    window.echoed = (message) => new Promise((resolve) => {
        socket.onmessage = (event) => resolve(event.data);
        socket.send(message);
    });
    new Promise((resolve, fail) => { socket.onopen = () => resolve(socket.extensions); socket.onerror = fail; })
"""


def opened(page: Page) -> None:
    extensions = page.value(OPEN)
    assert extensions.startswith("permessage-deflate"), extensions


def test_a_websocket_echoes_and_either_side_closes(
    app: App, chromium: Browser, serve: Callable[..., live_server]
) -> None:
    seen = sockets(app)
    with chromium.page(serve(app).url) as page:
        opened(page)
        assert page.value('echoed("é".repeat(3))') == "ééé"
        assert page.value('echoed("pelton ".repeat(50000))') == "pelton " * 50000
        assert page.value(
            """echoed(Uint8Array.from({length: 70000}, (_, i) => i * i % 251)).then(
                (data) => data instanceof ArrayBuffer && data.byteLength === 70000
                    && new Uint8Array(data).every((value, i) => value === i * i % 251))"""
        )
        page.value('socket.close(4001, "done")')
        assert page.value("over") == [4001, "", True]  # the answer to a Close has its code alone
        opened(page)
        page.value('socket.send("leave")')
        assert page.value("over") == [4002, "asked to", True]
    assert "permessage-deflate" in seen[0] and seen[1::2] == [(4001, "done"), (4002, "asked to")]


def test_PRC_014_a_stop_closes_websockets_with_1001(
    app: App, chromium: Browser, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = sockets(app)
    monkeypatch.setenv("PELTON_ENGINE", engine)
    with live_server(app) as server, chromium.page(server.url) as page:
        opened(page)
        assert page.value('echoed("x")') == "x"
        app.stop()
        assert page.value("over") == [1001, "", True]
    assert seen[1][0] == 1001
