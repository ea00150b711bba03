"""Dependencies of WebSocket handlers: the same rule; what yields closes when the handler ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from noria import App, Depends, HTTPError, SyncWebSocket, WebSocket
from noria.testing import TestClient


def test_websockets() -> None:
    app, events = App(), list[str]()

    def token(token: str) -> str:
        if token == "bad":
            raise HTTPError(403)
        return token

    async def session(ws: WebSocket, token: str = Depends(token)) -> AsyncIterator[str]:
        events.append(f"open {ws.path}")
        try:
            yield token
        finally:
            events.append("close")

    @app.websocket("/ws/{room}", dependencies=[Depends(lambda: events.append("effect"))])
    async def handler(ws: WebSocket, room: str, session: str = Depends(session)) -> None:
        await ws.send_text(f"{room} {session}")

    @app.websocket("/pool", blocking=True)
    def in_pool(ws: SyncWebSocket, n: int = Depends(lambda: 5)) -> None:
        ws.send_text(str(n))

    def talk(client: TestClient, url: str) -> Any:
        with client.websocket_connect(url) as ws:
            return ws.receive_text()

    client = TestClient(app)
    assert talk(client, "/ws/a?token=t") == "a t" and talk(client, "/pool") == "5"
    assert events == ["effect", "open /ws/a", "close"]
    for url, status in (("/ws/a?token=bad", 403), ("/ws/a", 422)):
        with pytest.raises(Exception, match=str(status)):
            client.websocket_connect(url)
    with app.override(token, lambda: "fake"):
        assert talk(client, "/ws/b") == "b fake"
