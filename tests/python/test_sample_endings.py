"""What follows an answer comes in FastAPI's order: the tasks, then the dependencies that close behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest

from noria import App, BackgroundTasks, Depends, Response
from noria.testing import TestClient, live_server
from samples.endings import PATHS, Told, endings
from samples.exchange import uvicorn_server
from samples.kits import fastapi_kit, noria_kit

Endings = dict[str, tuple[int, list[str]]]


def asked(port: int | None, told: Told) -> Endings:
    assert port is not None
    found: Endings = {}
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for path in PATHS:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        found[path] = (answer.status, told.through())
    connection.close()
    return found


@pytest.fixture(scope="module")
def theirs() -> Iterator[Endings]:
    app, told = endings(fastapi_kit())
    with uvicorn_server(app) as port:
        yield asked(port, told)


def test_the_order_is_that_of_fastapi(serve: Callable[..., live_server], theirs: Endings) -> None:
    app, told = endings(noria_kit())
    ours = asked(serve(app).port, told)
    assert ours == theirs
    assert ours["/deep"] == (200, ["task of inner", "task of handler", "inner closed", "outer closed"])


def test_closing_waits_for_a_task_that_waits_and_comes_when_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    app, events = App(), []

    def database() -> Iterator[str]:
        events.append("open")
        yield "database"
        events.append("closed")

    async def fails() -> None:
        events.append("failing")
        raise ValueError("a task")

    def waits(used: str) -> None:  # in the pool
        events.append(f"{used} used")

    @app.get("/")
    def handler(tasks: BackgroundTasks, used: str = Depends(database)) -> str:
        tasks.add_task(fails)
        tasks.add_task(waits, used)
        return "sent"

    @app.get("/response")
    async def response(used: str = Depends(database)) -> Response:
        tasks = BackgroundTasks()
        tasks.add_task(waits, used)
        return Response("sent", background=tasks)

    client = TestClient(app)
    assert client.get("/").json() == "sent" and "background task fails()" in caplog.text
    assert events == ["open", "failing", "database used", "closed"]
    events.clear()
    assert client.get("/response").text == "sent" and events == ["open", "database used", "closed"]
