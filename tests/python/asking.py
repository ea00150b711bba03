"""The same questions to an app in memory and over connections to either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest
from conftest import engines

from pelton import App
from pelton.testing import TestClient, live_server


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


Ask = Callable[..., Answer]


def _in_memory(app: App) -> Ask:
    client = TestClient(app, raise_server_exceptions=False)

    def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        answer = client.request(method, path, content=body, headers=_spelt(headers))
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)

    return ask


def _over(server: live_server) -> Ask:
    def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
        try:
            connection.request(method, path, body, _spelt(headers))
            answer = connection.getresponse()
            octets = answer.read()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, octets)
        finally:
            connection.close()

    return ask


def _spelt(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(params=["memory", *engines()])
def asking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[App], Ask]]:
    """`asking(app)` gives `ask(method, path, body, **headers)`."""
    kind: str = request.param
    if kind == "memory":
        yield _in_memory
        return
    monkeypatch.setenv("PELTON_ENGINE", kind)
    with ExitStack() as stack:

        def asked(app: App, **settings: Any) -> Ask:
            return _over(stack.enter_context(live_server(app, **settings)))

        yield asked
