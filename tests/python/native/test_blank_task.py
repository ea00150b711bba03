"""The current task of a handler's first step is asyncio's, however it is first used."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import pelton.loop
from pelton import App
from pelton.testing import TestClient


def client_of(handler: Any) -> TestClient:
    app = App()
    app.add_route("/", handler)
    return TestClient(app)


def current() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


USES: dict[str, Callable[[asyncio.Task[Any]], Any]] = {
    "a method": lambda task: task.get_name().startswith("Task-"),
    "an attribute set": lambda task: setattr(task, "mine", 1) or task.mine == 1,  # type: ignore[attr-defined, func-returns-value]
    "repr": lambda task: repr(task).startswith("<Task pending name='Task-"),
    "its class": lambda task: issubclass(task.__class__, asyncio.Task) and type(task).__name__ == "Task",
    "isinstance": lambda task: isinstance(task, asyncio.Task) and type(task) is not asyncio.Future,
    "its loop": lambda task: task.get_loop() is asyncio.get_running_loop(),
    "its coroutine": lambda task: asyncio.iscoroutine(task.get_coro()),
    "all tasks": lambda task: asyncio.all_tasks() == {task},
    "a weak key": lambda task: weakref.WeakKeyDictionary({task: 1})[task] == 1,
    "another current one": lambda task: asyncio.current_task() is task,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("waits", [False, True])
def test_first_uses(use: str, waits: bool) -> None:
    async def handler() -> list[bool]:
        task = current()
        used = USES[use](task)
        if waits:
            await asyncio.sleep(0)
        return [bool(used), asyncio.current_task() is task]

    client = client_of(handler)
    for _ in range(3):
        assert client.get("/").json() == [True, True]


async def _timeout() -> str:
    async with asyncio.timeout(10) as limit:
        return "in time" if limit.when() is not None else ""


async def _late() -> str:
    try:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    except TimeoutError:
        return "late"
    return ""


async def _group() -> str:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.sleep(0, "grouped"))
    return task.result()


async def _gathered() -> str:
    return "".join(await asyncio.gather(asyncio.sleep(0, "a"), asyncio.sleep(0, "b")))


async def _waited() -> str:
    return await asyncio.wait_for(asyncio.sleep(0, "waited"), 10)


async def _anyio() -> str:
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0)
    return anyio.get_current_task().name and "anyio"


async def _moved_on() -> str:
    with anyio.move_on_after(0) as scope:
        await anyio.sleep_forever()
    return f"{scope.cancelled_caught}"


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (_timeout, "in time"),
        (_late, "late"),
        (_group, "grouped"),
        (_gathered, "ab"),
        (_waited, "waited"),
        (_anyio, "anyio"),
        (_moved_on, "True"),
    ],
)
def test_what_asks_for_the_current_task(handler: Any, said: str) -> None:
    client = client_of(handler)
    assert [client.get("/").json() for _ in range(3)] == [said] * 3


def test_a_task_that_is_kept_is_of_one_request() -> None:
    kept: list[Any] = []
    ways: list[Callable[[Any], Any]] = [lambda task: task, weakref.ref, lambda task: weakref.ref(task, lambda _: None)]

    async def handler() -> int:
        kept.append(ways[len(kept) % len(ways)](asyncio.current_task()))
        return 1

    client = client_of(handler)
    for _ in range(3):
        assert client.get("/").json() == 1
    tasks = [one for one in kept if isinstance(one, asyncio.Task)]
    assert len(tasks) == 1
    client.run(asyncio.sleep(0))
    assert tasks[0].done() and not tasks[0].cancelled() and tasks[0].get_name() not in ("", None)
    gc.collect()
    assert [one() for one in kept[1:]] == [None, None]


def test_a_done_callback_and_a_cancellation_hold_for_their_request_alone() -> None:
    ended: list[bool] = []

    async def handler(how: str) -> str:
        task = current()
        if how == "callback":
            task.add_done_callback(lambda done: ended.append(done.cancelled()))
        elif how == "cancelled":
            task.cancel()
        else:
            ended.append(bool(task.cancelling()))
        return how

    client = client_of(handler)
    for _ in range(2):
        assert client.get("/?how=callback").json() == "callback"
        assert client.get("/?how=cancelled").status_code == 200
        assert client.get("/?how=asked").json() == "asked"
    client.run(asyncio.sleep(0))
    assert ended == [False, False] * 2


def test_an_exception_of_the_first_step_stays_itself() -> None:
    app = App()

    @app.get("/")
    async def fails(asks: bool = False) -> None:
        if asks:
            asyncio.current_task()
        raise LookupError("gone")

    @app.exception_handler(LookupError)
    def handle(request: Any, error: LookupError) -> Any:
        return {"was": str(error), "raised in": error.__traceback__ is not None}, 410

    client = TestClient(app)
    for query in ("", "?asks=true"):
        answer = client.get(f"/{query}")
        assert (answer.status_code, answer.json()) == (410, {"was": "gone", "raised in": True})


def test_no_task_is_current_outside_of_handlers() -> None:
    async def coroutine() -> bool:
        return asyncio.current_task() is not None

    app = App()
    app.add_route("/async", coroutine)
    app.add_route("/sync", lambda: asyncio.current_task() is None)
    client = TestClient(app)
    for _ in range(2):
        assert client.get("/async").json() is True
        assert client.get("/sync").json() is True


def test_nothing_is_left_of_a_loop() -> None:
    async def handler() -> int:
        return 1

    def serve() -> None:
        client = client_of(handler)
        with client:
            assert client.get("/").json() == 1

    def alive() -> int:
        gc.collect()
        return sum(isinstance(one, pelton.loop.Loop) for one in gc.get_objects())

    serve()
    before, blocks = alive(), sys.getallocatedblocks()
    for _ in range(20):
        serve()
    assert alive() <= before
    assert sys.getallocatedblocks() - blocks < 2000
