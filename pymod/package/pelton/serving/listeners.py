"""Listening sockets: bound here, inherited from a supervisor, or passed by a service manager."""

from __future__ import annotations

import os

from pelton import _native
from pelton.errors import StartupError

from pelton.serving.terminal import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.config.settings import Values

_ADMIN_BACKLOG = 64


class Listener:
    """A bound, listening socket and the address to print."""

    __slots__ = ("descriptor", "port", "uds", "url")

    def __init__(self, descriptor: int, url: str, port: int | None, uds: str | None) -> None:
        self.descriptor = descriptor
        self.url = url
        self.port = port
        self.uds = uds

    def close(self, unlinks: bool = True) -> None:
        """Removes the path of a Unix socket too, but for one that another process goes on serving."""
        if self.descriptor < 0:
            return
        os.close(self.descriptor)
        self.descriptor = -1
        if unlinks and self.uds is not None:
            try:
                os.unlink(self.uds)
            except OSError:
                pass


def bind(settings: Values, count: int = 1) -> list[Listener]:
    """A listener for each of `count` workers; StartupError with cause and way out if there is none.

    On a Unix socket all of them share one.
    """
    backlog = settings["backlog"]
    if settings["uds"] is not None:
        return [_bind_unix(settings["uds"], backlog)] * count
    host = settings["host"]
    shown = f"[{host}]" if ":" in host else host
    made: list[Listener] = []
    port = settings["port"]
    try:
        # Sockets that share a port do not notice another server of the same user on it: ask first.
        alone, port = _native.bind_listener(host, port, backlog=backlog, reuse_port=False)
        if count == 1:
            return [Listener(alone, f"http://{shown}:{port}", port, None)]
        os.close(alone)
        for _ in range(count):
            descriptor, port = _native.bind_listener(host, port, backlog=backlog)
            made.append(Listener(descriptor, f"http://{shown}:{port}", port, None))
    except OSError as error:
        for listener in made:
            listener.close()
        raise StartupError(f"{shown}:{port} {_cause(error, 'port')}") from None
    return made


def admin_listener(settings: Values) -> Listener | None:
    """The listener for what operators ask, whose address is said; None where the setting `admin_bind` names none."""
    if settings["admin_bind"] is None:
        return None
    host, _, port = settings["admin_bind"].rpartition(":")
    if host == "unix":
        listener = _bind_unix(port, _ADMIN_BACKLOG, "admin-bind")
    else:
        try:
            descriptor, bound = _native.bind_listener(host.strip("[]"), int(port), backlog=_ADMIN_BACKLOG, reuse_port=False)
        except OSError as error:
            raise StartupError(f"{settings['admin_bind']} {_cause(error, 'admin-bind')}") from None
        listener = Listener(descriptor, f"http://{host}:{bound}", bound, None)
    complain(f"health and workers at {listener.url}")
    return listener


def inherited(descriptor: int) -> Listener:
    """The listener a supervisor left at this number; its address is asked of the kernel."""
    host, port = _native.listener_address(descriptor)
    if host:
        shown = f"[{host}]" if ":" in host else host
        return Listener(descriptor, f"http://{shown}:{port}", port, None)
    import socket

    with socket.socket(fileno=os.dup(descriptor)) as asked:
        return Listener(descriptor, f"unix:{asked.getsockname()}", None, None)


def _bind_unix(path: str, backlog: int, flag: str = "uds") -> Listener:
    import errno
    import socket
    import stat

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)  # as epoll needs it; the workers share the mode with the socket
    try:
        if os.path.lexists(path):
            if not stat.S_ISSOCK(os.stat(path).st_mode):
                raise OSError(errno.ENOTSOCK, "no socket")
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                try:
                    probe.connect(path)
                except ConnectionRefusedError:
                    os.unlink(path)  # left by a process that has gone
        listener.bind(path)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise StartupError(f"{path} {_cause(error, flag)}") from None
    return Listener(listener.detach(), f"unix:{path}", None, path)


def _cause(error: OSError, flag: str) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        other = {"port": "port", "uds": "path", "admin-bind": "address"}[flag]
        return f"is already in use; stop the other process or choose another {other} with --{flag}"
    if error.errno == errno.ENOTSOCK:
        return f"exists and is no socket; choose another path with --{flag}"
    if error.errno in (errno.EACCES, errno.EPERM):
        other = "a path you may write" if flag == "uds" else "a port from 1024" if flag == "port" else "another address"
        return f"is not permitted; choose {other} with --{flag}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"is no address of this machine; choose another with --{_host_flag(flag)}"
    if error.errno is None and flag != "uds":  # of getaddrinfo(3), which counts its own
        reason = str(error).rpartition(": ")[2]
        return f"names a host that cannot be resolved: {reason}; choose another with --{_host_flag(flag)}"
    return f"cannot be bound: {error.strerror or error}; choose another with --{flag}"


def _host_flag(flag: str) -> str:
    return "host" if flag == "port" else flag


def passed_sockets() -> list[int]:
    """Descriptors of the sockets that a service manager has opened for us, as sd_listen_fds(3) has it."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "")
    descriptors = list(range(3, 3 + int(count))) if count.isascii() and count.isdigit() else []
    for descriptor in descriptors:
        try:
            os.set_inheritable(descriptor, False)
            os.set_blocking(descriptor, False)  # as epoll needs it
        except OSError as error:
            problem = f"LISTEN_FDS={count}, but descriptor {descriptor} is none: {error.strerror}"
            raise StartupError(f"{problem}; have the service manager pass the sockets, or unset it") from None
    return descriptors
