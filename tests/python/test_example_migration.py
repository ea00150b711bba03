"""examples/migration: what ran on FastAPI gives the same answers on pelton; examples/tested tests itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from applications import FOLDER, client_to, loaded
from pelton.testing import live_server

pytest.importorskip("fastapi")
uvicorn: Any = pytest.importorskip("uvicorn")

BOOK = {"title": "Emma", "pages": 474}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/books", {}),
    ("GET", "/books?q=du&limit=1", {}),
    ("GET", "/books?limit=0", {}),
    ("GET", "/books?limit=x", {}),
    ("GET", "/books/1", {}),
    ("GET", "/books/x", {}),
    ("GET", "/books/7", {}),
    ("GET", "/books/13", {}),
    ("POST", "/books", {"json": BOOK}),
    ("POST", "/books", {"json": BOOK, "headers": {"x-reader": "ada"}}),
    ("POST", "/books", {"json": {"title": "", "pages": 0}, "headers": {"x-reader": "ada"}}),
    ("GET", "/greeting", {"headers": {"cookie": "visits=2"}}),
    ("GET", "/greeting", {"headers": {"cookie": "visits=many"}}),
    ("GET", "/old-books", {}),
    ("GET", "/titles", {}),
    ("GET", "/nowhere", {}),
    ("DELETE", "/books", {}),
]
KEPT = ("content-type", "location")


def answers(url: str) -> list[Any]:
    with client_to(url) as client:
        got = [client.request(method, path, **options) for method, path, options in REQUESTS]
        return [(one.status_code, one.text, {name: one.headers.get(name) for name in KEPT}) for one in got]


@pytest.fixture
def before() -> Iterator[tuple[str, list[str]]]:
    module = loaded("migration/before")
    ready = threading.Event()

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            ready.set()

    server = Server(uvicorn.Config(module.app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert ready.wait(60)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", module.log
    server.should_exit = True
    thread.join(60)


def test_the_same_answers(before: tuple[str, list[str]], engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    after = loaded("migration/after")
    wanted = answers(before[0])
    with live_server(after.app) as server:  # its end waits for the tasks, which no answer does
        got = answers(server.url)
    for request, one, other in zip(REQUESTS, wanted, got, strict=True):
        assert one == other, request
    # There tasks run before dependencies close, here behind them.
    assert "ada added 2" in after.log and sorted(before[1]) == sorted(after.log)


def test_little_has_changed() -> None:
    old, new = ((FOLDER / "migration" / name).read_text().splitlines() for name in ("before.py", "after.py"))
    assert len(set(new) - set(old)) <= 12


def test_the_tested_application(engine: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "-c", os.devnull, "."],
        cwd=FOLDER / "tested",
        env={**os.environ, "PELTON_ENGINE": engine},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0 and "6 passed" in done.stdout, done.stdout + done.stderr
