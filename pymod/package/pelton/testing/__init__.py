"""Clients that talk to an App without a socket, and a real server in a thread."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.testing.async_client import AsyncTestClient
    from pelton.testing.client import TestClient
    from pelton.testing.cookie_jar import Cookies
    from pelton.testing.live import live_server
    from pelton.testing.received import TestResponse
    from pelton.testing.websocket_session import WebSocketRefused

__all__ = ["AsyncTestClient", "Cookies", "TestClient", "TestResponse", "WebSocketRefused", "live_server"]

_MODULE_OF = {
    "AsyncTestClient": "async_client",
    "Cookies": "cookie_jar",
    "TestClient": "client",
    "TestResponse": "received",
    "WebSocketRefused": "websocket_session",
    "live_server": "live",
}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'pelton.testing' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"pelton.testing.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
