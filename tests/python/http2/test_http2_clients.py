"""HTTP/2 with the clients that people have: curl, nghttp, httpx and Chromium."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from authorities import Authority, Pair
from chromium import FLAGS, browser
from pelton import App, Request, Response, SseEvent, StaticFilesConfig
from pelton.testing import live_server

Serve = Callable[..., live_server]
RESOURCES = 200
LARGE_MIB = int(os.environ.get("PELTON_UPLOAD_MIB", "64"))  # 1024 in a long run


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture
def site(tmp_path: Path) -> App:
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(RESOURCES):
        (folder / f"{number}.js").write_text(f"window.came = (window.came || 0) + 1; // {number}\n" * 2)
    (folder / "large").write_bytes(os.urandom(1 << 20) * LARGE_MIB)
    app = App()
    app.enable_static_files(StaticFilesConfig(root=folder, prefix="/site"))

    @app.get("/", media_type="text/html")
    def page() -> str:
        return "<!doctype html>" + "".join(f'<script src="/site/{number}.js"></script>' for number in range(RESOURCES))

    @app.get("/version")
    def version(request: Request) -> dict[str, str]:
        return {"version": request.http_version, "scheme": request.scheme}

    @app.post("/sum", stream_body=True, max_body="2GiB")
    async def sum_of(request: Request) -> str:
        digest = hashlib.sha256()
        async for piece in request.stream():
            digest.update(piece)
        return digest.hexdigest()

    @app.post("/held", max_body="2GiB")
    def held(request: Request) -> str:
        return hashlib.sha256(request.body()).hexdigest()

    @app.get("/ticks")
    async def ticks():  # type: ignore[no-untyped-def]
        for number in range(3):
            await asyncio.sleep(0)
            yield SseEvent({"tick": number})

    @app.get("/slow")
    async def slow() -> Response:
        await asyncio.sleep(0)
        return Response.json({"slow": True})

    return app


def curl(*arguments: str | Path) -> bytes:
    done = subprocess.run(["curl", "-sS", "--fail-with-body", "--max-time", "120", *arguments], capture_output=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_by_ALPN(serve: Serve, site: App, authority: Authority, pair: Pair) -> None:
    secure = serve(site, ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    url = f"https://localhost:{secure.port}/version"
    assert json.loads(curl("--cacert", authority.path, url)) == {"version": "2", "scheme": "https"}
    assert json.loads(curl("--cacert", authority.path, "--http1.1", url)) == {"version": "1.1", "scheme": "https"}


def test_curl_by_prior_knowledge(serve: Serve, site: App) -> None:
    plain = serve(site, h2c=True)
    url = f"http://localhost:{plain.port}/version"
    assert json.loads(curl("--http2-prior-knowledge", url)) == {"version": "2", "scheme": "http"}
    assert json.loads(curl("--http2", url)) == {"version": "1.1", "scheme": "http"}  # the upgrade is not taken


@pytest.mark.parametrize("path", ["/sum", "/held"])
def test_curl_takes_and_sends_much(serve: Serve, site: App, authority: Authority, pair: Pair, tmp_path: Path, path: str) -> None:
    server = serve(site, ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    url = f"https://localhost:{server.port}"
    large = (tmp_path / "site/large").read_bytes()
    assert curl("--cacert", authority.path, f"{url}/site/large") == large
    upload = ("--cacert", authority.path, "-H", "Expect:", "--data-binary", f"@{tmp_path / 'site/large'}")
    assert json.loads(curl(*upload, url + path)) == hashlib.sha256(large).hexdigest()


def test_curl_waits_for_a_100(serve: Serve, site: App, authority: Authority, pair: Pair) -> None:
    server = serve(site, ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    for path in ("/sum", "/held"):
        answer = curl("--cacert", authority.path, "-H", "Expect: 100-continue", "--expect100-timeout", "60", "-d", "x", f"https://localhost:{server.port}{path}")
        assert json.loads(answer) == hashlib.sha256(b"x").hexdigest()


def test_nghttp_fetches_the_page_and_all_that_is_in_it(serve: Serve, site: App) -> None:
    server = serve(site, h2c=True)
    done = subprocess.run(["nghttp", "-ans", f"http://localhost:{server.port}/"], capture_output=True, text=True, timeout=60, check=True)
    found = re.findall(r" (\d{3}) +\S+ (/\S*)", done.stdout)
    assert len(found) == RESOURCES + 1 and {status for status, _ in found} == {"200"}


def test_httpx_with_many_requests_at_once(serve: Serve, site: App, authority: Authority, pair: Pair) -> None:
    server = serve(site, ssl_certfile=pair.certificate, ssl_keyfile=pair.key)

    async def ask() -> set[tuple[int, str]]:
        async with httpx.AsyncClient(http2=True, verify=authority.client(), limits=httpx.Limits(max_connections=1)) as client:
            answers = await asyncio.gather(*(client.get(f"https://localhost:{server.port}/{'slow' if n % 2 else 'version'}") for n in range(300)))
        return {(answer.status_code, answer.http_version) for answer in answers}

    assert asyncio.run(ask()) == {(200, "HTTP/2")}


def test_server_sent_events(serve: Serve, site: App, authority: Authority, pair: Pair) -> None:
    server = serve(site, ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    seen = curl("--cacert", authority.path, "-N", f"https://localhost:{server.port}/ticks").decode()
    assert [json.loads(line[6:]) for line in seen.splitlines() if line.startswith("data: ")] == [{"tick": number} for number in range(3)]


def test_Chromium_loads_a_page_with_many_parts(serve: Serve, site: App, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chromium.FLAGS", [*FLAGS, "--ignore-certificate-errors"])
    server = serve(site, ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    with browser() as chromium, chromium.page(f"https://localhost:{server.port}/") as page:
        assert page.value("window.came") == 2 * RESOURCES
        scripts = "performance.getEntriesByType('resource').filter((one) => one.initiatorType === 'script')"
        protocols = page.value(f"{scripts}.map((one) => one.nextHopProtocol)")
        assert len(protocols) == RESOURCES and set(protocols) == {"h2"}
