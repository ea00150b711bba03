"""From an App to listening sockets and the native server: run(), pelton run, live_server."""

from __future__ import annotations

import os
import sys
from _thread import get_native_id  # threading would cost an import

from pelton import _native
from pelton.config.settings import (
    SETTINGS,
    defaults,
    logs_of,
    native_values,
    response_fields,
    websocket_settings,
    with_changes,
    with_environment,
)
from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    from pelton.app import App
    from pelton.config.server_config import ServerConfig
    from pelton.config.settings import Values
    from pelton.websocket.brokers import Broker
    from pelton.websocket.bus import BusEnds

VERSION = "0.1.0"


def tell(line: str) -> None:
    """One line on stderr, whole even when workers speak at once; lost where nobody takes it (PRC-050)."""
    if sys.stderr is sys.__stderr__:
        if sys.stderr is not None:
            _native.say(line.encode(errors="backslashreplace"))  # as stderr itself has it
        return
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def complain(problem: str) -> None:
    tell(f"pelton: {problem}")


def show_trace(error: Exception) -> None:
    """The application's traceback on stderr, if the error that ends a start has one."""
    if isinstance(error, StartupError) and error.trace:
        tell(error.trace.rstrip())


def put_out(text: str) -> int:
    """What a command was asked for, on stdout; the exit code, which is SIGPIPE's where the reader has left."""
    if sys.stdout is None:
        complain("cannot write to standard output: it is closed")
        return 1
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered would fail once more as the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 128 + 13
        complain(f"cannot write to standard output: {error.strerror}")
        return 1
    return 0


