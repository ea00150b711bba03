"""What the guide says beside Python is true: its commands work, its nginx serves, its settings exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

from chromium import browser
from guide import FOLDER, ROOT, Page, pages
from pelton import App, Request, Response, SseEvent, WebSocket
from pelton.config.setting_files import read_file
from pelton.config.settings import SETTINGS
from pelton.testing import live_server
from proxies import START_S
from services import free_port, unsanitized

BIN = Path(sys.executable).parent
WITH_COMMANDS = [page for page in pages() if page.blocks("sh")]


class Shell:
    """Runs the lines of a page; what serves goes on until the page ends."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder
        self.ports = {port: free_port() for port in (8000, 8001)}
        self.environment = {**os.environ, "PELTON_ENGINE": engine, "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.servers: list[subprocess.Popen[str]] = []

    def run(self, line: str) -> str:
        """What it prints; AssertionError if it fails or is none of the commands known here."""
        for port, free in self.ports.items():
            line = re.sub(rf"\b{port}\b", str(free), line)
        if re.match(r"(\w+=\S+ )*pelton run ", line):
            self.serve(line)
            return ""
        if line.startswith("./tools/dev "):
            told = subprocess.run([ROOT / "tools/dev", "help"], capture_output=True, text=True, check=True).stdout
            assert f"\n  {line.split()[1]}" in told, line
            return ""
        if line.startswith(". "):
            assert line == ". .venv/bin/activate"
            return ""
        assert line.startswith(("curl ", "pytest ", "pelton check", "pelton doctor", "pelton openapi", "pelton routes")), line
        done = subprocess.run(
            line, shell=True, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, line: str) -> None:
        words = shlex.split(line)
        given = dict(word.split("=", 1) for word in words[: words.index("pelton")])
        server = subprocess.Popen(
            [BIN / "pelton", *words[words.index("pelton") + 1 :]],
            cwd=self.folder,
            env={**self.environment, "PELTON_PORT": str(self.ports[8000]), **given},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.servers.append(server)
        assert server.stderr is not None
        said = ""
        while "listening on" not in said:
            told = server.stderr.readline()
            assert told, said
            said += told

    def end(self) -> None:
        for server in self.servers:
            server.terminate()
            server.communicate(timeout=60)
            assert server.returncode == 0


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.path.stem)
def test_commands(page: Page, engine: str, tmp_path: Path) -> None:
    page.write_files(tmp_path)
    shell = Shell(tmp_path, engine)
    try:
        printed = ""
        for block in page.blocks():
            if block.kind == "sh":
                printed = "".join(shell.run(line) for line in block.text.splitlines())
            elif block.kind == "text" and printed:
                assert printed.strip() == block.text.strip()
                printed = ""
    finally:
        shell.end()


# --- proxies ----------------------------------------------------------------------------------

CLIENT = "127.0.0.5"  # where clients of a proxy are, which is at 127.0.0.1


def forwarded(port: int, **fields: str) -> Any:
    """What the application says to a client of the proxy."""
    connection = HTTPConnection("127.0.0.1", port, source_address=(CLIENT, 0))
    connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


FORGED = {
    "X_Forwarded_For": "6.6.6.6", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil", "X_Forwarded_Port": "1",
    "X_Forwarded_Prefix": "/evil", "Forwarded": "for=6.6.6.6;proto=https;host=evil",
}  # fmt: skip


def proxied() -> App:
    app = App()

    @app.get("/")
    def home(request: Request) -> list[str | None]:
        return [request.client_ip(), str(request.url), request.headers.get("connection")]

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(f"{message} from {ws.client and ws.client.host}")

    return app


def check_websocket(port: int, client: str = CLIENT) -> None:
    with connect(f"ws://127.0.0.1:{port}/echo", origin=f"http://127.0.0.1:{port}", source_address=(CLIENT, 0), proxy=None) as ws:
        ws.send("through")
        assert ws.recv() == f"through from {client}"


@contextmanager
def haproxy(folder: Path, text: str, behind: int) -> Iterator[int]:
    """A block of the page as a whole configuration."""
    port = free_port()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}").replace("bind :80\n", f"bind 127.0.0.1:{port}\n")
    configuration = folder / "configuration"
    configuration.write_text(f"global\n    maxconn 256\n{text}\n")
    with started(["haproxy", "-db", "-f", str(configuration)], port):
        yield port


@contextmanager
def nginx(folder: Path, text: str, behind: int) -> Iterator[int]:
    """The block of the page inside the least that nginx needs around it."""
    port = free_port()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}").replace("listen 80;", f"listen 127.0.0.1:{port};")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "configuration"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{text}\n}}\n"
    )
    with started(["nginx", "-p", str(folder), "-c", str(configuration)], port):
        yield port


