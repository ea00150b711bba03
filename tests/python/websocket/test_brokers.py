"""The interface between machines, and what the setting takes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

import pelton.websocket.brokers
from pelton import App, ConfigError, ServerConfig, StartupError
from pelton.testing import TestClient, live_server
from pelton.websocket.brokers import Broker, Deliver, Kind, broker_of
from test_topics import listeners_app, listening

Serve = Callable[..., live_server]


class Kept:
    """A broker whose other machine is the test."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails = False

    async def start(self, deliver: Deliver, origin: bytes) -> None:
        self.deliver, self.loop = deliver, asyncio.get_running_loop()
        self.calls.append(("start", len(origin)))
        if self.fails:
            raise OSError("no way there")

    def publish(self, topic: str, kind: Kind, octets: bytes) -> None:
        self.calls.append(("publish", topic, kind, octets))

    async def stop(self) -> None:
        self.calls.append(("stop",))


def test_a_broker_of_ones_own(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    app, kept = listeners_app(), Kept()
    broker: Broker = kept
    app.on_startup(lambda: app.publish("news", "starts"))
    app.on_shutdown(lambda: app.publish("news", "stops"))
    with live_server(app, ws_broker=broker) as server, listening(server.port) as peer:
        app.publish("news", "é")
        assert peer.text() == "é"
        app.publish("news", b"b")
        assert peer.data() == b"b"
        kept.loop.call_soon_threadsafe(kept.deliver, "news", "text", "von außen".encode())
        kept.loop.call_soon_threadsafe(kept.deliver, "news", "binary", b"out")
        assert peer.text() == "von außen" and peer.data() == b"out"
    # Nothing that came from there goes back.
    assert kept.calls == [
        ("start", 16),
        ("publish", "news", "text", b"starts"),
        ("publish", "news", "text", "é".encode()),
        ("publish", "news", "binary", b"b"),
        ("publish", "news", "text", b"stops"),
        ("stop",),
    ]


def test_a_start_that_fails() -> None:
    app, kept = App(), Kept()
    kept.fails = True
    with pytest.raises(StartupError, match="no way there"), live_server(app, ws_broker=kept):
        pass
    kept.fails = False

    def fail() -> None:
        raise LookupError("inside")

    app = App()
    app.on_startup(fail)
    with pytest.raises(StartupError, match="inside"), live_server(app, ws_broker=kept):
        pass
    assert kept.calls == [("start", 16), ("start", 16), ("stop",)]


def test_the_test_client_has_none() -> None:
    kept = Kept()
    app = App(server=ServerConfig(ws_broker=kept))
    app.add_route("/", lambda: app.publish("news", "x"))
    assert TestClient(app).get("/").status_code == 200 and kept.calls == []


@pytest.mark.parametrize("value", ["http://:secret@h", "secret", 1, object(), "redis:secret"])
def test_what_is_no_broker(value: Any) -> None:
    with pytest.raises(ConfigError, match="ws_broker is a URL that begins with redis://, rediss://, unix://") as error:
        ServerConfig(ws_broker=value)
    assert "secret" not in str(error.value)


def test_a_url_is_not_shown() -> None:
    config = ServerConfig(ws_broker="redis://:secret@h")
    assert config.ws_broker == "redis://:secret@h" and "secret" not in repr(config)
    assert ServerConfig.from_env(env={"PELTON_WS_BROKER": "redis://h"}).ws_broker == "redis://h"
    assert ServerConfig.from_env(env={"PELTON_WS_BROKER": "none"}).ws_broker is None


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broker_of(None) is None
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(StartupError, match=r"pip install 'pelton\[redis\]'"), live_server(App(), ws_broker="redis://h"):
        pass


def test_names() -> None:
    assert all(hasattr(pelton.websocket.brokers, name) for name in pelton.websocket.brokers.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        pelton.websocket.brokers.Nothing  # noqa: B018
