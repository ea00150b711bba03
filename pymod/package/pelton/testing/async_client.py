"""The test client for tests that are coroutines themselves."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pelton import _native
from pelton.config.settings import forwarding, native_values, response_fields, websocket_settings
from pelton.testing.client_base import ClientBase
from pelton.testing.client_pump import Pump
from pelton.testing.client_runtime import Call, ClientRuntime, Unhandled, start_task
from pelton.testing.client_stream import AsyncStreamedResponse, begun
from pelton.hosting.response_parser import ResponseParser
from pelton.testing.websocket_session import AsyncWebSocketSession, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import Self, Unpack

    from pelton.app import App
    from pelton.messages.headers import HeadersInit
    from pelton.testing.client_base import ClientOptions
    from pelton.testing.client_requests import Address, RequestOptions, StreamOptions
    from pelton.testing.received import TestResponse

LEAVE_S = 10.0


class AsyncTestClient(ClientBase):
    """A `TestClient` whose calls are awaited. Handlers run on the running loop: asyncio's own, uvloop or pelton's.

    Requests may overlap; a call returns when its own response, handler and background tasks are
    finished. Cancelling one disconnects, as leaving `stream()` does. `async with` runs the
    application's lifespan, which otherwise does not run, and at its end cancels what is left of the
    requests. Timeouts are in seconds, 10 unless told.
    """

    def __init__(self, app: App, **options: Unpack[ClientOptions]) -> None:
        super().__init__(app, **options)
        self._runtime: ClientRuntime | None = None
        self._pump: Pump | None = None
        self._handlers: set[asyncio.Task[Any]] = set()

    # --- requests ---

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends one request and returns its answer, once its handler and background tasks have ended.

        Args:
            method: The HTTP method.
            url: A path, or a whole URL.
            options: Those of `TestClient.request()`.

        Raises:
            TimeoutError: There is no answer in time; the handler is named.
        """
        return await self._request(method, url, **options)

    async def get(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a GET request; see `request()`."""
        return await self._request("GET", url, **options)

    async def post(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a POST request; see `request()`."""
        return await self._request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a PUT request; see `request()`."""
        return await self._request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a PATCH request; see `request()`."""
        return await self._request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a DELETE request; see `request()`."""
        return await self._request("DELETE", url, **options)

    async def head(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends a HEAD request; see `request()`."""
        return await self._request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Sends an OPTIONS request; see `request()`."""
        return await self._request("OPTIONS", url, **options)

    async def raw(self, data: bytes, *, chunks: Sequence[int] | None = None) -> bytes:
        """Sends bytes on a new connection, then its end, and returns every byte that was answered.

        Args:
            data: The bytes.
            chunks: Sizes of the first pieces; the rest arrives in one.
        """
        return await self._raw(data, chunks)

    # --- answers that are read while they come ---

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, **options: Unpack[StreamOptions]
    ) -> AsyncIterator[AsyncStreamedResponse]:
        """A context manager around an answer that is read while it comes; leaving it disconnects. Arguments as for `request()`."""
        asked = self._asked(method, url, **options)
        wire = await self._sent(asked)
        try:
            yield AsyncStreamedResponse(asked.url, wire, *await begun(wire, asked.method))
        finally:
            await wire.leave()

    @asynccontextmanager
    async def websocket_connect(
        self, url: str, subprotocols: Sequence[str] = (), *, headers: HeadersInit | None = None
    ) -> AsyncIterator[AsyncWebSocketSession]:
        """A context manager around a WebSocket, which is closed at its end. Arguments as for `TestClient.websocket_connect()`.

        Raises:
            WebSocketRefused: The server answered otherwise.
        """
        wire, target, key = await self._upgrade(url, subprotocols, headers)
        try:
            session = await opened(wire, target, key, subprotocols)
            try:
                yield session
            finally:
                await session.close()
        finally:
            await wire.leave()

    # --- the lifespan ---

    async def __aenter__(self) -> Self:
        self._memory()
        self._running()
        await self._parts.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        pump, server, runtime = self._running(), self._memory(), self._runtime
        assert runtime is not None
        runtime.begin_stop()
        pump.stop()
        server.close()
        if self._handlers:  # all cancelled by now
            await asyncio.wait(self._handlers, timeout=runtime.graceful_s)
        await runtime.wind_down_here()
        runtime.leave_topics()
        if self._parts.service.runtime is runtime:
            self._parts.mounts.serve_by(None)
        self._server = self._pump = self._runtime = None
        self._idle.clear()

    # --- how the server is turned ---

    def _memory(self) -> _native.MemoryServer:
        if self._server is None:
            values, native = self._values(), self._parts.freeze()
            self._server = _native.MemoryServer(
                native,
                config=native_values(values),
                fields=response_fields(values),
                websockets=websocket_settings(values),
                forwarding=forwarding(values | {"proxy_protocol": False}),
                allowed_hosts=values["allowed_hosts"],
                https_port=values["https_redirect"] or 0,
                start_task=start_task,
            )
        return self._server

    def _running(self) -> Pump:
        """On the loop that runs now; another one than before has forgotten what was waited for there."""
        loop, server = asyncio.get_running_loop(), self._memory()
        if self._pump is None or self._pump.loop is not loop:
            self._pump = Pump(server, loop)
            self._runtime = None
        held = self._parts.service.runtime
        if self._parts.service.server is not None:
            raise RuntimeError("the app is being served already; stop it first")
        if self._runtime is None:
            self._runtime = ClientRuntime(self._parts, self._values(), loop)
            self._runtime.serve_topics(server)
        if not (isinstance(held, ClientRuntime) and held.loop is loop and not held.stopping):
            self._parts.mounts.serve_by(self._runtime)  # else clients of one application share it
        answers = self._parts.service.answers
        assert answers is not None
        if not isinstance(answers.unhandled, Unhandled):
            self._parts.mounts.collect_unhandled(Unhandled())
        return self._pump

    async def _until(
        self, is_done: Callable[[], object], act: Callable[[], object], call: Call, timeout: float = LEAVE_S
    ) -> bool:
        done = await self._running().until(is_done, timeout, act, call)
        if call.unhandled and self._raise:
            raise call.unhandled.pop(0)
        return done

    async def _connect(self, address: Address) -> int:
        made: list[int] = []

        def act() -> None:
            made.append(self._memory().connect(self._client, address[:2], address.is_secure))

        await self._until(lambda: True, act, Call(self._handlers))
        return made[0]

    async def _answered(self, connection: int, data: bytes, method: str, timeout: float) -> bytes:
        server, call = self._memory(), Call(self._handlers)
        parser, received = ResponseParser(method), bytearray()

        def is_done() -> bool:
            if came := server.receive(connection):
                received.extend(came)
                parser.feed(came)
            return (parser.is_whole or server.closed(connection)) and not call.left

        is_answered = False
        try:
            is_answered = await self._until(is_done, lambda: server.send(connection, data), call, timeout)
        finally:
            if not is_answered:
                self._disconnect(connection, call)
        return bytes(received)

    def _disconnect(self, connection: int, call: Call) -> None:
        """Without waiting for what comes of it."""
        self._running().act(lambda: _finish(self._memory(), connection), call)

    async def _settled(self, connection: int, act: Callable[[], object]) -> bytes:
        server, call = self._memory(), Call(self._handlers)
        await self._until(lambda: server.pending() == 0 and not call.left, act, call)
        return server.receive(connection)

    def _wire(self, connection: int) -> PumpedWire:
        return PumpedWire(self, connection)


class PumpedWire:
    """One connection of the server in memory."""

    def __init__(self, client: AsyncTestClient, connection: int) -> None:
        self._client = client
        self._server = client._memory()
        self._connection = connection
        self._call = Call(client._handlers)
        self._has_left = False

    async def send(self, data: bytes) -> None:
        def act() -> None:
            if not self._server.closed(self._connection):
                self._server.send(self._connection, data)

        await self._client._until(lambda: True, act, self._call)

    async def receive(self, timeout: float = LEAVE_S) -> bytes:
        server, connection = self._server, self._connection
        received: list[bytes] = [server.receive(connection)]

        def has_come() -> bool:
            received.append(server.receive(connection))
            return bool(received[-1]) or server.closed(connection)

        if not received[0] and not await self._client._until(has_come, lambda: None, self._call, timeout):
            raise TimeoutError(f"the server has sent nothing within {timeout:g} s")
        return received[-1]

    async def leave(self) -> None:
        if self._has_left or self._client._server is not self._server:  # that one is closed
            return
        self._has_left = True
        await self._client._until(
            lambda: not self._call.left, lambda: _finish(self._server, self._connection), self._call
        )
        self._server.leave(self._connection)


def _finish(server: _native.MemoryServer, connection: int) -> None:
    if not server.closed(connection):
        server.finish(connection)
