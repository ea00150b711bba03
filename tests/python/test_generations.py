"""HUP starts new code and new configuration beside the old; no client notices, and a failure changes nothing."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sites import WAITS, Site, wait_until_gone

WORKERS = pytest.mark.parametrize("workers", [1, 2])

@pytest.fixture
def site(tmp_path: Path, engine: str) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path, engine, stack)
        made.write("old")
        yield made


@WORKERS
def test_PRC_003_PRC_021_new_code_serves_and_no_client_notices(site: Site, workers: int) -> None:
    running = site.start(workers)
    before = list(running.workers)
    with site.clients() as clients:
        clients.wait_for(lambda body: body == b"old")
        site.write("new")
        site.reload(2)
        wait_until_gone(before)
        clients.wait_for(lambda body: body == b"new")
    assert clients.faults == []
    assert not set(before) & {int(site.ask("/pid")) for _ in range(10)}
    assert running.stop() == 0


@WORKERS
def test_PRC_020_connections_in_the_queue_are_served(site: Site, workers: int) -> None:
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
        site.reload(2)
        for pid in before:
            os.kill(pid, signal.SIGCONT)
        for connection in waiting:
            received = b""
            while piece := connection.recv(65536):
                received += piece
            assert received.startswith(b"HTTP/1.1 200 ") and received.endswith((b"\r\n\r\nold", b"\r\n\r\nnew"))
    wait_until_gone(before)
    assert running.stop() == 0


@WORKERS
def test_PRC_015_a_request_that_goes_on_is_answered_by_its_generation(site: Site, workers: int) -> None:
    running = site.start(workers)
    gate = site.close_gate()
    with running.connect() as slow:
        slow.sendall(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        running_before = list(running.workers)
        with site.clients() as clients:
            while not (site.folder / "waits").exists():
                clients.wait_for(lambda _: True)
            site.write("new")
            site.reload(2)
            site.write("newer")
            site.reload(3)  # which does not wait for the end of the first
            clients.wait_for(lambda body: body == b"newer")
            gate.close()
            assert slow.recv(65536).endswith(b"\r\n\r\nold")
            wait_until_gone(running_before)
        assert clients.faults == []
    assert running.stop() == 0


FAILURES = {
    "a syntax error": ("def broken(:\n", r"importing web.py failed: SyntaxError: .* \(web.py"),
    "a missing module": ("import no_such_module\n", r"importing web.py failed: ModuleNotFoundError: .*no_such_module.*\(web.py:\d+\)"),
    "a start-up function that fails": (
        "@app.on_startup\ndef fail():\n    raise ValueError('no database')\n",
        r"ValueError: no database",
    ),
    "a lifespan that fails": (
        "from contextlib import asynccontextmanager\nfrom pelton import Blueprint\n@asynccontextmanager\nasync def life(_):\n"
        "    raise ValueError('no cache')\n    yield\napp.register_blueprint(Blueprint('/b', lifespan=life))\n",
        r"ValueError: no cache",
    ),
    "an ASGI application that refuses to start": (
        "async def app(scope, receive, send):\n    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no queue'})\n",
        r"no queue",
    ),
    "an exit": ("os._exit(7)\n", r"worker \d \(pid \d+\) exited with 7"),
    "no application": ("del app\n", r"has no application"),
}


@WORKERS
@pytest.mark.parametrize("failure", FAILURES)
def test_PRC_022_a_version_that_cannot_start_changes_nothing(site: Site, workers: int, failure: str) -> None:
    more, why = FAILURES[failure]
    running = site.start(workers)
    before = list(running.workers)
    with site.clients() as clients:
        clients.wait_for(lambda body: body == b"old")
        site.write("new", more)
        site.hup()
        running.say_until(rf"^pelton: reload failed, generation 1 goes on serving: .*{why}")
        clients.wait_for(lambda body: body == b"old")
        # Mended, it is taken the next time.
        assert set(before) >= {int(site.ask("/pid")) for _ in range(10)}
        site.write("newer")
        site.reload(2)
        clients.wait_for(lambda body: body == b"newer")
    assert clients.faults == [] and b"new" not in clients.bodies
    assert running.stop() == 0


def test_PRC_022_a_version_that_hangs_is_ended(site: Site) -> None:
    running = site.start(1, PELTON_TIMEOUT_WORKER_START="5")
    with site.clients() as clients:
        site.write("new", "import threading; threading.Event().wait()\n")
        site.hup()
        said = running.say_until(r"^pelton: reload failed, generation 1 goes on serving: .*not ready within 5000 ms")
        assert any("web.py" in line for line in said), said  # where it hangs
        clients.wait_for(lambda body: body == b"old")
    assert clients.faults == []
    assert running.stop() == 0


def test_PRC_003_the_configuration_is_read_anew(site: Site) -> None:
    settings = site.folder / "pelton.toml"
    settings.write_text("headers = [['X-From', 'first']]\n")
    running = site.start(1)

    def header() -> bytes:
        with running.connect() as connection:
            found = re.search(rb"(?i)\r\nx-from: (\w+)", running.ask(connection))
            assert found is not None
            return found[1]

    assert header() == b"first"
    settings.write_text("headers = [['X-From', 'second']]\n")
    site.reload(2)
    wait_until_gone(running.workers)
    assert header() == b"second"
    settings.write_text("heeders = [['X-From', 'third']]\n")
    site.hup()
    running.say_until(r"^pelton: reload failed, generation 2 goes on serving: .*pelton.toml:1: heeders is no setting.*headers")
    assert header() == b"second"
    assert running.stop() == 0


@WORKERS
def test_PRC_003_twenty_reloads_at_once_are_two_at_most(site: Site, workers: int) -> None:
    running = site.start(workers)
    with site.clients() as clients:
        site.write("new")
        for _ in range(20):
            site.hup()
        running.say_until(r"^pelton: reload: generation 2 serves$")
        clients.wait_for(lambda body: body == b"new")
    assert clients.faults == []
    assert running.stop() == 0
    assert "generation 4" not in running.said.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@WORKERS
def test_PRC_001_PRC_002_a_stop_during_a_reload(site: Site, workers: int, number: int) -> None:
    running = site.start(workers)
    site.close_gate()
    site.write("new", WAITS)
    site.hup()
    site.importing()
    assert running.stop(number) == 0
    assert "Traceback" not in running.said.read()


@WORKERS
def test_PRC_030_a_worker_killed_during_a_reload(site: Site, workers: int) -> None:
    running = site.start(workers)
    before = list(running.workers)
    gate = site.close_gate()
    site.write("new", WAITS)
    site.hup()
    site.importing()
    os.kill(before[0], signal.SIGKILL)
    running.say_until(rf"worker \d \(pid {before[0]}\) was killed by signal 9")
    gate.close()
    running.say_until(r"^pelton: reload: generation 2 serves$")
    wait_until_gone(before)  # until then an old worker may still take a connection
    assert site.ask() == b"new"
    assert running.stop() == 0


@WORKERS
def test_PRC_022_a_new_worker_killed_during_a_reload(site: Site, workers: int) -> None:
    running = site.start(workers)
    site.close_gate()
    site.write("new", WAITS)
    with site.clients() as clients:
        site.hup()
        os.kill(site.importing(), signal.SIGKILL)
        running.say_until(r"^pelton: reload failed, generation 1 goes on serving: worker \d \(pid \d+\) was killed by signal 9")
        clients.wait_for(lambda body: body == b"old")
    assert clients.faults == []
    assert running.stop() == 0


@WORKERS
def test_PRC_006_a_worker_more_and_one_less(site: Site, workers: int) -> None:
    running = site.start(workers)
    with site.clients("/") as clients:

        def count_to(count: int, number: int) -> None:
            running.process.send_signal(number)
            running.say_until(rf"^pelton: workers: {count}$")
            clients.wait_for(lambda body: body == b"old")

        count_to(workers + 1, signal.SIGTTIN)
        pids = set()
        while len(pids) < workers + 1:  # all of them get connections
            pids.add(site.ask("/pid"))
        site.write("new")
        site.reload(2)  # which keeps the number
        running.process.send_signal(signal.SIGTTOU)
        running.say_until(rf"^pelton: workers: {workers}$")
        clients.wait_for(lambda body: body == b"new")
        for count in range(workers - 1, 0, -1):
            running.process.send_signal(signal.SIGTTOU)
            running.say_until(rf"^pelton: workers: {count}$")
        running.process.send_signal(signal.SIGTTOU)
        running.say_until("SIGTTOU is ignored: one worker is the least")
        clients.wait_for(lambda body: body == b"new")
    assert clients.faults == []
    assert running.stop() == 0
