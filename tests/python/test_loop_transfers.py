"""Large transfers over the loop's own transports, each judged by a blocking socket on a thread."""

from __future__ import annotations

import asyncio
import io
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import pelton.loop

LARGE = 16 << 20
LIMIT_S = 60


@pytest.fixture(scope="module")
def text() -> bytes:
    return random.Random(1).randbytes(LARGE)


def received(peer: socket.socket) -> bytes:
    """All there is to the end."""
    got = bytearray()
    while part := peer.recv(1 << 18):
        got += part
    return bytes(got)


def listener_and_peer() -> tuple[socket.socket, Callable[[], socket.socket]]:
    """Where to connect to, and who then accepts: a blocking socket with a limit."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accepted() -> socket.socket:
        with listening:
            peer, _ = listening.accept()
        peer.settimeout(LIMIT_S)
        return peer

    return listening, accepted


class Peer:
    """The connection's other end, which does as a function on a thread says."""

    def __init__(self, work: Callable[[socket.socket], Any]) -> None:
        self._listening, self._accepted = listener_and_peer()
        self._work = work
        self.address: tuple[str, int] = self._listening.getsockname()

    def __call__(self) -> Any:
        with self._accepted() as peer:
            return self._work(peer)

    def start(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(None, self)


class Seen(asyncio.Protocol):
    """What has come, when writing was to pause, and how it ended."""

    def __init__(self, keeps_open: bool = False) -> None:
        self.got = bytearray()
        self.pauses: list[str] = []
        self.keeps_open = keeps_open
        self.ended = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data

    def eof_received(self) -> bool:
        self.ended.set_result(None)
        return self.keeps_open

    def pause_writing(self) -> None:
        self.pauses.append("pause")
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.pauses.append("resume")
        self.may_write.set()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost.set_result(exc)


async def connected(peer: Peer, **options: Any) -> Seen:
    _, protocol = await asyncio.get_running_loop().create_connection(
        lambda: Seen(**options), *peer.address
    )
    return protocol


def run(loop: pelton.loop.Loop, main: Coroutine[Any, Any, None]) -> None:
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, about: complaints.append(about))
    loop.run_until_complete(asyncio.wait_for(main, LIMIT_S))
    assert complaints == []


def reads_then_writes(text: bytes) -> Callable[[socket.socket], bytes]:
    def work(peer: socket.socket) -> bytes:
        got = received(peer)
        peer.sendall(text)
        return got

    return work


def test_streams_both_ways_and_half_closed(loop: pelton.loop.Loop, text: bytes) -> None:
    async def main() -> None:
        peer = Peer(reads_then_writes(text))
        heard = peer.start()
        reader, writer = await asyncio.open_connection(*peer.address)
        assert type(writer.transport).__name__ == "StreamTransport" and writer.can_write_eof()
        for at in range(0, LARGE, 999_999):
            writer.write(text[at : at + 999_999])
            await writer.drain()
        writer.write_eof()
        assert await reader.read() == text
        assert await heard == text
        writer.close()
        await writer.wait_closed()

    run(loop, main())


def test_a_server_echoes_while_it_receives(loop: pelton.loop.Loop, text: bytes) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(1 << 18):
            writer.write(part)
            await writer.drain()
        writer.close()

    def ask(address: tuple[str, int]) -> bytes:
        with socket.create_connection(address, LIMIT_S) as peer, peer.dup() as other:

            def say() -> None:
                other.sendall(text)
                other.shutdown(socket.SHUT_WR)

            saying = threading.Thread(target=say)
            saying.start()
            got = received(peer)
            saying.join()
            return got

    async def main() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            asking = [asyncio.to_thread(ask, server.sockets[0].getsockname()) for _ in range(2)]
            assert [got == text for got in await asyncio.gather(*asking)] == [True, True]

    run(loop, main())


def test_socket_calls_both_ways(loop: pelton.loop.Loop, text: bytes) -> None:
    async def main() -> None:
        peer = Peer(reads_then_writes(text))
        heard = peer.start()
        with socket.socket() as ours:
            ours.setblocking(False)
            await loop.sock_connect(ours, peer.address)
            await loop.sock_sendall(ours, memoryview(text))
            ours.shutdown(socket.SHUT_WR)
            got = bytearray()
            while part := await loop.sock_recv(ours, 1 << 18):
                got += part
            assert got == text and await heard == text

    run(loop, main())


