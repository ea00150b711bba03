"""Serves examples/hello.py with the installed pelton, on each engine the machine allows, and asks it.

Needs nothing but Python and pelton: `python serve_check.py FOLDER_OF_HELLO`. Prints one line an engine.
`python serve_check.py FOLDER USER COMMAND...` asks the server that this command of a container starts.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
import urllib.request

START_TIMEOUT_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, server: subprocess.Popen[bytes]) -> object:
    """The JSON that `url` answers; tries until the server listens."""
    deadline = time.monotonic() + START_TIMEOUT_S
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with direct.open(url, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def check(engine: str, folder: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "pelton", "run", "hello:app", "--app-dir", folder, "--port", str(port)]
    server = subprocess.Popen(command, env=os.environ | {"PELTON_ENGINE": engine})
    try:
        assert ask(f"http://127.0.0.1:{port}/", server) == {"hello": "world"}
        assert ask(f"http://127.0.0.1:{port}/items/3?q=x", server) == {"id": 3, "q": "x"}
        server.send_signal(signal.SIGTERM)
        assert server.wait(START_TIMEOUT_S) == 0, f"status {server.returncode} after SIGTERM"
    finally:
        server.kill()
        server.wait()
    print(f"{engine}: two requests served")


def check_container(folder: str, user: str, command: list[str]) -> None:
    """Starts the command of a container as its user, who is all that it knows of the machine."""
    port = free_port()
    environment = os.environ | {"PELTON_PORT": str(port)}
    server = subprocess.Popen(command, cwd=folder, user=user, group="nogroup", extra_groups=[], env=environment)
    try:
        assert ask(f"http://127.0.0.1:{port}/", server) == {"hello": "world"}
        assert os.stat(f"/proc/{server.pid}").st_uid == pwd.getpwnam(user).pw_uid
        server.send_signal(signal.SIGTERM)
        assert server.wait(START_TIMEOUT_S) == 0, f"status {server.returncode} after SIGTERM"
    finally:
        server.kill()
        server.wait()
    print(f"container: served as {user}")


def main() -> int:
    from pelton import _native

    if sys.argv[2:]:
        check_container(sys.argv[1], sys.argv[2], sys.argv[3:])
        return 0

    engines = ["epoll", "uring"] if _native.doctor()["engine"] == "uring" else ["epoll"]
    for engine in engines:
        check(engine, sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
