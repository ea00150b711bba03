"""What goes on beside requests: pools, background tasks, spawned tasks, the stop."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, BackgroundTasks, HandlerSignatureError, RegistrationError
from pelton.testing import TestClient, live_server


def test_blocking_handlers_run_on_other_threads() -> None:
    app = App()
    app.blocking_pool("pdf", threads=1, queue=4)
    app.add_route("/default", lambda: threading.current_thread().name, blocking=True)
    app.add_route("/named/{n}", lambda n: [n, threading.current_thread().name], blocking="pdf")
    app.add_route("/inline", lambda: threading.current_thread() is threading.main_thread())
    client = TestClient(app)
    assert client.get("/default").json().startswith("pelton-default")
    assert client.get("/named/7").json() == ["7", "pelton-pdf-0"]
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


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt])
def test_PRC_017_an_exit_of_a_task_while_background_tasks_are_awaited_skips_nothing(leaving: type[BaseException]) -> None:
    app, log = App(), []
    app.blocking_pool("left", threads=1, queue=1)
    app.add_route("/", lambda: "ok", blocking="left")
    app.on_startup(lambda: app.spawn(leave()) and None)
    app.on_shutdown(lambda: log.append("shutdown"))

    async def leave() -> None:
        await app.stopping.wait()
        raise leaving(9)

    with pytest.raises(leaving, match="9"), TestClient(app) as client:
        assert client.get("/").json() == "ok"
        assert any(thread.name == "pelton-left-0" for thread in threading.enumerate())
    assert log == ["shutdown"]
    assert not any(thread.name == "pelton-left-0" for thread in threading.enumerate())


def test_PRC_017_an_exit_of_a_task_does_not_cut_the_shutdown_short() -> None:
    app, log = App(), []

    async def leave() -> None:
        raise SystemExit(9)

    @app.on_shutdown
    async def shutdown() -> None:
        await asyncio.wait([app.spawn(leave())])
        log.append("ended")

    with pytest.raises(SystemExit, match="9"), TestClient(app):
        pass
    assert log == ["ended"]


INTERRUPTED_TWICE = """
import asyncio
from pelton import App
from pelton.testing import TestClient

app = App()

async def interrupt():
    raise KeyboardInterrupt

@app.on_shutdown
async def shutdown():
    app.spawn(interrupt())
    app.spawn(interrupt())
    await asyncio.Event().wait()

with TestClient(app):
    pass
"""


def test_PRC_001_a_second_interrupt_waits_for_no_shutdown() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_TWICE], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGINT
    assert "shutdown did not end" not in done.stderr


def test_what_the_shutdown_raises_leaves_no_task_and_no_thread() -> None:
    app, log = App(), []
    app.blocking_pool("behind", threads=1, queue=1)
    app.add_route("/", lambda: "ok", blocking="behind")

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")

    @app.on_shutdown
    async def shutdown() -> None:
        app.spawn(forever())
        await asyncio.sleep(0)
        raise LookupError("shutdown")

    with pytest.raises(LookupError, match="shutdown"), TestClient(app) as client:
        assert client.get("/").json() == "ok"
    assert log == ["cancelled"]
    assert not any(thread.name == "pelton-behind-0" for thread in threading.enumerate())


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
        assert app._parts.service.runtime is not None
        waits = asyncio.ensure_future(app.stopping.wait())
        for _ in range(2):
            await asyncio.sleep(0)
            waiting.append(len(app._parts.service.runtime._stop_waiters))
            waits.cancel()

    with live_server(app):
        assert waiting == [1, 0]
