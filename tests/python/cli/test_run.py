"""pelton run: targets, flags, workers, exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest


APP = """
import os
from pelton import App
app = App()
app.add_route("/", lambda: os.getpid())

class Nested:
    inner = App()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    for name, text in {
        "pkg/web.py": APP,
        "single.py": APP,
        "broken.py": "x = 1\nimport nothing_of_this_name\n",
        "failing.py": "1 / 0\n",
        "exiting.py": "raise SystemExit(5)\n",
        "several.py": "from pelton import App\nfirst = App()\n",
        "late.py": "from pelton import App\napp = App()\n@app.get('/')\ndef f(x: 'Nowhere'): ...\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


class Run:
    """A `pelton run` process and what it says."""

    def __init__(self, folder: Path, *arguments: str, engine: str = "auto") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pelton", "run", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PELTON_ENGINE": engine},
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr

    def ready(self, workers: int = 1) -> tuple[str, list[int]]:
        """(URL, pids) once all workers have said that they listen."""
        url, pids = "", []
        while len(pids) < workers:
            line = self.said.readline()
            assert line, "ended before it was ready"
            if found := re.search(r"listening on (\S+) \(engine \w+, pid (\d+)\)", line):
                url, pid = found.groups()
                pids.append(int(pid))
        return url, pids

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        self.said.close()
        return code


@pytest.fixture
def run(folder: Path, engine: str) -> Iterator[Callable[..., Run]]:
    with ExitStack() as stack:

        def start(*arguments: str) -> Run:
            started = Run(folder, *arguments, engine=engine)
            stack.callback(started.stop)
            return started

        yield start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_until_it_is_told_to_stop(run: Callable[..., Run], number: int) -> None:
    running = run("single.py", "--port", "0")
    url, (pid,) = running.ready()
    assert int(urlopen(url).read()) == pid != running.process.pid
    assert running.stop(number) == 0


def test_a_worker_collects_garbage_from_the_application_on(run: Callable[..., Run], folder: Path) -> None:
    (folder / "collects.py").write_text("""
import gc
from pelton import App

app, then = App(), gc.isenabled()
app.add_route("/", lambda: [then, gc.isenabled()])
""")
    url, _ = run("collects.py", "--port", "0").ready()
    assert urlopen(url).read() == b"[true,true]"


def test_a_file_of_the_application_is_no_part_of_the_standard_library(run: Callable[..., Run], folder: Path) -> None:
    (folder / "ssl.py").write_text("raise RuntimeError('for the application')")
    running = run("single.py", "--port", "0")
    running.ready()
    assert running.stop() == 0


def test_workers_share_the_port_and_are_replaced(run: Callable[..., Run]) -> None:
    running = run("pkg.web:app", "--port=0", "--workers", "2")
    url, pids = running.ready(2)
    assert len(set(pids)) == 2
    answered = {int(urlopen(url).read()) for _ in range(64)}
    assert answered <= set(pids)
    os.kill(pids[0], signal.SIGKILL)
    _, (fresh,) = running.ready(1)
    assert fresh not in pids
    assert int(urlopen(url).read()) in {fresh, pids[1]}
    assert running.stop() == 0


def test_run_on_a_unix_socket_from_another_directory(folder: Path, engine: str, tmp_path: Path) -> None:
    running = Run(Path("/"), "single:app", "--app-dir", str(folder), "--uds", str(tmp_path / "s"), engine=engine)
    url, _ = running.ready()
    assert url == f"unix:{tmp_path / 's'}"
    assert running.stop() == 0 and not (tmp_path / "s").exists()


