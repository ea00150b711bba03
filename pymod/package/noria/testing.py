"""A client that talks to an App without a socket, and a real server in a thread."""

from __future__ import annotations

from asyncio import _get_running_loop
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

from noria import _native
from noria.client_stream import MemoryWire, begun_response
from noria.cookie_jar import Cookies
from noria.live import live_server
from noria.loop import Running
from noria.received import TestResponse, parse_response
from noria.runtime import Runtime
from noria.settings import defaults, native_values, response_fields, websocket_settings
from noria.websocket_session import WebSocketRefused, WebSocketSession, new_key, upgrade_fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self, Unpack
    from urllib.parse import SplitResult

    from noria.app import App
    from noria.client_forms import Data, Files
    from noria.client_stream import StreamedResponse
    from noria.options import Settings
    from noria.headers import HeadersInit
    from noria.settings import Values

__all__ = ["Cookies", "TestClient", "TestResponse", "WebSocketRefused", "live_server"]

T = TypeVar("T")

REDIRECTS_MAX = 20
TURN_S = 0.01  # the server has timers of its own, so the loop waits no longer than this at once


class TestClient:
    """Requests go through the real parser, router and serialiser, over memory."""

    __test__ = False

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
        self.base_url = base_url
        self.headers: list[tuple[str, str]] = _pairs(headers)
        self.cookies = Cookies(cookies)
        self.follow_redirects = follow_redirects
        self._raise = raise_server_exceptions
        self._client = client
        self._server: _native.MemoryServer | None = None
        self._runtime: Runtime | None = None
        self._connection: tuple[int, str] | None = None  # kept alive, and to which server

    # --- requests ---

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
        headers: HeadersInit | None = None,
        cookies: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | str | None = None,
        data: Data | None = None,
        files: Files | None = None,
        follow_redirects: bool | None = None,
        timeout: float = 10.0,
    ) -> TestResponse:
        """One request; TimeoutError if the server falls silent without having answered.

        `data` is a form of fields; `files` make it a multipart one: content, or (file name, content,
        content type) under each name, or a list of them.
        """
        given = _pairs(headers)
        body = _body(json, content, given, data, files)
        target = _with_params(_resolved(self.base_url, url), params)
        method = method.upper()
        follow = self.follow_redirects if follow_redirects is None else follow_redirects
        history: list[TestResponse] = []
        while True:
            response = self._exchange(method, target, given, dict(cookies or {}), body, timeout)
            response.history = list(history)
            location = response.headers.get("location")
            if not follow or response.status_code not in (301, 302, 303, 307, 308) or location is None:
                return response
            history.append(response)
            if len(history) > REDIRECTS_MAX:
                raise RuntimeError(f"more than {REDIRECTS_MAX} redirects, the last to {location}")
            next_target = urljoin(target, location)
            if response.status_code == 303 or (response.status_code in (301, 302) and method == "POST"):
                method = "HEAD" if method == "HEAD" else "GET"
                body = None
                given = [f for f in given if not f[0].lower().startswith("content-")]
            if urlsplit(next_target).netloc != urlsplit(target).netloc:
                given = [f for f in given if f[0].lower() not in ("authorization", "host")]
            target = next_target

    def _octets(
        self,
        method: str,
        parts: SplitResult,
        given: list[tuple[str, str]],
        cookies: dict[str, str],
        body: bytes | None,
    ) -> bytes:
        """The request as it goes on the wire."""
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
            jar = self.cookies.header(parts.scheme, parts.hostname or "", path, cookies)
            if jar is not None:
                fields.append(("Cookie", jar))
        if "content-length" not in names and "transfer-encoding" not in names:
            if body is not None or method in ("POST", "PUT", "PATCH"):
                fields.append(("Content-Length", str(len(body or b""))))
        target = path + (f"?{parts.query}" if parts.query else "")
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n"
        return head.encode("latin-1") + (body or b"")

    def _exchange(
        self,
        method: str,
        url: str,
        given: list[tuple[str, str]],
        cookies: dict[str, str],
        body: bytes | None,
        timeout: float,
    ) -> TestResponse:
        parts = urlsplit(url)
        data = self._octets(method, parts, given, cookies, body)
        server = self._memory()
        connection = self._connected(server, parts)
        received = self._run(lambda: server.send(connection, data), server, connection, timeout)
        closed = server.closed(connection)
        parsed = parse_response(received, method, closed)
        if closed or parsed is None:
            self._connection = None
        if parsed is None:
            if closed:
                raise ConnectionError(f"{method} {url}: the server closed without a whole answer")
            raise TimeoutError(f"{method} {url}: no answer within {timeout:g} s{self._handler(method, parts.path or '/')}")
        version, status, received_fields, content = parsed
        if any(n.lower() == "connection" and "close" in v.lower() for n, v in received_fields):
            self._connection = None
        response = TestResponse(url, version, status, received_fields, content)
        for line in response.headers.getlist("set-cookie"):
            self.cookies.take(line, parts.hostname or "", parts.path or "/")
        return response

    def _handler(self, method: str, path: str) -> str:
        for route in self.app.routes:
            if method in route.methods and route.path == path:
                return f" from {route.where}"
        return ""

    def raw(self, data: bytes, *, chunks: Sequence[int] | None = None) -> bytes:
        """Octets in on a new connection, then its end; everything that was answered."""
        server = self._memory()
        connection = server.connect(self._client, _address(urlsplit(self.base_url)))
        answered = self._run(lambda: server.send(connection, data, chunks), server, connection)
        if not server.closed(connection):
            answered += self._run(lambda: server.finish(connection), server, connection)
        return answered

    # --- answers that are read while they come ---

    def stream(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
        headers: HeadersInit | None = None,
        cookies: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | str | None = None,
    ) -> StreamedResponse:
        """A context manager around the answer, on a connection of its own; leaving it disconnects."""
        given = _pairs(headers)
        body = _body(json, content, given)
        target = _with_params(_resolved(self.base_url, url), params)
        wire = self._sent(method.upper(), target, given, dict(cookies or {}), body)
        return begun_response(wire, method.upper(), target)

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] = (), *, headers: HeadersInit | None = None
    ) -> WebSocketSession:
        """A context manager around a WebSocket; WebSocketRefused if the server answers otherwise."""
        target, key = _resolved(self.base_url, url), new_key()
        wire = self._sent("GET", target, [*_pairs(headers), *upgrade_fields(key, subprotocols)], {}, None)
        return WebSocketSession(wire, target, key, subprotocols)

    def _sent(
        self,
        method: str,
        target: str,
        given: list[tuple[str, str]],
        cookies: dict[str, str],
        body: bytes | None,
    ) -> MemoryWire:
        parts, server = urlsplit(target), self._memory()
        wire = MemoryWire(self._driving, server, server.connect(self._client, _address(parts)))
        wire.send(self._octets(method, parts, given, cookies, body))
        return wire

    def _run(
        self, deliver: Callable[[], object], server: _native.MemoryServer, connection: int, timeout: float = 10.0
    ) -> bytes:
        """Delivers, and waits until no handler and no task after an answer is left."""
        with self._driving() as drive:
            deliver()
            drive(lambda: server.pending() == 0 and not self._background(), timeout)
        return server.receive(connection)

    def _background(self) -> set[Any]:
        runtime = self.app._runtime
        return set() if runtime is None else runtime.background

    @contextmanager
    def _driving(self) -> Iterator[Callable[[Callable[[], object], float], bool]]:
        """Between these, handlers run on this thread. Yields who turns server and loop until something is so."""
        server, runtime = self._memory(), self._runtime
        answers = self.app._answers
        assert answers is not None and runtime is not None
        if _get_running_loop() is not None:
            raise RuntimeError("TestClient cannot wait inside a running event loop; use AsyncTestClient")

        def drive(is_done: Callable[[], object], timeout: float) -> bool:
            deadline = monotonic() + timeout
            server.turn()
            while not is_done():
                if monotonic() > deadline:
                    return False
                runtime.loop._turn(TURN_S)
                server.turn()
            return True

        before, answers.unhandled = answers.unhandled, []
        self.app._runtime = runtime
        server.begin()
        try:
            with Running(runtime.loop):
                yield drive
            unhandled = answers.unhandled
        finally:
            server.end()
            self.app._runtime = None
            answers.unhandled = before
        if unhandled and self._raise:
            # The answer was read, so the connection goes on with the next request.
            raise unhandled[0]

    def run(self, awaitable: Awaitable[T]) -> T:
        """Runs it on the client's loop, as if a handler awaited it."""
        task = None

        async def main() -> T:
            return await awaitable

        with self._driving() as drive:
            assert self._runtime is not None
            task = self._runtime.loop.create_task(main())
            drive(task.done, 3600.0)
        return task.result()

    def _memory(self) -> _native.MemoryServer:
        if self._server is None:
            from noria.loop import Loop

            config = self.app._server_config
            values = defaults() if config is None else config._values()
            if values["debug"]:
                self.app.debug = True
            native = self.app._freeze()
            loop = Loop("epoll")
            self._runtime = Runtime(self.app, values, loop)
            self._server = _native.MemoryServer(
                native,
                config=native_values(values),
                fields=response_fields(values),
                websockets=websocket_settings(values),
                loop=loop,
            )
            self._runtime.serve_topics(self._server)
        return self._server

    def _connected(self, server: _native.MemoryServer, parts: Any) -> int:
        address = _address(parts)
        where = f"{address[0]}:{address[1]}"
        if self._connection is not None:
            connection, known = self._connection
            if known == where and not server.closed(connection):
                return connection
        connection = server.connect(self._client, address)
        self._connection = (connection, where)
        return connection

    def get(self, url: str, **options: Any) -> TestResponse:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> TestResponse:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> TestResponse:
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> TestResponse:
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> TestResponse:
        return self.request("DELETE", url, **options)

    def head(self, url: str, **options: Any) -> TestResponse:
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> TestResponse:
        return self.request("OPTIONS", url, **options)


