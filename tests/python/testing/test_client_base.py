"""Section 13: what the two test clients share, behind a server that is a list of answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pelton import App, Request, Response, WebSocket
from pelton.testing import AsyncTestClient, TestClient
from pelton.testing.client_base import ClientBase
from pelton.testing.client_stream import at_once

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Memory:
    def __init__(self) -> None:
        self.gone: set[int] = set()

    def closed(self, connection: int) -> bool:
        return connection in self.gone

    def leave(self, connection: int) -> None:
        self.gone.add(connection)


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


@pytest.mark.parametrize("field", [("X", "a\r\nInjected: 1"), ("X", "a\n"), ("X", "\0"), ("X\r\nY", "a")])
def test_no_field_begins_another(field: tuple[str, str]) -> None:
    client = Scripted(OK)
    with pytest.raises(ValueError, match=r"no CR, LF or NUL can be in it; raw\(\) sends"):
        client.get("/", headers=[field])
    assert client.asked == []


@pytest.mark.parametrize("method", ["GET / HTTP/1.1\r\nInjected: 1\r\n\r\nGET", "GET\n", "\0"])
def test_no_method_begins_another_request(method: str) -> None:
    client = Scripted(OK)
    with pytest.raises(ValueError, match=r"no CR, LF or NUL can be in it; raw\(\) sends"):
        at_once(client._request(method, "/"))
    assert client.asked == []


def test_a_target_stays_on_its_line() -> None:
    client = Scripted(OK)
    client.get("/a\r\nb?c=\r\nInjected: 1")
    assert client.asked[0][1].startswith("GET /a%0D%0Ab?c=%0D%0AInjected:%201 HTTP/1.1\r\n")


def test_options_of_the_whole_server() -> None:
    response = TestClient(App(), base_url="http://a/b").options("*")
    assert response.status_code == 204 and "OPTIONS" in response.headers["allow"]
    assert TestClient(App(), base_url="http://a/b").options("/*").status_code == 404


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


def open_connections(client: TestClient) -> int:
    return client._memory().connections()


def test_a_client_that_has_waited_long_enough_closes_and_asks_again() -> None:
    app, told, release = App(), list[str](), asyncio.Event()

    @app.get("/waits")
    async def waits(request: Request) -> str:
        await request.disconnected()
        told.append("left")
        return "late"

    @app.get("/endless")
    async def endless() -> None:
        await release.wait()

    @app.get("/release")
    async def released() -> None:
        release.set()

    app.get("/")(lambda: "asked again")
    with TestClient(app) as client:
        for _ in range(3):
            assert client.get("/").json() == "asked again" and open_connections(client) == 1
            with pytest.raises(TimeoutError, match="/waits"):
                client.get("/waits", timeout=0.01)
            assert open_connections(client) == 0
        while len(told) < 3:
            client.run(asyncio.sleep(0))
        with pytest.raises(TimeoutError, match="/endless"):
            client.get("/endless", timeout=0.01)
        assert [client.get("/").json() for _ in range(3)] == ["asked again"] * 3 and open_connections(client) == 1
        client.get("/release")


def test_an_async_client_does_so_too() -> None:
    app, told = App(), list[str]()

    @app.get("/")
    async def waits(request: Request) -> str:
        await request.disconnected()
        told.append("left")
        return "late"

    async def main() -> None:
        client = AsyncTestClient(app)
        with pytest.raises(TimeoutError):
            await client.get("/", timeout=0.01)
        while not told:
            await asyncio.sleep(0)
        assert client._memory().connections() == 0

    asyncio.run(main())


def test_no_connection_is_kept_that_cannot_be_used_again() -> None:
    app = App()
    app.get("/")(lambda: "kept")
    app.get("/close")(lambda: Response("closed", headers={"connection": "close"}))
    app.get("/fails")(lambda: [][1])
    app.get("/events")(lambda: iter([{"n": 1}]))

    @app.websocket("/talk")
    async def talk(ws: WebSocket) -> None:
        await ws.send_text("hello")

    client = TestClient(app)
    client.get("/")
    for _ in range(3):
        client.get("/close")
        with pytest.raises(IndexError):
            client.get("/fails")
        with client.stream("GET", "/events") as events:
            assert events.read() == b'{"n":1}\n'
        with client.websocket_connect("/talk") as ws:
            assert ws.receive_text() == "hello"
        assert client.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").endswith(b'"kept"')
        assert client.raw(b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        with pytest.raises(IndexError):
            client.raw(b"GET /fails HTTP/1.1\r\nHost: a\r\n\r\n")
        client.get("/")
    assert open_connections(client) == 1
