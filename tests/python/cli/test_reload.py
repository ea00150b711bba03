"""pelton reload."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelton.cli import reload as reload_module
from pelton.cli.command import main
from supervised import Supervised

APP = "from pelton import App\napp = App()\napp.add_route('/', lambda: 'old')\n"


@pytest.fixture
def running(tmp_path: Path, engine: str) -> Iterator[Supervised]:
    (tmp_path / "web.py").write_text(APP)
    made = Supervised(tmp_path, "web.py", "--pid-file", "pelton.pid", PELTON_ENGINE=engine)
    made.ready()
    yield made
    made.end()


def test_PRC_022_it_says_how_the_reload_has_gone(running: Supervised, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "pelton.pid")
    assert Path(path).read_text() == f"{running.pid}\n"
    assert main(["reload", "--pid-file", path]) == 0
    assert capsys.readouterr().out == "reload: generation 2 serves\n"
    (tmp_path / "web.py").write_text("import no_such_module\n")
    assert main(["reload", "--pid-file", path]) == 1
    said = capsys.readouterr().err
    assert said.startswith("pelton: reload failed: generation 2 goes on serving: cannot start: importing web.py failed: ")
    assert "no_such_module" in said and "web.py:1" in said
    assert running.stop() == 0
    assert not Path(path).exists()
    assert main(["reload", "--pid-file", path]) == 1
    assert "pelton.pid cannot be read: No such file" in capsys.readouterr().err


def test_several_at_once_all_hear_of_it(running: Supervised, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pelton", "reload", "--pid-file", str(tmp_path / "pelton.pid")]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in asking:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and said.startswith("reload: generation ")
    assert running.stop() == 0


def test_a_file_in_the_configuration(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    (tmp_path / "pelton.toml").write_text("pid_file = 'of_file.pid'\n")
    first = Supervised(tmp_path, "web.py", PELTON_ENGINE=engine)
    try:
        first.ready()
        assert (tmp_path / "of_file.pid").read_text() == f"{first.pid}\n"
        second = Supervised(tmp_path, "web.py", PELTON_ENGINE=engine)
        try:
            second.say_until(r"cannot start: .*of_file.pid belongs to a pelton that runs")
            assert second.process.wait(60) == 3
        finally:
            second.end()
        assert first.stop() == 0
    finally:
        first.end()


def test_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reload"]) == 2
    assert "pelton reload needs --pid-file FILE" in capsys.readouterr().err


def answers() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    made.bind("")
    return made


def test_an_answer_of_another_process_is_none() -> None:
    supervisor = os.pidfd_open(os.getpid())
    with answers() as hears, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as tells:
        for process, heard in ((os.getpid(), "asked"), (1, None)):
            tells.sendto(b"asked", hears.getsockname())
            assert reload_module._answer(hears, supervisor, process, None) == heard
    os.close(supervisor)


def test_a_process_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload_module, "_ASKED_S", 0)
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], preexec_fn=ignore_hup) as deaf:
        with pytest.raises(reload_module.StartupError, match=f"process {deaf.pid} does not say that it reloads"):
            reload_module.asked(deaf.pid)
        deaf.kill()
        deaf.wait()
        with pytest.raises(reload_module.StartupError, match=f"process {deaf.pid} has ended"):
            reload_module.asked(deaf.pid)


def ignore_hup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