def hold_standard_descriptors() -> None:
    """Whichever of them is closed would be the next socket or log, and lines for stderr would go into that."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def effective_settings(base: ServerConfig | None, given: Mapping[str, Any]) -> Values:
    """Environment over keywords of run() over App(server=) over defaults."""
    for name in given:
        if name not in SETTINGS:
            from pelton.config.hints import setting_hint

            raise TypeError(f"run() has no setting {name!r}{setting_hint(name, SETTINGS, shown=repr)}")
    values = defaults() if base is None else base._values()
    if given:
        values = with_changes(values, given, "run()")
    # How many workers there are is no setting of an app: `pelton run` reads it.
    return with_environment(values, "PELTON_", {name: text for name, text in os.environ.items() if name != "PELTON_WORKERS"})


class Listener:
    """A bound, listening socket and the address to print."""

    __slots__ = ("descriptor", "port", "uds", "url")

    def __init__(self, descriptor: int, url: str, port: int | None, uds: str | None) -> None:
        self.descriptor = descriptor
        self.url = url
        self.port = port
        self.uds = uds

    def close(self) -> None:
        if self.descriptor < 0:
            return
        os.close(self.descriptor)
        self.descriptor = -1
        if self.uds is not None:
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


def inherited(descriptor: int) -> Listener:
    """The listener a supervisor left at this number; its address is asked of the kernel."""
    host, port = _native.listener_address(descriptor)
    if host:
        shown = f"[{host}]" if ":" in host else host
        return Listener(descriptor, f"http://{shown}:{port}", port, None)
    import socket

    with socket.socket(fileno=os.dup(descriptor)) as asked:
        return Listener(descriptor, f"unix:{asked.getsockname()}", None, None)


def _bind_unix(path: str, backlog: int) -> Listener:
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
                    os.unlink(path)  # left behind by a process that is gone
        listener.bind(path)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise StartupError(f"{path} {_cause(error, 'uds')}") from None
    return Listener(listener.detach(), f"unix:{path}", None, path)


def _cause(error: OSError, flag: str) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        other = "port with --port" if flag == "port" else "path with --uds"
        return f"is already in use; stop the other process or choose another {other}"
    if error.errno == errno.ENOTSOCK:
        return "exists and is no socket; choose another path with --uds"
    if error.errno in (errno.EACCES, errno.EPERM):
        other = "a port from 1024 with --port" if flag == "port" else "a path you may write with --uds"
        return f"is not permitted; choose {other}"
    if error.errno == errno.EADDRNOTAVAIL:
        return "is no address of this machine; choose another with --host"
    if error.errno is None and flag == "port":  # of getaddrinfo(3), which counts its own
        reason = str(error).rpartition(": ")[2]
        return f"names a host that cannot be resolved: {reason}; choose another with --host"
    return f"cannot be bound: {error.strerror or error}; choose another with --{flag}"


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


def _broker_of(settings: Values) -> Broker | None:
    if settings["ws_broker"] is None:
        return None
    from pelton.websocket.brokers import broker_of

    return broker_of(settings["ws_broker"])


class Serving:
    """One server on its listener, opened on the thread that will run it."""

    def __init__(
        self,
        app: App,
        settings: Values,
        listeners: list[Listener],
        stats: tuple[int, int] | None = None,
        generation: int = 0,
        bus: BusEnds | None = None,
    ) -> None:
        self.listeners = listeners
        self._asked_engine: Literal["auto", "uring", "epoll"] = settings["engine"]
        broker = _broker_of(settings)
        try:
            self.server = _native.Server(
                app._freeze(),
                listeners=[listener.descriptor for listener in listeners],
                config=native_values(settings),
                engine=self._asked_engine,
                fields=response_fields(settings),
                websockets=websocket_settings(settings),
                stats=stats,
                generation=generation,
                **logs_of(settings),
            )
        except OSError as error:
            assert error.errno is not None
            problem = f"{error.strerror}: {os.strerror(error.errno)}"
            raise StartupError(f"{problem}; choose another file with --access-log") from None
        from pelton.loop import Loop
        from pelton.serving.runtime import Runtime

        self.app = app
        self.loop = Loop(self._asked_engine)
        self.runtime = Runtime(app, settings, self.loop)
        try:
            # Before anyone is told the address: whoever was told may send TERM at once.
            self.server.open(signals=get_native_id() == os.getpid(), loop=self.loop)  # on the main thread
        except OSError as error:
            self.close()
            raise StartupError(f"the engine {self._asked_engine} cannot start: {error}") from None
        except ValueError as error:
            self.close()
            raise StartupError(str(error)) from None
        app._serve_by(self.runtime, self.server)
        try:
            topics = self.runtime.serve_topics(self.server)
            if bus is not None:
                topics.join(bus, self.server.count_dropped)
            self.runtime.start_up(broker)
        except BaseException as error:
            self.close()
            if not isinstance(error, Exception) or isinstance(error, (ConfigError, RegistrationError, StartupError)):
                raise  # it says what is wrong itself
            import traceback

            failure = StartupError(f"the application did not start: {type(error).__name__}: {error}")
            failure.trace = "".join(traceback.format_exception(error))
            raise failure from None

    def run(self) -> int:
        """Serves until stopped; then what goes on beside requests is ended."""
        from pelton.loop import Running

        try:
            with Running(self.loop):
                return self.server.run(on_stop=self.runtime.begin_stop)
        finally:
            self.runtime.wind_down(self.server.quick_stop_wanted)

    def close(self) -> None:
        self.app._serve_by(None)
        self.runtime.leave_topics()
        self.server.close()
        self.loop.close()

    def announce(self) -> None:
        """The line that says where it listens; before it, why io_uring is not used if it was tried."""
        engine = self.server.engine
        if self._asked_engine == "auto" and engine == "epoll":
            complain(f"engine epoll instead of uring: {self.server.engine_reason}")
        urls = ", ".join(listener.url for listener in self.listeners)
        tell(f"pelton {VERSION} listening on {urls} (engine {engine}, pid {os.getpid()})")


def serve(
    app: App,
    settings: Values,
    listeners: list[Listener] | None = None,
    when_ready: Callable[[Serving], None] | None = None,
    stats: tuple[int, int] | None = None,
    generation: int = 0,
    bus: BusEnds | None = None,
) -> int:
    """Serves on this thread until stopped and returns the exit code; owns what it binds itself.

    `stats`: a segment of counters shared with other workers, by descriptor, and the bank in it, which
    so many processes had before as `generation` says. `bus`: what it has of that between workers.
    """
    if app._serving is not None:
        raise StartupError("the app is being served already; stop it first")
    if settings["debug"]:  # which the freeze asks for
        for _, one in app._tree():
            one.debug = True
    app._freeze()
    bound = bind(settings) if listeners is None else listeners
    try:
        serving = Serving(app, settings, bound, stats, generation, bus)
        try:
            if when_ready is not None:
                when_ready(serving)
            else:
                serving.announce()
            return serving.run()
        finally:
            serving.close()
    finally:
        if listeners is None:
            for listener in bound:
                listener.close()
