"""`pelton run` with ASGI applications, as processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from supervised import SILENCE_S, Supervised

from pelton import App, ConfigError, StartupError
from pelton.cli.command import main
from pelton.cli.loading import load
from pelton.cli.program import Program
from pelton.cli.usage import UsageError

MODULE = """
import os

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["begun"] = os.getpid()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        open("ended", "a").write("ended ")
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = str(scope["state"].get("begun")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})

async def failing(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})

async def without(scope, receive, send):
    assert scope["type"] == "http"
    await app(scope, receive, send)

def sync(scope, receive, send):
    return without(scope, receive, send)

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"threads" if environ["wsgi.multithread"] else b"inline"]

def two(environ, start_response=None): ...

def make():
    return without
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "hosted_module.py").write_text(MODULE)
    return tmp_path


@pytest.fixture
def run(folder: Path, engine: str) -> Iterator[Callable[..., Supervised]]:
    with ExitStack() as stack:

        def start(*arguments: str) -> Supervised:
            made = Supervised(folder, *arguments, PELTON_ENGINE=engine)
            stack.callback(made.end)
            return made

        yield start


@pytest.mark.parametrize("target", ["hosted_module:app", "hosted_module.py"])
def test_workers_serve_it_and_its_lifespan_ends(run: Callable[..., Supervised], folder: Path, target: str) -> None:
    supervisor = run(target, "--workers", "2")
    workers = supervisor.ready(2)
    with supervisor.connect() as connection:
        assert int(supervisor.ask(connection).rpartition(b"\r\n")[2]) in workers
        assert int(supervisor.ask(connection, "/any").rpartition(b"\r\n")[2]) in workers
    assert supervisor.stop() == 0
    assert (folder / "ended").read_text() == "ended ended "


@pytest.mark.parametrize(
    "arguments",
    [("hosted_module:without",), ("hosted_module:sync", "--interface", "asgi"), ("hosted_module:app", "--lifespan", "off")],
)
def test_it_is_served_without_a_lifespan(run: Callable[..., Supervised], arguments: tuple[str, ...]) -> None:
    supervisor = run(*arguments)
    supervisor.ready()
    with supervisor.connect() as connection:
        assert supervisor.ask(connection).endswith(b"None")
    assert supervisor.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["hosted_module:failing"], 3, "the application sent lifespan.startup.failed: no database"),
        (["hosted_module:without", "--lifespan", "on"], 3, "ended its lifespan with AssertionError"),
        (["hosted_module:two"], 3, "say --interface asgi or --interface wsgi"),
        (["hosted_module:app", "--wsgi-inline"], 3, "is no WSGI application; leave --wsgi-inline out"),
        (["hosted_module:sync"], 3, "say --interface asgi"),
        (["hosted_module:app", "--interface", "native"], 3, "not an App"),
        (["hosted_module:app", "--interface", "rsgi"], 2, "--interface is auto, native, asgi, asgi3 or wsgi, not 'rsgi'"),
        (["hosted_module:app", "--lifespan", "maybe"], 2, "--lifespan is auto, on or off, not 'maybe'"),
    ],
)
def test_what_is_not_served_is_one_line(folder: Path, arguments: list[str], code: int, says: str) -> None:
    command = [sys.executable, "-m", "pelton", "run", *arguments, "--port", "0"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SILENCE_S, check=False)
    assert done.returncode == code and done.stderr.count("\n") == 1 and says in done.stderr, done.stderr


@pytest.mark.parametrize(("flags", "says"), [(["--threads", "2"], b"threads"), (["--wsgi-inline"], b"inline"), (["--interface", "wsgi"], b"threads")])
def test_wsgi_applications(run: Callable[..., Supervised], flags: list[str], says: bytes) -> None:
    supervisor = run("hosted_module:wsgi", *flags)
    supervisor.ready()
    with supervisor.connect() as connection:
        assert supervisor.ask(connection).endswith(says)
    assert supervisor.stop() == 0


def test_a_file_says_that_its_entrypoint_runs_inline(run: Callable[..., Supervised], folder: Path) -> None:
    (folder / "pelton.toml").write_text('entrypoint = "hosted_module:wsgi"\nwsgi_inline = true\n')
    supervisor = run()
    supervisor.ready()
    with supervisor.connect() as connection:
        assert supervisor.ask(connection).endswith(b"inline")
    assert supervisor.stop() == 0


