"""Which interface an application has."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from asgi_applications import Event, Receive, Send, answer

from pelton import App, StartupError
from pelton.cli.options import INTERFACES, LIFESPANS
from pelton.hosting.interfaces import served
from pelton.testing import TestClient


async def function(scope: Event, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(send, b"x")


class Object:
    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        await function(scope, receive, send)

    async def method(self, scope: Event, receive: Receive, send: Send) -> None:
        await function(scope, receive, send)


async def with_more(settings: Any, scope: Event, receive: Receive, send: Send, option: int = 7) -> None:
    await function(scope, receive, send)


def wsgi(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [])
    return [b"x"]


class Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> Any:
        return wsgi(environ, start_response)


def sync(scope: Any, receive: Any, send: Any) -> Any:
    return function(scope, receive, send)


async def two(scope: Any, receive: Any) -> None: ...
async def any_number(*given: Any) -> None:
    await function(*given)


@pytest.mark.parametrize("interface", ["auto", "asgi", "asgi3"])
@pytest.mark.parametrize("app", [function, Object(), Object().method, functools.partial(with_more, 1)])
def test_asgi(app: Any, interface: str) -> None:
    assert interface in INTERFACES
    assert TestClient(served(app, "m:app", interface, App)).get("/").text == "x"


@pytest.mark.parametrize("app", [sync, any_number])
def test_what_is_asgi_if_one_says_so(app: Any) -> None:
    with pytest.raises(StartupError, match="say --interface asgi"):
        served(app, "m:app", "auto", App)
    assert TestClient(served(app, "m:app", "asgi", App)).get("/").text == "x"


@pytest.mark.parametrize("is_inline", [False, True])
@pytest.mark.parametrize("interface", ["auto", "wsgi"])
@pytest.mark.parametrize("app", [wsgi, Wsgi(), functools.partial(lambda settings, *given: wsgi(*given), 1)])
def test_wsgi(app: Any, interface: str, is_inline: bool) -> None:
    assert interface in INTERFACES
    if interface == "auto" and isinstance(app, functools.partial):
        return  # how many arguments it takes is not to be told
    assert TestClient(served(app, "m:app", interface, App, is_inline=is_inline)).get("/").text == "x"


def test_only_wsgi_runs_inline() -> None:
    with pytest.raises(StartupError, match="is no WSGI application; leave --wsgi-inline out"):
        served(function, "m:app", "auto", App, is_inline=True)


@pytest.mark.parametrize("interface", ["auto", "native"])
def test_an_app_is_served_as_it_is(interface: str) -> None:
    app = App()
    assert served(app, "m:app", interface, App) is app


@pytest.mark.parametrize(
    ("app", "interface", "says"),
    [
        (App(), "asgi", "m:app is an App, which --interface asgi does not serve"),
        (function, "native", "m:app is a function, not an App"),
        (7, "auto", "m:app is a int, neither an App nor an ASGI or WSGI application"),
        (7, "asgi", "m:app is a int, neither"),
        (two, "auto", "say --interface asgi or --interface wsgi"),
        (Object, "auto", "is a class"),
        (print, "auto", "say --interface asgi"),
    ],
)
def test_what_is_neither_is_refused_in_one_line(app: Any, interface: str, says: str) -> None:
    with pytest.raises(StartupError, match=says) as raised:
        served(app, "m:app", interface, App)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("lifespan", LIFESPANS)
def test_lifespans(lifespan: str) -> None:
    async def app(scope: Event, receive: Receive, send: Send) -> None:
        assert lifespan != "off" or scope["type"] != "lifespan"
        if scope["type"] == "lifespan":
            scope["state"]["begun"] = True
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await answer(send, str(scope["state"]).encode())

    with TestClient(served(app, "m:app", "asgi", App, lifespan)) as client:
        assert client.get("/").text == ("{}" if lifespan == "off" else "{'begun': True}")
