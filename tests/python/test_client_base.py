"""Section 13: what the two test clients share, behind a server that is a list of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from noria import App
from noria.client_base import ClientBase
from noria.client_stream import at_once
from noria.testing import AsyncTestClient, TestClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Memory:
    def __init__(self) -> None:
        self.gone: set[int] = set()

    def closed(self, connection: int) -> bool:
        return connection in self.gone


class Scripted(ClientBase):
    """Answers each request with the next of `answers`; `asked` has what was sent on which connection."""

    def __init__(self, *answers: bytes, **options: Any) -> None:
        app = App()
        app.add_route("/slow", lambda: 1)
        super().__init__(app, **options)
        self.answers = list(answers)
        self.asked: list[tuple[int, str]] = []
        self.opened = 0
        self.memory: Any = Memory()

    def _memory(self) -> Any:
        return self.memory

    async def _connect(self, address: tuple[str, int]) -> int:
        self.opened += 1
        return self.opened

    async def _answered(self, connection: int, data: bytes, method: str, timeout: float) -> bytes:
        self.asked.append((connection, data.decode()))
        return self.answers.pop(0)

    async def _settled(self, connection: int, act: Callable[[], object]) -> bytes:
        return self.answers.pop(0)

    def get(self, url: str, **options: Any) -> Any:
        return at_once(self._request("GET", url, **options))


def test_a_connection_is_kept_until_its_answer_says_otherwise() -> None:
    client = Scripted(OK, OK, CLOSING, OK, OK)
    for url in ("/", "/", "/", "/", "http://other/"):
        assert client.get(url).text == "ok"
    assert [connection for connection, _ in client.asked] == [1, 1, 1, 2, 3]
    client.memory.gone = {2}
    client.answers.append(OK)
    client.get("/")
    assert client.asked[-1][0] == 4


def test_the_octets() -> None:
    client = Scripted(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: c=v\r\n\r\n"), OK, headers={"User-Agent": "mine"})
    client.get("/a?b=c")
    client.get("/", headers={"Accept": "x"})
    assert client.asked[0][1] == "GET /a?b=c HTTP/1.1\r\nHost: testserver\r\nAccept: */*\r\nUser-Agent: mine\r\n\r\n"
    assert client.asked[1][1].splitlines()[2:5] == ["User-Agent: mine", "Accept: x", "Cookie: c=v"] or "Cookie: c=v" in client.asked[1][1]


def test_no_answer() -> None:
    client = Scripted(OK[:20], OK[:20], OK)
    with pytest.raises(TimeoutError, match=r"GET http://testserver/slow: no answer within 10 s from .*test_client_base.py"):
        client.get("/slow")
    client.memory.gone = {2}
    with pytest.raises(ConnectionError, match="closed without a whole answer"):
        client.get("/slow")
    client.get("/")
    assert [connection for connection, _ in client.asked] == [1, 2, 3]


def test_both_clients_have_the_same_methods() -> None:
    def names(client: type) -> set[str]:
        return {name for name in dir(client) if not name.startswith("_")}

    # Whoever runs a loop already needs nobody to run an awaitable on it.
    assert names(TestClient) - names(AsyncTestClient) == {"run"} and names(AsyncTestClient) <= names(TestClient)
