"""A client that talks to an App without a socket, and a real server in a thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from noria import _native
from noria.cookie_jar import Cookies
from noria.received import TestResponse, parse_response
from noria.settings import defaults, native_values, response_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self, Unpack
    from urllib.parse import SplitResult

    from noria.app import App
    from noria.options import Settings
    from noria.headers import HeadersInit
    from noria.serving import Serving
    from noria.settings import Values

__all__ = ["Cookies", "TestClient", "TestResponse", "live_server"]

REDIRECTS_MAX = 20


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
        follow_redirects: bool | None = None,
        timeout: float = 10.0,
    ) -> TestResponse:
        """One request; TimeoutError if the server falls silent without having answered."""
        given = _pairs(headers)
        body = _body(json, content, given)
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
        received = self._run(lambda: server.send(connection, data), server, connection)
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

        def deliver() -> None:
            server.send(connection, data, chunks)
            if not server.closed(connection):
                server.finish(connection)

        return self._run(deliver, server, connection)

    def _run(self, deliver: Any, server: _native.MemoryServer, connection: int) -> bytes:
        answers = self.app._answers
        assert answers is not None
        before, answers.unhandled = answers.unhandled, []
        try:
            deliver()
            unhandled = answers.unhandled
        finally:
            answers.unhandled = before
        received = server.receive(connection)
        if unhandled and self._raise:
            # The answer was read, so the connection goes on with the next request.
            raise unhandled[0]
        return received

    def _memory(self) -> _native.MemoryServer:
        if self._server is None:
            config = self.app._server_config
            values = defaults() if config is None else config._values()
            if values["debug"]:
                self.app.debug = True
            self._server = _native.MemoryServer(
                self.app._freeze(), config=native_values(values), fields=response_fields(values)
            )
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


def _body(json: Any, content: bytes | str | None, given: list[tuple[str, str]]) -> bytes | None:
    """The body of a request; a JSON one adds its type to the fields."""
    if json is None:
        return content.encode() if isinstance(content, str) else content
    if content is not None:
        raise TypeError("request() takes json or content, not both")
    from noria.json import dumps

    if not any(name.lower() == "content-type" for name, _ in given):
        given.append(("Content-Type", "application/json"))
    return dumps(json)


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


class live_server:  # noqa: N801  # reads as a context manager: with live_server(app) as server
    """A real server on a free loopback port, in a thread; stopped when the block ends."""

    def __init__(self, app: App, **settings: Unpack[Settings]) -> None:
        from noria.serving import effective_settings

        given: dict[str, Any] = {"port": 0, **settings}
        self.app = app
        self.url = ""
        self.port: int | None = None
        self.uds: str | None = None
        self._settings: Values = effective_settings(app._server_config, given)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._server: _native.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="live_server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.app.stop()
        self._thread.join(self._settings["timeout_graceful"] + 5)
        if self._thread.is_alive():
            raise RuntimeError("the server did not stop within timeouts.graceful")

    def _serve(self) -> None:
        from noria.serving import serve

        try:
            serve(self.app, self._settings, when_ready=self._is_ready)
        except BaseException as error:  # noqa: BLE001
            self._failure = error
        finally:
            self._ready.set()

    def _is_ready(self, serving: Serving) -> None:
        self.url = serving.listeners[0].url
        self.port = serving.listeners[0].port
        self.uds = serving.listeners[0].uds
        self._server = serving.server
        self._ready.set()

    def stats(self) -> dict[str, int]:
        """The server's counters: what was refused, answered, cut, shed, lost, closed, by reason."""
        if self._server is None:
            raise RuntimeError("the server has not started")
        return self._server.stats()
