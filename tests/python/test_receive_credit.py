"""LIM-097: bodies beyond a connection's share of the receive buffers, over real sockets."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from pelton import App, ConfigError, Request, Response, ServerConfig
from pelton.testing import live_server
from wire import Peer

CREDIT = 1000


def test_LIM_097_receive_credit_large_bodies_arrive_whole(serve: Callable[..., live_server]) -> None:
    app = App()

    @app.post("/echo")
    def echo(request: Request) -> Response:
        return Response(request.body())

    server = serve(app, receive_credit=CREDIT)
    assert server.port is not None
    with Peer(server.port) as peer:
        for size in (CREDIT - 1, CREDIT, CREDIT + 1, 50_000, 1_000_000):
            body = random.Random(size).randbytes(size)
            peer.send(f"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n".encode() + body, 30_000)
            assert peer.one().body == body


def test_LIM_205_receive_credit_is_a_share_of_the_buffers() -> None:
    assert ServerConfig(receive_credit=256 * 1024).receive_credit == 256 * 1024
    with pytest.raises(ConfigError, match="receive_credit"):
        ServerConfig(receive_credit=256 * 1024 + 1)
