"""`App.enable_request_id()`: the id of a request in its answer, for its handler, and in the access log."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pelton import App, ConfigError, Request, StaticFilesConfig
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
ID = re.compile(r"[0-9a-f]{32}")


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"asgi"})


def application(folder: Path, **options: Any) -> App:
    app = App()
    (folder / "file.txt").write_text("file")
    app.enable_static_files(StaticFilesConfig(root=folder, prefix="/files"))
    kept: list[Request] = []

    @app.get("/")
    def home(request: Request) -> str | None:
        return request.request_id()

    @app.post("/late")
    async def late(request: Request) -> str | None:
        import asyncio

        await asyncio.sleep(0)
        return request.request_id()

    @app.get("/keep")
    def keep(request: Request) -> None:
        kept[:] = [request]

    @app.get("/kept")
    def told() -> str | None:
        return kept[0].request_id()

    app.mount("/asgi", asgi)
    app.enable_request_id(**options)
    return app


@pytest.mark.parametrize("version", ["h1", "h2"])
def test_every_answer_has_an_id_of_its_own(serve: Serve, tmp_path: Path, version: str) -> None:
    server = serve(application(tmp_path), h2c=True)
    seen = []
    with httpx.Client(base_url=server.url, http1=version == "h1", http2=version == "h2") as client:
        for path, status in (("/", 200), ("/files/file.txt", 200), ("/files/none", 404), ("/none", 404), ("/asgi/x", 200)):
            answer = client.get(path, headers={"X-Request-ID": "mine"})
            assert answer.status_code == status
            [found] = answer.headers.get_list("x-request-id")
            assert ID.fullmatch(found)
            seen.append(found)
            if path == "/":
                assert answer.json() == found
        answer = client.post("/late", content=b"x" * 100_000)
        assert answer.json() == answer.headers["x-request-id"]
        first = client.get("/keep").headers["x-request-id"]
        assert client.get("/kept").json() == first
    assert len({*seen}) == len(seen)


def test_an_id_that_is_trusted(serve: Serve, tmp_path: Path) -> None:
    server = serve(application(tmp_path, header="X-Trace", trust_incoming=True))
    with httpx.Client(base_url=server.url) as client:
        answer = client.get("/", headers={"X-Trace": "from-the-proxy"})
        assert answer.json() == answer.headers["x-trace"] == "from-the-proxy"
        for bad in ("a b", 'a"b', "x" * 129):
            assert ID.fullmatch(client.get("/", headers={"X-Trace": bad}).headers["x-trace"])


@pytest.mark.parametrize("version", ["h1", "h2"])
def test_a_request_for_another_host_has_an_id_of_its_own_too(serve: Serve, tmp_path: Path, version: str) -> None:
    server = serve(application(tmp_path), h2c=True, allowed_hosts=["127.0.0.1"])
    with httpx.Client(base_url=server.url, http1=version == "h1", http2=version == "h2") as client:
        before = client.get("/").headers["x-request-id"]
        answer = client.get("/", headers={"Host": "elsewhere.example"})
        assert answer.status_code == 421 and ID.fullmatch(answer.headers["x-request-id"])
        assert answer.headers["x-request-id"] != before


def test_in_the_access_log(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    log = tmp_path / "log"
    with live_server(application(tmp_path), access_log=str(log), access_log_format="{status} {request_id}") as server:
        answers = [httpx.get(f"{server.url}{path}") for path in ("/", "/none")]
    assert log.read_text().splitlines() == [f"{one.status_code} {one.headers['x-request-id']}" for one in answers]


def test_without_it_there_is_none(serve: Serve, tmp_path: Path) -> None:
    app = App()
    app.add_route("/", lambda request: request.request_id())
    with TestClient(app) as client:
        answer = client.get("/")
        assert answer.json() is None and "x-request-id" not in answer.headers


@pytest.mark.parametrize("header", ["", "a b", "a:b", 7])
def test_a_header_that_cannot_be(header: Any) -> None:
    with pytest.raises(ConfigError, match="enable_request_id"):
        App().enable_request_id(header)
