"""PRC-014 to PRC-016 over real connections: what a stop ends at once, what it lets go on, and for how long."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from pelton.hosting.client_frames import CLOSE, FrameReader
from pelton.hosting.response_parser import ResponseParser
from pelton.testing.websocket_session import upgrade_fields
from supervised import SILENCE_S, Supervised

# Its first half is the requests', the rest the application's.
GRACE_OF_A_SECOND = {
    "PELTON_TIMEOUT_GRACEFUL": "1",
    "PELTON_TIMEOUT_LIFESPAN_SHUTDOWN": "0.5",
    "PELTON_WS_CLOSE_TIMEOUT": "0.4",
    "PELTON_TIMEOUT_READ_HEADER": "0.4",
}

APP = """
import asyncio, pathlib, sys
from collections.abc import AsyncIterator
from pelton import App, BackgroundTasks, SseEvent

app = App()

def say(line):
    print(line, file=sys.stderr, flush=True)

@app.get("/events")
async def events():
    try:
        yield SseEvent("first")
        await asyncio.Event().wait()
    finally:
        say("events closed")

@app.get("/silent")
async def silent() -> AsyncIterator[SseEvent]:
    say("silent began")
    try:
        await asyncio.Event().wait()
        yield SseEvent("never")
    finally:
        say("silent closed")

@app.websocket("/ws")
async def socket(ws):
    await ws.accept()
    async for message in ws:
        pass
    say(f"websocket closed {ws.close_code}")

@app.get("/plain")
async def plain(background: BackgroundTasks):
    say("plain began")
    background.add_task(say, "background ran")
    return await asyncio.to_thread(pathlib.Path("go").read_text)  # until somebody writes into it

@app.get("/endless")
async def endless():
    say("endless began")
    try:
        await asyncio.Event().wait()
    finally:
        say("endless cancelled")
"""


@pytest.fixture
def start(tmp_path: Path, engine: str) -> Iterator[Callable[..., Supervised]]:
    (tmp_path / "web.py").write_text(APP)
    os.mkfifo(tmp_path / "go")
    with ExitStack() as stack:

        def started(**settings: str) -> Supervised:
            made = Supervised(tmp_path, "web.py", PELTON_ENGINE=engine, **settings)
            stack.callback(made.end)
            made.ready()
            return made

        yield started


class Client:
    """A connection that has asked for something."""

    def __init__(self, server: Supervised, path: str, fields: list[tuple[str, str]] = []) -> None:  # noqa: B006
        self.socket = server.connect()
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode())
        self.parser = ResponseParser("GET")
        self.body = b""

    def read(self) -> bool:
        """False at the end of the connection."""
        data = self.socket.recv(65536)
        self.body += b"".join(self.parser.feed(data))
        return bool(data)

    def read_until(self, text: bytes) -> None:
        while text not in self.body:
            assert self.read(), self.body

    def ends(self) -> bool:
        """Waits for it; by FIN or RST."""
        with suppress(ConnectionResetError):
            while self.read():
                pass
        return True

    def is_silent(self) -> bool:
        return not select.select([self.socket], [], [], 0)[0]


def websocket(server: Supervised) -> Client:
    client = Client(server, "/ws", upgrade_fields("dGhlIHNhbXBsZSBub25jZQ=="))
    while not client.parser.status:
        assert client.read()
    assert client.parser.status == 101
    return client


def closed_with(client: Client) -> int:
    """The code of the server's Close; anything else before it fails."""
    reader = FrameReader()
    frames = reader.feed(client.parser.rest)
    while not frames:
        frames = reader.feed(client.socket.recv(65536))
    assert frames[0].opcode == CLOSE
    return int.from_bytes(frames[0].payload[:2], "big")


def test_SSE_005_PRC_014_PRC_015_each_kind_ends_in_its_way(start: Callable[..., Supervised], tmp_path: Path) -> None:
    server = start(PELTON_TIMEOUT_GRACEFUL="60")
    events, plain, socket_ = Client(server, "/events"), Client(server, "/plain"), websocket(server)
    events.read_until(b"data: first\n\n")
    server.say_until("plain began")
    server.process.send_signal(signal.SIGTERM)
    # The socket is told why; the events end with a whole last chunk, and nothing after it.
    assert closed_with(socket_) == 1001
    while events.read():
        pass
    assert events.parser.is_whole and events.body == b"data: first\n\n"
    said = server.say_until("events closed|websocket closed") + server.say_until("events closed|websocket closed")
    assert sorted(line.strip() for line in said if " closed" in line) == ["events closed", "websocket closed 1001"]
    # Meanwhile the plain request has been left alone, and so is what it leaves behind.
    assert plain.is_silent()
    (tmp_path / "go").write_text("gone on")
    plain.read_until(b'"gone on"')
    assert plain.parser.status == 200 and ("connection", "close") in [
        (name.lower(), value.lower()) for name, value in plain.parser.fields
    ]
    server.say_until("background ran")
    assert server.process.wait(SILENCE_S) == 0


def test_PRC_016_a_handler_is_cancelled_at_the_end_of_the_grace(start: Callable[..., Supervised]) -> None:
    server = start(**GRACE_OF_A_SECOND)
    client = Client(server, "/endless")
    server.say_until("endless began")
    server.process.send_signal(signal.SIGTERM)
    assert client.ends() and not client.parser.status
    server.say_until("endless cancelled")
    assert server.process.wait(SILENCE_S) == 0


