"""What pytest knows when pelton is installed: `client` and `live_server`, for a fixture `app` or the ini option pelton_app."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from pelton.app import App
    from pelton.testing.live import live_server as Server  # noqa: N812
    from pelton.config.run_keywords import Settings
    from pelton.testing import TestClient


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("pelton_app", "the App of the fixtures client and live_server, as pelton run takes it: module:app")


@pytest.fixture(scope="session")
def app(pytestconfig: pytest.Config) -> App:
    """The App under test: of the ini option pelton_app, unless a conftest has a fixture of this name."""
    target = pytestconfig.getini("pelton_app")
    if not target:
        pytest.fail(
            "pelton does not know which app to test\n"
            "  where: the fixtures client and live_server\n"
            "  fix:   write a fixture app() that returns it, or pelton_app = module:app in pytest's configuration",
            pytrace=False,
        )
    from pelton.cli.loading import load

    return load(target, str(pytestconfig.rootpath))


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    """A TestClient of the app, its lifespan around the test."""
    from pelton.testing import TestClient

    with TestClient(app) as made:
        yield made


@pytest.fixture
def live_server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """A real server of the app, from its first use to the end of the test; called, it serves another app."""
    with ExitStack() as stack:
        yield LiveServer(request, stack)


class LiveServer:
    """`live_server.url`, `live_server.port`, `live_server + "/path"`; or `live_server(app, **settings)`."""

    def __init__(self, request: pytest.FixtureRequest, stack: ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._server: Server | None = None

    def __call__(self, app: App | None = None, **settings: Unpack[Settings]) -> Server:
        """Starts a server of its own, with these settings; the test's end stops it."""
        from pelton.testing.live import live_server as start

        served: Any = self._request.getfixturevalue("app") if app is None else app
        return self._stack.enter_context(start(served, **settings))

    @property
    def server(self) -> Server:
        """The one of the app, started by now."""
        if self._server is None:
            self._server = self()
        return self._server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int | None:
        return self.server.port

    def __str__(self) -> str:
        return self.url

    def __add__(self, path: str) -> str:
        return self.url + path
