"""Coroutine handlers: a first step at once, and nothing that tells it from a task's."""

from __future__ import annotations

import asyncio
import contextvars
import json
import sys
from typing import Any
from urllib.request import urlopen

import pytest
from decorators import awaiting, passing, running

from pelton import App, BackgroundTasks, HTTPError, Request, Response
from pelton.testing import TestClient, live_server

ENGINES = ("epoll", "uring")


def client_of(handler: Any, **options: Any) -> TestClient:
    app = App()
    app.add_route("/", handler, ("GET", "POST"), **options)
    return TestClient(app, raise_server_exceptions=False)


def test_a_handler_that_never_waits_and_one_that_does() -> None:
    async def at_once(request: Request) -> dict[str, str]:
        return {"path": request.path}

    async def later(request: Request) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"path": request.path}

    for handler in (at_once, later):
        assert client_of(handler).get("/").json() == {"path": "/"}


async def _current() -> Any:
    task = asyncio.current_task()
    return [isinstance(task, asyncio.Task), task in asyncio.all_tasks(), task.get_coro().cr_code.co_name]


async def _current_after_a_wait() -> Any:
    before = asyncio.current_task()
    await asyncio.sleep(0)
    return [before is asyncio.current_task(), *(await _current())]


def test_it_is_a_task_from_its_first_line() -> None:
    assert client_of(_current).get("/").json() == [True, True, "_current"]
    assert client_of(_current_after_a_wait).get("/").json() == [True, True, True, "_current_after_a_wait"]


async def _structured() -> Any:
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.sleep(0, n)) for n in range(3)]
    shielded = await asyncio.shield(asyncio.sleep(0, "shield"))
    waited = await asyncio.wait_for(asyncio.sleep(0, "wait_for"), 5)
    try:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    except TimeoutError:
        return [[task.result() for task in tasks], shielded, waited, "timeout"]


async def _failing_group() -> Any:
    async def fail() -> None:
        raise LookupError

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await asyncio.Event().wait()
    except* LookupError:
        pass
    return "group"


async def _cancels_itself() -> Any:
    asyncio.current_task().cancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        return [asyncio.current_task().uncancel(), "went on"]


async def _cancels_itself_around_a_future() -> Any:
    future = asyncio.get_running_loop().create_future()
    asyncio.current_task().cancel()
    try:
        await future
    except asyncio.CancelledError:
        return [future.cancelled()]


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (_structured, [[0, 1, 2], "shield", "wait_for", "timeout"]),
        (_failing_group, "group"),
        (_cancels_itself, [0, "went on"]),
        (_cancels_itself_around_a_future, [True]),
    ],
)
def test_structured_concurrency(handler: Any, result: Any) -> None:
    assert client_of(handler).get("/").json() == result


def test_each_request_has_a_context_of_its_own() -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="none")
    app = App()

    async def at_once() -> str:
        before = var.get()
        var.set("at once")
        return before

    async def later() -> list[str]:
        before = var.get()
        var.set("later")
        await asyncio.sleep(0)
        return [before, var.get(), await asyncio.create_task(inner())]

    async def inner() -> str:
        return var.get()

    def plain() -> str:
        before = var.get()
        var.set("plain")
        return before

    for handler in (at_once, later, plain):
        app.add_route(f"/{handler.__name__}", handler)
    client = TestClient(app)
    for _ in range(3):
        assert client.get("/at_once").json() == "none" and client.get("/plain").json() == "none"
        assert client.get("/later").json() == ["none", "later", "later"]


