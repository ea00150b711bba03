"""A first step without a task, and the task it becomes when somebody could tell."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from typing import Any

import pytest

from pelton import App, Request, Response
from pelton.testing import TestClient


async def _at_once() -> int:
    return 1


async def _waits() -> int:
    await asyncio.sleep(0)
    return 1


async def _asks() -> int:
    asyncio.current_task()
    return 1


async def _asks_for_all() -> bool:
    return len(asyncio.all_tasks()) == 1


def test_all_tasks_knows_of_it() -> None:
    app = App()
    app.add_route("/", _asks_for_all)
    assert TestClient(app).get("/").json() is True


@pytest.mark.parametrize("handler", [_at_once, _waits, _asks])
def test_nothing_is_left_behind(handler: Any) -> None:
    app = App()
    app.add_route("/", handler)
    client = TestClient(app)

    def burst() -> int:
        for _ in range(300):
            assert client.get("/").status_code == 200
        gc.collect()
        return sys.getallocatedblocks()

    burst()
    first = burst()
    assert all(abs(burst() - first) < 60 for _ in range(3))
    assert not [task for task in gc.get_objects() if isinstance(task, asyncio.Task) and not task.done()]


FAILING_TASKS = """
import asyncio
import sys

sys.path[:0] = sys.argv[1:]
fails = []


class Failing(asyncio.Task):
    def __init__(self, *args, **options):
        if fails:
            raise MemoryError("no room for a task")
        super().__init__(*args, **options)


asyncio.Task = Failing

from pelton import App
from pelton.testing import live_server
from wire import Peer

app = App()


async def waits():
    await asyncio.sleep(0)
    return "waits"


async def asks():
    try:
        asyncio.current_task()
    except MemoryError:
        return "asks"
    return "asks"


async def asks_and_waits():
    await asks()
    return await waits()


def promises():
    return waits()


def streams():
    yield "streams"


async def streams_async():
    yield "streams"


for handler in (waits, asks, asks_and_waits, promises, streams, streams_async):
    app.add_route("/" + handler.__name__, handler)


def ask(server, path):
    with Peer(server.port) as peer:
        peer.send(b"GET /%s HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n" % path.encode())
        return int(peer.rest().split()[1])


with live_server(app) as server:
    for path in ("waits", "asks", "asks_and_waits", "promises", "streams", "streams_async"):
        fails.append(path)
        statuses = [ask(server, path) for _ in range(2)]
        fails.clear()
        print(path, *statuses, ask(server, path), flush=True)
"""


def test_a_task_that_cannot_be_made_is_a_500(engine: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FAILING_TASKS, *sys.path],
        capture_output=True,
        text=True,
        env={**os.environ, "PELTON_ENGINE": engine},
        timeout=60,
    )
    assert ended.stdout.splitlines() == [
        "waits 500 500 200",
        "asks 200 200 200",
        "asks_and_waits 500 500 200",
        "promises 500 500 200",
        "streams 500 500 200",
        "streams_async 500 500 200",
    ], ended.stderr
    assert ended.returncode == 0


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("waits", [0, 1])
@pytest.mark.parametrize("takes", [False, True])
def test_an_exception_handler_is_given_the_request_of_the_handler(asks: bool, waits: int, takes: bool) -> None:
    app, seen = App(), list[bool]()

    def note(request: Request) -> None:
        request.state.mark = "mark"
        request.context["mark"] = "mark"
        if asks:
            asyncio.current_task()

    async def with_request(request: Request) -> None:
        note(request)
        for _ in range(waits):
            await asyncio.sleep(0)
        raise LookupError

    async def with_more(request: Request, n: int) -> None:
        await with_request(request)

    @app.exception_handler(LookupError)
    def failed(request: Request, error: LookupError) -> Response:
        seen.append(request.state.mark == request.context["mark"] == "mark")
        return Response.text("failed", status=418)

    app.add_route("/{n:int}", with_more if takes else with_request)
    assert TestClient(app, raise_server_exceptions=False).get("/1").status_code == 418
    assert seen == [True]
