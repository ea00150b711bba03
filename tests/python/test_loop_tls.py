"""TLS by asyncio's SSLProtocol over the loop's own transports, judged by the standard library's blocking sockets."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import pelton.loop

LARGE = 16 << 20
LIMIT_S = 120


@pytest.fixture(scope="module")
def text() -> bytes:
    return random.Random(2).randbytes(LARGE)


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def client_side(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def run(loop: pelton.loop.Loop, main: Coroutine[Any, Any, None]) -> None:
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, about: complaints.append(about))
    loop.run_until_complete(asyncio.wait_for(main, LIMIT_S))
    assert complaints == []


def exactly(peer: socket.socket, count: int) -> bytes:
    got = bytearray()
    while len(got) < count and (part := peer.recv(1 << 18)):
        got += part
    return bytes(got)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        received = await reader.readexactly(LARGE)
        writer.write(received)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def lies_on_a_native_transport(writer: asyncio.StreamWriter) -> bool:
    below = writer.transport._ssl_protocol._transport  # type: ignore[attr-defined]
    return type(below).__name__ == "StreamTransport"


def test_a_server_both_ways(
    loop: pelton.loop.Loop, text: bytes, server_side: ssl.SSLContext, client_side: ssl.SSLContext
) -> None:
    def ask(address: tuple[str, int]) -> bytes:
        with (
            socket.create_connection(address, LIMIT_S) as plain,
            client_side.wrap_socket(plain, server_hostname="localhost") as peer,
        ):
            peer.sendall(text)
            return exactly(peer, LARGE)

    async def main() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server_side) as server:
            assert await asyncio.to_thread(ask, server.sockets[0].getsockname()) == text

    run(loop, main())


@contextlib.contextmanager
def listening(work: Callable[[socket.socket], Any]) -> Any:
    """An address, and what serves one connection to it by `work`, on a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> Any:
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(LIMIT_S)
                return work(peer)

        yield listener.getsockname(), serve


def test_a_client_both_ways(
    loop: pelton.loop.Loop, text: bytes, server_side: ssl.SSLContext, client_side: ssl.SSLContext
) -> None:
    def work(plain: socket.socket) -> bytes:
        with server_side.wrap_socket(plain, server_side=True) as peer:
            got = exactly(peer, LARGE)
            peer.sendall(got)
            peer.unwrap().close()
            return got

    async def main() -> None:
        with listening(work) as (address, serve):
            heard = asyncio.create_task(asyncio.to_thread(serve))
            reader, writer = await asyncio.open_connection(
                *address, ssl=client_side, server_hostname="localhost"
            )
            assert lies_on_a_native_transport(writer)
            assert writer.get_extra_info("peercert")["subject"]
            assert not writer.can_write_eof()
            writer.write(text)
            await writer.drain()
            assert await reader.read(-1) == text
            assert await heard == text
            writer.close()
            await writer.wait_closed()

    run(loop, main())


def test_both_ends_on_one_loop(
    loop: pelton.loop.Loop, text: bytes, server_side: ssl.SSLContext, client_side: ssl.SSLContext
) -> None:
    async def main() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server_side) as server:
            reader, writer = await asyncio.open_connection(
                *server.sockets[0].getsockname(), ssl=client_side, server_hostname="localhost"
            )
            writer.write(text)
            await writer.drain()
            assert await reader.readexactly(LARGE) == text
            writer.close()
            await writer.wait_closed()

    run(loop, main())


def test_a_certificate_nobody_vouches_for_is_refused(
    loop: pelton.loop.Loop, server_side: ssl.SSLContext
) -> None:
    async def main() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server_side) as server:
            address = server.sockets[0].getsockname()
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection(
                    *address, ssl=ssl.create_default_context(), server_hostname="localhost"
                )

    run(loop, main())


def test_a_handshake_that_never_comes_has_a_limit(
    loop: pelton.loop.Loop, client_side: ssl.SSLContext
) -> None:
    async def main() -> None:
        # Connected by the kernel, and left alone.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with pytest.raises(ConnectionAbortedError, match="handshake is taking longer"):
                await asyncio.open_connection(
                    *listener.getsockname(),
                    ssl=client_side,
                    server_hostname="localhost",
                    ssl_handshake_timeout=0.001,
                )

    run(loop, main())


# --- start_tls() on a connection that has spoken in the clear ---


def test_a_client_starts_tls(
    loop: pelton.loop.Loop, text: bytes, server_side: ssl.SSLContext, client_side: ssl.SSLContext
) -> None:
    def work(plain: socket.socket) -> bytes:
        assert exactly(plain, 9) == b"STARTTLS\n"
        plain.sendall(b"ready\n")
        with server_side.wrap_socket(plain, server_side=True) as peer:
            got = exactly(peer, LARGE)
            peer.sendall(got)
            peer.unwrap().close()
            return got

    async def main() -> None:
        with listening(work) as (address, serve):
            heard = asyncio.create_task(asyncio.to_thread(serve))
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"STARTTLS\n")
            assert await reader.readline() == b"ready\n"
            await writer.start_tls(client_side, server_hostname="localhost")
            assert lies_on_a_native_transport(writer)
            writer.write(text)
            await writer.drain()
            assert await reader.read(-1) == text
            assert await heard == text
            writer.close()
            await writer.wait_closed()

    run(loop, main())


class Upgrading(asyncio.Protocol):
    """A server's side that changes to TLS by loop.start_tls() once it is asked, then echoes."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._transport: Any = None
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._upgrade is not None:
            self._transport.write(data)
            return
        assert data == b"STARTTLS\n"
        self._transport.pause_reading()
        self._transport.write(b"ready\n")
        self._upgrade = asyncio.get_running_loop().create_task(self._change())

    async def _change(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self._transport, self, self._context, server_side=True)


def test_a_server_starts_tls(
    loop: pelton.loop.Loop, server_side: ssl.SSLContext, client_side: ssl.SSLContext
) -> None:
    def ask(address: tuple[str, int]) -> bytes:
        with socket.create_connection(address, LIMIT_S) as plain:
            plain.sendall(b"STARTTLS\n")
            assert exactly(plain, 6) == b"ready\n"
            with client_side.wrap_socket(plain, server_hostname="localhost") as peer:
                for size in (1, 1000, 200_000):
                    peer.sendall(b"x" * size)
                    assert exactly(peer, size) == b"x" * size
                return peer.version() or ""  # type: ignore[return-value]

    async def main() -> None:
        server = await loop.create_server(lambda: Upgrading(server_side), "127.0.0.1", 0)
        async with server:
            version = await asyncio.to_thread(ask, server.sockets[0].getsockname())
            assert str(version).startswith("TLSv1")

    run(loop, main())
