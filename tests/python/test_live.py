"""live_server: real sockets, its settings, its failures."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

from noria import App, StartupError
from noria.testing import live_server


def test_it_serves_and_stops() -> None:
    app = App()
    app.add_route("/", lambda: "x")
    with live_server(app) as server:
        assert urlopen(server.url).read() == b'"x"' and server.stats()["fault.handler"] == 0
        with pytest.raises(StartupError):
            with live_server(App(), port=server.port or 0):
                pass
