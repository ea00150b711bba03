"""Section 18.2: each setting of WebSockets, as a client on a real connection meets it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from pelton import App, ConfigError, LimitsConfig, ServerConfig, TimeoutConfig, WebSocket
from pelton.config.settings import SETTINGS, defaults, native_values, with_changes, with_environment
from pelton.testing import live_server
from pelton.hosting.client_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, masked_frame
from websocket_peer import DEFLATE, Peer, Refused

Serve = Callable[..., live_server]


def echoes(**options: Any) -> App:
    app = App()

    @app.websocket("/", **options)
    async def echo(ws: WebSocket) -> None:
        await ws.accept()
        async for message in ws:
            await ws.send(message)

    return app


# --- names ---


def test_one_name_for_keyword_variable_and_field() -> None:
    named = sorted(name for name in SETTINGS if name.startswith("ws_"))
    assert named == sorted(
        """ws_per_message_deflate ws_slow_policy ws_origins ws_broker ws_max_size ws_max_fragments ws_max_backlog
        ws_max_control_frames ws_max_inflate_ratio ws_deflate_min ws_max_queue ws_ping_interval ws_ping_timeout
        ws_close_timeout""".split()
    )
    env = {"PELTON_WS_MAX_SIZE": "2KiB", "PELTON_WS_PING_INTERVAL": "none", "PELTON_WS_ORIGINS": "https://a, https://b"}
    values = with_environment(defaults(), "PELTON_", env)
    assert (values["ws_max_size"], values["ws_ping_interval"]) == (2048, None)
    assert values["ws_origins"] == ("https://a", "https://b")
    config = ServerConfig.from_env(env=env)
    assert (config.limits.ws_max_size, config.timeouts.ws_ping_interval) == (2048, None)
    assert native_values(values)["websocket_ping_interval_ms"] == 2**64 - 1
    with pytest.raises(ConfigError, match="PELTON_WS_MAX_SIZE"):
        ServerConfig.from_env(env={"PELTON_WS_MAX_SIZ": "1"})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ServerConfig(ws_slow_policy="shout"), "ws_slow_policy is close, drop or wait"),  # type: ignore[arg-type]
        (lambda: ServerConfig(ws_origins=[1]), "ws_origins is a list"),  # type: ignore[list-item]
        (lambda: ServerConfig(limits=LimitsConfig(ws_max_size=0)), "limits.ws_max_size"),
        (lambda: ServerConfig(timeouts=TimeoutConfig(ws_close_timeout=0)), "timeouts.ws_close_timeout"),
        (lambda: with_changes(defaults(), {"ws_max_backlog": 0}, "run()"), r"run\(\): limits.ws_max_backlog"),
    ],
)
def test_what_they_cannot_be(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make()


# --- sizes and counts ---


def test_the_size_of_a_message(serve: Serve) -> None:
    """LIM-070: n - 1, n and n + 1."""
    server = serve(echoes(), ws_max_size=1000)
    with Peer(server.port) as peer:
        for size in (999, 1000):
            peer.send(BINARY, b"x" * size)
            assert len(peer.data()) == size
        peer.send(BINARY, b"x" * 1001)
        assert peer.frame().code == 1009 and server.stats()["cut.websocket_message_too_big"] == 1


def test_the_size_of_a_message_of_one_route(serve: Serve) -> None:
    server = serve(echoes(max_size=2000), ws_max_size=1000)
    with Peer(server.port) as peer:
        peer.send(BINARY, b"x" * 2000)
        assert len(peer.data()) == 2000
        peer.send(BINARY, b"x" * 2001)
        assert peer.frame().code == 1009


@pytest.mark.parametrize("fragments", [4, 5, 6])
def test_the_fragments_of_a_message(serve: Serve, fragments: int) -> None:
    """LIM-071: n - 1, n and n + 1."""
    server = serve(echoes(), ws_max_fragments=5)
    with Peer(server.port) as peer:
        for index in range(fragments):
            peer.send(CONTINUATION if index else BINARY, b"x", is_final=index == fragments - 1)
        if fragments > 5:
            assert peer.frame().code == 1009 and server.stats()["cut.websocket_fragments"] == 1
        else:
            assert peer.data() == b"x" * fragments


def test_control_frames(serve: Serve) -> None:
    """LIM-075: n - 1, n and n + 1 within ten seconds."""
    server = serve(echoes(), ws_max_control_frames=3)
    with Peer(server.port) as peer:
        for payload in (b"1", b"2", b"3"):
            peer.send(PING, payload)
            assert peer.frame() == (PONG, payload, False)
        peer.send(PING, b"4")
        assert peer.frame().code == 1008 and server.stats()["cut.websocket_control_flood"] == 1


@pytest.mark.parametrize(("ratio", "code"), [(100, 1009), (5000, None)])
def test_the_ratio_of_inflating(serve: Serve, ratio: int, code: int | None) -> None:
    """LIM-076, judged beyond a MiB of output."""
    server = serve(echoes(), ws_max_inflate_ratio=ratio, ws_max_size="4MiB")
    deflater = zlib.compressobj(wbits=-15)
    octets = deflater.compress(bytes(3 * 2**20)) + deflater.flush(zlib.Z_SYNC_FLUSH)
    frame = bytearray(masked_frame(BINARY, octets.removesuffix(b"\0\0\xff\xff")))
    frame[0] |= 0x40
    with Peer(server.port, "/", DEFLATE) as peer:
        peer.socket.sendall(frame)
        answer = peer.frame()
        assert len(answer.payload) == 3 * 2**20 if code is None else answer.code == code
        assert server.stats()["cut.websocket_inflate"] == (code is not None)


@pytest.mark.parametrize("queue", [2, 3])
def test_messages_that_nobody_has_received(serve: Serve, queue: int) -> None:
    """LIM-078: behind n undelivered ones the next are read, behind n + 1 they are not."""
    app, held = App(), list[WebSocket]()

    @app.websocket("/held")
    async def hold(ws: WebSocket) -> None:
        await ws.accept()
        held.append(ws)
        await app.stopping.wait()

    @app.websocket("/ask")
    async def ask(ws: WebSocket) -> None:
        async for _ in ws:
            await ws.send_json(held[0].connected)

    server = serve(app, ws_max_queue=queue)
    with Peer(server.port, "/held") as peer, Peer(server.port, "/ask") as other:
        close = masked_frame(CLOSE, b"\x03\xe8")
        peer.socket.sendall(masked_frame(TEXT, b"x") * 3 + close)
        for _ in range(3):  # turns of the loop, of which one has read what came before
            other.say("is it still there?")
            connected = other.text()
        assert connected == ("true" if queue == 2 else "false")


# --- permessage-deflate ---


@pytest.mark.parametrize("is_on", [True, False])
def test_deflate(serve: Serve, is_on: bool) -> None:
    server = serve(echoes(), ws_per_message_deflate=is_on)
    with Peer(server.port, "/", DEFLATE) as peer:
        assert (b"permessage-deflate" in peer.head) == is_on
        peer.say("x" * 2000)
        answer = peer.frame()
        assert answer.is_deflated == is_on and answer.payload == b"x" * 2000


def test_from_what_length_on_messages_are_deflated(serve: Serve) -> None:
    """LIM-077: n - 1, n and n + 1."""
    server = serve(echoes(), ws_deflate_min=50)
    with Peer(server.port, "/", DEFLATE) as peer:
        for size in (49, 50, 51):
            peer.say("x" * size)
            answer = peer.frame()
            assert len(answer.payload) == size and answer.is_deflated == (size >= 50)


# --- who may connect ---


def test_origins(serve: Serve) -> None:
    app = echoes()

    @app.websocket("/own", origins=[])
    async def own(ws: WebSocket) -> None:
        await ws.accept()

    server = serve(app, ws_origins=["https://b.example"])
    for line, status in (("https://b.example", 101), ("http://h", 101), ("https://c.example", 403)):
        if status == 101:
            Peer(server.port, "/", f"Origin: {line}").close()
        else:
            with pytest.raises(Refused, match="403"):
                Peer(server.port, "/", f"Origin: {line}")
    # A route with a list of its own has that one.
    with pytest.raises(Refused, match="403"):
        Peer(server.port, "/own", "Origin: https://b.example")
    assert server.stats()["refused.websocket_origin"] == 2


# --- time ---


def test_a_peer_that_is_silent_to_pings(serve: Serve) -> None:
    """LIM-073: a ping after the interval, then 1011."""
    server = serve(echoes(), ws_ping_interval=0.05, ws_ping_timeout=0.05)
    with Peer(server.port) as peer:
        assert peer.frame().opcode == PING
        assert peer.frame().code == 1011 and peer.ended()
        assert server.stats()["cut.websocket_ping_timeout"] == 1


def test_a_peer_that_answers_pings_stays(serve: Serve) -> None:
    """LIM-073: as long as it does."""
    server = serve(echoes(), ws_ping_interval=0.05, ws_ping_timeout=30)
    with Peer(server.port) as peer:
        for _ in range(3):
            ping = peer.frame()
            assert ping.opcode == PING
            peer.send(PONG, ping.payload)
        peer.say("here")
        assert peer.text() == "here"


def test_a_peer_that_does_not_answer_a_close(serve: Serve) -> None:
    """LIM-074: the connection ends without it."""
    app = App()

    @app.websocket("/")
    async def leave(ws: WebSocket) -> None:
        await ws.accept()

    server = serve(app, ws_close_timeout=0.05)
    with Peer(server.port) as peer:
        assert peer.frame().code == 1000 and peer.ended()
        assert server.stats()["cut.websocket_close_timeout"] == 1
