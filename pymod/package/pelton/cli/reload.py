"""`pelton reload`: asks a running supervisor for a reload, waits for its end, and says how it has gone."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct

from pelton.cli.commands import arguments_of
from pelton.cli.usage import UsageError
from pelton.errors import StartupError
from pelton.serving.pid_file import process_of
from pelton.serving.terminal import complain, put_out

_FAILED = "failed: "
_CREDENTIALS = struct.Struct("3i")  # process, user, group
_ASKED_S = 2.0  # for the supervisor to say that the signal has arrived
_TRIES = 3


def reload(arguments: list[str]) -> int:
    """Exit code 0: the new generation serves; 1: it does not, and stderr says why."""
    _, flags = arguments_of("reload", arguments)
    path = flags.get("pid-file")
    if path is None:
        raise UsageError("pelton reload needs --pid-file FILE, the one of pelton run")
    try:
        outcome = asked(process_of(path))
    except StartupError as error:
        complain(f"cannot reload: {error}")
        return 1
    if outcome.startswith(_FAILED):
        complain(f"reload failed: {outcome.removeprefix(_FAILED)}")
        return 1
    return put_out(f"reload: {outcome}\n")


def asked(process: int) -> str:
    """Sends HUP to the supervisor, and waits for the outcome in its words."""
    try:
        supervisor = os.pidfd_open(process)
    except ProcessLookupError:
        raise StartupError(f"process {process} has ended") from None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as answers:
            answers.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            answers.bind(f"\0pelton-reload-{os.getpid()}")
            for _ in range(_TRIES):  # a signal is lost where one of another process waits
                signal.pidfd_send_signal(supervisor, signal.SIGHUP)
                if _answer(answers, supervisor, process, _ASKED_S) == "asked":
                    break
            else:
                raise StartupError(f"process {process} does not say that it reloads; its log may")
            while (outcome := _answer(answers, supervisor, process, None)) in ("asked", None):
                pass
            return str(outcome)
    except ProcessLookupError:
        raise StartupError(f"process {process} has ended") from None
    except PermissionError:
        raise StartupError(f"process {process} is another user's; run this as that user or as root") from None
    finally:
        os.close(supervisor)


def _answer(answers: socket.socket, supervisor: int, process: int, within_s: float | None) -> str | None:
    """What the supervisor says; None if it says nothing so long, or somebody else does."""
    readable, _, _ = select.select([answers.fileno(), supervisor], [], [], within_s)
    if answers.fileno() not in readable:
        if supervisor in readable:
            raise StartupError(f"process {process} has ended")
        return None
    text, extra, _, _ = answers.recvmsg(65536, socket.CMSG_SPACE(_CREDENTIALS.size))
    senders = [_CREDENTIALS.unpack(data)[0] for _, kind, data in extra if kind == socket.SCM_CREDENTIALS]
    return text.decode(errors="replace") if senders == [process] else None
