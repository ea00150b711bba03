"""Routes as they are registered: what is refused, and a WebSocket beside a GET."""

from __future__ import annotations

from typing import Any

import pytest

from pelton import App, RegistrationError, WebSocket
from pelton.testing import TestClient


def echo_app(**options: Any) -> App:
    app = App()

    @app.websocket("/ws/{room}", **options)
    async def echo(ws: WebSocket, room: str) -> None:
        async for message in ws:
            await ws.send(message)

    return app


def test_a_plain_request_and_a_get_of_the_same_path() -> None:
    app = echo_app()
    assert TestClient(app).get("/ws/a").status_code == 426
    both = echo_app()
    both.add_route("/ws/{room}", lambda room: room)
    client = TestClient(both)
    assert client.get("/ws/a").json() == "a"
    client.websocket_connect("/ws/a").close()


async def handler_(ws: WebSocket) -> None: ...


def test_what_no_handler_is() -> None:
    app = App()
    with pytest.raises(RegistrationError, match="blocking=True"):
        app.websocket("/")(lambda ws: None)
    with pytest.raises(TypeError, match="sequence"):
        app.websocket("/", origins="*")(handler_)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one"):

        @app.websocket("/", max_size=0)
        async def handler(ws: WebSocket) -> None: ...
