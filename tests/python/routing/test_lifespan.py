"""Start-up in order, the end reversed; a failure undoes what had started and ends with exit code 3."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, RegistrationError, StartupError
from pelton.testing import live_server


def test_order() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[dict[str, str]]:
        steps.append("up")
        yield {"pool": "P"}
        steps.append("down")

    app = App(lifespan=lifespan)

    @app.on_startup
    async def first() -> None:
        steps.append("first")

    @app.on_event("startup")
    def second() -> None:
        steps.append("second")

    app.on_shutdown(lambda: steps.append("end"))
    app.add_route("/", lambda: app.state.pool)
    with live_server(app) as server:
        assert urlopen(server.url).read() == b'"P"'
        assert steps == ["up", "first", "second"]
    assert steps == ["up", "first", "second", "end", "down"]


def test_a_failure_undoes_what_had_started() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        try:
            yield
        finally:
            steps.append("down")

    app = App(lifespan=lifespan)

    @app.on_startup
    def fails() -> None:
        raise LookupError("no pool")

    with pytest.raises(StartupError, match="LookupError: no pool"):
        with live_server(app):
            pass
    assert steps == ["down"]


def test_exit_code_3() -> None:
    program = "from pelton import App\napp = App()\n@app.on_startup\ndef fails(): raise LookupError('no pool')\napp.run(port=0)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 3 and "cannot start: the application did not start: LookupError: no pool" in ended.stderr


def test_what_is_no_lifespan_or_event() -> None:
    with pytest.raises(TypeError, match="asynccontextmanager"):
        App(lifespan=3)  # type: ignore[arg-type]
    app: Any = App()
    with pytest.raises(RegistrationError, match="no event 'begin'"):
        app.on_event("begin")(lambda: None)


def test_a_lifespan_without_its_decorator_says_so() -> None:
    async def lifespan(app: App) -> AsyncIterator[None]:
        yield

    async def returns(app: App) -> None: ...

    for bare in (lifespan, returns):
        with pytest.raises(StartupError, match=rf"{bare.__name__}\(\) of .*test_lifespan.py:\d+ gave .*@asynccontextmanager"):
            with live_server(App(lifespan=bare)):
                pass
