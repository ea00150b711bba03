"""Listening sockets: bound here, inherited from a supervisor, or passed by a service manager."""

from __future__ import annotations

import os

from pelton import _native
from pelton.config.settings import TLS_MARK
from pelton.errors import StartupError

from pelton.serving.terminal import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.config.settings import Values

_ADMIN_BACKLOG = 64


class Listener:
    """A listening socket and the address to print; one that is kept is somebody else's and stays open.

    `is_tls`: its connections speak TLS.
    """

    __slots__ = ("descriptor", "is_kept", "is_tls", "port", "uds", "url")

    def __init__(self, descriptor: int, url: str, port: int | None, uds: str | None, is_kept: bool = False) -> None:
        self.descriptor = descriptor
        self.url = url
        self.port = port
        self.uds = uds
        self.is_kept = is_kept
        self.is_tls = False

    def secure(self) -> None:
        """From now on its connections speak TLS."""
        self.is_tls = True
        if self.url.startswith("http:"):
            self.url = f"https:{self.url.removeprefix('http:')}"

    def close(self, unlinks: bool = True) -> None:
        """Removes the path of a Unix socket too, but for one that another process goes on serving."""
        if self.descriptor < 0 or self.is_kept:
            return
        os.close(self.descriptor)
        self.descriptor = -1
        if unlinks and self.uds is not None:
            try:
                os.unlink(self.uds)
            except OSError:
                pass


def bind(settings: Values, count: int = 1) -> list[list[Listener]]:
    """For each of `count` workers its listeners, in the order of the addresses; StartupError with cause and way out.

    Sockets that a service manager has passed take the place of all addresses, unless one of these is a descriptor. On
    a Unix socket or a descriptor all workers share one listener.
    """
    addresses = settings["bind"]
    if settings["uds"] is not None:
        addresses = (f"unix:{settings['uds']}",)
    elif settings["fd"] is not None:
        addresses = (f"fd://{settings['fd']}",)
    flag = "bind" if settings["bind"] else ""
    if not any(one.startswith("fd://") for one in addresses) and (passed := passed_sockets()):
        return [passed] * count
    workers: list[list[Listener]] = [[] for _ in range(count)]
    try:
        for address in addresses or (None,):
            for listeners, listener in zip(workers, _bound(address, settings, count, flag)):
                listeners.append(listener)
    except StartupError:
        close_all(workers)
        raise
    return workers


def secure(listeners: list[Listener], settings: Values) -> None:
    """Marks those of one worker, in the order of their addresses, whose connections speak TLS."""
    from pelton.config.tls_options import secured  # which no supervisor needs

    for listener, is_tls in zip(listeners, secured(settings, len(listeners))):
        if is_tls:
            listener.secure()


def close_all(workers: list[list[Listener]], unlinks: bool = True) -> None:
    for listeners in workers:
        for listener in listeners:
            listener.close(unlinks)


def _bound(address: str | None, settings: Values, count: int, flag: str) -> list[Listener]:
    """A listener of this address for each worker; without an address of `host` and `port`."""
    address = None if address is None else address.removesuffix(TLS_MARK)
    if address is None:
        return _bind_tcp(settings["host"], settings["port"], settings, count, flag or "port")
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        return [_bind_unix(path, settings["backlog"], flag or "uds", settings["uds_permissions"])] * count
    if address.startswith("fd://"):
        number = int(address.removeprefix("fd://"))
        return [_passed(number, f"descriptor {number}", "name another with --fd or --bind", settings["backlog"])] * count
    host, _, port = address.rpartition(":")
    return _bind_tcp(host.strip("[]"), int(port), settings, count, flag)


def _bind_tcp(host: str, port: int, settings: Values, count: int, flag: str) -> list[Listener]:
    backlog = settings["backlog"]
    shown = f"[{host}]" if ":" in host else host
    made: list[Listener] = []
    try:
        # Sockets that share a port do not notice another server of the same user on it: ask first.
        alone, port = _native.bind_listener(host, port, backlog=backlog, reuse_port=False)
        if count == 1:
            return [Listener(alone, f"http://{shown}:{port}", port, None)]
        os.close(alone)
        for _ in range(count):
            descriptor, port = _native.bind_listener(host, port, backlog=backlog)
            made.append(Listener(descriptor, f"http://{shown}:{port}", port, None))
        cpus = cpus_of_workers()
        if settings["cpu_affinity"] and count <= len(cpus):
            _native.steer_by_cpu(made[0].descriptor, cpus, count)
    except OSError as error:
        close_all([made])
        raise StartupError(f"{shown}:{port} {_cause(error, flag)}") from None
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


def inherited(descriptor: int, is_kept: bool = False) -> Listener:
    """The listener that another process left at this number; its address is asked of the kernel."""
    host, port = _native.listener_address(descriptor)
    if host:
        shown = f"[{host}]" if ":" in host else host
        return Listener(descriptor, f"http://{shown}:{port}", port, None, is_kept)
    import socket

    with socket.socket(fileno=os.dup(descriptor)) as asked:
        name = asked.getsockname()
    # A name without a path begins with a zero octet, which tools write as @.
    shown = f"@{os.fsdecode(name[1:])}" if isinstance(name, bytes) else name
    return Listener(descriptor, f"unix:{shown}", None, None, is_kept)


def _passed(descriptor: int, named: str, remedy: str, backlog: int) -> Listener:
    """A socket that the process was started with."""
    import socket

    try:
        os.set_inheritable(descriptor, False)
        os.set_blocking(descriptor, False)  # as epoll needs it
        with socket.socket(fileno=os.dup(descriptor)) as asked:
            if asked.type != socket.SOCK_STREAM:
                raise StartupError(f"{named} is no stream socket; {remedy}")
            if not asked.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                asked.listen(backlog)  # bound, but not listening yet
    except OSError as error:
        raise StartupError(f"{named} is no listening socket: {error.strerror}; {remedy}") from None
    return inherited(descriptor, is_kept=True)


def _bind_unix(path: str, backlog: int, flag: str = "uds", permissions: int | None = None) -> Listener:
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
        if permissions is not None:
            os.chmod(path, permissions)  # before anybody can connect
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise StartupError(f"{path} {_cause(error, flag)}") from None
    return Listener(listener.detach(), f"unix:{path}", None, path)


def cpus_of_workers() -> list[int]:
    """The CPUs on which this process may run. With `cpu_affinity` a worker keeps to the one at its place, and begins anew
    where there are fewer."""
    return sorted(os.sched_getaffinity(0))


def _cause(error: OSError, flag: str) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        other = {"port": "port", "uds": "path"}.get(flag, "address")
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


def passed_sockets() -> list[Listener]:
    """The sockets that a service manager has opened for this process, as sd_listen_fds(3) has it."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "")
    numbers = range(3, 3 + int(count)) if count.isascii() and count.isdigit() else ()
    remedy = "have the service manager pass the sockets, or unset it"
    return [_passed(number, f"LISTEN_FDS={count}, but descriptor {number}", remedy, 0) for number in numbers]
