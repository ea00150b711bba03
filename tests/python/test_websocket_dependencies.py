"""Dependencies of WebSocket handlers: the same rule; what yields closes when the handler ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest

from pelton import App, BackgroundTasks, Depends, HTTPError, Request, SyncWebSocket, WebSocket, WebSocketDisconnect
from pelton.testing import TestClient


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


@pytest.mark.parametrize("overridden", [False, True])
@pytest.mark.parametrize("blocking", [False, True])
def test_background_tasks_follow_the_end_of_the_handler(blocking: bool, overridden: bool) -> None:
    app, ran = App(), dict[str, list[str]]()

    def note(path: str, what: str) -> None:
        ran.setdefault(path, []).append(what)

    def audit(request: Request, tasks: BackgroundTasks) -> None:
        tasks.add_task(note, request.path, "dependency")

    def other() -> None: ...

    async def on_the_loop(ws: WebSocket, tasks: BackgroundTasks) -> None:
        await ws.send_text("x")
        tasks.add_task(note, ws.path, "handler")

    def in_the_pool(ws: SyncWebSocket, tasks: BackgroundTasks) -> None:
        ws.send_text("x")
        tasks.add_task(note, ws.path, "handler")

    @app.websocket("/fails")
    async def fails(ws: WebSocket, tasks: BackgroundTasks) -> None:
        tasks.add_task(note, ws.path, "failed")
        await ws.accept()
        raise LookupError

    @app.websocket("/refuses", dependencies=[Depends(other)])
    async def refuses(ws: WebSocket, tasks: BackgroundTasks) -> None:
        tasks.add_task(note, ws.path, "refused")

    for path, dependencies in (("/alone", []), ("/with", [Depends(audit), Depends(other)])):
        app.websocket(path, blocking=blocking, dependencies=dependencies)(in_the_pool if blocking else on_the_loop)
    with TestClient(app, raise_server_exceptions=False) as client, ExitStack() as stack:
        if overridden:
            stack.enter_context(app.override(other, lambda: None))
        for path in ("/alone", "/with", "/fails"):
            with client.websocket_connect(path) as ws:
                with pytest.raises(WebSocketDisconnect):
                    while True:
                        ws.receive_text()
        with pytest.raises(Exception, match="403"):
            client.websocket_connect("/refuses")
    assert ran == {"/alone": ["handler"], "/with": ["dependency", "handler"]}