def test_write_limits_hold_back_who_writes(loop: pelton.loop.Loop, text: bytes) -> None:
    async def main() -> None:
        peer = Peer(received)
        # Nobody accepts yet: what the kernel does not take is queued.
        protocol = await connected(peer)
        transport = protocol.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        transport.set_write_buffer_limits(high=1_000_000, low=10_000)
        assert transport.get_write_buffer_limits() == (10_000, 1_000_000)
        heard = None
        for at in range(0, LARGE, 100_000):
            if not protocol.may_write.is_set():
                assert transport.get_write_buffer_size() > 1_000_000
                heard = heard or peer.start()
                await protocol.may_write.wait()
                assert transport.get_write_buffer_size() <= 10_000
            transport.write(text[at : at + 100_000])
        transport.close()
        assert heard is not None and await heard == text
        assert await protocol.lost is None
        assert protocol.pauses == ["pause", "resume"] * (len(protocol.pauses) // 2)
        assert len(protocol.pauses) > 2

    run(loop, main())


def test_nothing_is_read_while_paused(loop: pelton.loop.Loop, text: bytes) -> None:
    async def main() -> None:
        peer = Peer(lambda connection: connection.sendall(text))
        protocol = await connected(peer)
        transport = protocol.transport
        transport.pause_reading()
        assert not transport.is_reading()
        sent = peer.start()
        ours = transport.get_extra_info("socket")
        # What has come is seen by whoever asks the kernel, and by nobody else.
        watched = loop.create_future()
        with socket.fromfd(ours.fileno(), ours.family, ours.type) as same:
            loop.add_reader(same, lambda: watched.done() or watched.set_result(None))
            await watched
            loop.remove_reader(same)
        assert protocol.got == b""
        transport.resume_reading()
        await protocol.ended
        await sent
        assert protocol.got == text
        assert await protocol.lost is None

    run(loop, main())


def test_half_closed_by_the_peer_it_still_writes(loop: pelton.loop.Loop, text: bytes) -> None:
    def work(peer: socket.socket) -> bytes:
        peer.sendall(b"question")
        peer.shutdown(socket.SHUT_WR)
        return received(peer)

    async def main() -> None:
        peer = Peer(work)
        heard = peer.start()
        protocol = await connected(peer, keeps_open=True)
        await protocol.ended
        assert protocol.got == b"question"
        protocol.transport.write(text)
        protocol.transport.write_eof()
        with pytest.raises(RuntimeError, match="after write_eof"):
            protocol.transport.write(b"more")
        assert await heard == text
        protocol.transport.close()
        assert await protocol.lost is None

    run(loop, main())


def test_aborted_nothing_more_is_sent(loop: pelton.loop.Loop, text: bytes) -> None:
    async def main() -> None:
        peer = Peer(received)
        protocol = await connected(peer)
        protocol.transport.write(text)
        assert protocol.transport.get_write_buffer_size() > 0
        protocol.transport.abort()
        assert protocol.transport.get_write_buffer_size() == 0 and not protocol.lost.done()
        protocol.transport.abort()
        protocol.transport.close()
        assert await protocol.lost is None
        heard = await peer.start()
        assert len(heard) < LARGE and text.startswith(heard)

    run(loop, main())


def test_a_reset_ends_a_large_write(loop: pelton.loop.Loop, text: bytes) -> None:
    def work(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def main() -> None:
        peer = Peer(work)
        protocol = await connected(peer)
        protocol.transport.write(text)
        await peer.start()
        assert isinstance(await protocol.lost, ConnectionError)
        assert protocol.transport.is_closing()

    run(loop, main())


# --- loop.sendfile() ---


@pytest.mark.parametrize("fallback", [False, True])
def test_a_file_is_sent_between_writes(
    loop: pelton.loop.Loop, text: bytes, tmp_path: Path, fallback: bool
) -> None:
    path = tmp_path / "large"
    path.write_bytes(text)

    async def main() -> None:
        peer = Peer(received)
        heard = peer.start()
        protocol = await connected(peer)
        protocol.transport.write(b"head" * 100_000)
        with path.open("rb") as file:
            assert await loop.sendfile(protocol.transport, file, 7, None, fallback=fallback) == LARGE - 7
            assert file.tell() == LARGE
            assert await loop.sendfile(protocol.transport, file, 5, 10, fallback=fallback) == 10
        protocol.transport.write(b"tail")
        protocol.transport.close()
        assert await heard == b"head" * 100_000 + text[7:] + text[5:15] + b"tail"

    run(loop, main())


def test_what_is_no_file_of_the_system_is_sent_by_reading(loop: pelton.loop.Loop, text: bytes) -> None:
    async def main() -> None:
        peer = Peer(received)
        heard = peer.start()
        protocol = await connected(peer)
        memory = io.BytesIO(text)
        with pytest.raises(asyncio.SendfileNotAvailableError):
            await loop.sendfile(protocol.transport, memory, fallback=False)
        assert await loop.sendfile(protocol.transport, memory) == LARGE
        protocol.transport.close()
        assert await heard == text

    run(loop, main())


def test_nothing_is_written_into_a_file_that_is_sent(
    loop: pelton.loop.Loop, text: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(text)

    async def main() -> None:
        peer = Peer(received)
        protocol = await connected(peer)
        with path.open("rb") as file:
            sending = asyncio.create_task(loop.sendfile(protocol.transport, file))
            # Nobody reads yet: it waits for room.
            while not loop._has_writer(protocol.transport.get_extra_info("socket").fileno()):
                await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="sendfile is in progress"):
                protocol.transport.write(b"between")
            heard = peer.start()
            assert await sending == LARGE
        protocol.transport.close()
        assert await heard == text

    run(loop, main())
