"""Scripts that serve: pelton.run() and app.run(), their keywords and the flags of their command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

import pelton
from pelton import App

APP = """
import os
from pelton import App
app = App()
app.add_route("/", lambda: [os.getpid(), os.environ.get("OF_FILE"), __name__])
"""
ASGI = """
async def plain(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"asgi"})
"""


class Script:
    """A script that is executed, what it says, and its end."""

    def __init__(self, folder: Path, text: str, *arguments: str, cwd: Path | None = None, **environment: str) -> None:
        (folder / "script.py").write_text(text)
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "script.py"), *arguments],
            cwd=cwd or folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None and self.process.stdout is not None
        self.said, self.out = self.process.stderr, self.process.stdout

    def ready(self, workers: int = 1) -> tuple[str, list[int]]:
        url, pids = "", []
        while len(pids) < workers:
            line = self.said.readline()
            assert line, "it ended before it was ready"
            if found := re.search(r"listening on (\S+) \(engine \w+, pid (\d+)\)", line):
                url = found[1]
                pids.append(int(found[2]))
        return url, pids

    def stop(self) -> tuple[int, str]:
        """Exit code and standard output."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


@pytest.fixture
def run(tmp_path: Path, engine: str) -> Iterator[Callable[..., Script]]:
    with ExitStack() as stack:

        def start(text: str, *arguments: str, **more: Any) -> Script:
            started = Script(tmp_path, text, *arguments, PELTON_ENGINE=engine, **more)
            stack.callback(started.stop)
            return started

        yield start


