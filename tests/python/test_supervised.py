"""What a supervisor and its workers do for each other: quick stops, deaths, hanging loops, crashes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from descriptors import open_files
from supervised import Supervised

APP = """
import ctypes, os, threading
from pelton import App, Response
app = App()
app.add_route("/", lambda: os.getpid())
app.add_route("/crash", lambda: ctypes.string_at(0))
app.add_route("/large", lambda: Response("x" * (16 << 20)))
app.add_route("/start", lambda: os.system("ls -l /proc/self/fd >descriptors"))

def hang_in_python():
    while True:
        pass

def hang_in_native_code():
    never = threading.Lock()
    never.acquire()
    never.acquire()

app.add_route("/loop", hang_in_python)
app.add_route("/sleep", hang_in_native_code)

at_the_end = []
app.on_shutdown(lambda: [one() for one in at_the_end])
app.add_route("/leave", lambda: at_the_end.append(hang_in_native_code) or app.stop())
"""


@pytest.fixture
def start(tmp_path: Path, engine: str) -> Iterator[Callable[..., Supervised]]:
    (tmp_path / "web.py").write_text(APP)
    with ExitStack() as stack:

        def started(*arguments: str, **environment: str) -> Supervised:
            made = Supervised(tmp_path, "web.py", *arguments, PELTON_ENGINE=engine, **environment)
            stack.callback(made.end)
            return made

        yield started


def test_ENG_050_the_supervisor_has_no_engine_and_no_thread(start: Callable[..., Supervised], engine: str) -> None:
    running = start("--workers", "2")
    workers = running.ready(2)
    of_engine = {"uring": "anon_inode:[io_uring]", "epoll": "anon_inode:[eventpoll]"}
    assert not set(of_engine.values()) & set(open_files(running.pid).values())
    assert len(os.listdir(f"/proc/{running.pid}/task")) == 1
    for pid in workers:
        opened = open_files(pid).values()
        assert of_engine[engine] in opened
        # None of its own is known to the other or to the supervisor: it was made behind the start.
        assert "anon_inode:[eventfd]" in opened


def test_ENG_051_PRC_032_what_a_handler_starts_inherits_no_descriptor(
    start: Callable[..., Supervised], tmp_path: Path
) -> None:
    running = start("--workers", "2")
    running.ready(2)
    with running.connect() as connection:
        assert running.ask(connection, "/start").endswith(b"\r\n0")
    listed = re.findall(r" (\d+) -> (.+)", (tmp_path / "descriptors").read_text())
    # Beside the three of every process `ls` has the directory that it lists.
    assert [where for number, where in listed if int(number) > 2 and not where.startswith("/proc/")] == []


@pytest.mark.parametrize("reader", ["gone", "stalled"])
def test_PRC_050_nobody_waits_for_who_reads_what_they_say(start: Callable[..., Supervised], reader: str) -> None:
    running = start()
    (worker,) = running.ready()
    if reader == "gone":
        running.said.close()
    else:
        full = os.open(f"/proc/{running.pid}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
        for size in (4096, 1):
            with suppress(BlockingIOError):
                while True:
                    os.write(full, b"x" * size)
        os.close(full)
    died = os.pidfd_open(worker)
    os.kill(worker, signal.SIGKILL)
    running.wait_for(died)
    os.close(died)
    with running.connect() as connection:
        assert int(running.ask(connection).rpartition(b"\r\n")[2]) != worker
    assert running.stop() == 0


def test_PRC_002_quit_ends_idle_connections_at_once(start: Callable[..., Supervised]) -> None:
    running = start(PELTON_TIMEOUT_DRAIN_IDLE="1000", PELTON_TIMEOUT_GRACEFUL="2000")
    running.ready()
    with running.connect() as idle, running.connect() as half:
        running.ask(idle)
        half.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
        # Its worker has seen the one before, so this one too once it answers a third.
        with running.connect() as third:
            running.ask(third)
        running.process.send_signal(signal.SIGQUIT)
        assert idle.recv(1) == b""
        assert running.process.wait(60) == 0


def test_PRC_002_quit_behind_term_hastens_it(start: Callable[..., Supervised]) -> None:
    running = start(PELTON_TIMEOUT_DRAIN_IDLE="1000", PELTON_TIMEOUT_GRACEFUL="2000")
    (worker,) = running.ready()
    with running.connect() as idle:
        running.ask(idle)
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGQUIT)
        assert idle.recv(1) == b""
        assert running.process.wait(60) == 0
    assert not os.path.exists(f"/proc/{worker}")


def test_PRC_032_workers_end_with_their_parent(start: Callable[..., Supervised]) -> None:
    running = start("--workers", "2")
    workers = running.ready(2)
    with running.connect() as busy:
        busy.sendall(b"GET /loop HTTP/1.1\r\nHost: h\r\n\r\n")
        gone = [os.pidfd_open(pid) for pid in workers]
        running.process.kill()
        running.process.wait(60)
        for descriptor in gone:
            running.wait_for(descriptor)
            os.close(descriptor)
    # No listener is left behind: the port is nobody's, as soon as the kernel has taken the rings apart.
    with pytest.raises(ConnectionRefusedError):
        while True:
            with suppress(ConnectionResetError):
                running.connect().close()


@pytest.mark.parametrize("path", ["/loop", "/sleep"])
def test_PRC_033_PRC_034_LIM_093_a_hanging_worker_is_dumped_killed_and_replaced(
    start: Callable[..., Supervised], path: str
) -> None:
    running = start(PELTON_TIMEOUT_STUCK_DUMP="2", PELTON_TIMEOUT_STUCK_KILL="5")
    (worker,) = running.ready()
    with running.connect() as stuck:
        stuck.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        dumped = running.say_until(rf"worker 0 \(pid {worker}\) has not turned its loop for \d+ ms; its stacks follow")
        assert "its stacks follow" in dumped[-1]
        stacks = running.say_until(r"it is ended")
        assert any("native stack, innermost first" in line for line in stacks), stacks
        assert any(re.search(r"_native.*so", line) for line in stacks), stacks
        assert any(re.search(r'web.py", line \d+ in hang_in_', line) for line in stacks), stacks
        crash = running.say_until(r"was killed by signal 6: its loop was stuck")
        assert any("ABRT; native stack" in line for line in crash), crash
        (fresh,) = running.ready()
        assert fresh != worker
    assert running.stop() == 0


def test_PRC_017_PRC_034_a_worker_that_stops_unasked_and_hangs_as_it_ends_is_replaced(
    start: Callable[..., Supervised],
) -> None:
    running = start(
        PELTON_TIMEOUT_GRACEFUL="2",
        PELTON_TIMEOUT_LIFESPAN_SHUTDOWN="1",
        PELTON_TIMEOUT_READ_HEADER="1",
        PELTON_WS_CLOSE_TIMEOUT="0.5",
    )
    (worker,) = running.ready()
    with running.connect() as leaving:
        running.ask(leaving, "/leave")
        said = running.say_until(r"was killed by signal 6: its shutdown took longer than timeouts.graceful")
    assert any(re.search(r'web.py", line \d+ in hang_in_native_code', line) for line in said), said
    assert running.ready() != [worker]
    assert running.stop() == 0


def test_PRC_033_an_idle_loop_has_a_heartbeat(start: Callable[..., Supervised]) -> None:
    running = start()
    (worker,) = running.ready()
    (segment,) = [number for number, what in open_files(worker).items() if "pelton-stats" in what]
    with open(f"/proc/{worker}/fd/{segment}", "rb") as file:
        seen = {file.read()}
        # Nobody asks for anything, and yet something in there moves on, again and again.
        while len(seen) < 3:
            with pytest.raises(subprocess.TimeoutExpired):
                running.process.wait(0.1)
            file.seek(0)
            seen.add(file.read())
    assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE])
def test_PRC_008_a_crash_leaves_its_stacks(start: Callable[..., Supervised], number: signal.Signals) -> None:
    running = start()
    (worker,) = running.ready()
    os.kill(worker, number)
    said = running.say_until(r"was killed by signal")
    assert f"killed by signal {number.value}\n" in said[-1]
    name = number.name.removeprefix("SIG")
    assert any(f"pelton: {name}; native stack, innermost first" in line for line in said), said
    assert any(re.search(r"_native.*so", line) for line in said), said
    assert any("most recent call first" in line for line in said), said
    assert running.ready() != [worker]


def test_PRC_008_a_crash_in_a_handler_names_it(start: Callable[..., Supervised]) -> None:
    running = start()
    (worker,) = running.ready()
    with running.connect() as connection:
        connection.sendall(b"GET /crash HTTP/1.1\r\nHost: h\r\n\r\n")
        said = running.say_until(r"was killed by signal 11")
    assert any("string_at" in line for line in said) and any("web.py" in line for line in said), said
    assert running.ready() != [worker]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("asked", ["auto", "uring"])
def test_ENG_004_a_filter_that_kills_for_io_uring_means_epoll(tmp_path: Path, asked: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=io_uring_setup"]
    running = Supervised(
        tmp_path,
        "web.py",
        before=[*inject, "-e", "inject=io_uring_setup:signal=SIGSYS"],
        PELTON_ENGINE=asked,
    )
    try:
        running.say_until(r"as it tried io_uring; it starts again with epoll")
        if asked == "uring":
            rest = running.said.read()
            assert "the engine uring cannot start: the worker before was killed as it tried it" in rest
            assert running.process.wait(60) == 3
            return
        running.ready()
        assert running.engine == "epoll"
        with running.connect() as connection:
            assert running.ask(connection).startswith(b"HTTP/1.1 200 ")
    finally:
        running.end()


class Manager:
    """What systemd is to a service: a socket that is told of it."""

    def __init__(self) -> None:
        self.name = f"\0pelton-test-{os.getpid()}-{id(self)}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name)
        self.socket.settimeout(60)

    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.name.replace("\0", "@")}

    def told(self) -> str:
        return self.socket.recv(4096).decode()


def test_PRC_054_the_service_manager_is_told(start: Callable[..., Supervised]) -> None:
    manager = Manager()
    with manager.socket:
        running = start("--workers", "2", **manager.environment())
        running.ready(2)
        assert manager.told() == "READY=1\nSTATUS=serving"
        running.process.send_signal(signal.SIGTERM)
        assert manager.told() == "STOPPING=1"
        assert running.process.wait(60) == 0
        manager.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.told()


def test_PRC_054_a_manager_whose_queue_is_full_hears_that_we_are_ready(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(APP + """
@app.on_event("startup")
def fill():
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_manager:
        to_manager.setblocking(False)
        to_manager.connect(os.environ["NAME"].replace("@", "\\0"))
        try:
            while True:
                to_manager.send(b"FULL")
        except BlockingIOError:
            pass
