"""USR2 starts a new supervisor on the same sockets; no client notices, and one that cannot start changes nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sites import WAITS, Site, wait_until_gone
from supervised import SILENCE_S, Supervised
from test_admin_listener import asked
from test_supervised import Manager

WORKERS = pytest.mark.parametrize("workers", [1, 2])


@pytest.fixture
def site(tmp_path: Path, engine: str) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path, engine, stack)
        made.write("old")
        yield made


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@WORKERS
def test_PRC_005_a_new_supervisor_serves_and_no_client_notices(site: Site, workers: int) -> None:
    running = site.start(workers)
    old = list(running.workers)
    with site.clients() as clients:
        clients.wait_for(lambda body: body == b"old")
        site.write("new")
        before, now = running.upgrade()
        assert running.process.wait(SILENCE_S) == 0 and before != now
        clients.wait_for(lambda body: body == b"new")
        assert parent_of(int(site.ask("/pid"))) == now
        site.write("newer")
        running.upgrade()  # the successor has one too
        clients.wait_for(lambda body: body == b"newer")
        wait_until_gone([*old, now])
    assert clients.faults == []
    running.stop()
    with pytest.raises(ConnectionRefusedError):  # the listeners are the last one's, which has closed them
        running.connect()


@WORKERS
def test_PRC_005_PRC_020_connections_in_the_queue_are_served(site: Site, workers: int) -> None:
    """The old workers stand still, so that what connects meanwhile waits in the listeners' queues."""
    running = site.start(workers)
    before = list(running.workers)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    with ExitStack() as stack:
        waiting = [stack.enter_context(running.connect()) for _ in range(20)]
        for connection in waiting:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        site.write("new")
        running.upgrade()
        for pid in before:
            os.kill(pid, signal.SIGCONT)
        for connection in waiting:
            received = b""
            while piece := connection.recv(65536):
                received += piece
            assert received.startswith(b"HTTP/1.1 200 ") and received.endswith((b"\r\n\r\nold", b"\r\n\r\nnew"))
    wait_until_gone(before)


def test_PRC_005_PRC_015_a_request_that_goes_on_is_answered(site: Site) -> None:
    """The old supervisor waits for it, also where it is asked to stop meanwhile."""
    running = site.start(1)
    gate = site.close_gate()
    with running.connect() as slow:
        slow.sendall(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        while not (site.folder / "waits").exists():
            site.ask()
        site.write("new")
        before, _ = running.upgrade()
        os.kill(before, signal.SIGTERM)
        while site.ask() != b"new":
            pass
        gate.close()
        assert slow.recv(65536).endswith(b"\r\n\r\nold")
    assert running.process.wait(SILENCE_S) == 0


FAILURES = {
    "a syntax error": "def broken(:\n",
    "a start-up function that fails": "@app.on_startup\ndef fail():\n    raise ValueError('no database')\n",
    "a worker that ends at once": "os._exit(7)\n",
    "one of two workers that fails": "try:\n    os.mkdir('first')\nexcept FileExistsError:\n    raise ValueError('second') from None\n",
}


@WORKERS
@pytest.mark.parametrize("failure", FAILURES)
def test_PRC_005_a_supervisor_that_cannot_start_changes_nothing(site: Site, workers: int, failure: str) -> None:
    if workers == 1:
        (site.folder / "first").mkdir()
    running = site.start(workers)
    pid, before = running.pid, list(running.workers)
    with site.clients() as clients:
        site.write("new", FAILURES[failure])
        os.kill(pid, signal.SIGUSR2)
        running.say_until(rf"^pelton: upgrade failed, supervisor {pid} goes on serving: supervisor \d+ exited with 3; the lines above say why")
        clients.wait_for(lambda body: body == b"old")
        assert set(before) >= {int(site.ask("/pid")) for _ in range(10)}
        site.write("newer")
        running.upgrade()
        clients.wait_for(lambda body: body == b"newer")
    assert clients.faults == []


def test_PRC_005_PRC_022_a_configuration_that_is_wrong_changes_nothing(site: Site) -> None:
    """The new supervisor itself refuses to start."""
    running = site.start(1)
    (site.folder / "pelton.toml").write_text("heeders = []\n")
    os.kill(running.pid, signal.SIGUSR2)
    said = running.say_until(rf"^pelton: upgrade failed, supervisor {running.pid} goes on serving: supervisor \d+ exited with 3")
    assert any("heeders is no setting" in line for line in said), said
    assert site.ask() == b"old"
    assert running.stop() == 0


def test_PRC_005_a_supervisor_that_is_not_ready_in_time_is_ended(site: Site) -> None:
    running = site.start(1, PELTON_TIMEOUT_WORKER_START="3")
    with site.clients() as clients:
        site.write("new", "import threading; threading.Event().wait()\n")
        os.kill(running.pid, signal.SIGUSR2)
        said = running.say_until(rf"^pelton: upgrade failed, supervisor {running.pid} goes on serving: supervisor \d+ exited with 3")
        assert any("not ready within 3000 ms" in line for line in said), said
        clients.wait_for(lambda body: body == b"old")
    assert clients.faults == []
    assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_PRC_001_PRC_002_a_stop_during_an_upgrade_ends_both(site: Site, number: int) -> None:
    running = site.start(1)
    site.close_gate()
    site.write("new", WAITS)
    os.kill(running.pid, signal.SIGUSR2)
    importing = site.importing()
    successor = parent_of(importing)
    assert running.stop(number) == 0
    wait_until_gone([successor, importing])


def test_PRC_005_PRC_032_a_supervisor_killed_during_an_upgrade_takes_its_successor_with_it(site: Site) -> None:
    running = site.start(1)
    site.close_gate()
    site.write("new", WAITS)
    os.kill(running.pid, signal.SIGUSR2)
    importing = site.importing()
    successor = parent_of(importing)
    assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_until_gone([*running.workers, successor, importing])
    assert running.closes()


def test_PRC_005_a_successor_killed_during_an_upgrade_changes_nothing(site: Site) -> None:
    running = site.start(1)
    site.close_gate()
    site.write("new", WAITS)
    os.kill(running.pid, signal.SIGUSR2)
    os.kill(parent_of(site.importing()), signal.SIGKILL)
    running.say_until(rf"^pelton: upgrade failed, supervisor {running.pid} goes on serving: supervisor \d+ was killed by signal 9")
    assert site.ask() == b"old"
    assert running.stop() == 0


def test_PRC_005_reloads_and_upgrades_wait_for_each_other(site: Site) -> None:
    running = site.start(1)
    first = running.pid
    gate = site.close_gate()
    site.write("new", WAITS)
    site.hup()
    site.importing()
    os.kill(first, signal.SIGUSR2)
    gate.close()
    running.say_until("generation 2 serves")
    running.say_until(rf"supervisor \d+ serves, supervisor {first} ends")
    assert running.process.wait(SILENCE_S) == 0


def test_PRC_005_the_pid_file_becomes_the_successors(site: Site) -> None:
    path = site.folder / "pid"
    running = site.start(1, "--pid-file", "pid")
    before, now = running.upgrade()
    wait_until_gone([before])
    assert path.read_text() == f"{now}\n"
    site.write("new")
    subprocess.run([sys.executable, "-m", "pelton", "reload", "--pid-file", str(path)], check=True)
    while site.ask() != b"new":
        pass
    running.stop()
    assert not path.exists()


def test_PRC_005_unix_sockets_stay_where_they_are(site: Site) -> None:
    arguments = ["--workers", "2", "--uds", "web.sock", "--admin-bind", "unix:admin.sock"]
    running = Supervised(site.folder, "web.py", *arguments, PELTON_ENGINE=site.engine)
    site.stack.callback(running.end)
    for _ in range(2):
        running.say_until("listening on")
    for _ in range(2):
        before, _ = running.upgrade()
        wait_until_gone([before])
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SILENCE_S)
            connection.connect(str(site.folder / "web.sock"))
            assert running.ask(connection).endswith(b"old")
        assert asked(f"unix:{site.folder}/admin.sock", "/health/ready")[0] == 200
    running.stop()
    assert not list(site.folder.glob("*.sock"))


