"""Listeners, and servers that cannot start."""

from __future__ import annotations

import os
import socket

import pytest

from pelton import App, StartupError
from pelton.config.settings import defaults, with_changes
from pelton.serving.server import serve
from pelton.testing import live_server


def changed(**changes: object) -> dict[str, object]:
    return with_changes(defaults(), changes, "test")


def test_ipv6(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    app = App()
    app.add_route("/", lambda request: [request.client.host, request.url.host])
    try:
        with live_server(app, **{"host": "::1"}) as server:  # type: ignore[arg-type]
            from urllib.request import urlopen

            assert server.url.startswith("http://[::1]:") and urlopen(server.url).read() == b'["::1","::1"]'
    except StartupError:
        pytest.skip("no IPv6 here")


def test_one_app_is_served_once(serve: object) -> None:
    app = App()
    app.add_route("/", lambda: 1)
    serve(app)  # type: ignore[operator]
    from pelton.serving.server import serve as serve_here

    with pytest.raises(StartupError, match="already"):
        serve_here(app._parts, changed(port=0))


def test_PRC_052_an_access_log_that_cannot_be_opened() -> None:
    says = "^cannot open the access log /nonexistent/log: No such file or directory; choose another file with --access-log$"
    with pytest.raises(StartupError, match=says):
        serve(App()._parts, changed(port=0, access_log="/nonexistent/log"))


def test_nothing_is_left_open_when_the_app_does_not_compile() -> None:
    app = App()

    @app.get("/")
    def handler(x: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(Exception, match="Nowhere"):
        serve(app._parts, changed(port=0))
    assert len(os.listdir("/proc/self/fd")) == before
