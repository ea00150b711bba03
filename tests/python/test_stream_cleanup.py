"""Section 10: events are closed once, by a client that leaves or a stop; what they clean up then is left alone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from pelton import App, Request
from pelton.streaming.sse import SseEvent
from pelton.testing import live_server
from wire import Peer


class Cleans:
    """Events whose producer, once closed, waits until `other` has happened too."""

    def __init__(self, other: Callable[[App, Request], Awaitable[object]]) -> None:
        self.app = App()
        self.other = other
        self.began, self.closing, self.clean = threading.Event(), threading.Event(), threading.Event()
        self.app.get("/")(self.events)

    async def events(self, request: Request) -> AsyncIterator[SseEvent]:
        try:
            yield SseEvent("first")
            self.began.set()
            await asyncio.Event().wait()
        finally:
            self.closing.set()
            await self.other(self.app, request)
            await asyncio.sleep(0)
            self.clean.set()


def test_a_stop_does_not_disturb_what_the_clients_leaving_has_closed(serve: Callable[..., live_server]) -> None:
    cleans = Cleans(lambda app, request: app.stopping.wait())
    with Peer(serve(cleans.app).port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert cleans.began.wait(10)
        peer.finish()
        assert cleans.closing.wait(10)
        cleans.app.stop()
        assert cleans.clean.wait(10)


def test_a_client_that_leaves_does_not_disturb_what_a_stop_has_closed(serve: Callable[..., live_server]) -> None:
    cleans = Cleans(lambda app, request: request.disconnected())
    with Peer(serve(cleans.app).port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert cleans.began.wait(10)
        cleans.app.stop()
        assert cleans.closing.wait(10)
        peer.reset()
        assert cleans.clean.wait(10)


@pytest.mark.parametrize("items", [0, 1])
@pytest.mark.parametrize("begun", [False, True])
def test_a_stop_cancels_what_went_on_without_its_client(begun: bool, items: int, serve: Callable[..., live_server]) -> None:
    app, began, went_on, closed = App(), threading.Event(), threading.Event(), threading.Event()

    @app.get("/")
    async def events() -> AsyncIterator[SseEvent]:
        if begun:
            yield SseEvent("first")
        began.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        for _ in range(items):
            yield SseEvent("for nobody")
        went_on.set()
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()

    with Peer(serve(app).port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert began.wait(10)
        peer.finish()
        assert went_on.wait(10)
        app.stop()
        assert closed.wait(10)
