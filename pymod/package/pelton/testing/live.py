"""A real server in a thread, for tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pelton.routing.app_parts import parts_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, Unpack

    from pelton import _native
    from pelton.app import App
    from pelton.config.run_keywords import Settings
    from pelton.config.settings import Values
    from pelton.serving.server import Serving


_ADDRESS = {"host": "127.0.0.1", "port": 0, "uds": None, "bind": (), "fd": None}


class live_server:  # noqa: N801  # reads as a context manager: with live_server(app) as server
    """A real server on a free loopback port, in a thread: `with live_server(app) as server`. The lifespan runs.

    `url` and `port` say where it listens. Leaving the block stops it.

    Args:
        app: The application.
        settings: Keywords of `App.run()`.

    Raises:
        StartupError: It cannot start; what the application's shutdown raises comes out of the block.
    """

    def __init__(self, app: App, **settings: Unpack[Settings]) -> None:
        from pelton.config.settings import effective_settings, with_changes

        given: dict[str, Any] = {**settings}
        # Its address is the test's: two in one environment, or of one application, must not meet.
        address = {name: given.get(name, default) for name, default in _ADDRESS.items()}
        self.app = app
        self._parts = parts_of(app)
        self.url = ""
        self.port: int | None = None
        self.uds: str | None = None
        self._settings: Values = with_changes(effective_settings(self._parts.server_config, given), address, "live_server()")
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._server: _native.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="live_server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.app.stop()
        self._thread.join(self._settings["timeout_graceful"] + 5)
        if self._thread.is_alive():
            raise RuntimeError("the server did not stop within timeouts.graceful")
        if error is None and self._failure is not None:
            raise self._failure  # of the application's shutdown

    def _serve(self) -> None:
        from pelton.serving.server import serve
        from pelton.serving.terminal import show_trace

        try:
            serve(self._parts, self._settings, when_ready=self._is_ready)
        except BaseException as error:  # noqa: BLE001
            if isinstance(error, Exception):
                show_trace(error)
            self._failure = error
        finally:
            self._ready.set()

    def _is_ready(self, serving: Serving) -> None:
        self.url = serving.listeners[0].url
        self.port = serving.listeners[0].port
        self.uds = serving.listeners[0].uds
        self._server = serving.server
        self._ready.set()

    def stats(self) -> dict[str, int]:
        """The server's counters by their names; see the reference's page on counters."""
        if self._server is None:
            raise RuntimeError("the server has not started")
        return self._server.stats()
