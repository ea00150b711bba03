"""The header fields that an ASGI application sends."""

from __future__ import annotations

from collections import UserList
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, hosted, over_http

from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]


def sending(headers: Any, body: bytes = b"x") -> Any:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, body, 200, headers() if callable(headers) else headers)

    return hosted(over_http(handle))


@pytest.mark.parametrize(
    "headers",
    [
        [(b"X-A", b"1"), (b"x-b", b"2")],
        ([b"X-A", b"1"], [b"x-b", b"2"]),
        lambda: (pair for pair in [(b"X-A", b"1"), (b"x-b", b"2")]),
        lambda: {b"X-A": b"1", b"x-b": b"2"}.items(),
        [UserList([b"X-A", b"1"]), (b"x-b", b"2")],
    ],
    ids=["list", "tuple", "generator", "items", "sequence"],
)
def test_any_iterable_of_pairs(serve: Serve, headers: Any) -> None:
    got = httpx.get(serve(sending(headers)).url)
    assert got.text == "x" and got.headers["x-a"] == "1" and got.headers["x-b"] == "2"


@pytest.mark.parametrize("headers", [(), None, []])
def test_no_fields(headers: Any) -> None:
    assert TestClient(sending(headers)).get("/").text == "x"


def test_more_fields_than_fit_at_hand(serve: Serve) -> None:
    headers = [(f"x-{number}".encode(), str(number).encode()) for number in range(200)]
    got = httpx.get(serve(sending(headers)).url)
    assert [got.headers[f"x-{number}"] for number in range(200)] == [str(number) for number in range(200)]


def test_fields_of_the_connection_are_the_servers(serve: Serve) -> None:
    got = httpx.get(serve(sending([(b"Transfer-Encoding", b"chunked"), (b"Connection", b"keep-alive"), (b"Date", b"then")])).url)
    assert got.headers["content-length"] == "1" and "transfer-encoding" not in got.headers and got.headers["date"] == "then"


class Shrinks:
    """A pair whose reading empties the list that it is in."""

    def __init__(self, fields: list[Any]) -> None:
        self.fields = fields

    def __iter__(self) -> Any:
        self.fields.clear()
        return iter((b"x-a", b"1"))


def _shrinking() -> list[Any]:
    fields: list[Any] = []
    fields += [Shrinks(fields), (b"x-b", b"2")]
    return fields


@pytest.mark.parametrize(
    ("headers", "error", "says"),
    [
        ([("x-a", b"1")], TypeError, "a name is str"),
        ([(b"x-a", "1")], TypeError, "a value is str"),
        ([(b"x-a", b"1", b"2")], TypeError, "one of them has 3 parts"),
        ([b"ab"], TypeError, "one of them is bytes"),
        ([7], TypeError, "a header is a pair of bytes"),
        (7, TypeError, "headers are an iterable of pairs"),
        ([(b"x a", b"1")], ValueError, "bad name or value"),
        ([(b"x-a", b"1\r\nx-b: 2")], ValueError, "bad name or value"),
        ([(b"", b"1")], ValueError, "bad name or value"),
        ([(b"content-length", b"x")], ValueError, "bad name or value"),
        ([(b"content-length", b"1"), (b"content-length", b"1")], ValueError, "bad name or value"),
        (_shrinking, RuntimeError, "changed while they were read"),
    ],
)
def test_what_is_no_field_is_an_error_of_the_application(headers: Any, error: type[Exception], says: str) -> None:
    client = TestClient(sending(headers))
    with pytest.raises(error, match=says):
        client.get("/")
    assert TestClient(sending(headers), raise_server_exceptions=False).get("/").status_code == 500
