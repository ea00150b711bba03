"""What debug=True adds."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Annotated, Any
from urllib.request import urlopen

import pytest

from pelton import App, BackgroundTasks, Depends, HTTPException, Query
from pelton.signature import debug
from pelton.testing import TestClient, live_server


def test_a_handler_that_falls_off_its_end_is_hinted_at(caplog: pytest.LogCaptureFixture) -> None:
    app = App(debug=True)
    app.add_route("/a", lambda: None)

    @app.get("/b")
    def annotated() -> None: ...

    client = TestClient(app)
    with caplog.at_level(logging.WARNING, "pelton"):
        client.get("/b")
        assert not caplog.records
        assert client.get("/a").json() is None
    assert "status=204" in caplog.text


def test_a_misread_first_parameter_is_flagged(caplog: pytest.LogCaptureFixture) -> None:
    app = App(debug=True)
    with caplog.at_level(logging.WARNING, "pelton"):
        app.add_route("/a", lambda req: 1)
        assert not caplog.records
        app.add_route("/b", lambda limit: 1)
    assert "'limit'" in caplog.text


def test_a_slow_handler_is_logged_with_its_stack() -> None:
    app, seen = App(debug=True), threading.Event()

    class Wait(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert "held the loop" in record.getMessage() and "slow_handler" in record.getMessage()
            seen.set()

    @app.get("/")
    def slow_handler() -> int:
        return int(seen.wait(10))

    logger, handler = logging.getLogger("pelton"), Wait()
    logger.addHandler(handler)
    try:
        assert TestClient(app).get("/").json() == 1
    finally:
        logger.removeHandler(handler)


def provider() -> int:
    return 7


@pytest.mark.parametrize("is_async", [False, True])
def test_a_first_parameter_with_a_source_is_not_flagged(is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    app = App(debug=True)

    def plain(pool: Annotated[int, Depends(provider)]) -> int:
        return pool

    async def awaited(pool: Annotated[int, Depends(provider)]) -> int:
        return pool

    def query(limit: Annotated[int, Query()] = 7) -> int:
        return limit

    with caplog.at_level(logging.WARNING, "pelton"):
        app.add_route("/a", awaited if is_async else plain)
        app.add_route("/b", query)
        app.add_route("/{limit}", lambda limit: limit)
        client = TestClient(app)
        assert [client.get(path).json() for path in ("/a", "/b", "/7")] == [7, 7, "7"]
    # A machine with much to do may hold the loop meanwhile, which is told too.
    assert [told for told in caplog.messages if "held the loop" not in told] == []
    with caplog.at_level(logging.WARNING, "pelton"):

        @App(debug=True).get("/c")
        def misread(limit, pool: Annotated[int, Depends(provider)]) -> int:  # type: ignore[no-untyped-def]
            return pool

    assert "'limit'" in caplog.text


class Awaiting(logging.Handler):
    """Holds back a handler until the log has told of it.

    A slow machine may hold the loop too, so only the stacks that show the function which waits here are collected.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()
        self.told = list[str]()

    def hold(self) -> bool:
        return self.seen.wait(10)

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "self.seen.wait(10)" in message:
            self.told.append(message)
            self.seen.set()


def test_a_call_that_begins_while_another_is_told_of_is_watched_too() -> None:
    watch, told, go_on = debug._Watch(), list[str](), threading.Event()
    seen = threading.Semaphore(0)

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage().split(" has ")[0])
            seen.release()
            go_on.wait(10)

    logger, slow = logging.getLogger("pelton"), Slow()
    logger.addHandler(slow)
    try:
        watch.begin("first")
        assert seen.acquire(timeout=10)
        watch.end()
        watch.begin("second")
        go_on.set()
        assert seen.acquire(timeout=10)
        watch.end()
    finally:
        go_on.set()
        logger.removeHandler(slow)
    assert told == ["first", "second"]


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("injected", [False, True])
def test_a_slow_step_of_an_async_handler_is_logged_with_its_stack(step: int, injected: bool) -> None:
    app, waiting = App(debug=True), Awaiting()

    async def inner(number: int) -> bool:
        await asyncio.sleep(0)
        return hold() if number == step else False

    def hold() -> bool:
        return waiting.hold()

    async def slow_handler(pool: Annotated[int, Depends(provider)]) -> list[bool]:
        return [hold() if step == 0 else False, await inner(1), await inner(2)]

    async def slow_plain() -> list[bool]:
        return await slow_handler(7)

    app.add_route("/", slow_handler if injected else slow_plain)
    logger = logging.getLogger("pelton")
    logger.addHandler(waiting)
    try:
        assert TestClient(app).get("/").json() == [number == step for number in range(3)]
    finally:
        logger.removeHandler(waiting)
    (told,) = waiting.told
    assert "held the loop" in told and "in hold" in told and ("in inner" in told) == (step > 0)


