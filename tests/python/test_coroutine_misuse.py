"""Whoever steps, ends or returns what is the event loop's gets a Python exception, or the client a 500."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pelton import App, BackgroundTasks, Response
from pelton.testing import TestClient, live_server
from wire import Peer

Serve = Callable[..., live_server]
STEPS: dict[str, Callable[[Any], object]] = {
    "send": lambda coroutine: coroutine.send(None),
    "next": lambda coroutine: next(coroutine),
    "throw": lambda coroutine: coroutine.throw(ValueError("thrown")),
    "close": lambda coroutine: coroutine.close(),
}


def own_coroutine() -> Any:
    task = asyncio.current_task()
    assert task is not None
    return task.get_coro()


def ask(server: live_server, path: str = "/") -> tuple[int, bytes]:
    with Peer(server.port or 0) as peer:
        peer.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        answer = peer.one()
        return answer.status, answer.body


@pytest.mark.parametrize("how", STEPS)
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("after", [0, 1])
def test_a_handler_cannot_step_itself(how: str, before: int, after: int, serve: Serve) -> None:
    app = App()

    async def handler() -> list[str]:
        for _ in range(before):
            await asyncio.sleep(0)
        said = []
        for _ in range(2):
            try:
                STEPS[how](own_coroutine())
            except BaseException as error:  # noqa: BLE001
                said += [type(error).__name__, str(error)]
        for _ in range(after):
            await asyncio.sleep(0)
        return said

    app.add_route("/", handler)
    app.add_route("/alive", lambda: 1)
    server = serve(app)
    assert ask(server) == (200, b'["ValueError","coroutine already executing","ValueError","coroutine already executing"]')
    assert ask(server, "/alive") == (200, b"1")


@pytest.mark.parametrize("before", [0, 1])
def test_a_handler_that_awaits_itself_is_a_500(before: int, serve: Serve) -> None:
    app = App()

    async def handler() -> Any:
        for _ in range(before):
            await asyncio.sleep(0)
        return await own_coroutine()

    app.add_route("/", handler)
    server = serve(app)
    assert [ask(server)[0] for _ in range(2)] == [500, 500]


@pytest.mark.parametrize("how", STEPS)
def test_a_coroutine_that_is_through_cannot_be_stepped(how: str) -> None:
    app, kept = App(), []

    @app.get("/")
    async def handler() -> int:
        kept.append(own_coroutine())
        return 1

    client = TestClient(app)
    assert client.get("/").json() == 1
    if how == "close":
        assert STEPS[how](kept[0]) is None
    else:
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            STEPS[how](kept[0])


@pytest.mark.parametrize("how", ["throw", "close"])
@pytest.mark.parametrize("streams", [False, True])
def test_a_handler_whose_coroutine_another_one_ends_is_a_failure(how: str, streams: bool, serve: Serve) -> None:
    app, kept = App(), []
    begun = threading.Event()

    async def items() -> Any:
        yield b"first"
        kept.append(own_coroutine())
        begun.set()
        await asyncio.Event().wait()

    @app.get("/held")
    async def held() -> Any:
        if streams:
            return Response.stream(items())
        kept.append(own_coroutine())
        begun.set()
        await asyncio.Event().wait()

    @app.get("/ends")
    async def ends() -> str:
        try:
            STEPS[how](kept[-1])
        except StopIteration:
            pass
        return "ended"

    server = serve(app)
    for _ in range(2):
        begun.clear()
        with Peer(server.port or 0) as peer:
            peer.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            assert begun.wait(30)
            assert ask(server, "/ends") == (200, b'"ended"')
            if not streams:
                assert peer.one().status == 500
                continue
            octets = b""
            with pytest.raises(ConnectionResetError):
                octets += peer.rest()
            assert not octets.endswith(b"0\r\n\r\n")


def test_a_pump_that_its_own_items_step_fails(serve: Serve) -> None:
    app = App()

    def innermost() -> Any:
        inner = own_coroutine()
        while (awaited := getattr(inner, "cr_await", None)) is not None:
            inner = awaited
        return inner

    async def items() -> Any:
        yield "first"
        await asyncio.sleep(0)
        for step in STEPS.values():
            try:
                step(innermost())
            except (ValueError, RuntimeError, AttributeError, StopIteration, TypeError) as error:
                yield type(error).__name__

    app.add_route("/", lambda: Response.stream(items()))
    app.add_route("/alive", lambda: 1)
    server = serve(app)
    with Peer(server.port or 0) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        peer.rest()
    assert ask(server, "/alive") == (200, b"1")


@pytest.mark.parametrize("is_async", [False, True])
def test_a_pending_future_that_nobody_can_complete_is_a_500(is_async: bool, serve: Serve) -> None:
    app = App()

    def future() -> Any:
        return asyncio.get_running_loop().create_future()

    async def future_async() -> Any:
        return future()

    def later() -> Any:
        loop = asyncio.get_running_loop()
        made = loop.create_future()
        loop.call_later(0.02, made.set_result, {"a": 1})
        return made

    async def later_async() -> Any:
        return later()

    app.add_route("/lost", future_async if is_async else future)
    app.add_route("/later", later_async if is_async else later)
    app.add_route("/task", lambda: asyncio.ensure_future(later_async()))
    server = serve(app)
    assert ask(server, "/lost")[0] == 500
    assert ask(server, "/later") == (200, b'{"a":1}')
    assert ask(server, "/task")[0] in (200, 500)  # a future's result is not awaited again


class Hostile(Exception):
    """Whoever looks at its traceback is interrupted."""

    @property  # type: ignore[misc]
    def __traceback__(self) -> Any:
        raise KeyboardInterrupt

    @__traceback__.setter
    def __traceback__(self, value: Any) -> None:
        pass


@pytest.mark.parametrize("where", ["sync", "async", "background", "background-async", "spawned"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exception_that_raises_as_it_is_logged_ends_nobody(where: str, serve: Serve) -> None:
    app = App()
    done = threading.Event()

    def fails() -> None:
        done.set()
        raise Hostile("x")

    async def fails_async() -> None:
        await asyncio.sleep(0)
        fails()

    def background(tasks: BackgroundTasks) -> int:
        tasks.add_task(fails_async if where == "background-async" else fails)
        return 1

    def spawned() -> int:
        app.spawn(fails_async())
        return 1

    handlers: dict[str, Any] = {"sync": fails, "async": fails_async, "spawned": spawned}
    app.add_route("/", handlers.get(where, background))
    app.add_route("/alive", lambda: 1)
    server = serve(app)
    assert ask(server)[0] == (200 if where not in ("sync", "async") else 500)
    assert done.wait(30)
    for _ in range(20):
        assert ask(server, "/alive") == (200, b"1")
