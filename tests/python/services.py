"""PostgreSQL and Redis as processes of one's own, on free ports, with nothing kept after them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_S = 30


@dataclass(frozen=True)
class Service:
    host: str
    port: int
    folder: Path
    url: str


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def unsanitized() -> dict[str, str]:
    """The environment of programs that are not ours: what a sanitizer loads into Python first stops them."""
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


def _postgres_program(name: str) -> str | None:
    """Debian keeps them off PATH, one folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


def missing() -> list[str]:
    return [
        name
        for name, program in {
            "postgresql": _postgres_program("pg_ctl"),
            "redis-server": shutil.which("redis-server"),
        }.items()
        if program is None
    ]


def _run_as_postgres(folder: Path, name: str, *arguments: str) -> None:
    program = _postgres_program(name)
    assert program is not None
    # PostgreSQL refuses to be root.
    other: dict[str, object] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    with (folder / "said").open("ab") as said:
        status = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, env=unsanitized(), **other,
        ).returncode  # type: ignore[call-overload]
    if status != 0:
        raise RuntimeError(f"{name}: {(folder / 'said').read_text()}")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        yield folder


@contextlib.contextmanager
def postgres(connections: int = 100) -> Iterator[Service]:
    with _folder() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data, port = str(folder / "data"), free_port()
        _run_as_postgres(folder, "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "fsync": "off",
            "max_connections": connections,
        }
        options = " ".join(f"-c {key}={value}" for key, value in settings.items())
        _run_as_postgres(
            folder, "pg_ctl", "-D", data, "-o", options, "-w", "-t", str(START_S), "-l", str(folder / "log"), "start"
        )
        try:
            yield Service(
                "127.0.0.1", port, folder, f"postgresql://postgres@127.0.0.1:{port}/postgres"
            )
        finally:
            _run_as_postgres(folder, "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


@contextlib.contextmanager
def redis(port: int | None = None) -> Iterator[Service]:
    with _folder() as folder:
        port = port or free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        command += ["--unixsocket", str(folder / "socket")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=unsanitized())
        assert process.stdout is not None
        try:
            said = ""
            while "eady to accept connections" not in said:
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"redis-server: {said}")
                said += line
            yield Service("127.0.0.1", port, folder, f"redis://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.communicate(timeout=START_S)
