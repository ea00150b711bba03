"""PRC-050, PRC-051, OBS-005: access log, error log and counters of real servers, on both engines."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from pelton import App, ConfigError, LimitsConfig, Request, ServerConfig, StartupError
from pelton.testing import live_server

APP = """
import os
from pelton import App
app = App()
app.add_route("/pid", lambda: os.getpid())
app.add_route("/stats", lambda: app._parts.service.server.stats())
app.add_route("/items/{id:int}", lambda id: {"id": id})

@app.get("/fail")
def fail():
    raise ValueError("line one\\nforged \\x1b[31m line")
"""


class Run:
    """A `pelton run` of APP with its standard output and error in files, unless they are given."""

    def __init__(self, folder: Path, engine: str, *arguments: str, **streams: Any) -> None:
        (folder / "app.py").write_text(APP)
        self.folder = folder
        self.opened = [open(folder / name, "wb") for name in ("out", "err")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pelton", "run", "app.py", "--port", "0", *arguments],
            cwd=folder,
            env={**os.environ, "PELTON_ENGINE": engine},
            stdout=streams.get("stdout", self.opened[0]),
            stderr=self.opened[1],
        )

    def ready(self, workers: int = 1) -> str:
        while True:
            found = re.findall(r"listening on (\S+) \(", self.text("err"))
            if len(found) >= workers:
                return str(found[0])
            assert self.process.poll() is None, self.text("err")

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        for stream in self.opened:
            stream.close()
        return code


@pytest.fixture
def run(tmp_path: Path, engine: str) -> Iterator[Callable[..., Run]]:
    with ExitStack() as stack:

        def start(*arguments: str, **streams: Any) -> Run:
            started = Run(tmp_path, engine, *arguments, **streams)
            stack.callback(started.stop)
            return started

        yield start


def get(url: str) -> Any:
    return json.loads(urlopen(url, timeout=20).read())


def status(url: str) -> int:
    try:
        with urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def raw(url: str, octets: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(octets)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_PRC_051_a_line_for_each_exchange_on_standard_output(run: Callable[..., Run]) -> None:
    running = run("--access-log")
    url = running.ready()
    assert get(f"{url}/items/7?q=%22") == {"id": 7}
    assert status(f"{url}/nowhere") == 404
    assert b"400" in raw(url, b"GET / HTTP/1.1\nHost: a\r\n\r\n")
    assert running.stop() == 0
    lines = running.text("out").splitlines()
    assert len(lines) == 3
    combined = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "%s" %s'
    assert re.fullmatch(combined % (r"GET /items/7\?q=%22 HTTP/1\.1", r'200 8 "-" "Python-urllib/[\d.]+"'), lines[0])
    assert re.fullmatch(combined % ("GET /nowhere HTTP/1.1", r'404 \d+ "-" "Python-urllib/[\d.]+" not_found'), lines[1])
    assert lines[2].endswith(" line_bare_lf")
    assert "info pelton: refused.line_bare_lf, client 127.0.0.1 port " in running.text("err")


def test_json_lines(run: Callable[..., Run]) -> None:
    running = run("--access-log=./access.log", "--access-log-format", "json")
    url = running.ready()
    get(f"{url}/items/7")
    status(f"{url}/fail")
    assert running.stop() == 0 and running.text("out") == ""
    found, failed = map(json.loads, running.text("access.log").splitlines())
    keys = "time level client method path route status reason bytes duration_ms protocol user_agent"
    assert list(found) == keys.split()
    assert (found["method"], found["path"], found["route"]) == ("GET", "/items/7", "/items/{id:int}")
    assert (found["status"], found["reason"], found["bytes"], found["client"]) == (200, None, 8, "127.0.0.1")
    assert 0 <= found["duration_ms"] < 20_000 and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", found["time"])
    assert (failed["status"], failed["reason"]) == (500, "handler")


def test_RSP_019_an_exception_is_one_record_of_the_error_log_and_counted(run: Callable[..., Run]) -> None:
    running = run()
    url = running.ready()
    assert status(f"{url}/fail") == 500
    assert get(f"{url}/stats")["fault.handler"] == 1
    assert running.stop() == 0
    record = running.text("err").partition("error pelton.error: ")[2]
    assert record.startswith("GET /fail: ValueError\n  Traceback (most recent call last):\n")
    # Only a record begins a line: what the message says stays inside.
    assert "\n  forged \\x1b[31m line" in record and "\nforged" not in record and "\x1b" not in record
    assert "ValueError: line one" in record


def test_no_access_log_unless_asked_for(run: Callable[..., Run]) -> None:
    running = run()
    get(f"{running.ready()}/pid")
    assert running.stop() == 0 and running.text("out") == ""


def test_PRC_050_a_full_disk_and_a_stuck_pipe_stop_nothing(run: Callable[..., Run]) -> None:
    read_end, write_end = os.pipe()  # nobody reads
    for streams, target in (({"stdout": write_end}, "--access-log"), ({}, "--access-log=/dev/full")):
        running = run(target, **streams)
        url = running.ready()
        requests = 2000
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as connection:
            agent = b"a" * 1000
            one = b"GET /pid HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\n\r\n" % agent
            answered = 0
            for _ in range(requests // 20):
                connection.sendall(one * 20)
                want = answered + 20
                while answered < want:
                    answered += connection.recv(65536).count(b"HTTP/1.1 200")
        assert answered == requests and get(f"{url}/stats")["dropped.log"] > 0
        assert running.stop() == 0
    os.close(read_end)
    os.close(write_end)


def test_OBS_005_counters_are_summed_over_workers_and_survive_one(run: Callable[..., Run]) -> None:
    running = run("--workers", "2")
    url = running.ready(2)
    bad = b"GET / HTTP/1.1\nHost: a\r\n\r\n"
    for _ in range(12):
        assert b"line_bare_lf" in raw(url, bad)
    assert get(f"{url}/stats")["refused.line_bare_lf"] == 12
    os.kill(get(f"{url}/pid"), signal.SIGKILL)
    running.ready(3)
    for _ in range(5):
        raw(url, bad)
    stats = get(f"{url}/stats")
    assert stats["refused.line_bare_lf"] == 17 and stats["fault.worker_crash"] == 1
    assert running.stop() == 0


def test_PRC_004_usr1_reopens_the_files_of_all_workers(run: Callable[..., Run]) -> None:
    running = run("--workers", "2", "--access-log=./access.log", "--access-log-format", "{path}")
    url = running.ready(2)
    for _ in range(8):
        get(f"{url}/pid")
    (running.folder / "access.log").rename(running.folder / "access.log.1")
    running.process.send_signal(signal.SIGUSR1)
    while not (running.folder / "access.log").exists():
        get(f"{url}/items/1")
    get(f"{url}/pid")
    assert running.stop() == 0
    lines = running.text("access.log.1").splitlines() + running.text("access.log").splitlines()
    assert lines.count("/pid") == 9 and set(lines) <= {"/pid", "/items/1"}


def test_live_server_has_counters(serve: Callable[..., live_server]) -> None:
    app = App(server=ServerConfig(limits=LimitsConfig(max_header_count=2)))
    app.add_route("/", lambda request: "x")
    server = live_server(app)
    with pytest.raises(RuntimeError, match="not started"):
        server.stats()
    running = serve(app)
    assert b"431" in raw(running.url, b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n")
    assert running.stats()["refused.header_count"] == 1


def test_settings() -> None:
    """log_queue at n - 1, n and n + 1 of its least value."""
    config = ServerConfig(access_log="./x.log", access_log_format="{status}", log_queue="1MiB")  # type: ignore[arg-type]
    assert (config.access_log, config.access_log_format, config.log_queue) == ("./x.log", "{status}", 2**20)
    env = {"PELTON_ACCESS_LOG": "on", "PELTON_ACCESS_LOG_FORMAT": "json", "PELTON_LOG_QUEUE": "2MiB"}
    made = ServerConfig.from_env(env=env)
    assert (made.access_log, made.access_log_format, made.log_queue) == (True, "json", 2**21)
    assert ServerConfig().access_log is False
    for bad, says in (
        ({"access_log": "file"}, "a /"),
        ({"access_log_format": "{staus}"}, "no atom {staus}"),
        ({"access_log_format": 3}, "is a text"),
        ({"log_queue": 2**18 - 1}, "log_queue"),
    ):
        with pytest.raises(ConfigError, match=re.escape(says)):
            ServerConfig(**bad)  # type: ignore[arg-type]
    assert ServerConfig(log_queue=2**18).log_queue + 1 == ServerConfig(log_queue=2**18 + 1).log_queue


def test_a_file_that_cannot_be_opened_is_told_at_start(engine: str) -> None:
    app = App(server=ServerConfig(access_log="/no/such/folder/access.log"))
    app.add_route("/", lambda request: "x")
    with pytest.raises(StartupError, match=r"/no/such/folder/access.log.*--access-log"):
        with live_server(app, engine=engine):  # type: ignore[arg-type]
            pass


def test_a_logger_of_the_application_gets_the_exception(
    serve: Callable[..., live_server], caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.get("/")
    def fail(request: Request) -> None:
        raise LookupError("here")

    assert status(serve(app).url) == 500
    assert [record.name for record in caplog.records] == ["pelton.error"]


def test_H1_097_a_path_cannot_begin_a_line_however_its_record_is_written(
    serve: Callable[..., live_server], caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.get("/{name}")
    def fail(name: str) -> None:
        raise LookupError("here")

    url = serve(app).url
    assert status(f"{url}/a%0Aforged%1B%7F%22%5C%C3%A9z") == status(f"{url}/{'x' * 2000}") == 500
    assert [record.message for record in caplog.records] == [
        r"GET /a\x0aforged\x1b\x7f\x22\x5c\xc3\xa9z: LookupError",
        f"GET /{'x' * 1023}: LookupError",
    ]