def test_PRC_014_events_of_which_none_has_come_end_at_once(start: Callable[..., Supervised]) -> None:
    server = start(PELTON_TIMEOUT_GRACEFUL="600")
    silent = Client(server, "/silent")
    server.say_until("silent began")
    server.process.send_signal(signal.SIGTERM)
    while silent.read():
        pass
    assert silent.parser.is_whole and silent.parser.status == 200 and silent.body == b""
    server.say_until("silent closed")
    assert server.process.wait(SILENCE_S) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_PRC_001_a_second_signal_waits_for_nobody(start: Callable[..., Supervised], number: int) -> None:
    server = start(PELTON_TIMEOUT_GRACEFUL="600")
    events, client = Client(server, "/events"), Client(server, "/endless")
    events.read_until(b"first")
    server.say_until("endless began")
    server.process.send_signal(signal.SIGTERM)
    while events.read():
        pass
    assert client.is_silent()  # it has its grace
    server.process.send_signal(number)
    assert server.process.wait(SILENCE_S) == 128 + number
    assert client.ends() and not client.parser.status


ALONE = """
import asyncio, pathlib, sys
from pelton import App

app = App()

@app.on_event("shutdown")
async def shutdown():
    print("shutdown began", file=sys.stderr, flush=True)
    await asyncio.to_thread(pathlib.Path("go").open().readline)
    print("shutdown ended", file=sys.stderr, flush=True)

app.run(port=0)
"""


ENDLESS_SHUTDOWN = """
import asyncio, sys
from pelton import App

app = App()

@app.on_event("shutdown")
async def shutdown():
    try:
        await asyncio.Event().wait()
    finally:
        print("shutdown cancelled", file=sys.stderr, flush=True)
"""


ENDLESS_TASK = """
import asyncio, sys
from pelton import App, BackgroundTasks
from pelton.serving import runtime

app = App()

def say(line):
    print(line, file=sys.stderr, flush=True)

async def work():
    try:
        await asyncio.Event().wait()
    finally:
        say("work cancelled")

@app.get("/")
async def begin(tasks: BackgroundTasks):
    tasks.add_task(work)
    return {}

@app.on_event("shutdown")
async def shutdown():
    say("shutdown")

class Telling(runtime.Runtime):
    def _wait_for_background(self, *how):
        say("nothing is served")
        return super()._wait_for_background(*how)

runtime.Runtime = Telling
"""


def test_PRC_017_a_shutdown_without_end_is_cancelled_with_the_grace(tmp_path: Path, engine: str) -> None:
    program = f"""{ENDLESS_SHUTDOWN}
app.on_event("startup")(app.stop)
app.run(port=0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PELTON_ENGINE": engine, **GRACE_OF_A_SECOND},
        capture_output=True,
        text=True,
        timeout=SILENCE_S,
        check=False,
    )
    assert done.returncode == 0
    assert "shutdown cancelled\npelton: the application's shutdown did not end within " in done.stderr


def test_PRC_002_a_quick_stop_leaves_the_shutdown_its_part(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(ENDLESS_SHUTDOWN)
    server = Supervised(tmp_path, "web.py", PELTON_ENGINE=engine, PELTON_TIMEOUT_LIFESPAN_SHUTDOWN="2")
    try:
        server.ready()
        assert server.stop(signal.SIGQUIT) == 0
        said = server.said.read()
    finally:
        server.end()
    # Two seconds and what is left of the one that requests had.
    late = r"shutdown cancelled\npelton: the application's shutdown did not end within (2\.\d|3\.0) s"
    assert re.match(late, said), said
    assert "is killed" not in said


def test_PRC_002_a_quick_stop_reaches_who_waits_for_background_tasks(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(ENDLESS_TASK)
    server = Supervised(tmp_path, "web.py", PELTON_ENGINE=engine, PELTON_TIMEOUT_GRACEFUL="600")
    try:
        server.ready()
        with server.connect() as client:
            server.ask(client)
        server.process.send_signal(signal.SIGTERM)
        server.say_until("nothing is served")
        assert server.stop(signal.SIGQUIT) == 0
        assert server.said.read() == "shutdown\nwork cancelled\n"
    finally:
        server.end()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGUSR1, 0), (signal.SIGQUIT, 0), (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, 128 + signal.SIGINT)],
)
def test_PRC_001_PRC_002_PRC_004_signals_while_the_lifespan_ends(
    tmp_path: Path, engine: str, number: int, code: int
) -> None:
    os.mkfifo(tmp_path / "go")
    go = os.open(tmp_path / "go", os.O_RDWR)  # as a writer that waits for no reader
    environment = {**os.environ, "PELTON_ENGINE": engine}
    with subprocess.Popen(
        [sys.executable, "-c", ALONE], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = iter(process.stderr)
        assert any("listening on" in line for line in said)
        process.send_signal(signal.SIGTERM)
        assert next(said) == "shutdown began\n"
        process.send_signal(number)
        if code == 0:
            os.write(go, b"on\n")
        try:
            assert process.wait(SILENCE_S) == code
        finally:
            process.kill()
            os.close(go)
        assert list(said) == (["shutdown ended\n"] if code == 0 else [])


def test_PRC_017_an_exit_in_a_task_does_not_skip_the_shutdown(tmp_path: Path, engine: str) -> None:
    program = """
import sys
from pelton import App

app = App()
app.on_event("shutdown")(lambda: print("shutdown ran", file=sys.stderr, flush=True))

async def leave():
    sys.exit(9)

app.add_route("/leave", lambda: str(app.spawn(leave())))
app.run(port=0)
"""
    environment = {**os.environ, "PELTON_ENGINE": engine}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        found = next(match for line in process.stderr if (match := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=SILENCE_S) as connection:
            connection.sendall(b"GET /leave HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert "shutdown ran\n" in list(process.stderr)
        assert process.wait(SILENCE_S) == 9
