"""live_server: real sockets, its settings, its failures."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

from pelton import App, ConfigError, ServerConfig, StartupError
from pelton.testing import live_server


def test_it_serves_and_stops() -> None:
    app = App()
    app.add_route("/", lambda: "x")
    with live_server(app) as server:
        assert urlopen(server.url).read() == b'"x"' and server.stats()["fault.handler"] == 0
        with pytest.raises(StartupError):
            with live_server(App(), port=server.port or 0):
                pass


def test_api_13_its_address_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PORT", "1"), ("PELTON_PORT", "1"), ("PELTON_HOST", "192.0.2.1"), ("PELTON_UDS", "/nonexistent/socket")):
        monkeypatch.setenv(name, value)
    with live_server(App(server=ServerConfig(host="192.0.2.1", port=1))) as server, live_server(App()) as other:
        assert server.url.startswith("http://127.0.0.1:") and other.url.startswith("http://127.0.0.1:")
    with live_server(App(), host="127.0.0.2") as server:  # type: ignore[call-arg]
        assert server.url == f"http://127.0.0.2:{server.port}"


def test_what_says_itself_why_it_cannot_start_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (StartupError("no pool to be had"), ConfigError("no such key")):
        app = App()

        @app.on_startup
        def start(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)) as raised, live_server(app):
            pass
        assert str(raised.value) == str(error)
    # What says nothing of starts is named by who does.
    app = App()
    app.on_startup(lambda: [][1])
    with pytest.raises(StartupError, match="the application did not start: IndexError: list index"), live_server(app):
        pass
    assert capsys.readouterr().err.count("Traceback") == 1


def test_what_the_shutdown_raises_is_raised_at_the_end() -> None:
    app = App()

    @app.on_event("shutdown")
    def shutdown() -> None:
        raise ValueError("at shutdown")

    with pytest.raises(ValueError, match="at shutdown"), live_server(app):
        pass
