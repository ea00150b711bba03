"""The admin listener: what it says of the workers, also while handlers hold every one of them."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from supervised import SILENCE_S, Supervised

from pelton import App, ConfigError, ServerConfig, StartupError
from pelton.testing import live_server

APP = """
from pelton import App

app = App()

@app.get("/")
def root():
    return "served"

@app.get("/spin")
def spin():
    while True:
        pass
"""
PLACE = r"health and workers at (\S+)"


def asked(place: str, path: str) -> tuple[int, object]:
    """Status and JSON of a GET at the address that the server has said."""
    if place.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(place.removeprefix("unix:"))
    else:
        host, _, port = place.removeprefix("http://").rpartition(":")
        connection = socket.create_connection((host.strip("[]"), int(port)), timeout=SILENCE_S)
    with connection, connection.makefile("rwb") as stream:
        stream.write(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        stream.flush()
        head, _, body = stream.read().partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def workers_at(place: str) -> list[dict[str, object]]:
    found = asked(place, "/workers")[1]
    assert isinstance(found, list)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APP)
    return tmp_path


@pytest.fixture(params=["1", "2"])
def supervised(folder: Path, engine: str, request: pytest.FixtureRequest) -> Iterator[tuple[Supervised, str]]:
    of_test = ("--timeout-drain-delay", "20") if "PRC_010" in request.node.name else ()
    server = Supervised(folder, "main:app", "--workers", request.param, "--admin-bind", "127.0.0.1:0", *of_test, PELTON_ENGINE=engine)
    try:
        match = re.search(PLACE, server.say_until(PLACE)[-1])
        assert match is not None
        server.ready(int(request.param))
        # A worker says that it listens just before its loop turns.
        while {one["state"] for one in workers_at(match[1])} != {"serving"}:
            pass
        yield server, match[1]
    finally:
        server.end()


def test_it_tells_of_each_worker(supervised: tuple[Supervised, str], engine: str) -> None:
    server, place = supervised
    assert asked(place, "/health/live") == (200, {"status": "live"})
    assert asked(place, "/health/ready") == (200, {"status": "ready"})
    shown = workers_at(place)
    assert [one["worker"] for one in shown] == list(range(len(server.workers)))
    assert {one["pid"] for one in shown} == set(server.workers)
    assert all(one["state"] == "serving" and one["generation"] == 1 and one["restarts"] == 0 for one in shown)
    with server.connect() as connection:
        server.ask(connection)
        # Gauges are measured once a second.
        while sum(int(str(one["requests"])) for one in workers_at(place)) != 1:
            pass
    assert {one["engine"] for one in workers_at(place)} == {server.engine}
    assert all(int(str(one["rss_bytes"])) > 2**20 for one in workers_at(place))


def test_it_answers_while_handlers_hold_every_worker(supervised: tuple[Supervised, str]) -> None:
    server, place = supervised
    held = []
    while not all(int(str(one["loop_lag_ms"])) > 1000 for one in workers_at(place)):
        # Which worker gets a connection is for the kernel to say.
        held.append(server.connect())
        held[-1].sendall(b"GET /spin HTTP/1.1\r\nHost: h\r\n\r\n")
    assert asked(place, "/health/live")[0] == 200
    server.process.send_signal(signal.SIGTERM)
    while asked(place, "/health/ready")[0] == 200:
        pass
    assert asked(place, "/health/ready") == (503, {"status": "not ready"})
    # A worker that is silent for long is not ready either, before the supervisor has heard of the stop.
    while {one["state"] for one in workers_at(place)} != {"stopping"}:
        pass
    for connection in held:
        connection.close()


def test_it_is_not_for_other_paths_and_methods(supervised: tuple[Supervised, str]) -> None:
    _, place = supervised
    host, _, port = place.removeprefix("http://").rpartition(":")
    for line, status in (("GET /", b"404"), ("POST /workers", b"405"), ("GET /workers/", b"404")):
        with socket.create_connection((host, int(port)), timeout=SILENCE_S) as connection:
            connection.sendall(f"{line} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n".encode())
            assert connection.recv(100).split()[1] == status


def test_PRC_010_a_stop_shows_in_readiness_while_everything_is_served(supervised: tuple[Supervised, str]) -> None:
    server, place = supervised
    running = Path(f"/proc/{server.workers[0]}/task")
    with server.connect() as kept:
        server.ask(kept)
        server.process.send_signal(signal.SIGTERM)
        while asked(place, "/health/ready")[0] == 200:
            pass
        # Still within timeouts.drain_delay, which is longer than this test.
        for _ in range(4):
            with server.connect() as late:
                assert b"\r\nConnection: close\r\n" not in server.ask(late)
        assert b"\r\nConnection: close\r\n" not in server.ask(kept)
        assert asked(place, "/health/live")[0] == 200 and running.exists()
    assert server.stop(signal.SIGQUIT) == 0


def test_PRC_010_so_it_does_without_workers(engine: str, tmp_path: Path) -> None:
    app = App()
    app.add_route("/", lambda: "served")
    place = f"unix:{tmp_path}/admin"
    with live_server(app, engine=engine, admin_bind=place, timeout_drain_delay=2) as server:
        while asked(place, "/health/ready")[0] != 200:
            pass
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            app.stop()
            while asked(place, "/health/ready")[0] == 200:
                pass
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b"\r\nConnection: close\r\n" not in connection.recv(1000)


def test_a_server_without_workers_has_it_too(engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = App()
    app.add_route("/", lambda: "served")
    place = f"unix:{tmp_path}/admin"
    with live_server(app, engine=engine, admin_bind=place) as server:
        assert f"health and workers at {place}" in capfd.readouterr().err
        while asked(place, "/health/ready")[0] != 200:
            pass
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            connection.recv(1000)
            while [one["requests"] for one in workers_at(place)] != [1]:
                pass
    assert not (tmp_path / "admin").exists()


def test_an_address_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartupError, match=f"127.0.0.1:{port} is already in use; .* with --admin-bind"):
            live_server(App(), admin_bind=f"127.0.0.1:{port}").__enter__()
        server = Supervised(folder, "main:app", "--admin-bind", f"127.0.0.1:{port}")
        assert "cannot start" in server.say_until("already in use")[-1]
        assert server.process.wait(SILENCE_S) == 3
        server.end()


@pytest.mark.parametrize("address", ["127.0.0.1:0", "127.1.2.3:65535", "localhost:9000", "[::1]:9000", "unix:/run/a"])
def test_it_is_on_an_address_of_this_machine(address: str) -> None:
    assert ServerConfig(admin_bind=address).admin_bind == address


@pytest.mark.parametrize(
    "address", ["", "9000", ":9000", "0.0.0.0:9000", "10.0.0.1:9000", "127.0.0.1:65536", "127.0.0.1:", "unix:", "127.evil:1", 9000]
)
def test_other_addresses_are_refused(address: object) -> None:
    with pytest.raises(ConfigError, match="admin_bind is a loopback address with a port, such as 127.0.0.1:9000, or unix:PATH"):
        ServerConfig(admin_bind=address)  # type: ignore[arg-type]