@pytest.mark.parametrize("waits", [False, True])
def test_errors_are_answered(waits: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def fails(request: Request) -> Any:
        if waits:
            await asyncio.sleep(0)
        raise {"a": HTTPError(418, "tea"), "b": ZeroDivisionError("x")}[request.query["e"]]

    client = client_of(fails)
    assert (client.get("/?e=a").status_code, client.get("/?e=a").json()) == (418, {"detail": "tea"})
    assert client.get("/?e=b").status_code == 500 and client.get("/?e=c").status_code == 500
    assert caplog.text.count("ZeroDivisionError: x") == 1


def test_error_handlers_may_wait() -> None:
    app = App()

    @app.get("/")
    async def fails() -> None:
        raise LookupError("gone")

    @app.get("/plain")
    def fails_too() -> None:
        raise LookupError("plain")

    @app.exception_handler(LookupError)
    async def handle(request: Request, error: LookupError) -> Any:
        await asyncio.sleep(0)
        return {"was": str(error)}, 410

    @app.exception_handler(404)
    async def missing(request: Request, error: HTTPError) -> Any:
        await asyncio.sleep(0)
        return Response.text("nothing", 404)

    client = TestClient(app)
    assert (client.get("/").status_code, client.get("/").json()) == (410, {"was": "gone"})
    assert client.get("/plain").json() == {"was": "plain"}
    assert client.get("/none").text == "nothing"


@pytest.mark.parametrize("waits", [False, True])
def test_side_channel_and_background(waits: bool) -> None:
    log: list[str] = []

    async def handler(request: Request, res: Response, tasks: BackgroundTasks) -> dict[str, int]:
        res.set_header("x-a", "b")
        tasks.add_task(log.append, "ran")
        if waits:
            await asyncio.sleep(0)
        return {"n": 1}

    answer = client_of(handler).get("/")
    assert answer.headers["x-a"] == "b" and answer.json() == {"n": 1} and log == ["ran"]


def test_a_def_may_return_an_awaitable_and_make_tasks() -> None:
    async def inner() -> list[str]:
        await asyncio.sleep(0)
        return ["inner"]

    made: list[asyncio.Task[Any]] = []

    def starts() -> str:
        made.append(asyncio.get_running_loop().create_task(inner()))
        return "started"

    assert client_of(lambda: inner()).get("/").json() == ["inner"]
    client = client_of(starts)
    assert client.get("/").json() == "started"
    assert client.run(made[0]) == ["inner"]  # it is the loop's, not the request's: nobody waited for it


def test_time_limits() -> None:
    seen: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            seen.append("finally")

    assert client_of(slow, timeout=0.01).get("/").status_code == 504
    assert seen == ["cancelled", "finally"]


def test_a_streamed_body() -> None:
    async def count(request: Request) -> list[int]:
        sizes = [len(piece) async for piece in request.stream()]
        assert all(0 < size <= 65536 for size in sizes)
        return [sum(sizes)]

    async def whole(request: Request) -> Any:
        with pytest.raises(RuntimeError, match="body_async"):
            request.body()
        return [len(await request.body_async()), len(await request.text_async())]

    async def twice(request: Request) -> Any:
        async for _ in request.stream():
            pass
        with pytest.raises(RuntimeError, match="already"):
            async for _ in request.stream():
                pass
        return "once"

    async def decoded(request: Request) -> Any:
        return await request.json_async()

    body = b"x" * 300_000
    assert client_of(count, stream_body=True).post("/", content=body).json() == [300_000]
    assert client_of(count).post("/", content=body).json() == [300_000]
    assert client_of(whole, stream_body=True).post("/", content=body).json() == [300_000, 300_000]
    assert client_of(twice, stream_body=True).post("/", content=body).json() == "once"
    for streams in (True, False):
        assert client_of(decoded, stream_body=streams).post("/", json=[1, 2]).json() == [1, 2]
        assert client_of(decoded, stream_body=streams).post("/", content=b"{").status_code == 400


@pytest.mark.parametrize("engine", ENGINES)
def test_over_the_wire(engine: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    app = App()

    @app.get("/{n:int}")
    async def handler(n: int) -> list[int]:
        for _ in range(n % 4):
            await asyncio.sleep(0)
        return [n]

    @app.get("/rows")
    async def rows() -> Any:
        for n in range(1000):
            yield {"n": n}
            if n % 100 == 0:
                await asyncio.sleep(0)

    try:
        with live_server(app, engine=engine) as server, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: urlopen(f"{server.url}/{n}").read(), range(300)))
            assert answers == [b"[%d]" % n for n in range(300)]
            assert urlopen(f"{server.url}/rows").read() == b"".join(b'{"n":%d}\n' % n for n in range(1000))
    except Exception as error:
        if engine == "uring" and "cannot start" in str(error):
            pytest.skip(str(error))
        raise


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are of 3.12")
def test_eager_tasks() -> None:
    async def handler() -> Any:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        try:
            before = asyncio.current_task()
            inner = await asyncio.create_task(_current())
            return [before is asyncio.current_task(), inner[0]]
        finally:
            loop.set_task_factory(None)

    assert client_of(handler).get("/").json() == [True, True]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are of 3.12")
def test_eager_tasks_know_who_they_are_and_whose(serve: Any) -> None:
    if sys.version_info < (3, 12):
        return
    app = App()
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")

    async def child(name: str, waits: bool, seen: list[Any], parent: Any) -> str:
        task = asyncio.current_task()
        seen.append((name, task not in (None, parent), {task, parent} <= asyncio.all_tasks(), who.get()))
        who.set(name)
        if waits:
            await asyncio.sleep(0)
            seen.append((name, asyncio.current_task() is task, who.get()))
        return name

    @app.on_event("startup")
    async def eagerly() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

    @app.get("/{name}")
    async def parent(name: str) -> Any:
        seen: list[Any] = []
        who.set(name)
        mine = asyncio.current_task()
        quick = asyncio.create_task(child("quick", False, seen, mine))
        slow = asyncio.create_task(child("slow", True, seen, mine))
        at_once = [quick.done(), slow.done(), len(seen)]  # both have begun, before anything was awaited
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            grouped = group.create_task(child("grouped", True, seen, mine))
            gathered = await asyncio.gather(quick, slow)
        return [at_once, gathered, grouped.result(), seen, who.get(), mine is asyncio.current_task()]

    server = serve(app)
    for _ in range(3):
        with urlopen(f"{server.url}/a") as answer:
            at_once, gathered, grouped, seen, left, same = json.loads(answer.read())
        assert at_once == [True, False, 2] and gathered == ["quick", "slow"] and grouped == "grouped"
        assert [left, same] == ["a", True]
        assert seen[:3] == [[name, True, True, "a"] for name in ("quick", "slow", "grouped")]
        assert sorted(seen[3:]) == [["grouped", True, "grouped"], ["slow", True, "slow"]]


@pytest.mark.parametrize("around", [awaiting, passing, running])
def test_the_side_channel_of_a_decorated_handler(around: Any) -> None:
    def made(response: Response) -> str:
        response.status = 201
        return "made"

    answer = client_of(around(awaiting(made) if around is running else made)).get("/")
    assert (answer.status_code, answer.json()) == (201, "made")
