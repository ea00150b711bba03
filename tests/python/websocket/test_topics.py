"""Section 12, topics: who hears what is published, from where, and what becomes of slow ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from weakref import ref

import pytest

from links import KeptLink, handshake
from pelton import App, BackgroundTasks, SyncWebSocket, WebSocket, WebSocketDisconnect
from pelton.testing import TestClient, live_server
from pelton.hosting.client_frames import CLOSE
from pelton.websocket.topics import Topics, publish
from websocket_peer import DEFLATE, Peer

Serve = Callable[..., live_server]


def listeners_app() -> App:
    app = App()

    @app.websocket("/listen/{topic}")
    async def listen(ws: WebSocket, topic: str) -> None:
        ws.subscribe(topic)
        await ws.send_text("listening")
        async for message in ws:
            if message == "stop":
                ws.unsubscribe(topic)
                await ws.send_text("stopped")

    return app


def listening(port: int | None, topic: str = "news", *lines: str, **options: Any) -> Peer:
    peer = Peer(port, f"/listen/{topic}", *lines, **options)
    assert peer.text() == "listening"
    return peer


# --- who hears what ---


def test_topics_on_real_connections(serve: Serve) -> None:
    app = listeners_app()
    server = serve(app)
    with listening(server.port) as first, listening(server.port) as second, listening(server.port, "weather") as other:
        app.publish("news", "é")
        app.publish("news", b"\0\xff")
        app.publish("weather", bytearray(b"rain"))  # type: ignore[arg-type]
        app.publish("nobody's", "lost")
        for peer in (first, second):
            assert peer.text() == "é" and peer.data() == b"\0\xff"
        assert other.data() == b"rain"
        first.say("stop")
        assert first.text() == "stopped"
        app.publish("news", "later")
        assert second.text() == "later"
        first.say("stop")
        assert first.text() == "stopped"


def test_a_frame_is_deflated_for_who_agreed_to_it(serve: Serve) -> None:
    app = listeners_app()
    server = serve(app)
    message = "x" * 2000
    with listening(server.port) as plain, listening(server.port, "news", DEFLATE) as deflates:
        app.publish("news", message)
        assert plain.frame() == (1, message.encode(), False)
        assert deflates.frame() == (1, message.encode(), True)


def test_two_hundred_receivers(serve: Serve) -> None:
    app = listeners_app()
    server = serve(app)
    with ExitStack() as stack:
        peers = [stack.enter_context(listening(server.port)) for _ in range(200)]
        for number in range(5):
            app.publish("news", f"message {number}")
        for peer in peers:
            assert [peer.text() for _ in range(5)] == [f"message {number}" for number in range(5)]


def test_from_wherever_it_is_called(serve: Serve) -> None:
    app = listeners_app()

    @app.get("/inline")
    def inline() -> None:
        app.publish("news", "inline")

    @app.get("/coroutine")
    async def coroutine() -> None:
        await asyncio.sleep(0)
        app.publish("news", "coroutine")
        await asyncio.to_thread(app.publish, "news", "thread")
        app.publish("news", "after the thread")

    @app.get("/pool", blocking=True)
    def pool() -> None:
        app.publish("news", "pool")

    @app.get("/background")
    def background(tasks: BackgroundTasks) -> None:
        tasks.add_task(app.publish, "news", "background")

    @app.get("/spawned")
    async def spawned() -> None:
        async def task() -> None:
            app.publish("news", "spawned")

        app.spawn(task())

    @app.websocket("/websocket")
    async def websocket(ws: WebSocket) -> None:
        ws.subscribe("news")
        app.publish("news", "websocket")
        await ws.recv()

    expected = {
        "inline": ["inline"],
        "coroutine": ["coroutine", "thread", "after the thread"],
        "pool": ["pool"],
        "background": ["background"],
        "spawned": ["spawned"],
    }
    server = serve(app)
    with listening(server.port) as peer:
        for path, messages in expected.items():
            with answer_of(server.port, path):
                assert [peer.text() for _ in messages] == messages
        with Peer(server.port, "/websocket") as own:
            assert own.text() == peer.text() == "websocket"


def answer_of(port: int | None, path: str) -> Any:
    from urllib.request import urlopen

    return urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60)


def test_a_websocket_in_the_pool(serve: Serve) -> None:
    app = App()

    @app.websocket("/", blocking=True)
    def handler(ws: SyncWebSocket) -> None:
        ws.subscribe("news")
        app.publish("news", "a")
        ws.recv()
        ws.unsubscribe("news")
        app.publish("news", "b")
        ws.send("c")
        ws.recv()

    server = serve(app)
    with Peer(server.port) as peer:
        assert peer.text() == "a"
        peer.say("go on")
        assert peer.text() == "c"


def test_a_storm_in_the_order_of_each_sender(serve: Serve) -> None:
    app, count = listeners_app(), 5000

    @app.get("/storm/{name}")
    async def storm(name: str) -> None:
        for number in range(count):
            app.publish("news", f"{name} {number}")
            if number % 100 == 0:
                await asyncio.sleep(0)

    server = serve(app, ws_max_backlog="16MiB")

    def shout() -> None:
        for number in range(count):
            app.publish("news", f"thread {number}")

    with listening(server.port) as first, listening(server.port) as second:
        thread = threading.Thread(target=shout)
        thread.start()
        with answer_of(server.port, "storm/handler"):
            thread.join()
        for peer in (first, second):
            heard = [peer.text() for _ in range(2 * count)]
            for name in ("thread", "handler"):
                assert [text for text in heard if text.startswith(name)] == [f"{name} {n}" for n in range(count)]


# --- who is slow ---

PIECE = 64 * 2**10


def message_of(number: int) -> bytes:
    return number.to_bytes(4, "big").ljust(PIECE, b"\0")


def publish_until(app: App, good: Peer, is_enough: Callable[[], bool], most: int = 1000) -> int:
    """Returns how many it took; the good one has heard every one."""
    for number in range(most):
        app.publish("news", message_of(number))
        assert good.data() == message_of(number)
        if is_enough():
            return number + 1
    raise AssertionError(f"not within {most} messages")


def slow_settings(policy: str) -> dict[str, Any]:
    return {"ws_slow_policy": policy, "ws_max_backlog": "256KiB", "timeout_rate_grace": 30, "ws_per_message_deflate": False}


def numbers(peer: Peer) -> Iterator[int]:
    while (frame := peer.frame()).opcode != CLOSE:
        yield int.from_bytes(frame.payload[:4], "big")
    yield -frame.code


def test_WS_052_a_slow_one_is_closed(serve: Serve) -> None:
    app = listeners_app()
    server = serve(app, **slow_settings("close"))
    with listening(server.port) as good, listening(server.port, receive_buffer=4096) as slow:
        sent = publish_until(app, good, lambda: server.stats()["cut.websocket_queue"] == 1)
        # What was queued before still arrives.
        heard = list(numbers(slow))
        assert heard == [*range(sent - 1), -1013]
        app.publish("news", "on")
        assert good.text() == "on"


def test_WS_052_a_slow_one_misses_messages(serve: Serve) -> None:
    app = listeners_app()
    server = serve(app, **slow_settings("drop"))
    with listening(server.port) as good, listening(server.port, receive_buffer=4096) as slow:
        sent = publish_until(app, good, lambda: server.stats()["dropped.websocket_message"] == 3)
        heard = [int.from_bytes(slow.data()[:4], "big") for _ in range(sent - 3)]
        assert heard[0] == 0 and heard == sorted(set(heard))
        app.publish("news", "on")
        assert good.text() == slow.text() == "on"


def test_WS_052_a_slow_one_gets_everything_later(serve: Serve) -> None:
    app = listeners_app()
    server = serve(app, **slow_settings("wait"))
    with listening(server.port) as good, listening(server.port, receive_buffer=4096) as slow:
        for number in range(200):
            app.publish("news", message_of(number))
            assert good.data() == message_of(number)
        app.publish("news", "on")
        assert good.text() == "on"
        assert [int.from_bytes(slow.data()[:4], "big") for _ in range(200)] == [*range(200)]
        assert slow.text() == "on"
        assert server.stats()["dropped.websocket_message"] == server.stats()["cut.websocket_queue"] == 0


def test_WS_052_a_slow_one_gets_everything_before_its_close(serve: Serve) -> None:
    app, closed = listeners_app(), threading.Event()

    @app.websocket("/leave")
    async def leave(ws: WebSocket) -> None:
        ws.subscribe("news")
        await ws.send_text("listening")
        await ws.receive_text()
        await ws.close(4000)
        closed.set()

    server = serve(app, **slow_settings("wait"))
    with listening(server.port) as good, Peer(server.port, "/leave", receive_buffer=4096) as slow:
        assert slow.text() == "listening"
        for number in range(200):
            app.publish("news", message_of(number))
            assert good.data() == message_of(number)
        slow.say("leave")
        assert closed.wait(10)
        app.publish("news", "not for who leaves")
        assert list(numbers(slow)) == [*range(200), -4000]


# --- in memory ---


def test_the_test_client() -> None:
    app = listeners_app()

    @app.post("/say")
    def say() -> None:
        app.publish("news", "said")

    client = TestClient(app)
    with client.websocket_connect("/listen/news") as first, client.websocket_connect("/listen/news") as second:
        assert first.receive() == second.receive() == "listening"
        client.post("/say")
        assert first.receive() == second.receive() == "said"
        # Of the test itself, and of a thread of its own.
        app.publish("news", "from the test")
        thread = threading.Thread(target=app.publish, args=("news", b"from a thread"))
        thread.start()
        thread.join()
        for ws in (first, second):
            assert ws.receive() == "from the test" and ws.receive() == b"from a thread"


def test_what_cannot_be_published() -> None:
    app = listeners_app()
    with pytest.raises(RuntimeError, match="being served"):
        app.publish("news", "x")
    client = TestClient(app)
    client.get("/")
    with pytest.raises(TypeError, match="a topic is a str, not bytes"):
        app.publish(b"news", "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str or bytes, not dict"):
        app.publish("news", {})  # type: ignore[arg-type]
    for topic, message in (("\ud800", "x"), ("news", "\ud800")):
        with pytest.raises(UnicodeEncodeError):
            app.publish(topic, message)


def test_what_cannot_be_subscribed_to() -> None:
    app, seen = App(), list[type[BaseException]]()

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        ws.unsubscribe("never subscribed")
        with pytest.raises(TypeError):
            ws.subscribe(1)  # type: ignore[arg-type]
        ws.subscribe("news")
        assert ws.connected
        await ws.recv()
        ws.unsubscribe("news")
        try:
            ws.subscribe("news")
        except WebSocketDisconnect as error:
            seen.append(type(error))

    with TestClient(app).websocket_connect("/"):
        pass
    assert seen == [WebSocketDisconnect]


# --- parts ---


def test_a_subscription_accepts() -> None:
    link, request = KeptLink(), handshake()

    async def use() -> None:
        ws = WebSocket(request, link)
        ws.unsubscribe("a")
        ws.subscribe("a")
        ws.subscribe("b")
        assert link.calls == [("unsubscribe", "a"), ("accept", None, []), ("subscribe", "a"), ("subscribe", "b")]

    asyncio.run(use())


class Receivers:
    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []

    def publish(self, topic: str, data: bytes, is_text: bool) -> int:
        self.heard.append((topic, data, is_text))
        return 1


def test_on_the_loop_at_once_elsewhere_by_it() -> None:
    receivers = Receivers()

    async def use() -> Topics:
        topics = Topics(receivers, asyncio.get_running_loop())
        publish([ref(topics)], "t", "é")
        assert receivers.heard == [("t", "é".encode(), True)]
        await asyncio.to_thread(publish, [ref(topics)], "t", b"b")
        publish([ref(topics)], "t", "after")
        assert receivers.heard[1:] == [("t", b"b", False), ("t", b"after", True)]
        return topics

    topics = asyncio.run(use())
    publish([ref(topics)], "t", "late")  # to nobody: the loop is closed
    assert len(receivers.heard) == 3
