"""Clients that talk to an App without a socket, and a real server in a thread."""

from __future__ import annotations

from asyncio import _get_running_loop
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import finalize

from pelton import _native
from pelton.config.settings import forwarding, native_values, response_fields, websocket_settings
from pelton.loop import Loop, Running
from pelton.serving.runtime import Runtime
from pelton.testing.client_base import ClientBase, ClientOptions
from pelton.testing.client_stream import MemoryWire, at_once, begun_response
from pelton.testing.received import TestResponse
from pelton.hosting.response_parser import ResponseParser
from pelton.testing.websocket_session import WebSocketSession

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from typing import Self, Unpack

    from pelton.app import App
    from pelton.messages.headers import HeadersInit
    from pelton.testing.client_requests import Address, RequestOptions, StreamOptions
    from pelton.testing.client_stream import StreamedResponse

T = TypeVar("T")

TURN_S = 0.01  # the server has timers of its own, so the loop waits no longer than this at once


class TestClient(ClientBase):
    """A client without a socket: requests go through the real parser, router and serialiser, and block until answered.

    Use it in a `with` block to run the lifespan. Cookies persist. Inside a running event loop use AsyncTestClient.

    Args:
        app: The application.
        base_url: Scheme, host and port that relative URLs begin with.
        headers: Sent with every request.
        cookies: What its jar begins with.
        client: The address that handlers see.
        raise_server_exceptions: Whether an exception that no handler of the app took is raised in the test; else the
            answer is a 500.
        follow_redirects: Whether redirects are followed unless a request says otherwise.
    """

    _runtime: Runtime | None = None
    _ending: finalize[..., TestClient] | None = None  # of a client that is used without `with`

    def __init__(self, app: App, **options: Unpack[ClientOptions]) -> None:
        super().__init__(app, **options)
        self._wires: set[MemoryWire] = set()
        self._is_late = False  # a handler whose request has timed out may still run

    # --- requests ---

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends one request and returns its answer.

        Args:
            method: The HTTP method.
            url: A path, or a whole URL.
            options: `params`, `headers`, `cookies`, one of `json`, `content`, `data` and `files`, `follow_redirects`, and
                `timeout` in seconds (10).

        Raises:
            TimeoutError: There is no answer in time; the handler is named.
            RuntimeError: An event loop runs on this thread.
        """
        return at_once(self._request(method, url, **options))

    def get(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a GET request; see `request()`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a POST request; see `request()`."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a PUT request; see `request()`."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a PATCH request; see `request()`."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a DELETE request; see `request()`."""
        return self.request("DELETE", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a HEAD request; see `request()`."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends an OPTIONS request; see `request()`."""
        return self.request("OPTIONS", url, **options)

    def raw(self, data: bytes, *, chunks: Sequence[int] | None = None) -> bytes:
        """Sends bytes on a new connection, then its end.

        Args:
            data: The bytes.
            chunks: Sizes of the first pieces; the rest arrives in one.

        Returns:
            Every byte that was answered.
        """
        return at_once(self._raw(data, chunks))

    # --- answers that are read while they come ---

    def stream(self, method: str, url: str, **options: Unpack[StreamOptions]) -> StreamedResponse:
        """A context manager around an answer that is read while it comes; leaving it disconnects. Arguments as for `request()`."""
        asked = self._asked(method, url, **options)
        return begun_response(at_once(self._sent(asked)), asked.method, asked.url)

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] = (), *, headers: HeadersInit | None = None
    ) -> WebSocketSession:
        """A context manager around a WebSocket.

        Args:
            url: A path, or a whole URL.
            subprotocols: Those that are offered.
            headers: Further header fields of the handshake.

        Raises:
            WebSocketRefused: The server answered otherwise.
        """
        wire, target, key = at_once(self._upgrade(url, subprotocols, headers))
        return WebSocketSession(wire, target, key, subprotocols)

    def run(self, awaitable: Awaitable[T]) -> T:
        """Runs an awaitable on the client's loop, as if a handler awaited it, and returns its result."""
        task = None

        async def main() -> T:
            return await awaitable

        with self._driving() as drive:
            assert self._runtime is not None
            task = self._runtime.loop.create_task(main())
            drive(task.done, 3600.0)
        return task.result()

    # --- the lifespan ---

    def __enter__(self) -> Self:
        """Starts the application; without the block its lifespan does not run."""
        start = self._parts.start()
        try:
            self.run(start)
        except BaseException:
            start.close()
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Stops the server, ends what goes on beside requests, then the application."""
        server, runtime = self._memory(), self._runtime
        assert runtime is not None and self._ending is not None
        self._ending.detach()
        self._server = self._runtime = self._ending = None
        self._idle.clear()
        try:
            server.begin()
            self._parts.mounts.serve_by(runtime)
            try:
                runtime.begin_stop()
                server.close()
                runtime.wind_down()
            finally:
                self._parts.mounts.serve_by(None)
                server.end()
        finally:
            runtime.leave_topics()
            runtime.loop.close()

    # --- how the server is turned: on this thread, beside a loop of its own ---

    def _memory(self) -> _native.MemoryServer:
        if self._server is None:
            values, native = self._values(), self._parts.freeze()
            loop = Loop("epoll")
            self._runtime = Runtime(self._parts, values, loop)
            self._server = _native.MemoryServer(
                native,
                config=native_values(values),
                fields=response_fields(values),
                websockets=websocket_settings(values),
                forwarding=forwarding(values | {"proxy_protocol": False}),
                allowed_hosts=values["allowed_hosts"],
                https_port=values["https_redirect"] or 0,
                loop=loop,
            )
            self._runtime.serve_topics(self._server)
            self._ending = finalize(self, _end, self._server, self._runtime)
        return self._server

    async def _connect(self, address: Address) -> int:
        return self._memory().connect(self._client, address[:2], address.is_secure)

    def _wire(self, connection: int) -> MemoryWire:
        return MemoryWire(self, connection)

    async def _answered(self, connection: int, data: bytes, method: str, timeout: float) -> bytes:
        server, parser, received = self._memory(), ResponseParser(method), bytearray()

        def is_whole() -> bool:
            if came := server.receive(connection):
                received.extend(came)
                parser.feed(came)
            # Handlers of other connections make it uncertain what the counts say of this one.
            return parser.is_whole or server.closed(connection) or not (self._wires or self._is_late)

        try:
            await self._settled(connection, lambda: server.send(connection, data), timeout, is_whole)
        except BaseException:
            # A handler has raised: its answer is not read, and the connection is not used again.
            if not server.closed(connection):
                await self._settled(connection, lambda: server.finish(connection))
            raise
        return bytes(received)

    async def _settled(
        self,
        connection: int,
        act: Callable[[], object],
        timeout: float = 10.0,
        is_whole: Callable[[], bool] = lambda: True,
    ) -> bytes:
        """Acts, and waits until no handler and no task after an answer is left, of what was not there before."""
        server = self._memory()
        with self._driving() as drive:
            waiting = server.pending()
            self._is_late = self._is_late and waiting > 0
            before = waiting if self._wires or self._is_late else 0
            act()
            if not drive(lambda: is_whole() and server.pending() <= before and not self._background(), timeout):
                self._is_late = True
        return server.receive(connection)

    def _background(self) -> set[Any]:
        runtime = self._parts.service.runtime
        return set() if runtime is None else runtime.background

    @contextmanager
    def _driving(self) -> Iterator[Callable[[Callable[[], object], float], bool]]:
        """A context in which handlers run on this thread. Yields a function that turns server and loop until a condition holds."""
        server, runtime = self._memory(), self._runtime
        answers = self._parts.service.answers
        assert answers is not None and isinstance(runtime, Runtime) and isinstance(runtime.loop, Loop)
        if _get_running_loop() is not None:
            raise RuntimeError("TestClient cannot wait inside a running event loop; use AsyncTestClient")
        loop = runtime.loop

        def drive(is_done: Callable[[], object], timeout: float) -> bool:
            deadline = monotonic() + timeout
            server.turn()
            while not is_done():
                if monotonic() > deadline:
                    return False
                loop._turn(TURN_S)
                server.turn()
            return True

        server.begin()
        before = answers.unhandled
        unhandled: list[BaseException] = []
        self._parts.mounts.collect_unhandled(unhandled)
        self._parts.mounts.serve_by(runtime)
        try:
            with Running(loop):
                yield drive
        finally:
            server.end()
            self._parts.mounts.serve_by(None)
            self._parts.mounts.collect_unhandled(before)
        if unhandled and self._raise:
            raise unhandled[0]


def _end(server: _native.MemoryServer, runtime: Runtime) -> None:
    """Ends a client that was not stopped: its connections, its threads and its loop.

    No handler waits any more, so nothing is run to its end.
    """
    try:
        server.close()
        runtime.close()
        runtime.loop.close()
    except RuntimeError:
        pass  # dropped by what the client itself runs, which is not over
