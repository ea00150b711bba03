"""What layers do to a request's end: tasks and clean-ups behind the answer, clients that leave, misuse."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asking import Ask
from asking import asking as asking  # a fixture

from pelton import App, BackgroundTasks, Depends, Request, Response
from pelton.testing import AsyncTestClient, TestClient, live_server

Asking = Callable[[App], Ask]


def ends(app: App, path: str, steps: list[str], done: threading.Event, streamed: bool = False, kind: str = "sync") -> None:
    """A route with a dependency that closes, a task, and a body in one piece or several."""

    def sync() -> Iterator[None]:
        yield
        steps.append("close")

    async def later() -> AsyncIterator[None]:
        await asyncio.sleep(0)
        yield
        await asyncio.sleep(0)
        steps.append("close")

    @app.get(path, dependencies=[Depends(sync if kind == "sync" else later)])
    def handler(tasks: BackgroundTasks) -> Any:
        tasks.add_task(steps.append, "task")
        tasks.add_task(done.set)
        if streamed:
            return Response.stream(iter(["a", "b"]), "text/plain")
        return "ab"


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("way", ["passes", "waits", "copies", "replaces", "streams", "hook"])
def test_what_follows_an_answer_follows_the_one_that_is_sent(asking: Asking, way: str, streamed: bool, kind: str) -> None:
    app, steps, done = App(), list[str](), threading.Event()
    ends(app, "/", steps, done, streamed, kind)

    if way == "hook":

        @app.after
        def other(request: Request, response: Response) -> Any:
            return {"other": response.status}

    @app.middleware
    async def around(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        if way == "replaces":
            response = Response.text("replaced")
        elif way == "copies":
            response = Response(b"copied", headers=response.headers.multi_items())
        elif way == "streams":
            response = Response.stream(iter([b"x", b"y"]))
        for _ in range(5 if way != "passes" else 0):
            await asyncio.sleep(0)
        steps.append("unwound")
        return response

    app.middleware(_innermost)
    answer = asking(app)("GET", "/")
    bodies = {"replaces": b"replaced", "copies": b"copied", "streams": b"xy", "hook": b'{"other":200}'}
    assert answer.body == bodies.get(way, b"ab" if streamed else b'"ab"')
    assert done.wait(20)
    assert steps == ["unwound", "close", "task"]


async def _innermost(request: Request, call_next: Any) -> Any:
    return await call_next(request)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("failing", ["middleware", "after"])
def test_an_answer_that_is_lost_closes_and_runs_no_task(asking: Asking, failing: str, streamed: bool) -> None:
    app, steps, done = App(), list[str](), threading.Event()
    ends(app, "/", steps, done, streamed)
    if failing == "after":
        app.after(lambda request, response: [][1])
    else:

        @app.middleware
        async def fails(request: Request, call_next: Any) -> Any:
            await call_next(request)
            raise LookupError

    ask = asking(app)
    assert ask("GET", "/").status == 500
    assert _is(lambda: steps == ["close"]) and not done.is_set()


def _is(condition: Callable[[], bool]) -> bool:
    """In a moment, of a server in another thread."""
    for _ in range(20_000):
        if condition():
            return True
        threading.Event().wait(0.001)
    return False


def test_a_second_call_gives_a_second_answer(asking: Asking) -> None:
    app, steps, done = App(), list[str](), threading.Event()
    ends(app, "/", steps, done)

    @app.middleware
    async def again(request: Request, call_next: Any) -> Any:
        first = await call_next(request)
        second = await call_next(request)
        assert first is not second and first.body() == second.body()
        return second

    assert asking(app)("GET", "/").status == 200
    assert done.wait(20)
    assert sorted(steps)[:2] == ["close", "close"] and "task" in steps


def test_misuse_is_a_500_that_says_what_to_do() -> None:
    app, other = App(), list[Request]()
    app.add_route("/", lambda: 1)

    @app.middleware
    async def misuses(request: Request, call_next: Any) -> Any:
        kind = request.query.get("kind")
        if kind == "nothing":
            await call_next(request)
            return None
        if kind == "request":
            return await call_next(other[0])
        if kind == "ellipsis":
            return Ellipsis
        other.append(request)
        return await call_next(request)

    client = TestClient(app)
    assert client.get("/").json() == 1
    for kind, says in (
        ("nothing", r"misuses\(\) of .*test_layer_calls.py:\d+ returned None; return what call_next\(\) gave"),
        ("request", r"call_next\(\) takes the request that the middleware was given"),
        ("ellipsis", "ellipsis is not JSON serializable"),
    ):
        with pytest.raises(Exception, match=says):
            client.get(f"/?kind={kind}")


def test_two_requests_wait_in_one_middleware(serve: Callable[..., live_server]) -> None:
    app, seen, both = App(), list[str](), asyncio.Event()

    @app.middleware
    async def meet(request: Request, call_next: Any) -> Any:
        if request.path == "/last":
            both.set()
        seen.append(request.path)
        await both.wait()
        response = await call_next(request)
        response.headers["x-path"] = request.path
        return response

    app.add_route("/{name}", lambda request, name, page=1: [name, page, request.path])
    server = serve(app)
    answers: dict[str, bytes] = {}
    waiting = [
        threading.Thread(target=lambda at=at: answers.update({at: _raw(server.port, f"/{at}?page={at}")}))
        for at in ("1", "2", "3")
    ]
    for thread in waiting:
        thread.start()
    assert _is(lambda: len(seen) == 3)
    last = _raw(server.port, "/last?page=0")
    for thread in waiting:
        thread.join(20)
    assert b"x-path: /last" in last
    for at in ("1", "2", "3"):
        assert f'["{at}",{at},"/{at}"]'.encode() in answers[at] and f"x-path: /{at}\r\n".encode() in answers[at]


def _raw(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as peer:
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: peer.recv(65536), b""))


@pytest.mark.parametrize("typed", [False, True])
def test_a_client_that_leaves_while_layers_wait(serve: Callable[..., live_server], typed: bool) -> None:
    app, told, ran = App(), threading.Event(), threading.Event()

    @app.middleware
    async def waits(request: Request, call_next: Any) -> Any:
        await request.disconnected()
        told.set()
        return await call_next(request)

    if typed:

        @app.post("/{id:int}")
        async def handler(id: int, res: Response, item: dict[str, int], page: int = 3) -> Any:
            if (id, item, page) == (7, {"a": 1}, 4):
                ran.set()

    else:

        @app.post("/{id:int}")
        async def plain(request: Request) -> Any:
            if request.params == {"id": 7} and request.json() == {"a": 1}:
                ran.set()

    server = serve(app)
    with socket.create_connection(("127.0.0.1", server.port), 20) as peer:
        head = b"POST /7?page=4 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
        peer.sendall(head + b'{"a":1}')
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert told.wait(20) and ran.wait(20)


def test_cancelled_when_the_client_leaves(serve: Callable[..., live_server]) -> None:
    app, started, cancelled = App(), threading.Event(), threading.Event()

    @app.middleware
    async def sees(request: Request, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    app.after(lambda request, response: cancelled.clear())

    @app.get("/", cancel_on_disconnect=True)
    async def endless() -> None:
        started.set()
        await asyncio.Event().wait()

    server = serve(app)
    with socket.create_connection(("127.0.0.1", server.port), 20) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert started.wait(20)
    assert cancelled.wait(20)


@pytest.mark.parametrize("waits", [False, True])
def test_on_a_loop_of_somebody_else(waits: bool) -> None:
    app, steps = App(), list[Any]()

    async def limited() -> AsyncIterator[None]:
        async with asyncio.timeout(60), asyncio.TaskGroup():
            task = asyncio.current_task()
            yield
        steps.append(asyncio.current_task() is task)

    @app.middleware
    async def around(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        await asyncio.sleep(0)
        steps.append("unwound")
        return response

    async def later(page: int) -> int:
        if waits:
            await asyncio.sleep(0)
        return page

    app.add_route("/def", lambda page=1: page, dependencies=[Depends(limited)], name="def")
    app.add_route("/async", later, dependencies=[Depends(limited)])

    async def main() -> None:
        async with AsyncTestClient(app) as client:
            assert (await client.get("/def?page=3")).json() == 3
            assert (await client.get("/async?page=4")).json() == 4
            assert (await client.get("/none")).status_code == 404

    asyncio.run(main())
    assert steps == ["unwound", True, "unwound", True, "unwound"]


def test_a_time_limit_ends_the_layers_too(asking: Asking) -> None:
    app, seen = App(), list[str]()

    @app.middleware
    async def sees(request: Request, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except BaseException as error:
            seen.append(type(error).__name__)
            raise

    @app.get("/", timeout=0.01)
    async def slow() -> None:
        await asyncio.Event().wait()

    assert asking(app)("GET", "/").status == 504 and seen == ["CancelledError"]


def test_the_body_of_a_streaming_route_is_left_to_its_handler(asking: Asking) -> None:
    app = App()
    app.middleware(_innermost)

    @app.post("/", stream_body=True)
    async def total(request: Request) -> Any:
        return sum([len(piece) async for piece in request.stream()])

    assert asking(app)("POST", "/", b"x" * 200_000).body == b"200000"