@WORKERS
def test_PRC_005_PRC_054_the_service_manager_hears_of_the_new_main_process(site: Site, workers: int) -> None:
    manager = Manager()
    with manager.socket:
        running = site.start(workers, **manager.environment())
        assert manager.told() == "READY=1\nSTATUS=serving"
        _, now = running.upgrade()
        assert {manager.told(), manager.told()} == {f"MAINPID={now}", "READY=1\nSTATUS=serving"}
        assert running.process.wait(SILENCE_S) == 0
        running.stop()
        assert manager.told() == "STOPPING=1"


# A service manager's part: descriptor 3 is the socket, and the process that is to take it is this one.
PASSES_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


@WORKERS
def test_PRC_005_PRC_054_sockets_of_the_service_manager_are_passed_on(tmp_path: Path, engine: str, workers: int) -> None:
    """They are not pelton's, and still listen when the last supervisor has ended."""
    with ExitStack() as stack:
        site = Site(tmp_path, engine, stack)
        site.write("old")
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        running = Supervised(
            tmp_path, "web.py", "--workers", str(workers),
            before=[sys.executable, "-c", PASSES_ON, str(listener.fileno())],
            passed=[listener.fileno()],
            PELTON_ENGINE=engine,
        )  # fmt: skip
        stack.callback(running.end)
        site.running = running
        running.ready(workers)
        assert running.port == listener.getsockname()[1]
        site.write("new")
        before, _ = running.upgrade()
        wait_until_gone([before, *running.workers])
        assert site.ask() == b"new"
        running.stop()
        running.connect().close()


def test_PRC_005_environment_and_working_directory_are_those_of_the_first_start(site: Site) -> None:
    site.write("old", "@app.get('/seen')\ndef seen():\n    return [os.getcwd(), sorted(n for n in os.environ if 'PELTON' in n or 'LISTEN' in n)]\n")
    running = site.start(2, PELTON_WORKERS="3")
    before = site.ask("/seen")
    running.upgrade()
    wait_until_gone([running.process.pid])
    assert site.ask("/seen") == before and b"PELTON_UPGRADE" not in before