def _pairs(headers: HeadersInit | None) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return list(headers.items() if hasattr(headers, "items") else headers)


def _body(
    json: Any,
    content: bytes | str | None,
    given: list[tuple[str, str]],
    data: Data | None = None,
    files: Files | None = None,
) -> bytes | None:
    """The body of a request; JSON and forms add their type to the fields."""
    is_form = data is not None or files is not None
    if (json is not None) + (content is not None) + is_form > 1:
        raise TypeError("request() takes one of json, content, and data with files")
    if is_form:
        from noria.client_forms import encoded_form

        body, kind = encoded_form(data, files)
    elif json is not None:
        from noria.json import dumps

        body, kind = dumps(json), "application/json"
    else:
        return content.encode() if isinstance(content, str) else content
    if not any(name.lower() == "content-type" for name, _ in given):
        given.append(("Content-Type", kind))
    return body


def _address(parts: Any) -> tuple[str, int]:
    return parts.hostname or "testserver", parts.port or (443 if parts.scheme == "https" else 80)


def _resolved(base_url: str, url: str) -> str:
    if "://" in url:
        whole = url
    else:
        whole = base_url.rstrip("/") + (url if url.startswith(("/", "?")) else "/" + url)
    # A fragment is the client's own; octets outside ASCII and spaces must not go on the wire raw.
    return quote(whole.partition("#")[0], safe="%/:?#[]@!$&'()*+,;=~|^`{}\\\"<>")


def _with_params(url: str, params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> str:
    if not params:
        return url
    given = params.items() if hasattr(params, "items") else params
    pairs: list[tuple[str, str]] = []
    for key, value in given:
        for one in value if isinstance(value, list | tuple) else (value,):
            text = str(one).lower() if isinstance(one, bool) else "" if one is None else str(one)
            pairs.append((key, text))
    return url + ("&" if "?" in url else "?") + urlencode(pairs)
