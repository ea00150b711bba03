"""CON-005 and LIM-033: a handler's time limit and its place, whoever still listens to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pelton import App, Request
from pelton.testing import live_server
from wire import Peer

Serve = Callable[..., live_server]

GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
PATIENCE_S = 30


def status_of(server: live_server, path: bytes = b"/free") -> int:
    with Peer(server.port or 0) as peer:
        peer.send(GET % path)
        return peer.one().status


def ask_until(server: live_server, status: int) -> None:
    for _ in range(10_000):
        if status_of(server) == status:
            return
    raise AssertionError(f"/free never answers {status}")


class Handlers:
    """How many run, at most ran and were cancelled; each waits for as long as it may."""

    def __init__(self) -> None:
        self.running = self.peak = self.cancelled = 0
        self.begun = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)

    async def wait(self) -> None:
        self.running += 1
        self.peak = max(self.peak, self.running)
        self.begun.release()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
            self.ended.release()

    def app(self, **options: Any) -> App:
        app = App()
        app.add_route("/wait", self.wait, **options)
        app.add_route("/free", lambda: "free")
        return app


@pytest.mark.parametrize("where", ["route", "server"])
def test_CON_005_the_limit_ends_a_handler_whose_client_has_reset(where: str, serve: Serve) -> None:
    handlers = Handlers()
    options = {"timeout": 0.2} if where == "route" else {}
    server = serve(handlers.app(**options), timeout_handler=0.2 if where == "server" else None)
    peer = Peer(server.port or 0)
    peer.send(GET % b"/wait")
    assert handlers.begun.acquire(timeout=PATIENCE_S)
    peer.reset()
    assert handlers.ended.acquire(timeout=PATIENCE_S)
    assert handlers.cancelled == 1
    ask_until(server, 200)
    assert server.stats()["fault.request_timeout"] == 1


def test_LIM_033_resets_make_no_more_room_than_there_is(serve: Serve) -> None:
    handlers = Handlers()
    server = serve(handlers.app(timeout=0.2), limit_concurrency=5)
    for _ in range(300):
        peer = Peer(server.port or 0)
        peer.send(GET % b"/wait")
        peer.reset()
    ask_until(server, 200)  # all of them end
    assert 1 <= handlers.peak <= 5
    for _ in range(handlers.cancelled):
        assert handlers.ended.acquire(timeout=PATIENCE_S)
    assert handlers.running == 0


def test_LIM_033_the_place_is_held_while_a_cancelled_handler_cleans_up(serve: Serve) -> None:
    app = App()
    begun, cancelled = threading.Event(), threading.Event()
    clean: list[Callable[[], None]] = []

    async def wait() -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        clean.append(lambda: loop.call_soon_threadsafe(done.set) and None)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
            await done.wait()

    app.add_route("/wait", wait, timeout=0.1)
    app.add_route("/free", lambda: "free")
    server = serve(app, limit_concurrency=1)
    assert status_of(server, b"/wait") == 504
    assert cancelled.wait(PATIENCE_S)
    assert status_of(server) == 503
    clean[0]()
    ask_until(server, 200)


def test_CON_005_a_handler_that_went_on_after_its_client_left_is_cancelled_again(serve: Serve) -> None:
    app = App()
    begun, ended = threading.Event(), threading.Event()
    cancels = 0

    async def wait() -> None:
        nonlocal cancels
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancels += 1
        try:
            await asyncio.Event().wait()
        finally:
            cancels += 1
            ended.set()

    app.add_route("/wait", wait, timeout=0.3, cancel_on_disconnect=True)
    server = serve(app)
    peer = Peer(server.port or 0)
    peer.send(GET % b"/wait")
    assert begun.wait(PATIENCE_S)
    peer.reset()
    assert ended.wait(PATIENCE_S) and cancels == 2


@pytest.mark.parametrize("leaves", [False, True])
def test_LIM_033_a_pool_handler_holds_its_place_until_its_thread_has_ended(leaves: bool, serve: Serve) -> None:
    app = App()
    begun, free = threading.Event(), threading.Event()

    def block() -> str:
        begun.set()
        assert free.wait(PATIENCE_S)
        return "late"

    app.add_route("/block", block, blocking=True, timeout=0.1)
    app.add_route("/free", lambda: "free")
    server = serve(app, limit_concurrency=1)
    if leaves:
        peer = Peer(server.port or 0)
        peer.send(GET % b"/block")
        assert begun.wait(PATIENCE_S)
        peer.reset()
        while server.stats()["fault.request_timeout"] == 0:
            assert status_of(server) == 503
    else:
        assert status_of(server, b"/block") == 504
    assert status_of(server) == 503
    assert [status_of(server) for _ in range(20)] == [503] * 20
    free.set()
    ask_until(server, 200)


def test_LIM_033_a_pool_handler_that_never_began_holds_no_place(serve: Serve) -> None:
    app = App()
    begun, free = threading.Event(), threading.Event()
    app.blocking_pool("one", threads=1, queue=4)

    def block() -> str:
        begun.set()
        assert free.wait(PATIENCE_S)
        return "late"

    app.add_route("/block", block, blocking="one")
    app.add_route("/queued", block, blocking="one", timeout=0.1)
    app.add_route("/free", lambda: "free")
    server = serve(app, limit_concurrency=2)
    with Peer(server.port or 0) as peer:
        peer.send(GET % b"/block")
        assert begun.wait(PATIENCE_S)
        assert status_of(server, b"/queued") == 504
        ask_until(server, 200)
        free.set()
        assert peer.one().status == 200


def test_LIM_033_an_answer_of_ones_own_frees_no_place_while_the_thread_runs(serve: Serve) -> None:
    app = App()
    free = threading.Event()

    def block() -> None:
        assert free.wait(PATIENCE_S)

    @app.middleware
    async def limited(request: Request, call_next: Any) -> Any:
        try:
            async with asyncio.timeout(0.1):
                return await call_next(request)
        except TimeoutError:
            return "given up"

    app.add_route("/block", block, blocking=True)
    app.add_route("/free", lambda: "free")
    server = serve(app, limit_concurrency=1)
    assert status_of(server, b"/block") == 200
    assert status_of(server) == 503
    free.set()
    ask_until(server, 200)