@contextmanager
def started(command: list[str], port: int) -> Iterator[None]:
    """A proxy, once it passes requests on."""
    process = subprocess.Popen(command, env=unsanitized())
    try:
        for _ in range(START_S * 20):
            try:
                urlopen(f"http://127.0.0.1:{port}/").close()
                break
            except OSError:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def behind(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """A server of the application behind a proxy at 127.0.0.1, on each engine; its port."""
    monkeypatch.setenv("PELTON_ENGINE", engine)
    with ExitStack() as stack:

        def start(**settings: Any) -> int:
            server = stack.enter_context(live_server(proxied(), forwarded_allow_ips="127.0.0.1", **settings))
            assert server.port is not None
            return server.port

        yield start


def test_the_nginx_of_the_guide(behind: Callable[..., int], tmp_path: Path) -> None:
    [block] = Page(FOLDER / "deploying.md").blocks("nginx")
    with nginx(tmp_path, block.text, behind()) as port:
        for fields in ({}, FORGED):
            assert forwarded(port, **fields) == [CLIENT, f"http://127.0.0.1:{port}/", None]
        check_websocket(port)


def test_the_haproxy_of_the_guide(behind: Callable[..., int], tmp_path: Path) -> None:
    block, _ = Page(FOLDER / "deploying.md").blocks("haproxy")
    with haproxy(tmp_path, block.text, behind()) as port:
        for fields in ({}, FORGED):
            assert forwarded(port, **fields) == [CLIENT, f"http://127.0.0.1:{port}/", None]
        check_websocket(port)


@pytest.mark.parametrize("kind", ["send-proxy-v2", "send-proxy", "send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl"])
def test_the_haproxy_of_the_guide_that_passes_octets_on(behind: Callable[..., int], kind: str, tmp_path: Path) -> None:
    _, block = Page(FOLDER / "deploying.md").blocks("haproxy")
    text = block.text.replace("send-proxy-v2", kind)
    with haproxy(tmp_path, text, behind(proxy_protocol=True)) as port:
        for fields in ({}, FORGED):
            assert forwarded(port, **fields) == [CLIENT, f"http://127.0.0.1:{port}/", None]
        check_websocket(port)


# --- names ------------------------------------------------------------------------------------


def test_configuration_files_are_read(tmp_path: Path) -> None:
    blocks = [block for page in pages() for block in page.blocks("toml")]
    assert blocks
    for block in blocks:
        (tmp_path / "pelton.toml").write_text(block.text)
        file = read_file(str(tmp_path / "pelton.toml"))
        assert file is not None and file.settings


def test_every_setting_that_is_named_exists() -> None:
    places = {setting.place for setting in SETTINGS.values()}
    variables = {f"PELTON_{keyword.upper()}" for keyword in SETTINGS} | {"PELTON_LIMT_BODY_SIZE", "PELTON_", "PELTON_WORKERS"}
    named = 0
    for page in pages():
        for place in re.findall(r"\b(?:limits|timeouts)\.\w+", page.text):
            named += 1
            assert place in places or place.rpartition(".")[2] in ("max_body_size", "handler"), f"{page.path.name}: {place}"
        for variable in re.findall(r"\bPELTON_\w*", page.text):
            assert variable in variables, f"{page.path.name}: {variable}"
    assert named > 20


def test_the_defaults_of_the_page_are_the_defaults() -> None:
    text = (FOLDER / "configuration.md").read_text()
    for names, value in re.findall(r"^\| `((?:limits|timeouts)\.\w+)` \| (\d+(?: [KM]iB)?|none) \|", text, re.MULTILINE):
        setting = next(one for one in SETTINGS.values() if one.place == names)
        told = None if value == "none" else setting.read(value.replace(" ", "") if "B" in value else float(value) if names.startswith("t") else int(value))
        assert setting.default == told, names


# --- pages ------------------------------------------------------------------------------------

NOTED = "<script>window.said = []; console.log = (value) => { said.push(value); window.heard?.(); };</script>"
SAID = "said.length ? said[0] : new Promise((resolve) => { window.heard = () => resolve(said[0]); })"


def answered(response: Response) -> Response:
    return response


def test_the_scripts_of_the_guide(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    for name in ("streaming", "websocket"):
        [block] = Page(FOLDER / f"{name}.md").blocks("html")
        page_of = Response.html(f"<!doctype html>{NOTED}{block.text}")
        app.add_route(f"/{name}", partial(answered, page_of))

    @app.get("/ticks")
    async def ticks() -> AsyncIterator[SseEvent]:
        yield SseEvent({"n": 1}, event="tick")

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(f"you said {message}")

    monkeypatch.setenv("PELTON_ENGINE", engine)
    with live_server(app) as server, browser() as chromium:
        for name, said in (("streaming", {"n": 1}), ("websocket", "you said hello")):
            with chromium.page(f"{server.url}/{name}") as page:
                assert page.value(SAID) == said
