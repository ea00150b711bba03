"""The systemd units of the guide: systemd finds nothing wrong with them, and what they start keeps its side of the protocol."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from fcntl import F_DUPFD, fcntl
from pathlib import Path

import pytest

from guide import FOLDER, Page
from services import free_port, unsanitized

SILENCE_S = 60
PELTON = Path(sys.executable).parent / "pelton"
APP = """
import os
from pelton import App, Response
app = App()
NAMES = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID")
app.add_route("/", lambda: Response(f"{VERSION} {[name for name in NAMES if name in os.environ]}"))
"""


class Unit:
    """A unit of the guide, with the paths of a test."""

    def __init__(self, text: str, replaced: dict[str, str]) -> None:
        for old, new in replaced.items():
            text = text.replace(old, new)
        self.text = text
        self.lines = [line.partition("=")[::2] for line in text.splitlines() if "=" in line and not line.startswith("#")]

    def of(self, key: str) -> list[str]:
        return [value for name, value in self.lines if name == key]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def units(tmp_path: Path, port: int) -> dict[str, Unit]:
    """By the name of its file."""
    (tmp_path / "run").mkdir()
    (tmp_path / "main.py").write_text(f"VERSION = 1\n{APP}")
    replaced = {
        "/srv/app/.venv/bin/pelton": str(PELTON), "/srv/app": str(tmp_path), "/run/app.sock": f"{tmp_path}/run/sock",
        "/run/app/": f"{tmp_path}/run/", "127.0.0.1:8000": f"127.0.0.1:{port}", "User=app": "User=root",
        "SocketGroup=www-data": "SocketGroup=root",
    }  # fmt: skip
    blocks = Page(FOLDER / "deploying.md").blocks("ini")
    found = {Path(block.text.split("\n")[0].removeprefix("# ")).name: Unit(block.text, replaced) for block in blocks}
    assert list(found) == ["app.socket", "app.service"]
    return found


def test_systemd_finds_nothing_wrong(units: dict[str, Unit], tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for name, unit in units.items():
        (tmp_path / name).write_text(unit.text)
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SILENCE_S, check=False, env=unsanitized())
    wrong = [line for line in done.stderr.splitlines() if "app.s" in line or str(tmp_path) in line]
    assert not wrong and "Usage" not in done.stdout


class Manager:
    """The part of systemd that a service with sockets meets: it opens them, starts the command, and is told."""

    def __init__(self, units: dict[str, Unit], folder: Path, engine: str, stack: ExitStack) -> None:
        self.folder = folder
        self.service = units["app.service"]
        self.told = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.told.settimeout(SILENCE_S)
        self.told.bind(str(folder / "notify"))
        self.listeners: list[socket.socket] = []
        for place in units["app.socket"].of("ListenStream"):
            host, _, port = place.rpartition(":")
            listener = stack.enter_context(socket.socket(socket.AF_INET if host else socket.AF_UNIX))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, int(port)) if host else place)
            listener.listen(int(units["app.socket"].of("Backlog")[0]))
            self.listeners.append(listener)
        # They begin at 3, and the ID is that of the process itself. Nothing else is inherited at these numbers.
        numbers = [listener.fileno() for listener in self.listeners]
        high = [fcntl(number, F_DUPFD, 100) for number in numbers]  # free ones: this process may have many open
        shell = "".join(f"exec {3 + index}<&{number} {number}<&-; " for index, number in enumerate(high))
        [watchdog] = self.service.of("WatchdogSec")
        [command] = self.service.of("ExecStart")
        variables = {
            "NOTIFY_SOCKET": str(folder / "notify"), "LISTEN_FDS": str(len(numbers)), "LISTEN_FDNAMES": "app.socket:app.socket",
            "WATCHDOG_USEC": str(int(watchdog) * 10_000),  # a hundredth, so that the test hears of it
            "PELTON_ENGINE": engine,
        }  # fmt: skip
        self.process = subprocess.Popen(
            ["bash", "-c", f'{shell}export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@"', "bash", *shlex.split(command)],
            cwd="/",
            env={**os.environ, **variables},
            pass_fds=high,
        )
        for number in high:
            os.close(number)
        stack.callback(self._end)

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()

    def hears(self, what: str) -> str:
        """The next message that is no sign of life."""
        while (message := self.told.recv(4096).decode()) == "WATCHDOG=1" != what:
            pass
        assert message.startswith(what), message
        return message

    def ask(self, listener: socket.socket) -> str:
        with socket.socket(listener.family) as client:
            client.settimeout(SILENCE_S)
            client.connect(listener.getsockname())
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := client.recv(4096):
                answer += piece
        return answer.partition(b"\r\n\r\n")[2].decode()

    def reload(self) -> subprocess.CompletedProcess[str]:
        [command] = self.service.of("ExecReload")
        return subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=SILENCE_S, check=False)


@pytest.fixture
def manager(units: dict[str, Unit], tmp_path: Path, engine: str) -> Iterator[Manager]:
    with ExitStack() as stack:
        yield Manager(units, tmp_path, engine, stack)


def test_PRC_054_the_service_starts_reloads_and_stops_as_the_units_say(manager: Manager, tmp_path: Path) -> None:
    assert manager.hears("READY=1") == "READY=1\nSTATUS=serving"
    for listener in manager.listeners:
        # What is the manager's to the supervisor alone does not reach the application.
        assert manager.ask(listener) == "1 []"
    assert manager.hears("WATCHDOG=1")
    # Versions of one second and one length are the same to Python, which would use the compiled one.
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    (tmp_path / "main.py").write_text(f"VERSION = 2\n{APP}")
    done = manager.reload()
    assert done.returncode == 0 and "generation 2 serves" in done.stdout + done.stderr
    begun = manager.hears("RELOADING=1\nMONOTONIC_USEC=")
    assert int(begun.partition("MONOTONIC_USEC=")[2]) > 0
    assert manager.hears("READY=1") == "READY=1\nSTATUS=serving"
    for listener in manager.listeners:
        # The worker before may still take connections for a moment.
        while (answer := manager.ask(listener)) == "1 []":
            pass
        assert answer == "2 []"
    (tmp_path / "main.py").write_text("import nothing_of_this_name")
    done = manager.reload()
    assert done.returncode == 1 and "nothing_of_this_name" in done.stderr
    manager.hears("RELOADING=1")
    assert "nothing_of_this_name" in manager.hears("READY=1\nSTATUS=reload failed")
    assert manager.ask(manager.listeners[0]) == "2 []"
    manager.process.send_signal(signal.SIGTERM)
    manager.hears("STOPPING=1")
    assert manager.process.wait(SILENCE_S) == 0
    assert sorted(os.listdir(tmp_path / "run")) == ["sock"]
    for listener in manager.listeners:  # who comes now waits for the next start
        with socket.socket(listener.family) as late:
            late.connect(listener.getsockname())


def test_PRC_055_a_start_that_a_further_one_does_not_mend_ends_with_a_code_that_the_unit_names(units: dict[str, Unit]) -> None:
    [codes], [command] = (units["app.service"].of(key) for key in ("RestartPreventExitStatus", "ExecStart"))
    for wrong, code in ((("--no-such-flag",), 2), (("--engine", "steam"), 3)):
        done = subprocess.run([*shlex.split(command), *wrong], capture_output=True, timeout=SILENCE_S, check=False)
        assert done.returncode == code and str(code) in codes.split()
