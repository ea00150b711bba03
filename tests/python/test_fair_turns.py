"""One connection that asks for much at once, and what its neighbours wait for."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
import websocket_peer

from pelton import App, WebSocket
from pelton.testing import live_server
from pelton.hosting.client_frames import TEXT, masked_frame
from wire import Peer

GREEDY = 5000
SLICE = 128


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


class Held:
    """An application whose worker is held until the test has sent what is to wait."""

    def __init__(self) -> None:
        self.app = App()
        self.calls = 0
        self.ahead: int | None = None  # calls before the neighbour's
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.app.add_route("/hold", self.hold)
        self.app.add_route("/neighbour", self.neighbour)
        self.app.add_route("/sync", self.sync)
        self.app.add_route("/async", self.asynchronous)

    def hold(self) -> str:
        self.begun.set()
        self.go_on.wait(10)
        return "held"

    def neighbour(self) -> str:
        self.ahead = self.calls
        return "neighbour"

    def sync(self) -> str:
        self.calls += 1
        return "x"

    async def asynchronous(self) -> str:
        self.calls += 1
        return "x"


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_ENG_016_a_neighbour_waits_for_a_slice_of_what_another_pipelines(engine: str, path: str) -> None:
    held = Held()
    with live_server(held.app, engine=engine) as server, ExitStack() as stack:
        assert server.port is not None
        greedy, neighbour, holding = (stack.enter_context(Peer(server.port)) for _ in range(3))
        for peer in (greedy, neighbour):
            peer.send(get(path))
            assert peer.one().status == 200
        holding.send(get("/hold"))
        assert held.begun.wait(10)
        before = held.calls
        sending = threading.Thread(target=greedy.send, args=(get(path) * GREEDY,))
        sending.start()
        neighbour.send(get("/neighbour"))
        held.go_on.set()
        assert neighbour.one().body == b'"neighbour"'
        assert held.ahead is not None and held.ahead - before <= 2 * SLICE
        received = b""
        while received.count(b'\r\n\r\n"x"') < GREEDY:
            piece = greedy.socket.recv(1 << 20)
            assert piece
            received += piece
        sending.join()
        assert held.calls - before == GREEDY


def test_ENG_016_a_neighbour_waits_for_few_messages_of_a_websocket(engine: str) -> None:
    held = Held()

    @held.app.websocket("/socket")
    async def socket(ws: WebSocket) -> None:
        await ws.accept()
        async for _ in ws:
            held.calls += 1

    with live_server(held.app, engine=engine) as server, ExitStack() as stack:
        assert server.port is not None
        greedy = stack.enter_context(websocket_peer.Peer(server.port, "/socket"))
        neighbour, holding = (stack.enter_context(Peer(server.port)) for _ in range(2))
        holding.send(get("/hold"))
        assert held.begun.wait(10)
        frame = masked_frame(TEXT, b"x")
        sending = threading.Thread(target=greedy.socket.sendall, args=(frame * GREEDY,))
        sending.start()
        neighbour.send(get("/neighbour"))
        held.go_on.set()
        assert neighbour.one().body == b'"neighbour"'
        assert held.ahead is not None and held.ahead <= 2 * SLICE
        sending.join()