def fails(folder: Path, text: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and what it says."""
    script = Script(folder, text, *arguments, **environment)
    said = script.process.communicate(timeout=60)[1]
    return script.process.returncode, said


GUARD = 'if __name__ == "__main__":\n    '


# --- app.run() ---


def test_flags_of_the_script_are_those_of_pelton_run(run: Callable[..., Script]) -> None:
    text = APP + "app.run(port=1, limit_cookies=3)"
    script = run(text, "--port", "0", "--header", "X-A: b", "--no-date-header", "--access-log", "--access-log-format={path}")
    url, (pid,) = script.ready()
    assert pid == script.process.pid
    with urlopen(f"{url}/") as answer:
        assert answer.headers["X-A"] == "b" and answer.headers["Date"] is None
        assert answer.read().decode().endswith('"__main__"]')
    assert script.stop() == (0, "/\n")


@pytest.mark.parametrize(("code", "arguments"), [("logs=False", ()), ("access_log=True", ("--no-logs",)), ("logs=True", ("--no-access-log",))])
def test_no_logs(run: Callable[..., Script], code: str, arguments: tuple[str, ...]) -> None:
    script = run(f"{APP}app.run(port=0, {code})", *arguments)
    urlopen(script.ready()[0]).close()
    assert script.stop() == (0, "")


@pytest.mark.parametrize(("code", "arguments"), [("logs=True", ()), ("logs=False", ("--logs",))])
def test_logs(run: Callable[..., Script], code: str, arguments: tuple[str, ...]) -> None:
    script = run(f"{APP}app.run(port=0, access_log_format='{{path}}', {code})", *arguments)
    urlopen(script.ready()[0]).close()
    assert script.stop() == (0, "/\n")


def test_logs_twice() -> None:
    with pytest.raises(TypeError, match="'access_log' twice, as 'logs' too"):
        App().run(logs=True, access_log=True)


def test_cli_false_leaves_the_arguments_to_the_application(run: Callable[..., Script]) -> None:
    script = run(f"{APP}app.run(port=0, cli=False)", "--prot", "5", "command")
    script.ready()
    assert script.stop() == (0, "")


def test_arguments_are_for_the_script_that_calls_and_for_no_other_module(run: Callable[..., Script], tmp_path: Path) -> None:
    (tmp_path / "inner.py").write_text(f"{APP}\ndef serve(): app.run(port=0)\n")
    script = run("import inner\ninner.serve()\n", "--prot", "5")
    script.ready()
    assert script.stop() == (0, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--prot", "1"], "no flag '--prot'; did you mean --port?; see python script.py --help"),
        (["other:app"], "app.run() serves its own App, not other:app; see"),
        (["--ssl-version", "1"], "no flag '--ssl-version'; "),
        (["--workers", "many"], "--workers is a number from 1 to 1024 or auto, not 'many'"),
        (["--reload-delay", "1"], "--reload-delay is of --reload, which is not given"),
    ],
)
def test_a_wrong_command_line_is_exit_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    code, said = fails(tmp_path, f"{APP}app.run(port=0)", *arguments)
    assert code == 2 and said.startswith(f"pelton: {says}") and said.count("\n") == 1


def test_help(tmp_path: Path) -> None:
    script = Script(tmp_path, f"{APP}app.run(port=0)", "--help")
    out, said = script.process.communicate(timeout=60)
    assert script.process.returncode == 0 and said == ""
    assert out.startswith("usage: pelton run [APP] [flags]") and "--timeout-idle" in out


@pytest.mark.parametrize("how", ["flag", "keyword"])
def test_several_workers_are_supervised(run: Callable[..., Script], how: str) -> None:
    keywords, flags = ("workers=2, ", ()) if how == "keyword" else ("", ("--workers", "2", "--no-logs"))
    script = run(f"{APP}\n{GUARD}app.run(port=0, {keywords}headers={{'X-A': 'b'}}, access_log=False)", *flags)
    url, pids = script.ready(2)
    assert len({*pids, script.process.pid}) == 3
    with urlopen(url) as answer:
        assert answer.headers["X-A"] == "b" and answer.read().decode().endswith('"script"]')
    assert script.stop() == (0, "")


def test_reload_in_a_script(run: Callable[..., Script], tmp_path: Path) -> None:
    text = f"{APP}\n{GUARD}app.run(port=0)"
    script = run(text, "--reload")
    url, _ = script.ready()
    (tmp_path / "script.py").write_text(text.replace('"OF_FILE"', '"OTHER"') + "  # new")
    assert script.ready()[0] == url
    assert script.stop() == (0, "")


def test_workers_need_a_script_and_a_name(tmp_path: Path) -> None:
    says = "pelton: cannot start: several workers, reload, user, group and pid_file take an App in a variable of the script"
    code, said = fails(tmp_path, "from pelton import App\ndef main(): App().run(port=0, workers=2)\nmain()")
    assert code == 3 and said.startswith(says)
    (tmp_path / "inner.py").write_text(f"{APP}\ndef serve(): app.run(port=0, workers=2)\n")
    code, said = fails(tmp_path, "import inner\ninner.serve()\n")
    assert code == 3 and said.startswith(says)
    code, said = fails(tmp_path, f"{APP}app.run(port=0, workers=2)")
    assert code == 3 and "calls app.run() while" in said and 'put the call under if __name__ == "__main__":' in said


@pytest.mark.parametrize("place", ["flag", "keyword", "variable", "file"])
def test_the_file_of_variables(run: Callable[..., Script], tmp_path: Path, place: str) -> None:
    (tmp_path / "v.env").write_text("OF_FILE=yes\nPELTON_PORT=1\n")
    if place == "file":
        (tmp_path / "pelton.toml").write_text('env_file = "v.env"\n')
    keyword = ", env_file='v.env'" if place == "keyword" else ""
    more = {"PELTON_ENV_FILE": "v.env"} if place == "variable" else {}
    script = run(f"{APP}app.run(port=0{keyword})", *(["--env-file", "v.env"] if place == "flag" else []), **more)
    with urlopen(script.ready()[0]) as answer:
        assert b'"yes"' in answer.read()
    assert script.stop() == (0, "")


def test_the_title_of_a_script(run: Callable[..., Script]) -> None:
    script = run(f"{APP}app.run(port=0)", "--process-name", "shop")
    script.ready()
    shown = Path(f"/proc/{script.process.pid}/cmdline").read_bytes().rstrip(b"\0").decode()
    assert re.fullmatch(r"shop: .*script\.py", shown)


# --- pelton.run() ---


def test_an_application_by_its_name(run: Callable[..., Script], tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(APP)
    (tmp_path / "pelton.toml").write_text("port = 1\nserver_header = true\n")
    (tmp_path / "v.env").write_text("OF_FILE=yes\n")
    code = "pelton.run('web:app', port=0, workers=2, headers=[('X-A', 'b')], env_file='v.env', timeout_keep_alive=5, log_level=None)"
    script = run(f"import pelton\n{GUARD}{code}\n    print('after')", "--prot", "is not read")
    url, pids = script.ready(2)
    assert len({*pids, script.process.pid}) == 3
    with urlopen(url) as answer:
        assert answer.headers["X-A"] == "b" and answer.headers["Server"] == "pelton" and b'"yes","web"' in answer.read()
    assert script.stop() == (0, "after\n")


def test_it_is_found_beside_the_script_as_by_an_import(run: Callable[..., Script], tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(APP)
    script = run("import pelton\npelton.run('web:app', port=0)", cwd=Path("/"))
    urlopen(script.ready()[0]).close()
    assert script.stop() == (0, "")


def test_the_environment_is_stronger(run: Callable[..., Script], tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(APP)
    script = run("import pelton\npelton.run('web:app', port=1, workers=3)", PELTON_PORT="0", PELTON_WORKERS="1")
    _, (pid,) = script.ready()
    assert pid != script.process.pid and script.stop() == (0, "")


@pytest.mark.parametrize("kind", ["App", "ASGI"])
def test_an_application_itself_is_served_in_this_process(run: Callable[..., Script], kind: str) -> None:
    name = "app" if kind == "App" else "plain"
    script = run(f"{APP}{ASGI}import pelton\npelton.run({name}, port=0, lifespan='off')\nprint('after')")
    url, (pid,) = script.ready()
    assert pid == script.process.pid
    with urlopen(url) as answer:
        assert answer.read().startswith(b"[" if kind == "App" else b"asgi")
    assert script.stop() == (0, "after\n")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("pelton.run('nowhere:app', port=0)", "cannot start: there is no module 'nowhere' in "),
        ("pelton.run(app, port=0, workers=2)", "cannot start: workers and reload take new processes, which import the application"),
        ("pelton.run('web:app', port=0, ws_broker=object())", "cannot start: run(): ws_broker is an object of this process"),
        ("pelton.run('web:app', port='x')", "cannot start: run(): port is a port from 0 to 65535, not 'x'"),
        ("pelton.run('web:app', workers=0)", "cannot start: run(): workers is a number from 1 to 1024 or auto, not '0'"),
        ("pelton.run('web:app', reload='yes')", "cannot start: run(): reload is true or false"),
        ("pelton.run(3)", "cannot start: "),
    ],
)
def test_what_cannot_start_is_exit_3(tmp_path: Path, code: str, says: str) -> None:
    (tmp_path / "web.py").write_text(APP)
    exit_code, said = fails(tmp_path, f"{APP}import pelton\n{code}")
    assert exit_code == 3 and said.startswith(f"pelton: {says}"), said


def test_a_module_that_runs_itself_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(f"{APP}import pelton\npelton.run('web:app', port=0)\n")
    code, said = fails(tmp_path, "import pelton\npelton.run('web:app', port=0)")
    assert code == 3 and "web.py:7 calls pelton.run() while web is imported" in said


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"prot": 1}, "run() has no setting 'prot'; did you mean 'port'?"),
        ({"entrypoint": "a:b"}, "run() has no setting 'entrypoint'"),
        ({"ws": "wsproto"}, "run() has no setting 'ws'; there is one implementation; leave it out"),
        ({"loop": "uvloop"}, "run(loop='uvloop'): pelton has a loop of its own; write engine='auto', 'uring' or 'epoll'"),
        ({"timeout_idle": 1, "timeout_keep_alive": 2}, "run() has 'timeout_keep_alive' twice, as 'timeout_idle' too; give one of them"),
    ],
)
def test_keywords_that_are_wrong(keywords: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(says)}$"):
        pelton.run("a:b", **keywords)
