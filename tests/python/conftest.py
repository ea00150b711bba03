"""What the Python tests share: the environment they run in and the engines they run on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import pelton.loop
from pelton import App
from pelton.testing import live_server

# Where the design documents lie is no setting of a server, and a setting no server knows is an error.
DESIGN = os.environ.pop("PELTON_DESIGN", None)


def engines() -> list[str]:
    """Both engines, or the one that PELTON_ENGINE asks for."""
    forced = os.environ.get("PELTON_ENGINE", "auto")
    if forced != "auto":
        return [forced]
    from pelton import _native

    return ["epoll", "uring"] if _native.doctor()["engine"] == "uring" else ["epoll"]


@pytest.fixture(params=engines())
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def loop(engine: str) -> Iterator[pelton.loop.Loop]:
    made = pelton.loop.Loop(engine)
    yield made
    made.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key in one file, for localhost."""
    path = tmp_path_factory.mktemp("tls") / "pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-batch"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", path, "-out", f"{path}.cert"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.cert").read_text())
    return path


@pytest.fixture
def serve(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., live_server]]:
    """live_server on each engine; stopped when the test ends."""
    monkeypatch.setenv("PELTON_ENGINE", engine)
    with ExitStack() as stack:

        def start(app: App, **settings: object) -> live_server:
            return stack.enter_context(live_server(app, **settings))  # type: ignore[arg-type]

        yield start
