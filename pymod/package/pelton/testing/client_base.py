"""What the two test clients share: requests as octets, answers read, connections and cookies kept.

It is written once, as coroutines; those of the synchronous client never wait (at_once).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit

from pelton.config.settings import defaults
from pelton.errors import InvalidHeader
from pelton.routing.app_parts import parts_of
from pelton.testing.client_requests import Address, Asked, address_of, pairs, resolved
from pelton.testing.cookie_jar import Cookies
from pelton.testing.received import TestResponse, parse_response
from pelton.testing.websocket_session import new_key, upgrade_fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from pelton import _native
    from pelton.app import App
    from pelton.config.settings import Values
    from pelton.messages.headers import HeadersInit
    from pelton.testing.client_stream import Wire


class ClientOptions(TypedDict, total=False):
    base_url: str
    headers: HeadersInit | None
    cookies: Mapping[str, str] | None
    client: tuple[str, int]
    raise_server_exceptions: bool
    follow_redirects: bool


class ClientBase:
    """Everything but how the server in memory is turned, and on which loop."""

    __test__ = False  # not for pytest to collect

    def __init__(
        self,
        app: App,
        *,
        base_url: str = "http://testserver",
        headers: HeadersInit | None = None,
        cookies: Mapping[str, str] | None = None,
        client: tuple[str, int] = ("testclient", 50000),
        raise_server_exceptions: bool = True,
        follow_redirects: bool = False,
    ) -> None:
        self.app = app
        self._parts = parts_of(app)
        self.base_url = base_url
        self.headers: list[tuple[str, str]] = pairs(headers)
        self.cookies = Cookies(cookies)
        self.follow_redirects = follow_redirects
        self._raise = raise_server_exceptions
        self._client = client
        self._server: _native.MemoryServer | None = None
        self._idle: dict[Address, list[int]] = {}  # connections kept alive, by server

    # --- how the server is turned ---

    def _memory(self) -> _native.MemoryServer:
        raise NotImplementedError

    def _connect(self, address: Address) -> Awaitable[int]:
        raise NotImplementedError

    def _answered(self, connection: int, data: bytes, method: str, timeout: float) -> Awaitable[bytes]:
        """Delivers octets, waits for the answer and for what follows it, and returns the octets that came."""
        raise NotImplementedError

    def _settled(self, connection: int, act: Callable[[], object]) -> Awaitable[bytes]:
        """The same without knowing what is asked: until nothing is left to do."""
        raise NotImplementedError

    def _wire(self, connection: int) -> Wire:
        raise NotImplementedError

    def _values(self) -> Values:
        """The settings that the application's server would have."""
        config = self._parts.server_config
        values = defaults() if config is None else config._values()
        if values["debug"]:
            self.app.debug = True
        return values

    # --- requests ---

    def _asked(self, method: str, url: str, **options: Any) -> Asked:
        asked = Asked(method, resolved(self.base_url, url), **options)
        asked.is_of_server = url == "*"
        return asked

    async def _request(
        self, method: str, url: str, *, follow_redirects: bool | None = None, timeout: float = 10.0, **options: Any
    ) -> TestResponse:
        asked = self._asked(method, url, **options)
        follow = self.follow_redirects if follow_redirects is None else follow_redirects
        while True:
            response = await self._exchange(asked, timeout)
            response.history = list(asked.history)
            if not follow or not asked.redirect(response):
                return response

    def _octets(self, asked: Asked) -> bytes:
        """The request as it goes on the wire."""
        parts, given = asked.parts, asked.fields
        path = parts.path or "/"
        names = {name.lower() for name, _ in given}
        fields = [("Host", parts.netloc)] if "host" not in names else []
        for name, value in (("Accept", "*/*"), ("User-Agent", "testclient"), *self.headers):
            lowered = name.lower()
            if lowered not in names and not any(
                lowered == known.lower() for known, _ in self.headers if (name, value) not in self.headers
            ):
                fields.append((name, value))
        fields += given
        if "cookie" not in names:
            jar = self.cookies.header(parts.scheme, parts.hostname or "", path, asked.cookies)
            if jar is not None:
                fields.append(("Cookie", jar))
        if "content-length" not in names and "transfer-encoding" not in names:
            if asked.body is not None or asked.method in ("POST", "PUT", "PATCH"):
                fields.append(("Content-Length", str(len(asked.body or b""))))
        for name, value in fields:
            if not {"\r", "\n", "\0"}.isdisjoint(f"{name}{value}"):
                raise InvalidHeader(f"header {name!r}: no CR, LF or NUL can be in it; raw() sends octets as they are")
        if not {"\r", "\n", "\0"}.isdisjoint(asked.method):
            raise ValueError(f"method {asked.method!r}: no CR, LF or NUL can be in it; raw() sends octets as they are")
        target = "*" if asked.is_of_server else path + (f"?{parts.query}" if parts.query else "")
        head = f"{asked.method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n"
        return head.encode("latin-1") + (asked.body or b"")

    async def _exchange(self, asked: Asked, timeout: float) -> TestResponse:
        method, url, parts = asked.method, asked.url, asked.parts
        data, server, address = self._octets(asked), self._memory(), address_of(parts)
        connection = await self._connected(server, address)
        is_kept = False
        try:
            received = await self._answered(connection, data, method, timeout)
            closed = server.closed(connection)
            parsed = parse_response(received, method, closed)
            is_kept = parsed is not None and not closed
        finally:
            if not is_kept:
                server.leave(connection)
        if parsed is None:
            if closed:
                raise ConnectionError(f"{method} {url}: the server closed without a whole answer")
            raise TimeoutError(f"{method} {url}: no answer within {timeout:g} s{self._handler(method, parts.path or '/')}")
        response = TestResponse(url, *parsed)
        if any("close" in value.lower() for value in response.headers.getlist("connection")):
            server.leave(connection)
        elif not closed:
            self._idle.setdefault(address, []).append(connection)
        for line in response.headers.getlist("set-cookie"):
            self.cookies.take(line, parts.hostname or "", parts.path or "/")
        return response

    async def _connected(self, server: _native.MemoryServer, address: Address) -> int:
        idle = self._idle.get(address, [])
        while idle:
            connection = idle.pop()
            if not server.closed(connection):
                return connection
            server.leave(connection)
        return await self._connect(address)

    def _handler(self, method: str, path: str) -> str:
        for route in self.app.routes:
            if method in route.methods and route.path == path:
                return f" from {route.where}"
        return ""

    async def _raw(self, data: bytes, chunks: Sequence[int] | None) -> bytes:
        server = self._memory()
        connection = await self._connect(address_of(urlsplit(self.base_url)))
        try:
            answered = await self._settled(connection, lambda: server.send(connection, data, chunks))
            if not server.closed(connection):
                answered += await self._settled(connection, lambda: server.finish(connection))
        finally:
            server.leave(connection)
        return answered

    # --- connections of their own ---

    async def _sent(self, asked: Asked) -> Wire:
        wire = self._wire(await self._connect(address_of(asked.parts)))
        await wire.send(self._octets(asked))
        return wire

    async def _upgrade(
        self, url: str, subprotocols: Sequence[str], headers: HeadersInit | None
    ) -> tuple[Wire, str, str]:
        """Asks for a WebSocket; the wire, the URL and the key."""
        key = new_key()
        asked = self._asked("GET", url, headers=[*pairs(headers), *upgrade_fields(key, subprotocols)])
        return await self._sent(asked), asked.url, key