def test_a_file_says_how_its_entrypoint_is_served(run: Callable[..., Supervised], folder: Path) -> None:
    (folder / "pelton.toml").write_text('entrypoint = "hosted_module:sync"\ninterface = "asgi"\nlifespan = "off"\n')
    supervisor = run()
    supervisor.ready()
    with supervisor.connect() as connection:
        assert supervisor.ask(connection).endswith(b"None")
    assert supervisor.stop() == 0


def test_a_factory_may_return_one(run: Callable[..., Supervised]) -> None:
    supervisor = run("hosted_module:make", "--factory")
    supervisor.ready()
    with supervisor.connect() as connection:
        assert supervisor.ask(connection).endswith(b"None")
    assert supervisor.stop() == 0


def test_an_application_is_no_factory_of_one(folder: Path) -> None:
    with pytest.raises(StartupError, match="hosted_module:app is a function, not a function that returns one; leave --factory out"):
        load("hosted_module:app", str(folder), is_factory=True)


def test_an_app_goes_before_other_applications_of_a_file(folder: Path) -> None:
    (folder / "both.py").write_text("from hosted_module import app\nfrom pelton import App\napplication = App()\n")
    assert isinstance(load("both.py", str(folder)), App)


@pytest.mark.parametrize("target", ["hosted_module:app", "hosted_module.py", "hosted_module:make"])
@pytest.mark.parametrize("command", ["routes", "openapi"])
def test_what_describes_an_app_says_that_it_cannot_describe_others(
    folder: Path, command: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    factory = ["--factory"] if target.endswith("make") else []
    assert main([command, target, "--app-dir", str(folder), *factory]) == 3
    shown = "what hosted_module:make() returns" if factory else target
    assert capsys.readouterr().err == (
        f"pelton: cannot describe {target}: {shown} is a function, an ASGI application, not an App: "
        "it routes its requests itself, and pelton does not know its routes\n"
    )


def test_check_says_what_it_has_not_looked_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = "hosted_module:app"
    assert main(["check", target, "--app-dir", str(folder)]) == 0
    assert capsys.readouterr().out == f"{target}, an ASGI application, whose routes are its own: no problem found\n"
    assert main(["check", "hosted_module:wsgi", "--app-dir", str(folder)]) == 0
    assert capsys.readouterr().out == "hosted_module:wsgi, a WSGI application, whose routes are its own: no problem found\n"
    assert main(["check", "hosted_module:two", "--app-dir", str(folder)]) == 1
    assert "say --interface asgi or --interface wsgi" in capsys.readouterr().err


def test_check_prints_how_an_application_is_served(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pelton.toml").write_text('entrypoint = "hosted_module:sync"\ninterface = "asgi"\n')
    assert main(["check", "--app-dir", str(folder), "--lifespan", "off", "--print-config"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    config = str(folder / "pelton.toml")
    assert f'interface = "asgi" # {config}:2' in lines and 'lifespan = "off" # --lifespan' in lines
    assert 'limit_body_size = "none" # of ASGI applications' in lines


@pytest.mark.parametrize(
    ("flags", "text", "error", "says"),
    [
        ({"interface": "rsgi"}, "", UsageError, "--interface is auto, native, asgi, asgi3 or wsgi, not 'rsgi'"),
        ({"lifespan": "maybe"}, "", UsageError, "--lifespan is auto, on or off, not 'maybe'"),
        ({}, 'interface = "rsgi"', ConfigError, "pelton.toml:2: interface is auto, native, asgi, asgi3 or wsgi, not 'rsgi'"),
        ({}, 'lifespan = "maybe"', ConfigError, "pelton.toml:2: lifespan is auto, on or off, not 'maybe'"),
        ({}, 'wsgi_inline = "yes"', ConfigError, "pelton.toml:2: wsgi_inline is true or false: whether .*, not 'yes'"),
        ({}, "lifespan = true", ConfigError, "pelton.toml:2: lifespan is auto, on or off: whether .*, not True"),
    ],
)
def test_a_wrong_choice_names_its_place(
    folder: Path, flags: dict[str, str], text: str, error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "pelton.toml").write_text(f'entrypoint = "hosted_module:app"\n{text}\n')
    with pytest.raises(error, match=says):
        Program(None, flags)


def test_a_file_says_nothing_of_another_target(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "pelton.toml").write_text('entrypoint = "hosted_module:app"\ninterface = "asgi"\nlifespan = "off"\n')
    program, other = Program(None, {}), Program("hosted_module:sync", {})
    assert (program.interface, program.lifespan, other.interface, other.lifespan) == ("asgi", "off", "auto", "auto")
    given = Program(None, {"interface": "asgi3", "lifespan": "on"})
    assert (given.interface, given.lifespan) == ("asgi3", "on")
