"""What the guide says beside Python is true: its commands work, its settings exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from chromium import browser
from guide import FOLDER, ROOT, Page, pages
from pelton import App, Response, SseEvent, WebSocket
from pelton.config.command_keys import COMMAND_KEYS, variable_of
from pelton.config.setting_files import read_file
from pelton.config.settings import SETTINGS
from pelton.testing import live_server
from services import free_port

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
        assert line.startswith(("curl ", "openssl ", "pytest ", "pelton check", "pelton doctor", "pelton openapi", "pelton routes")), line
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
    variables = {f"PELTON_{keyword.upper()}" for keyword in SETTINGS} | {"PELTON_LIMT_BODY_SIZE", "PELTON_"} | {*map(variable_of, COMMAND_KEYS)}
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
