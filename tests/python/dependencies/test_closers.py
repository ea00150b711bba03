"""Providers that yield: when they close, what is thrown into them, what becomes of their own failures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError as Refused
from urllib.request import urlopen

import pytest

from pelton import App, BackgroundTasks, ClientDisconnected, Depends, HTTPError, Request, Response, SseStream
from pelton.dependencies.closers import SYNC, Closers, Closing
from pelton.loop import Loop
from pelton.testing import TestClient, live_server
from wire import Peer


def opened(events: list[Any], name: str, kind: str = "sync") -> Callable[..., Any]:
    """A provider that notes when it opens and how it closes."""

    def sync() -> Iterator[str]:
        events.append(f"open {name}")
        try:
            yield name
        except BaseException as error:
            events.append(f"{name} got {type(error).__name__}")
            raise
        events.append(f"close {name}")

    async def later() -> AsyncIterator[str]:
        events.append(f"open {name}")
        try:
            yield name
        except BaseException as error:
            events.append(f"{name} got {type(error).__name__}")
            raise
        events.append(f"close {name}")

    return sync if kind != "async" else later


KINDS = pytest.mark.parametrize("kind", ["sync", "async", "pool"])


@KINDS
@pytest.mark.parametrize("path", ["/", "/plain"])
def test_request_scope_closes_behind_the_answer_handler_scope_before_it(kind: str, path: str) -> None:
    app, events = App(), list[Any]()
    blocking = kind == "pool"
    request = Depends(opened(events, "request", kind), blocking=blocking)
    handler = Depends(opened(events, "handler", kind), blocking=blocking, scope="function")

    @app.get("/", dependencies=[request, handler])
    def streamed(tasks: BackgroundTasks) -> Any:
        tasks.add_task(events.append, "task")

        def items() -> Iterator[str]:
            for one in "ab":
                events.append(one)
                yield one

        return Response.stream(items(), "text/plain")

    @app.get("/plain", dependencies=[request, handler])
    def plain(tasks: BackgroundTasks) -> str:
        tasks.add_task(events.append, "task")
        return "plain"

    with live_server(app) as server:
        assert urlopen(server.url + path).read() in (b"ab", b'"plain"')
    items = ["a", "b"] if path == "/" else []
    assert events == ["open request", "open handler", "close handler", *items, "close request", "task"]


@KINDS
def test_a_failing_commit_is_a_500_before_the_first_octet(kind: str) -> None:
    app, events = App(), list[Any]()

    def commit() -> Iterator[None]:
        yield
        raise LookupError("commit")

    async def commit_later() -> AsyncIterator[None]:
        yield
        raise LookupError("commit")

    outer = Depends(opened(events, "outer", kind), blocking=kind == "pool")
    used = commit_later if kind == "async" else commit
    app.add_route("/", lambda: "done", dependencies=[outer, Depends(used, scope="handler", blocking=kind == "pool")])
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500
    assert events == ["open outer", "outer got LookupError"]


@KINDS
def test_exceptions_are_thrown_in_innermost_first(kind: str) -> None:
    app, events = App(), list[Any]()

    def swallows() -> Iterator[None]:
        try:
            yield
        except LookupError:
            events.append("swallowed")

    def translates() -> Iterator[None]:
        try:
            yield
        except LookupError:
            raise HTTPError(404, "translated") from None

    outer = Depends(opened(events, "outer", kind), blocking=kind == "pool")
    inner = Depends(opened(events, "inner", kind), blocking=kind == "pool", scope="handler")

    def fails() -> None:
        raise KeyError("handler")

    app.add_route("/swallows", fails, dependencies=[outer, Depends(swallows), inner])
    app.add_route("/translates", fails, dependencies=[outer, Depends(translates), inner])
    with live_server(app) as server:
        for path, status in (("/swallows", 500), ("/translates", 404)):
            with pytest.raises(Refused) as refused:
                urlopen(server.url + path)
            assert refused.value.code == status
    opens = ["open outer", "open inner", "inner got KeyError"]
    assert events == [*opens, "swallowed", "outer got KeyError", *opens, "outer got HTTPError"]


@KINDS
def test_what_fails_in_closing_behind_the_answer_is_only_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    app, events = App(), list[Any]()

    def failing() -> Iterator[None]:
        yield
        raise LookupError("late")

    outer = Depends(opened(events, "outer", kind), blocking=kind == "pool")
    app.add_route("/", lambda: "done", dependencies=[outer, Depends(failing, blocking=kind == "pool")])
    assert TestClient(app).get("/").json() == "done"
    assert events == ["open outer", "outer got LookupError"] and "closing the dependencies of /" in caplog.text


def test_a_result_that_cannot_be_encoded_is_thrown_in() -> None:
    app, events = App(), list[Any]()
    app.add_route("/", lambda: object(), dependencies=[Depends(opened(events, "one"))])
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500
    assert events[0] == "open one" and "got" in events[1]


def test_a_failing_provider_closes_those_before_it() -> None:
    app, events = App(), list[Any]()

    def refuses() -> None:
        raise HTTPError(403)

    app.add_route("/", lambda: 1, dependencies=[Depends(opened(events, "one")), Depends(refuses)])
    assert TestClient(app).get("/").status_code == 403
    assert events == ["open one", "one got HTTPError"]


def test_generators_that_yield_never_or_twice(caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    def never() -> Iterator[None]:
        return
        yield

    def twice() -> Iterator[None]:
        yield
        yield

    async def never_later() -> AsyncIterator[None]:
        return
        yield

    async def twice_later() -> AsyncIterator[None]:
        yield
        yield

    for provider in (never, never_later):
        app.add_route(f"/{provider.__name__}", lambda: 1, dependencies=[Depends(provider)])
    for provider in (twice, twice_later):
        app.add_route(f"/{provider.__name__}", lambda: 1, dependencies=[Depends(provider)])
        app.add_route(f"/h{provider.__name__}", lambda: 1, dependencies=[Depends(provider, scope="handler")])
    client = TestClient(app, raise_server_exceptions=False)
    assert [client.get(path).status_code for path in ("/never", "/never_later")] == [500, 500]
    assert [client.get(path).status_code for path in ("/twice", "/twice_later")] == [200, 200]
    assert [client.get(path).status_code for path in ("/htwice", "/htwice_later")] == [500, 500]
    assert "twice() yields more than once" in caplog.text and "never() did not yield" in caplog.text


def test_a_client_that_leaves_a_stream_closes_what_it_used() -> None:
    app, closed = App(), threading.Event()

    async def session() -> AsyncIterator[None]:
        try:
            yield
        finally:
            closed.set()

    @app.get("/", dependencies=[Depends(session)])
    async def endless() -> AsyncIterator[str]:
        while True:
            yield "x" * 10_000

    with live_server(app) as server:
        with urlopen(server.url) as answer:
            assert answer.read(10)
        assert closed.wait(10)


@KINDS
@pytest.mark.parametrize("items", [0, 1])
def test_a_stream_that_fails_is_thrown_in_and_no_task_follows_it(
    kind: str, items: int, caplog: pytest.LogCaptureFixture
) -> None:
    app, events = App(), list[Any]()

    async def failing(tasks: BackgroundTasks) -> AsyncIterator[str]:
        tasks.add_task(events.append, "task")
        for _ in range(items):
            yield "x"
        raise LookupError("failed")

    app.add_route("/", failing, dependencies=[Depends(opened(events, "one", kind), blocking=kind == "pool")])
    app.add_route("/alone", failing)
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in ("/", "/alone"):
            if items:
                with pytest.raises(ConnectionError):
                    client.get(path)
            else:
                assert client.get(path).status_code == 500
    assert events == ["open one", "one got LookupError"]
    assert caplog.text.count("LookupError: failed") == 2  # each once


@pytest.mark.parametrize("then", ["goes on", "raises", "ends"])
def test_no_task_follows_a_stream_whose_client_has_left(then: str, caplog: pytest.LogCaptureFixture) -> None:
    app, events, began, closed = App(), list[Any](), threading.Event(), threading.Event()

    def session() -> Iterator[None]:
        try:
            yield
        except ClientDisconnected:
            events.append("left")
            raise
        finally:
            closed.set()

    @app.get("/", dependencies=[Depends(session)])
    async def goes_on(tasks: BackgroundTasks) -> AsyncIterator[str]:
        tasks.add_task(events.append, "task")
        yield "x"
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if then == "raises":
                raise ClientDisconnected from None
            if then == "ends":
                return
        yield "y"
        events.append("went on")

    with live_server(app) as server, Peer(server.port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert began.wait(10)
        peer.reset()
        assert closed.wait(10)
    assert events == ["left"] and not caplog.text


async def letters() -> AsyncIterator[str]:
    yield "x"


@KINDS
@pytest.mark.parametrize(
    "stream",
    [letters, lambda: (x for x in "x"), lambda: SseStream().add_data("x"), lambda: Response.stream(iter("x"))],
    ids=["async", "sync", "events", "response"],
)
@pytest.mark.parametrize("blocking", [False, True])
def test_no_task_follows_a_stream_whose_client_left_before_it(
    blocking: bool, stream: Callable[[], Any], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    app, events = App(), list[Any]()
    began, left, closed = threading.Event(), threading.Event(), threading.Event()

    async def told(request: Request) -> AsyncIterator[None]:
        async def wait() -> None:
            await request.disconnected()
            left.set()

        app.spawn(wait())
        yield

    def outermost() -> Iterator[None]:
        try:
            yield
        finally:
            closed.set()

    def in_pool(tasks: BackgroundTasks) -> Any:
        tasks.add_task(events.append, "task")
        began.set()
        assert left.wait(10)
        return stream()

    async def on_the_loop(tasks: BackgroundTasks, request: Request) -> Any:
        tasks.add_task(events.append, "task")
        began.set()
        await request.disconnected()
        return stream()

    used = [Depends(outermost), Depends(told), Depends(opened(events, "one", kind), blocking=kind == "pool")]
    app.add_route("/", in_pool if blocking else on_the_loop, blocking=blocking, dependencies=used)
    with live_server(app) as server, Peer(server.port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert began.wait(10)
        peer.reset()
        assert closed.wait(10)
    assert events == ["open one", "one got ClientDisconnected"] and not caplog.text


def test_an_awaitable_from_a_def_handler_is_awaited_before_closing() -> None:
    app, events = App(), list[Any]()

    async def later() -> str:
        events.append("later")
        return "later"

    app.add_route("/", lambda one: later() if one else None, dependencies=[Depends(opened(events, "one"))])
    assert TestClient(app).get("/").json() == "later"
    assert events == ["open one", "later", "close one"]


@pytest.mark.parametrize("path", ["/plain", "/stream"])
@pytest.mark.parametrize("looks", [False, True])
def test_an_async_one_closes_in_the_task_that_opened_it(serve: Callable[..., live_server], path: str, looks: bool) -> None:
    app, seen, done = App(), list[Any](), threading.Event()
    variable = ContextVar("variable", default="none")

    async def limited() -> AsyncIterator[str]:
        token = variable.set("open")
        try:
            # Both refuse to end in another task.
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                waiting = group.create_task(asyncio.sleep(0))
                yield "x"
                await waiting
        finally:
            seen.append(variable.get())
            variable.reset(token)
            done.set()

    async def plain(request: Request, one: str = Depends(limited)) -> Any:
        if looks:
            await asyncio.sleep(0)
        return Response.stream(iter(["a", "b"]), "text/plain") if path == "/stream" else "ab"

    app.add_route(path, plain)
    server = serve(app)
    assert urlopen(server.url + path).read() in (b"ab", b'"ab"')
    assert done.wait(20) and seen == ["open"]


def test_what_another_thread_lets_go_is_closed_by_the_loop(loop: Loop) -> None:
    """A loop that waits without a deadline is woken for it."""
    closed: list[int] = []

    def provider() -> Iterator[int]:
        yield 1
        closed.append(threading.get_ident())
        loop.stop()

    app = App()
    generator = provider()
    next(generator)
    closers = Closers(app._parts.service)
    closers.open.append((generator, SYNC, False))
    kept = [Closing(closers, SimpleNamespace(loop=loop, background=set()), None)]  # type: ignore[arg-type]
    waits = threading.Event()

    def let_go() -> None:
        assert waits.wait(30)
        kept.clear()

    thread = threading.Thread(target=let_go)
    thread.start()
    late: list[str] = []
    loop.call_soon(waits.set)
    give_up = loop.call_later(20, lambda: (late.append("the loop was not woken"), loop.stop()))
    loop.run_forever()
    give_up.cancel()
    thread.join()
    assert late == [] and closed == [threading.get_ident()]
