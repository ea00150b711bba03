"""Variables that a handler sets end with its request; an untouched context serves the next too."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from pelton import App, Request, Response
from pelton.testing import TestClient, live_server
from wire import Peer

VAR: contextvars.ContextVar[int] = contextvars.ContextVar("VAR")


def test_values_set_are_gone_and_those_of_the_start_stay() -> None:
    kept: list[Any] = []

    def handler(request: Request) -> Any:
        seen = VAR.get(None)
        if request.query.get("set"):
            kept.append(VAR.set(int(request.query["set"])))
        return seen

    app = App()
    app.add_route("/", handler)
    client = TestClient(app)
    assert [client.get(f"/?set={n}").json() for n in (1, 2)] == [None, None]
    assert client.get("/").json() is None and VAR.get(None) is None
    token = VAR.set(7)
    other = TestClient(app)
    assert [other.get("/?set=9").json(), other.get("/").json()] == [7, 7]
    VAR.reset(token)


def set_it() -> int:
    VAR.set(13)
    return 1


def by_comprehension() -> Any:
    return [set_it() for _ in (1, 2)]


def by_lambda() -> Any:
    return (lambda: set_it())()


def by_generator() -> Any:
    yield from (set_it() for _ in (1, 2))


def by_nested() -> Any:
    return (lambda: [(lambda: set_it())() for _ in (1, 2)])()


def by_function() -> Any:
    def inner() -> int:
        return set_it()

    return inner()


async def by_async_comprehension() -> Any:
    return [set_it() for _ in (1, 2)]


def bare() -> Any:
    return 1


def statuses_and_value(server: live_server, *requests: bytes) -> list[Any]:
    """Of each request on one connection, and what the next one reads."""
    found: list[Any] = []
    with Peer(server.port or 0) as peer:
        for request in requests:
            peer.send(request)
            found.append(peer.one().status)
            peer.send(b"GET /value HTTP/1.1\r\nHost: a\r\n\r\n")
            found.append(peer.one().body)
    return found


@pytest.mark.parametrize(
    "handler", [set_it, by_comprehension, by_lambda, by_nested, by_function, by_async_comprehension, bare]
)
def test_no_handler_leaks_a_variable_wherever_its_names_are(handler: Any, serve: Callable[..., live_server]) -> None:
    app = App()
    app.add_route("/", handler)
    app.add_route("/value", lambda: VAR.get(None))
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert statuses_and_value(serve(app), request, request) == [200, b"null"] * 2


def test_a_generator_leaks_none_either(serve: Callable[..., live_server]) -> None:
    app = App()
    app.add_route("/", by_generator)
    app.add_route("/value", lambda: VAR.get(None))
    server = serve(app)
    with Peer(server.port or 0) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert peer.rest().startswith(b"HTTP/1.1 200 OK\r\n")
    assert statuses_and_value(server, b"GET /value HTTP/1.1\r\nHost: a\r\n\r\n") == [200, b"null"]


def test_what_answers_for_a_handler_that_was_not_called_leaks_none_either(serve: Callable[..., live_server]) -> None:
    app = App()

    @app.exception_handler(400)
    @app.exception_handler(422)
    def failed(request: Request, error: Exception) -> Response:
        set_it()
        return Response.text("failed", status=400)

    def takes(body: dict[str, int], value: int = 0) -> int:
        return 1

    app.add_route("/", takes, methods=["POST"])
    app.add_route("/value", lambda: VAR.get(None))
    head = b"HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [b"POST / " + head + b"1\r\n\r\n{", b"POST /?value=x " + head + b"2\r\n\r\n{}"]
    assert statuses_and_value(serve(app), *requests) == [400, b"null"] * 2
