"""Topics across machines: two servers that share a Redis, which goes away and comes back."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import services

from pelton.loop import Loop
from pelton.testing import live_server
from pelton.websocket import redis_broker
from pelton.websocket.brokers import RedisBroker
from pelton.websocket.redis_broker import Pauses
from supervised import SILENCE_S, Supervised
from test_bus import PROGRAM
from test_topics import listeners_app, listening
from websocket_peer import Peer

pytestmark = pytest.mark.skipif(bool(services.missing()), reason=f"not installed: {services.missing()}")

Serve = Callable[..., live_server]


@pytest.fixture(scope="module")
def redis() -> Iterator[services.Service]:
    with services.redis() as service:
        yield service


def test_two_servers_hear_each_other(serve: Serve, redis: services.Service) -> None:
    first_app, second_app = listeners_app(), listeners_app()
    first = serve(first_app, ws_broker=redis.url)
    second = serve(second_app, ws_broker=f"unix://{redis.folder}/socket")
    large = os.urandom(300_000)
    with listening(first.port) as one, listening(second.port) as two, listening(second.port, "other") as other:
        for app, name in ((first_app, "first"), (second_app, "second")):
            app.publish("news", f"é {name}")
            app.publish("news", large)
            assert one.text() == two.text() == f"é {name}"
            assert one.data() == two.data() == large
        for number in range(2000):
            first_app.publish("news", str(number))
        first_app.publish("other", "done")
        assert other.text() == "done"
        for peer in (one, two):
            # No echo: each message once.
            assert [peer.text() for _ in range(2000)] == [str(number) for number in range(2000)]
        second_app.publish("news", "last")
        assert one.text() == two.text() == "last"


def test_workers_of_one_machine_hear_it_once(tmp_path: Path, engine: str, redis: services.Service, serve: Serve) -> None:
    (tmp_path / "main.py").write_text(PROGRAM)
    here = serve(app := listeners_app(), ws_broker=redis.url)
    process = Supervised(
        tmp_path, "main:app", "--workers", "2", PELTON_ENGINE=engine, PELTON_WS_BROKER=redis.url, PYTHONPATH=str(tmp_path)
    )
    try:
        process.ready(2)
        with ExitStack() as stack:
            peers: dict[int, Peer] = {}
            while len(peers) < 2:
                peer = stack.enter_context(Peer(process.port))
                peers[int(peer.text())] = peer
            own = stack.enter_context(listening(here.port, "room"))
            speaker, listener = peers.values()
            for number in range(100):
                speaker.say(f"message {number}")
            for peer in (speaker, listener, own):
                assert [peer.text() for _ in range(100)] == [f"message {number}" for number in range(100)]
            app.publish("room", "back")
            assert speaker.text() == listener.text() == own.text() == "back"
    finally:
        process.end()


@pytest.fixture
def said() -> Iterator[SimpleQueue[logging.LogRecord]]:
    """What is logged of brokers, as it comes."""
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler, logger = QueueHandler(lines), logging.getLogger("pelton.broker")  # type: ignore[arg-type]
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def test_redis_goes_and_comes_back(serve: Serve, said: SimpleQueue[logging.LogRecord]) -> None:
    first_app, second_app = listeners_app(), listeners_app()
    with ExitStack() as stack:
        with services.redis() as service:
            first, second = serve(first_app, ws_broker=service.url), serve(second_app, ws_broker=service.url)
            one, two = stack.enter_context(listening(first.port)), stack.enter_context(listening(second.port))
            first_app.publish("news", "before")
            assert one.text() == two.text() == "before"
        for number in range(10):
            first_app.publish("news", f"while it is gone {number}")
            assert one.text() == f"while it is gone {number}"
        with services.redis(service.port):
            # Until both are back: what is published meanwhile may be lost on the way.
            over = threading.Event()

            def call() -> None:
                while not over.wait(0.02):
                    first_app.publish("news", "call")
                    second_app.publish("news", "answer")

            caller = threading.Thread(target=call)
            caller.start()
            try:
                while two.text() != "call":
                    pass
                while one.text() != "answer":
                    pass
            finally:
                over.set()
                caller.join()
            second_app.publish("news", "after")
            for peer in (one, two):
                while peer.text() != "after":
                    pass
            # Once for each loss and each end of it.
            lines = [said.get(timeout=SILENCE_S).getMessage() for _ in range(4)]
            assert sum("cannot be reached" in line for line in lines) == 2 and said.empty()
            assert sum("is reached again" in line for line in lines) == 2


def test_a_start_without_redis(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    app = listeners_app()
    server = serve(app, ws_broker=f"redis://user:secret@127.0.0.1:{services.free_port()}/0")
    with listening(server.port) as peer:
        app.publish("news", "alone")
        assert peer.text() == "alone"
    assert "cannot be reached" in caplog.text and "secret" not in caplog.text and "user" not in caplog.text


# --- parts ---


def in_loop(loop: Loop, use: Callable[[], Any]) -> None:
    loop.run_until_complete(asyncio.wait_for(use(), SILENCE_S))


class Heard:
    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bytes]] = []
        self.last = asyncio.Event()

    def __call__(self, topic: str, kind: str, octets: bytes) -> None:
        self.messages.append((topic, kind, octets))
        if octets == b"last":
            self.last.set()


def test_origins_channels_and_foreign_messages(loop: Loop, redis: services.Service) -> None:
    async def use() -> None:
        from redis.asyncio import Redis

        brokers = [RedisBroker(redis.url), RedisBroker(redis.url), RedisBroker(redis.url), RedisBroker(redis.url, channel="c")]
        heard = [Heard() for _ in brokers]
        origins = (b"a" * 16, b"a" * 16, b"b" * 16, b"c" * 16)
        for broker, hear, origin in zip(brokers, heard, origins, strict=True):
            await broker.start(hear, origin)
        async with Redis.from_url(redis.url) as client:
            for foreign in (b"", b"x", b"\0" * 20 + b"\xff"):
                await client.publish("pelton.websocket.topics", foreign)
        brokers[0].publish("té", "text", "é".encode())
        brokers[0].publish("", "binary", b"")
        brokers[0].publish("t", "binary", b"last")
        await heard[2].last.wait()
        assert heard[2].messages == [("té", "text", "é".encode()), ("", "binary", b""), ("t", "binary", b"last")]
        brokers[2].publish("t", "binary", b"last")
        await heard[0].last.wait()
        await heard[1].last.wait()
        assert heard[0].messages == heard[1].messages == [("t", "binary", b"last")] and heard[3].messages == []
        for broker in brokers:
            await broker.stop()
            await broker.stop()
            assert broker.dropped == 0

    in_loop(loop, use)


def test_what_was_published_leaves_before_the_stop(loop: Loop, redis: services.Service) -> None:
    async def use() -> None:
        heard, one, two = Heard(), RedisBroker(redis.url), RedisBroker(redis.url)
        await one.start(heard, b"1" * 16)
        await two.start(Heard(), b"2" * 16)
        for number in range(1000):
            two.publish("t", "text", b"%d" % number)
        two.publish("t", "text", b"last")
        await two.stop()
        await heard.last.wait()
        assert len(heard.messages) == 1001 and two.dropped == 0
        await one.stop()

    in_loop(loop, use)


def test_what_waits_has_a_bound(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """n - 1, n and n + 1 octets; and a larger one goes alone."""

    async def use() -> None:
        broker = RedisBroker(f"redis://127.0.0.1:{services.free_port()}")
        await broker.start(Heard(), b"1" * 16)
        broker.publish("t", "text", b"x" * 2000)
        envelope = broker._bytes - 2000
        monkeypatch.setattr(redis_broker, "QUEUE_BYTES_MAX", broker._bytes + 2 * envelope + 2)
        broker.publish("t", "text", b"12")
        broker.publish("t", "text", b"1")
        assert broker.dropped == 1
        broker.publish("t", "text", b"")
        assert broker.dropped == 1 and len(broker._waiting) == 3
        await broker.stop()
        assert broker.dropped == 4

    in_loop(loop, use)


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = Pauses()
    for number in range(10):
        whole = min(redis_broker.PAUSE_S * 2**number, redis_broker.PAUSE_MAX_S)
        assert whole / 2 <= pauses.next_s() <= whole
    pauses.over()
    assert pauses.next_s() <= redis_broker.PAUSE_S
