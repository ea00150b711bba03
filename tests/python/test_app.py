"""Section 2: the App, its options, its life."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, Blueprint, ConfigError, RegistrationError, State
from pelton.routing.registrar import Registrar
from pelton.testing import TestClient


def test_decorators_return_the_function() -> None:
    app = App()

    def handler() -> int:
        return 1

    decorated = handler
    for verb in (app.get, app.post, app.put, app.patch, app.delete, app.head, app.options):
        decorated = verb("/x")(decorated)
    assert decorated is handler and decorated() == 1
    assert app.route("/y", ["GET", "POST"])(handler) is handler
    client = TestClient(app)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert client.request(method, "/x").json() == 1


def test_the_freeze() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    TestClient(app).get("/")
    with pytest.raises(RegistrationError, match="too late"):
        app.add_route("/late", lambda: 1)
    with pytest.raises(RegistrationError, match="too late"):
        app.exception_handler(404)(lambda request, exc: 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"nmae": "x"}, "did you mean 'name'"),
        ({"status": 200, "status_code": 200}, "alias"),
        ({"rate_limit": 1}, "no route option"),
    ],
)
def test_wrong_route_options_are_type_errors(options: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        App().get("/", **options)(lambda: 1)


def test_status_and_its_alias() -> None:
    app = App()
    app.add_route("/a", lambda: 1, status=201)
    app.add_route("/b", lambda: 1, status_code=202)
    with pytest.raises(ValueError):
        app.add_route("/c", lambda: 1, status=99)
    client = TestClient(app)
    assert [client.get("/a").status_code, client.get("/b").status_code] == [201, 202]


@pytest.mark.parametrize("max_body", ["4B", 4])
def test_max_body_is_a_size(max_body: Any) -> None:
    app = App()
    app.add_route("/", lambda: 1, ["POST"], max_body=max_body)
    client = TestClient(app)
    # max_body: n - 1, n, n + 1
    assert [client.post("/", content=b"x" * n).status_code for n in (3, 4, 5)] == [200, 200, 413]
    with pytest.raises(ValueError):
        App().add_route("/", lambda: 1, max_body="lots")


@pytest.mark.parametrize(
    "options",
    [{"errors": "html"}, {"trailing_slash": "x"}, {"validator": "x"}, {"json_nan": "x"}, {"json_duplicate_keys": "x"}],
)
def test_wrong_app_options(options: Any) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        App(**options)


def test_things_that_are_no_handlers() -> None:
    with pytest.raises(TypeError, match="callable"):
        App().add_route("/", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="sequence"):
        App().add_route("/", lambda: 1, "GET")
    with pytest.raises(RegistrationError, match="neither"):
        App().exception_handler("x")(lambda request, exc: 1)  # type: ignore[arg-type]
    for handler in (lambda: 1, lambda request: 1, lambda request, exc, more: 1):
        with pytest.raises(RegistrationError, match=r"cannot be called with \(request, exc\)"):
            App().exception_handler(KeyError)(handler)


def test_attributes() -> None:
    app = App(debug=True)
    assert isinstance(app.state, State) and app.debug and app.engine is None and app.routes == ()
    app.stop()  # nothing is served: no effect


def test_run_refuses_unknown_settings() -> None:
    with pytest.raises(TypeError, match="did you mean 'timeout_idle'"):
        App().run(timeout_idel=3)  # type: ignore[call-arg]


def test_run_serves_in_a_thread_until_stop(
    engine: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PELTON_ENGINE", raising=False)  # it wins over a keyword
    app = App()
    app.add_route("/", lambda: "up")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    thread = threading.Thread(target=app.run, kwargs={"port": port, "engine": engine}, daemon=True)
    thread.start()
    said = ""
    while "listening" not in said:
        said += capfd.readouterr().err
        assert thread.is_alive()
    assert f"pelton 0.1.0 listening on http://127.0.0.1:{port} (engine {engine}, pid {os.getpid()})\n" in said
    assert urlopen(f"http://127.0.0.1:{port}/").read() == b'"up"'
    app.stop()
    thread.join(10)
    assert not thread.is_alive()


SCRIPT = """
from pelton import App
app = App()
app.add_route("/", lambda: "up")
if __name__ == "__main__":
    app.run(port={port}, engine="{engine}")
    print("returned", flush=True)
"""


def started(tmp_path: Path, engine: str, port: int = 0) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(port=port, engine=engine))
    return subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_in_the_main_thread_returns_after_a_signal(tmp_path: Path, engine: str, number: int) -> None:
    process = started(tmp_path, engine)
    assert process.stderr is not None and process.stdout is not None
    line = process.stderr.readline()
    url = line.split(" on ")[1].split(" ")[0]
    assert urlopen(url).read() == b'"up"'
    process.send_signal(number)
    assert process.wait(10) == 0 and process.stdout.read() == "returned\n"
    process.stderr.close()
    process.stdout.close()


def test_run_says_that_the_number_of_workers_is_not_its_own(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PELTON_WORKERS", "2")
    process = started(tmp_path, engine)
    assert process.stderr is not None
    assert process.stderr.readline() == "pelton: PELTON_WORKERS is for pelton run: app.run() serves in this process alone\n"
    assert "listening" in process.stderr.readline()
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_PRC_052_a_port_in_use_is_one_line_and_exit_3(tmp_path: Path, engine: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = started(tmp_path, engine, port)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 3
    assert said == (
        f"pelton: cannot start: 127.0.0.1:{port} is already in use; stop the other process or choose another "
        "port with --port\n"
    )


def test_two_servers_do_not_share_a_port(tmp_path: Path, engine: str) -> None:
    first = started(tmp_path, engine)
    assert first.stderr is not None
    port = int(first.stderr.readline().split(" on ")[1].split(" ")[0].rsplit(":", 1)[1])
    second = started(tmp_path, engine, port)
    second.communicate(timeout=10)
    assert second.returncode == 3
    first.terminate()
    first.communicate(timeout=10)


def test_an_app_has_parts_and_one_base() -> None:
    """What an app can do is read in its own file and in its base, which a blueprint has too."""
    assert App.__mro__[1:-1] == Blueprint.__mro__[1:-1] == (Registrar,)
    app = App()
    parts = app._parts
    assert parts.app is app and parts.mounts.parts is parts and parts.providers.service is parts.service
    assert app._description is None and parts.service.templates is None  # made when they are asked for
    assert app.openapi() == app._described().document()
