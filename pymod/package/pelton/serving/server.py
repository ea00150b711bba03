"""From an App to listening sockets and the native server: run(), pelton run, live_server."""

from __future__ import annotations

import os
from _thread import get_native_id  # threading would cost an import

from pelton import _native
from pelton.config.settings import forwarding, logs_of, native_values, response_fields, websocket_settings
from pelton.errors import ConfigError, RegistrationError, StartupError
from pelton.serving.listeners import Listener, admin_listener, bind, close_all, secure
from pelton.serving.loggers import LogTakers, configure_logging
from pelton.serving.terminal import complain, tell, voice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from pelton.config.settings import Values
    from pelton.routing.app_parts import AppParts
    from pelton.websocket.brokers import Broker
    from pelton.websocket.bus import BusEnds

VERSION = "0.1.0"


def broker_in(settings: Values) -> Broker | None:
    """What carries topics to other machines, if the settings name it."""
    if settings["ws_broker"] is None:
        return None
    from pelton.websocket.brokers import broker_of

    return broker_of(settings["ws_broker"])


def tls_of(settings: Values) -> object:
    """What makes TLS of connections; StartupError for certificates that cannot be used."""
    from pelton import _tls  # with OpenSSL, which nothing else needs
    from pelton.config.tls_options import tls_options

    try:
        return _tls.load(**tls_options(settings))
    except ValueError as error:
        raise StartupError(f"TLS: {error}") from None


def http2_of(settings: Values, is_secure: bool) -> object:
    """What speaks HTTP/2, if a client can ask for it."""
    if not settings["h2c"] and not (is_secure and settings["http"] == "1,2"):
        return None
    from pelton import _http2  # with nghttp2, which nothing else needs

    return _http2.codecs()


class Serving:
    """One server on its listener, opened on the thread that will run it."""

    def __init__(
        self,
        parts: AppParts,
        settings: Values,
        listeners: list[Listener],
        stats: tuple[int, int] | None = None,
        bus: BusEnds | None = None,
    ) -> None:
        self.listeners = listeners
        # A worker's supervisor serves it for all of them.
        self.admin = None if stats is not None else admin_listener(settings)
        self._asked_engine: Literal["auto", "uring", "epoll"] = settings["engine"]
        secure(listeners, settings)
        filtered = [listener.descriptor for listener in listeners if listener.is_tls]
        filters = tls_of(settings) if filtered else None
        broker = broker_in(settings)
        self.when_stopping: Callable[[], object] = lambda: None
        self._takers = LogTakers(settings)
        try:
            self.server = _native.Server(
                parts.freeze(),
                listeners=[listener.descriptor for listener in listeners],
                config=native_values(settings),
                engine=self._asked_engine,
                fields=response_fields(settings),
                websockets=websocket_settings(settings),
                forwarding=forwarding(settings),
                allowed_hosts=settings["allowed_hosts"],
                https_port=settings["https_redirect"] or 0,
                http2=http2_of(settings, bool(filtered)),
                h2c=settings["h2c"],
                filters=filters,
                filtered=filtered,
                kept=[listener.descriptor for listener in listeners if listener.is_kept],
                stats=stats,
                admin=None if self.admin is None else self.admin.descriptor,
                log_looks=self._takers.looks(settings),
                log_takers=self._takers.descriptors,
                **logs_of(settings),
            )
        except OSError as error:
            self._takers.end()
            assert error.errno is not None
            problem = f"{error.strerror}: {os.strerror(error.errno)}"
            raise StartupError(f"{problem}; choose another file with --access-log") from None
        except BaseException:
            self._takers.end()
            raise
        from pelton.loop import Loop
        from pelton.serving.runtime import Runtime

        self.parts = parts
        self.loop = Loop(self._asked_engine)
        self.runtime = Runtime(parts, settings, self.loop)
        try:
            # Before the address is announced, after which TERM may arrive at once.
            self.server.open(signals=get_native_id() == os.getpid(), loop=self.loop)  # on the main thread
        except OSError as error:
            self.close()
            raise StartupError(f"the engine {self._asked_engine} cannot start: {error}") from None
        except ValueError as error:
            self.close()
            raise StartupError(str(error)) from None
        parts.mounts.serve_by(self.runtime, self.server)
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
                return self.server.run(on_stop=self._begin_stop)
        finally:
            self.runtime.wind_down(self.server.quick_stop_wanted)

    def _begin_stop(self, drain_s: float) -> None:
        self.when_stopping()
        self.runtime.begin_stop(drain_s)

    def close(self) -> None:
        self.parts.mounts.serve_by(None)
        self.runtime.leave_topics()
        self.server.close()
        self.loop.close()
        if voice.taker is self._takers.error:
            voice.taker = None
        self._takers.end()
        if self.admin is not None:
            self.admin.close()

    def announce(self) -> None:
        """The line that says where it listens; before it, why io_uring is not used if it was tried.

        From now on the logger that takes over the error log gets what this process says.
        """
        voice.taker = self._takers.error
        engine = self.server.engine
        if self._asked_engine == "auto" and engine == "epoll":
            complain(f"engine epoll instead of uring: {self.server.engine_reason}", "warning")
        urls = ", ".join(listener.url for listener in self.listeners)
        tell(f"pelton {VERSION} listening on {urls} (engine {engine}, pid {os.getpid()})", "info")


def serve(
    parts: AppParts,
    settings: Values,
    listeners: list[Listener] | None = None,
    when_ready: Callable[[Serving], None] | None = None,
    stats: tuple[int, int] | None = None,
    bus: BusEnds | None = None,
) -> int:
    """Serves on this thread until stopped and returns the exit code; owns what it binds itself.

    `stats`: a segment of counters shared with other workers, by descriptor, and the bank in it.
    `bus`: what it has of that between workers.
    """
    if parts.service.server is not None:
        raise StartupError("the app is being served already; stop it first")
    if settings["debug"]:  # which the freeze asks for
        for _, one in parts.mounts.tree():
            one.app.debug = True
    if listeners is None:  # else the worker of a supervisor has done that before it has imported the application
        configure_logging(settings)
    parts.freeze()
    bound = bind(settings)[0] if listeners is None else listeners
    try:
        serving = Serving(parts, settings, bound, stats, bus)
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
            close_all([bound])