@pytest.mark.parametrize("place", ["provider", "async provider", "middleware", "guard", "websocket", "background"])
def test_whatever_holds_the_loop_for_a_route_is_logged_once(place: str) -> None:
    app, waiting = App(debug=True), Awaiting()

    def hold_if(here: str) -> None:
        if here == place:
            waiting.hold()

    def plain() -> None:
        hold_if("provider")

    async def awaited() -> None:
        await asyncio.sleep(0)
        hold_if("async provider")

    @app.middleware
    async def around(request: Any, call_next: Any) -> Any:
        hold_if("middleware")
        return await call_next(request)

    async def guard(request: Any) -> None:
        hold_if("guard")

    async def background() -> None:
        await asyncio.sleep(0)
        hold_if("background")

    @app.get("/", guards=[guard])
    async def handler(tasks: BackgroundTasks, one: Any = Depends(plain), two: Any = Depends(awaited)) -> int:
        await asyncio.sleep(0)
        tasks.add_task(background)
        return 1

    @app.websocket("/ws")
    async def talk(ws):  # type: ignore[no-untyped-def]
        await ws.receive_text()
        hold_if("websocket")

    logger = logging.getLogger("pelton")
    logger.addHandler(waiting)
    try:
        client = TestClient(app)
        if place == "websocket":
            with client.websocket_connect("/ws") as session:
                session.send_text("go")
        else:
            assert client.get("/").json() == 1
    finally:
        logger.removeHandler(waiting)
    (told,) = waiting.told
    assert "has held the loop" in told and "in hold_if" in told


def test_the_setting_watches_what_was_registered_before() -> None:
    app, waiting = App(), Awaiting()

    @app.get("/")
    async def handler() -> bool:
        await asyncio.sleep(0)
        return waiting.hold()

    logger = logging.getLogger("pelton")
    logger.addHandler(waiting)
    try:
        with live_server(app, debug=True) as server:
            assert urlopen(f"{server.url}/").read() == b"true"
    finally:
        logger.removeHandler(waiting)
    assert len(waiting.told) == 1 and "has held the loop" in waiting.told[0]


def test_nothing_is_a_result_where_it_is_meant(caplog: pytest.LogCaptureFixture) -> None:
    app = App(debug=True)

    @app.get("/", status=204)
    async def nothing():  # type: ignore[no-untyped-def]
        pass

    @app.websocket("/ws")
    async def talk(ws, pool: Annotated[int, Depends(provider)]):  # type: ignore[no-untyped-def]
        await ws.send_text("x")

    client = TestClient(app)
    with caplog.at_level(logging.WARNING, "pelton"):
        assert client.get("/").status_code == 204
        with client.websocket_connect("/ws") as session:
            assert session.receive_text() == "x"
    assert not caplog.records


def test_a_watched_async_handler_is_awaited_as_any(caplog: pytest.LogCaptureFixture) -> None:
    app, ended = App(debug=True), list[str]()

    @app.get("/late", timeout=0.01)
    async def late() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    @app.get("/caught")
    async def caught() -> list[Any]:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return [isinstance(asyncio.current_task(), asyncio.Task)]
        return []

    @app.get("/raised")
    async def raised() -> None:
        await asyncio.sleep(0)
        raise HTTPException(418)

    @app.get("/nothing")
    async def nothing():  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)

    @app.get("/given")
    def given() -> Any:
        return caught()

    client = TestClient(app)
    assert client.get("/late").status_code == 504 and ended == ["cancelled"]
    assert client.get("/caught").json() == client.get("/given").json() == [True]
    assert client.get("/raised").status_code == 418
    with caplog.at_level(logging.WARNING, "pelton"):
        assert client.get("/nothing").json() is None
    assert "status=204" in caplog.text


def test_without_debug_handlers_are_called_as_they_are() -> None:
    app = App()
    app.add_route("/", lambda limit: 1)
    assert TestClient(app).get("/").json() == 1