@pytest.mark.parametrize("target", ["nowhere:app", "broken.py", "single:os", "late.py"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_PRC_052_what_cannot_start_is_one_line_and_exit_3(folder: Path, target: str, workers: str) -> None:
    running = Run(folder, target, "--port", "0", "--workers", workers)
    *trace, line = running.said.read().splitlines()
    assert running.stop() == 3
    # What fails in the application's own code is shown by its traceback, above that one line.
    assert bool(trace) == (target == "broken.py") and (not trace or trace[0].startswith("Traceback ")), trace
    assert line.startswith("pelton: cannot start: "), line


def test_PRC_031_a_worker_that_cannot_be_replaced_is_named(folder: Path, run: Callable[..., Run]) -> None:
    (folder / "once.py").write_text(APP)
    running = run("once.py", "--port", "0", "--workers", "2")
    _, pids = running.ready(2)
    (folder / "once.py").write_text("raise ZeroDivisionError\n")
    os.kill(pids[0], signal.SIGKILL)
    assert re.fullmatch(r"pelton: worker \d \(pid \d+\) was killed by signal 9\n", said := running.said.readline()), said
    trace = [running.said.readline() for _ in range(4)]
    assert trace[0].startswith("Traceback ") and 'once.py", line 1' in trace[1] and trace[3].startswith("ZeroDivisionError"), trace
    said = running.said.readline()
    assert re.fullmatch(r"pelton: worker \d \(pid \d+\) exited with 3: cannot start: .*ZeroDivisionError.*\n", said), said
    assert running.stop() == 0


def test_workers_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_WORKERS", "2")
    running = Run(folder, "single.py", "--port", "0")
    _, pids = running.ready(2)
    assert running.stop() == 0 and len(set(pids)) == 2


@pytest.mark.parametrize("name", ["PELTON_WORKERS", "WEB_CONCURRENCY"])
def test_a_wrong_number_of_workers_in_the_environment(folder: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "single.py"],
        env={**os.environ, name: "many"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr == (
        f"pelton: cannot start: environment: {name} is a number from 1 to 1024 or auto, not 'many'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([b"single.py", b"--uds", b"/nonexistent/\xe9"], "/nonexistent/\\udce9 cannot be bound: No such file or directory"),
        ([b"caf\xe9:app", b"--port", b"0"], "there is no module 'caf\\udce9' in "),
        ([b"saying.py", b"--port", b"0"], "the application did not start: RuntimeError: \\udce9"),
    ],
)
def test_PRC_052_what_is_not_utf_8_is_shown_escaped(folder: Path, arguments: list[bytes], says: str) -> None:
    (folder / "saying.py").write_text(APP + """
@app.on_event("startup")
def start():
    raise RuntimeError("\\udce9")
""")
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    line = done.stderr.splitlines()[-1]
    assert line.startswith("pelton: cannot start: ") and says in line


@pytest.mark.parametrize("workers", ["1", "2"])
def test_PRC_052_a_failed_import_shows_the_users_lines_once(folder: Path, workers: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "broken.py", "--port", "0", "--workers", workers],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    *trace, line = done.stderr.splitlines()
    assert trace[0] == "Traceback (most recent call last):" and trace[1].endswith('broken.py", line 2, in <module>')
    assert trace[-1].startswith("ModuleNotFoundError: ") and done.stderr.count("Traceback") == 1
    assert line.startswith("pelton: cannot start: importing broken.py failed: ") and line.endswith("(broken.py:2)")


def test_a_long_traceback_keeps_its_beginning_and_its_end(folder: Path) -> None:
    # Two functions in turn, so that the frames are no repetition that Python would sum up.
    text = "import json\ndef f(n): g(n - 1) if n else json.loads('{')\ndef g(n): f(n)\nf(60)\n"
    (folder / "deep.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "deep.py", "--port", "0"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    *trace, line = done.stderr.splitlines()
    assert len(done.stderr) < 4200 and "  ..." in trace
    assert trace[1].endswith('deep.py", line 4, in <module>') and trace[-1].startswith("json.decoder.JSONDecodeError")
    assert line.startswith("pelton: cannot start: importing deep.py failed: JSONDecodeError: ")


@pytest.mark.parametrize("command", ["run", "openapi"])
def test_an_application_that_runs_itself_is_told_so_at_once(folder: Path, command: str) -> None:
    (folder / "running.py").write_text(f"{APP}\napp.run(port=0)\n")
    done = subprocess.run(
        [sys.executable, "-m", "pelton", command, "running.py"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PELTON_PORT": "0"},
    )  # fmt: skip
    assert done.returncode == 3 and done.stdout == ""
    begin = "cannot start" if command == "run" else "cannot describe running.py"
    assert done.stderr.startswith(f"pelton: {begin}: running.py:10 calls app.run() while running.py is imported")
    assert done.stderr.endswith('put the call under if __name__ == "__main__":\n')


def test_PRC_052_a_port_in_use(run: Callable[..., Run], folder: Path) -> None:
    url, _ = run("single.py", "--port", "0").ready()
    port = url.rsplit(":", 1)[1]
    for workers in ("1", "2"):
        second = Run(folder, "single.py", "--port", port, "--workers", workers)
        said = second.said.read()
        assert second.stop() == 3
        assert said == (
            f"pelton: cannot start: 127.0.0.1:{port} is already in use; stop the other process or choose "
            "another port with --port\n"
        )


@pytest.mark.parametrize(
    ("shell", "says"),
    [
        ("ulimit -n 40; exec", "30 workers cannot be connected: Too many open files; raise ulimit -n"),
        ("export LISTEN_PID=$$ LISTEN_FDS=1; exec 3>&-; exec", "LISTEN_FDS=1, but descriptor 3 is no listening socket"),
    ],
)
def test_PRC_052_descriptors_that_are_not_there(folder: Path, shell: str, says: str) -> None:
    command = f"{shell} {sys.executable} -m pelton run single.py --port 0 --workers 30"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("pelton: cannot start: ") and says in done.stderr and done.stderr.count("\n") == 1


def test_environment_and_flags(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "single.py"],
        env={**os.environ, "PELTON_PROT": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3 and "PELTON_PORT" in done.stderr and done.stderr.count("\n") == 1


# --- the configuration file ---


def test_run_reads_the_file_beside_the_application(folder: Path, run: Callable[..., Run]) -> None:
    (folder / "pelton.toml").write_text(
        'entrypoint = "single:app"\nport = 0\nworkers = 2\nserver_header = true\nlimit_body_size = 10\n[headers]\nX-From = "file"\n'
    )
    url, pids = run().ready(2)
    assert len(set(pids)) == 2
    with urlopen(url) as answer:
        assert (answer.headers["X-From"], answer.headers["Server"]) == ("file", "pelton")


def test_flags_and_environment_go_before_the_file(folder: Path, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "other.toml").write_text('port = 1\n[headers]\nX-From = "file"\nX-Last = "file"\n')
    (folder / "pelton.toml").write_text("this is not read\n")
    url, _ = run("single.py", "--config", "other.toml", "--port", "0", "--header", "X-From: flag").ready()
    with urlopen(url) as answer:
        assert answer.headers["X-From"] == "flag" and answer.headers["X-Last"] is None
    monkeypatch.setenv("PELTON_HEADERS", "X-From: environment")
    url, _ = run("single.py", "--config=other.toml", "--port", "0").ready()
    with urlopen(url) as answer:
        assert answer.headers["X-From"] == "environment"


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("port = 0\nprot = 1", [], "pelton.toml:2: prot is no setting; did you mean port?"),
        ("port = 'many'", [], "pelton.toml:1: port is a port from 0 to 65535, not 'many'"),
        ("workers = 'many'", [], "pelton.toml:1: workers is a number from 1 to 1024 or auto, not 'many'"),
        ("user = 'nobody-of-this-name'\nport = 0", [], "getpwnam(): name not found: 'nobody-of-this-name'"),
        ("", ["--config", "gone.toml"], "gone.toml cannot be read: No such file or directory"),
        ("", ["--config", "pyproject.toml"], "pyproject.toml has no table [tool.pelton]"),
        ("port = ", [], "pelton.toml is no TOML file: "),
        ("entrypoint = 'nowhere:app'\nport = 0", [], "there is no module 'nowhere'"),
    ],
)
def test_a_wrong_file_is_one_line_and_exit_3(folder: Path, text: str, arguments: list[str], says: str) -> None:
    (folder / "pelton.toml").write_text(text)
    (folder / "pyproject.toml").write_text("[project]\n")
    target = [] if "entrypoint" in text else ["single.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", *target, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3 and done.stderr.startswith(f"pelton: cannot start: {says}") and done.stderr.count("\n") == 1, done.stderr


def test_app_run_reads_the_file_beside_the_script(folder: Path, engine: str) -> None:
    (folder / "script.py").write_text(f"{APP}\napp.run(blocking_threads=3)\n")
    (folder / "pelton.toml").write_text('port = 0\nworkers = 2\n[headers]\nX-From = "file"\n')
    with subprocess.Popen(
        [sys.executable, folder / "script.py"], cwd="/", stderr=subprocess.PIPE, text=True, env={**os.environ, "PELTON_ENGINE": engine}
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith("pelton.toml:2: workers is for pelton run: app.run() serves in this process alone\n")
        found = re.search(r"listening on (\S+)", process.stderr.readline())
        assert found is not None
        with urlopen(found[1]) as answer:
            assert answer.headers["X-From"] == "file"
        process.terminate()
    assert process.returncode == 0
    (folder / "pelton.toml").write_text("prot = 0\n")
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (3, "pelton: cannot start: pelton.toml:1: prot is no setting; did you mean port?\n")


def test_without_an_app_the_usual_files_are_tried(folder: Path, run: Callable[..., Run]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pelton", "run", "--port", "0"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3 and "no APP is named, and " in done.stderr and "in main.py, app.py or api.py" in done.stderr
    (folder / "main.py").write_text(APP)
    url, (pid,) = run("--port", "0").ready()
    assert int(urlopen(url).read()) == pid