""")
    manager = Manager()
    with manager.socket:
        name = manager.environment()["NOTIFY_SOCKET"]
        running = Supervised(tmp_path, "web.py", PELTON_ENGINE=engine, NAME=name, NOTIFY_SOCKET=name)
        try:
            running.ready()
            with running.connect() as client:
                running.ask(client)
            told = [manager.told()]
            while told[-1] == "FULL":
                told.append(manager.told())
            assert told[-1] == "READY=1\nSTATUS=serving"
        finally:
            running.end()


def test_PRC_054_the_watchdog_hears_of_us_until_a_loop_is_stuck(start: Callable[..., Supervised]) -> None:
    manager = Manager()
    with manager.socket:
        running = start(
            **manager.environment(),
            WATCHDOG_USEC="200000",
            PELTON_TIMEOUT_STUCK_DUMP="2",
            PELTON_TIMEOUT_STUCK_KILL="3",
        )
        (worker,) = running.ready()
        told = [manager.told()]
        while told[-1] == "WATCHDOG=1":  # it is told how long the start takes, too
            told.append(manager.told())
        assert told[-1] == "READY=1\nSTATUS=serving"
        assert [manager.told() for _ in range(3)] == ["WATCHDOG=1"] * 3
        with running.connect() as stuck:
            stuck.sendall(b"GET /loop HTTP/1.1\r\nHost: h\r\n\r\n")
            running.say_until("its stacks follow")
            manager.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    manager.told()
            manager.socket.settimeout(60)
            # Its successor's loop turns: there is something to hear of again.
            assert running.ready() != [worker]
            assert manager.told() == "WATCHDOG=1"


def test_PRC_054_sockets_of_the_service_manager_are_used_as_given(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        # LISTEN_PID is the process that is to take them, so it is set behind the fork.
        shell = 'exec 3<&$0 4<&$1; export LISTEN_PID=$$; shift; exec "$@"'
        for listener in (first, second):
            listener.set_inheritable(True)
        running = Supervised(
            tmp_path,
            "web.py",
            "--workers",
            "2",
            before=["bash", "-c", shell, str(first.fileno()), str(second.fileno())],
            passed=[first.fileno(), second.fileno()],
            LISTEN_FDS="2",
            PELTON_ENGINE=engine,
        )
        try:
            workers = running.ready(2)
            for listener in (first, second):
                running.port = listener.getsockname()[1]
                with running.connect() as connection:
                    assert int(running.ask(connection).rpartition(b"\r\n")[2]) in workers
            assert running.stop() == 0
        finally:
            running.end()
        # They are the manager's: who comes now waits for the next start.
        socket.create_connection(first.getsockname(), timeout=60).close()


def test_PRC_009_as_process_1_of_a_container_it_hears_of_a_stop_and_leaves_no_worker(tmp_path: Path, engine: str) -> None:
    """The kernel gives process 1 no signal that it has not asked for."""
    (tmp_path / "web.py").write_text(APP)
    inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine has no process namespaces for us")
    running = Supervised(tmp_path, "web.py", "--workers", "2", before=inside, PELTON_ENGINE=engine)
    try:
        workers = running.ready(2)
        assert all(1 < worker < 1000 for worker in workers)  # as they are numbered inside
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        [supervisor] = [int(child) for child in children]
        with running.connect() as connection:
            assert int(running.ask(connection).rpartition(b"\r\n")[2]) in workers
        outside = [os.pidfd_open(int(pid)) for pid in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()]
        assert len(outside) == 2
        os.kill(supervisor, signal.SIGTERM)
        assert running.process.wait(60) == 0
        for worker in outside:
            running.wait_for(worker)
            os.close(worker)
    finally:
        running.end()


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_PRC_053_workers_gain_no_privileges_and_leave_no_memory_behind(start: Callable[..., Supervised]) -> None:
    running = start()
    (worker,) = running.ready()
    assert status(worker)["NoNewPrivs"] == "1"
    assert int(Path(f"/proc/{worker}/coredump_filter").read_text(), 16) == 0


def test_PRC_053_a_core_dump_that_was_asked_for_is_left_as_it_is(start: Callable[..., Supervised]) -> None:
    before = Path("/proc/self/coredump_filter").read_text()
    Path("/proc/self/coredump_filter").write_text("0x3f")
    try:
        running = start()
        (worker,) = running.ready()
    finally:
        Path("/proc/self/coredump_filter").write_text("0x" + before)
    assert int(Path(f"/proc/{worker}/coredump_filter").read_text(), 16) == 0x3F


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_PRC_053_privileges_are_dropped_behind_the_bind(start: Callable[..., Supervised]) -> None:
    running = start("--user", "root", "--group", "nogroup")
    (worker,) = running.ready()
    for pid in (running.pid, worker):
        assert status(pid)["Gid"].split() == status(pid)["Groups"].split() * 4 == ["65534"] * 4


def test_PRC_053_an_unknown_user_is_one_line_and_exit_3(tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(APP)
    running = Supervised(tmp_path, "web.py", "--user", "no_such_user")
    assert running.said.read() == (
        "pelton: cannot start: \"getpwnam(): name not found: 'no_such_user'\"; name another with --user and --group\n"
    ).replace('"', "")
    assert running.process.wait(60) == 3
    running.end()
