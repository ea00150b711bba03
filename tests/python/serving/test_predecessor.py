"""What a supervisor hands on to the one that takes its place."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pelton.serving.pid_file import PidFile
from pelton.serving.predecessor import Predecessor


def test_PRC_005_descriptors_become_listeners_and_files_again(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        first = PidFile(str(tmp_path / "pid"))
        inherited = [os.dup(one) for one in (theirs.fileno(), tcp.fileno(), unix.fileno(), first.descriptor)]
        for one in inherited:
            os.set_inheritable(one, True)  # as a successor finds them
        before = Predecessor({
            "PREDECESSOR": str(inherited[0]), "LISTENERS": f"{inherited[1]};{inherited[2]}", "KEPT": "", "PID_FILE": str(inherited[3]),
        })  # fmt: skip
        assert not any(map(os.get_inheritable, inherited))
        assert before.socket == inherited[0] and before.admin is None
        assert [one.url for (one,) in before.listeners] == [f"http://127.0.0.1:{tcp.getsockname()[1]}", f"unix:{path}"]
        assert before.pid_file is not None
        first.close()
        before.pid_file.remove()
        assert os.listdir(tmp_path) == ["socket"]
        before.listeners[1][0].close(unlinks=False)
        assert os.listdir(tmp_path) == ["socket"]
        before.listeners[0][0].close()
        os.close(before.socket)


def test_PRC_005_sockets_of_a_service_manager_stay_those() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as tcp:
        number = str(tcp.fileno())
        before = Predecessor({
            "PREDECESSOR": str(theirs.fileno()), "LISTENERS": f"{number};{number}", "KEPT": number, "ADMIN": number,
        })  # fmt: skip
        (first,), (second,) = before.listeners
        assert first is second and first.descriptor == tcp.fileno() and first.is_kept and before.pid_file is None
        assert before.admin is not None and before.admin.descriptor == tcp.fileno()
