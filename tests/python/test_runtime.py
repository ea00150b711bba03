"""What goes on beside requests: pools, background tasks, spawned tasks, the stop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from urllib.request import urlopen

import pytest

from noria import App, BackgroundTasks, HandlerSignatureError, RegistrationError
from noria.testing import TestClient, live_server


def test_blocking_handlers_run_on_other_threads() -> None:
    app = App()
    app.blocking_pool("pdf", threads=1, queue=4)
    app.add_route("/default", lambda: threading.current_thread().name, blocking=True)
    app.add_route("/named/{n}", lambda n: [n, threading.current_thread().name], blocking="pdf")
    app.add_route("/inline", lambda: threading.current_thread() is threading.main_thread())
    client = TestClient(app)
    assert client.get("/default").json().startswith("noria-default")
    assert client.get("/named/7").json() == ["7", "noria-pdf-0"]
    assert client.get("/inline").json() is True


def test_a_full_pool_is_a_503() -> None:
    app, free = App(), threading.Event()
    app.blocking_pool("one", threads=1, queue=0)
    running = threading.Event()

    @app.get("/", blocking="one")
    def handler() -> str:
        running.set()
        assert free.wait(10)
        return "done"

    with live_server(app) as server:
        answers: list[bytes] = []
        first = threading.Thread(target=lambda: answers.append(urlopen(server.url).read()))
        first.start()
        assert running.wait(10)
        with pytest.raises(Exception, match="503") as refused:
            urlopen(server.url)
        assert refused.value.headers["retry-after"] == "1"  # type: ignore[attr-defined]
        free.set()
        first.join()
        assert answers == [b'"done"']


def test_unknown_pools_are_refused_at_the_freeze() -> None:
    app = App()
    app.add_route("/", lambda: 1, blocking="pfd")
    app.blocking_pool("pdf", threads=1, queue=1)
    with pytest.raises(RegistrationError, match="did you mean 'pdf'"):
        TestClient(app).get("/")
    with pytest.raises(RegistrationError, match="already"):
        app.blocking_pool("pdf", threads=1, queue=1)
    assert not issubclass(HandlerSignatureError, ValueError)


def test_background_tasks_are_awaited_at_the_stop() -> None:
    app, log = App(), []

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> str:
        tasks.add_task(slow)
        return "ok"

    async def slow() -> None:
        await app.stopping.wait()
        log.append("done")

    with live_server(app) as server:
        assert urlopen(server.url).read() == b'"ok"' and log == []
    assert log == ["done"]


def test_spawned_tasks_are_cancelled_at_the_stop_and_their_failures_logged(caplog: Any) -> None:
    app, log = App(), []

    @app.get("/")
    async def handler() -> str:
        app.spawn(forever(), name="forever")
        app.spawn(fails())
        await asyncio.sleep(0)
        return "ok"

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")

    async def fails() -> None:
        raise LookupError("spawned")

    with live_server(app) as server:
        assert urlopen(server.url).read() == b'"ok"'
    assert log == ["cancelled"] and "LookupError: spawned" in caplog.text
    made = forever()
    with pytest.raises(RuntimeError, match="being served"):
        app.spawn(made)


def test_stopping_is_told() -> None:
    app, log = App(), []

    @app.on_startup
    def watch() -> None:
        app.spawn(wait())

    async def wait() -> None:
        await app.stopping.wait()
        log.append(app.stopping.is_set())

    with live_server(app):
        assert not app.stopping.is_set()
    assert log == [True]


def test_who_no_longer_waits_for_the_stop_leaves_nothing_behind() -> None:
    app, waiting = App(), []

    @app.on_startup
    async def watch() -> None:
        assert app._runtime is not None
        waits = asyncio.ensure_future(app.stopping.wait())
        for _ in range(2):
            await asyncio.sleep(0)
            waiting.append(len(app._runtime._stop_waiters))
            waits.cancel()

    with live_server(app):
        assert waiting == [1, 0]
