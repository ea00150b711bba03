"""What a process does around serving."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from pelton import _native


def test_listeners() -> None:
    descriptor, port = _native.bind_listener("127.0.0.1", 0, backlog=5, reuse_port=False)
    with socket.socket(fileno=descriptor) as listener:
        assert port > 0 and listener.getsockname() == ("127.0.0.1", port)
        assert _native.listener_address(descriptor) == ("127.0.0.1", port)
        assert not os.get_inheritable(descriptor) and not os.get_blocking(descriptor)
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(OSError, match="in use") as raised:
            _native.bind_listener("127.0.0.1", port, backlog=5, reuse_port=False)
        assert raised.value.errno == errno.EADDRINUSE
        joined, same = _native.bind_listener("127.0.0.1", port, backlog=5)
        os.close(joined)
        assert same == port
    with pytest.raises(OSError):
        _native.bind_listener("no.such.host.invalid", 0, backlog=5)


def test_the_address_of_what_is_no_tcp_listener(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert _native.listener_address(listener.fileno()) == ("", 0)


def test_LIM_031_backlog() -> None:
    n = 128
    for backlog in (n - 1, n, n + 1):
        descriptor, _ = _native.bind_listener("127.0.0.1", 0, backlog=backlog)
        with socket.socket(fileno=descriptor) as listener:
            # Of a listening socket tcp_info's `sacked` is the length its queue may have.
            info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
            assert struct.unpack_from("I", info, 28)[0] == backlog


def test_ENG_052_the_end_of_a_forked_child(capfd: pytest.CaptureFixture[str]) -> None:
    child = os.fork()
    if child == 0:
        _native.end_forked_child()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert capfd.readouterr().err == (
        f"pelton: a forked child (pid {child}) came back to its parent's event loop and is ended; "
        "end it with os._exit(), or start it with subprocess or multiprocessing\n"
    )


def test_supervise_starts_and_ends_workers(capfd: pytest.CaptureFixture[str]) -> None:
    descriptor, _ = _native.bind_listener("127.0.0.1", 0, backlog=5)
    program = "import os, sys; print('here', os.environ['PELTON_WORKER_ID'], flush=True); sys.exit(3)"
    code, owns = _native.supervise(
        [sys.executable, "-c", program], listeners=[[descriptor]], workers=1, config={}
    )
    os.close(descriptor)
    said = capfd.readouterr()
    assert code == 3 and owns and "here 0" in said.out
    assert said.err.startswith("pelton: worker 0 (pid ") and said.err.endswith(") exited with 3\n")


def test_PRC_032_a_worker_without_its_supervisor_is_told_so() -> None:
    program = "from pelton import _native; import os, sys; print(_native.join_supervisor(int(sys.argv[1])))"
    for supervisor, is_there in ((os.getpid(), "True"), (1 << 22, "False")):
        done = subprocess.run(
            [sys.executable, "-c", program, str(supervisor)], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{is_there}\n"


def test_doctor() -> None:
    facts = _native.doctor()
    assert facts["engine"] in ("uring", "epoll") and facts["reason"]
    assert facts["kernel"] == os.uname().release
    assert set(facts["operations"].values()) <= {True, False}
    assert facts["io_uring_works"] == (facts["engine"] == "uring")
