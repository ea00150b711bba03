"""PRC-001: the first TERM or INT drains, the second ends the process, whatever Python does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

from supervised import Supervised

UNSUPPORTED = (signal.SIGHUP, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU)

PROGRAM = textwrap.dedent(
    """
    import os, signal, socket, sys, threading, time
    sys.path[:0] = sys.argv[1].split(os.pathsep)
    from native_wire import GET, LOOP, Wire
    from pelton import _native

    def stuck(request):
        print("stuck", flush=True)
        while True:
            pass

    threading.Thread(target=threading.Event().wait, daemon=True).start()  # older than run()
    wire = Wire().add(lambda request: "x").add(stuck, path="/stuck")
    wire.application.freeze(wire.recorder.as_dict())
    descriptor, port = _native.bind_listener("127.0.0.1", 0, backlog=16)
    server = _native.Server(wire.application, listeners=[descriptor], config={}, engine=sys.argv[2])
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server.open(signals=True, loop=LOOP)
    print(port, flush=True)
    code = server.run()
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    print("stopped", code, flush=True)
    server.close()
    signal.raise_signal(signal.SIGTERM)  # Python's own again: ends the process
    """
)


USES_TERMINAL = """
import os
from pelton import App
app = App()

@app.get("/terminal")
def use_terminal():
    terminal = os.open("/dev/tty", os.O_RDWR)
    try:
        return os.write(terminal, b"asks"), os.read(terminal, 1)
    except OSError as error:
        return error.strerror
    finally:
        os.close(terminal)
"""

ON_TERMINAL = "import os, sys; os.open(sys.argv[1], os.O_RDWR); os.execv(sys.argv[2], sys.argv[2:])"


def start(engine: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, ":".join(path for path in sys.path if path), engine],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_PRC_001_PRC_017_the_first_one_drains(engine: str, number: int) -> None:
    process, _ = start(engine)  # the port is told before run(): nothing may be lost in between
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert output == "stopped 0\n"
    assert process.returncode == -signal.SIGTERM


def test_PRC_002_quit_is_quick_and_two_terms_behind_it_force(engine: str) -> None:
    import socket

    process, port = start(engine)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        process.send_signal(signal.SIGQUIT)
        assert idle.recv(1) == b""
    output, _ = process.communicate(timeout=20)
    assert output == "stopped 0\n"

    process, port = start(engine)
    assert process.stdout is not None
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n")
        assert process.stdout.readline() == "stuck\n"
        for number in (signal.SIGQUIT, signal.SIGTERM):
            process.send_signal(number)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 128 + signal.SIGTERM
    process.stdout.close()


def test_PRC_007_a_closed_pipe_a_new_window_size_and_what_is_not_supported_are_nothing(engine: str) -> None:
    import socket

    process, port = start(engine)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for number in (signal.SIGPIPE, signal.SIGWINCH, *UNSUPPORTED):
            process.send_signal(number)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert output == "stopped 0\n"


def test_PRC_006_a_worker_that_uses_its_terminal_is_not_held_up(tmp_path: Path, engine: str) -> None:
    (tmp_path / "web.py").write_text(USES_TERMINAL)
    outer, inner = os.openpty()
    modes = termios.tcgetattr(inner)
    modes[3] |= termios.TOSTOP
    termios.tcsetattr(inner, termios.TCSANOW, modes)
    before = [sys.executable, "-c", ON_TERMINAL, os.ttyname(inner)]
    server = Supervised(tmp_path, "web.py", before=before, PELTON_ENGINE=engine)
    try:
        server.ready()
        with server.connect() as connection:
            assert b"\r\n\r\n\"Input/output error\"" in server.ask(connection, "/terminal")
        assert os.read(outer, 4) == b"asks"
        assert server.stop() == 0
    finally:
        server.end()
        os.close(inner)
        os.close(outer)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_PRC_001_PRC_009_the_second_one_ends_it_within_a_second(engine: str, second: int) -> None:
    import socket

    process, port = start(engine)
    assert process.stdout is not None
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n")
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        began = time.monotonic()
        process.send_signal(second)
        assert process.wait(10) == 128 + second
        assert time.monotonic() - began < 1
    process.stdout.close()
