"""A server with several listeners: TCP over IPv4 and IPv6, Unix sockets, and sockets that it was started with."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from supervised import SILENCE_S, Supervised

NATIVE = """
from pelton import App, Request
app = App()

@app.get("/name", name="named")
def seen(request: Request):
    ends = [request.client and request.client.host, request.server and list(request.server)]
    return [*ends, str(request.url_for("named"))]
"""
HOSTED = """
import json

async def app(scope, receive, send):
    assert scope["type"] == "http"
    host = dict(scope["headers"])[b"host"].decode()
    ends = [scope["client"] and scope["client"][0], scope["server"] and list(scope["server"])]
    body = json.dumps([*ends, f"{scope['scheme']}://{host}{scope['path']}"]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
"""
ADDRESSES = ("--bind", "127.0.0.1:0", "--bind", "[::1]:0", "--bind", "unix:sock")
LISTENING = r"listening on http://127\.0\.0\.1:(\d+), http://\[::1\]:(\d+), unix:sock \(engine \w+, pid (\d+)\)"


@pytest.fixture
def start(tmp_path: Path, engine: str) -> Iterator[Callable[..., Supervised]]:
    (tmp_path / "native.py").write_text(NATIVE)
    (tmp_path / "hosted.py").write_text(HOSTED)
    with ExitStack() as stack:

        def started(*arguments: str, passed: list[int] | None = None) -> Supervised:
            made = Supervised(tmp_path, *arguments, passed=passed, PELTON_ENGINE=engine)
            stack.callback(made.end)
            return made

        yield started


class Place:
    """One address of a server."""

    def __init__(self, family: socket.AddressFamily, address: object, seen: list[object]) -> None:
        self.family = family
        self.address = address
        self.seen = seen  # what the application says of its clients

    def connect(self) -> socket.socket:
        connection = socket.socket(self.family)
        connection.settimeout(SILENCE_S)
        connection.connect(self.address)  # type: ignore[arg-type]
        return connection


def places(running: Supervised, folder: Path, workers: int = 1, reloaded: int = 0, module: str = "native") -> list[Place]:
    """The addresses that each of the workers has said; of a reload the supervisor says something too."""
    # ASGI gives an application the path of a Unix socket, as the server was told it.
    on_unix = ["sock", None] if module == "hosted" else None
    said = [running.say_until("listening on |generation 2 serves")[-1] for _ in range(workers + reloaded)]
    found = [match for line in said if (match := re.search(LISTENING, line)) is not None]
    assert len(found) == workers and len({match[1] for match in found}) == 1, said
    running.workers += [int(match[3]) for match in found]
    first, second = int(found[0][1]), int(found[0][2])
    return [
        Place(socket.AF_INET, ("127.0.0.1", first), ["127.0.0.1", ["127.0.0.1", first], "http://a.org/name"]),
        Place(socket.AF_INET6, ("::1", second), ["::1", ["::1", second], "http://a.org/name"]),
        Place(socket.AF_UNIX, str(folder / "sock"), [None, on_unix, "http://a.org/name"]),
    ]


def ask(connection: socket.socket) -> list[object]:
    connection.sendall(b"GET /name HTTP/1.1\r\nHost: a.org\r\n\r\n")
    received = b""
    while True:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and length is not None and len(body) == int(length[1]):
            found: list[object] = json.loads(body)
            return found


@pytest.mark.parametrize("module", ["native", "hosted"])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_address_is_served_before_and_after_a_reload_and_none_after_the_stop(
    start: Callable[..., Supervised], tmp_path: Path, module: str, workers: int
) -> None:
    running = start(f"{module}:app", "--workers", str(workers), *ADDRESSES, "--access-log=" + str(tmp_path / "log"))
    found = places(running, tmp_path, workers, module=module)
    for place in found:
        with place.connect() as connection:
            assert ask(connection) == place.seen
    running.process.send_signal(signal.SIGHUP)
    again = places(running, tmp_path, workers, reloaded=1, module=module)
    assert [one.address for one in again] == [one.address for one in found]
    assert len({*running.workers}) == 2 * workers
    for place in found:
        with place.connect() as connection:
            assert ask(connection) == place.seen
    assert running.stop() == 0
    for place in found:
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            place.connect()
    assert not (tmp_path / "sock").exists()
    clients = [line.split(" ")[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(clients) == sorted(["127.0.0.1", "::1", "-"] * 2)


def test_an_application_that_runs_itself_has_several_addresses(tmp_path: Path, engine: str) -> None:
    script = NATIVE + "app.run(bind=['127.0.0.1:0', '[::1]:0', 'unix:sock'], uds_permissions='600')\n"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PELTON_ENGINE": engine},
    )
    assert process.stderr is not None
    with process, process.stderr:
        match = re.search(LISTENING, process.stderr.readline())
        assert match is not None
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", int(match[1]))),
            (socket.AF_INET6, ("::1", int(match[2]))),
            (socket.AF_UNIX, str(tmp_path / "sock")),
        ):
            with Place(family, address, []).connect() as connection:
                assert ask(connection)[2] == "http://a.org/name"
        assert stat.S_IMODE((tmp_path / "sock").stat().st_mode) == 0o600
        process.send_signal(signal.SIGTERM)
        assert process.wait(SILENCE_S) == 0
    assert not (tmp_path / "sock").exists()


@pytest.mark.parametrize("named", ["--bind=fd://{0}", "--fd={0}"])
def test_a_descriptor_is_served_and_stays_open(start: Callable[..., Supervised], named: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        flag, value = named.format(given.fileno()).split("=")
        running = start("native:app", "--workers", "2", flag, value, passed=[given.fileno()])
        running.ready(2)
        assert running.port == given.getsockname()[1]
        with running.connect() as connection:
            assert ask(connection)[0] == "127.0.0.1"
        assert running.stop() == 0
        # Who comes now waits for the next start.
        socket.create_connection(given.getsockname(), timeout=SILENCE_S).close()


def test_a_socket_that_does_not_listen_yet_is_made_to(start: Callable[..., Supervised]) -> None:
    with socket.socket() as given:
        given.bind(("127.0.0.1", 0))
        running = start("native:app", "--fd", str(given.fileno()), passed=[given.fileno()])
        running.ready()
        with running.connect() as connection:
            assert ask(connection)[0] == "127.0.0.1"


def test_PRC_011_a_stop_ends_its_own_listeners_and_none_of_somebody_else(
    start: Callable[..., Supervised], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        number = given.fileno()
        running = start("native:app", "--bind", f"fd://{number}", "--bind", "unix:sock", passed=[number])
        running.ready()
        own = Place(socket.AF_UNIX, str(tmp_path / "sock"), [])
        for connect in (running.connect, own.connect):
            with connect() as connection:
                ask(connection)
        # It keeps the stop from ending.
        with running.connect() as held:
            held.sendall(b"GET /name HTTP/1.1\r\nHost: a.org\r\nContent-Length: 1\r\n\r\n")
            running.process.send_signal(signal.SIGTERM)
            while True:
                try:
                    own.connect().close()
                except BlockingIOError:
                    continue  # the queue of a Unix socket is full of those before
                except ConnectionRefusedError:
                    break
            assert running.process.poll() is None
            late = running.connect()
            held.sendall(b"x")
            assert held.recv(100).startswith(b"HTTP/1.1 200")
        assert running.process.wait(SILENCE_S) == 0
        with late:
            given.accept()[0].close()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--bind", "127.0.0.1"), 3, "bind has '127.0.0.1'; it takes HOST:PORT, [IPV6]:PORT, unix:PATH and fd://N"),
        (("--bind", "::1:80"), 3, "bind has '::1:80'; it takes"),
        (("--bind", "unix:"), 3, "bind has 'unix:'; it takes"),
        (("--bind", "fd://x"), 3, "bind has 'fd://x'; it takes"),
        (("--bind", "127.0.0.1:65536"), 3, "bind has '127.0.0.1:65536'; it takes"),
        (("--bind", "unix:a", "--bind", "unix:a"), 3, "bind has 'unix:a' twice; leave one out"),
        (("--bind", "unix:a", "--uds", "b"), 3, "uds and bind each say where to listen; give one of them"),
        (("--fd", "3", "--uds", "b"), 3, "uds and fd each say where to listen"),
        (("--bind", "unix:a", "--fd", "3"), 3, "bind and fd each say where to listen"),
        (("--bind", "unix:a", "--port", "80"), 2, "--bind says where to listen; leave --port out"),
        (("--fd", "3", "--host", "h"), 2, "--fd says where to listen; leave --host out"),
        (("--fd", "99"), 3, "descriptor 99 is no listening socket: Bad file descriptor; name another with --fd or --bind"),
        (("--fd", "0"), 3, "descriptor 0 is no listening socket: Socket operation on non-socket; name another"),
        (("--fd", "-1"), 3, "fd is the number of a descriptor from 0 to 2147483647, not '-1'"),
        (("--uds-permissions", "888"), 3, 'uds_permissions is a mode from 0 to 0o777, or a text of its octal digits such as "660"'),
        (("--bind", "192.0.2.1:0"), 3, "192.0.2.1:0 is no address of this machine; choose another with --bind"),
    ],
)
def test_PRC_052_addresses_that_cannot_be(tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    (tmp_path / "native.py").write_text(NATIVE)
    command = [sys.executable, "-m", "pelton", "run", "native:app", *arguments]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert says in done.stderr
    assert not (tmp_path / "a").exists()


def test_PRC_052_one_address_in_use_ends_the_others(start: Callable[..., Supervised], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        running = start("native:app", "--bind", "unix:sock", "--bind", place)
        said = running.say_until("cannot start: ")[-1]
        assert f"{place} is already in use; stop the other process or choose another address with --bind" in said
        assert running.process.wait(SILENCE_S) == 3
    assert not (tmp_path / "sock").exists()


def test_a_datagram_socket_is_refused(start: Callable[..., Supervised]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as given:
        given.bind(("127.0.0.1", 0))
        running = start("native:app", "--fd", str(given.fileno()), passed=[given.fileno()])
        running.say_until(f"descriptor {given.fileno()} is no stream socket; name another with --fd or --bind")
        assert running.process.wait(SILENCE_S) == 3


def test_sockets_of_the_service_manager_take_the_place_of_addresses(tmp_path: Path, engine: str) -> None:
    (tmp_path / "native.py").write_text(NATIVE)
    # The manager's sockets begin at 3, and the ID is that of the process itself.
    shell = 'eval "exec 3<&$0"; LISTEN_PID=$$ exec "$@"'
    with socket.create_server(("127.0.0.1", 0)) as given:
        number = given.fileno()
        before = ["bash", "-c", shell, str(number)]
        running = Supervised(
            tmp_path, "native:app", "--bind", "unix:sock", before=before, passed=[number], LISTEN_FDS="1", PELTON_ENGINE=engine
        )
        try:
            running.ready()
            assert running.port == given.getsockname()[1] and not (tmp_path / "sock").exists()
            with running.connect() as connection:
                ask(connection)
            assert running.stop() == 0
        finally:
            running.end()
