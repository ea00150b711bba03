"""Drivers people use, unmodified, on pelton's loop alone, against the real services they are made for."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import services

from pelton import loop as pelton_loop

pytestmark = pytest.mark.skipif(bool(services.missing()), reason=f"not installed: {services.missing()}")

TASKS = 20
ROWS = 5000
LIMIT_S = 60


@pytest.fixture(scope="module")
def postgres() -> Iterator[services.Service]:
    with services.postgres() as service:
        yield service


@pytest.fixture(scope="module")
def redis() -> Iterator[services.Service]:
    with services.redis() as service:
        yield service


@pytest.fixture
def run(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Runs a coroutine on a loop of the engine; what the loop complains of in between is an error."""
    monkeypatch.setenv("PELTON_ENGINE", engine)
    complaints: list[dict[str, Any]] = []

    def run_on_loop(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=pelton_loop.new_event_loop) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, pelton_loop.Loop)
            loop.set_exception_handler(lambda _, context: complaints.append(context))
            runner.run(asyncio.wait_for(main, LIMIT_S))

    yield run_on_loop
    assert complaints == []


async def all_of(one: Callable[[int], Coroutine[Any, Any, None]], tasks: int = TASKS) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(tasks):
            group.create_task(one(number))


def test_asyncpg(run: Any, postgres: services.Service) -> None:
    import asyncpg

    async def main() -> None:
        async with asyncpg.create_pool(postgres.url, min_size=2, max_size=8) as pool:

            async def one(number: int) -> None:
                async with pool.acquire() as connection, connection.transaction():
                    assert await connection.fetchval("select $1::int + 1", number) == number + 1
                    await connection.execute("create temp table t (n int, s text) on commit drop")
                    rows = [(n, "x" * (n % 100)) for n in range(ROWS)]
                    await connection.copy_records_to_table("t", records=rows)
                    counted = 0
                    async for row in connection.cursor("select n, s from t order by n", prefetch=500):
                        assert tuple(row) == rows[counted]
                        counted += 1
                    assert counted == ROWS

            await all_of(one)
            assert len(await pool.fetchval("select repeat('y', 3000000)")) == 3_000_000
            heard: asyncio.Queue[str] = asyncio.Queue()
            async with pool.acquire() as listening:

                def hear(*parts: Any) -> None:
                    heard.put_nowait(parts[-1])

                await listening.add_listener("news", hear)
                await pool.execute("notify news, 'extra'")
                assert await heard.get() == "extra"
                await listening.remove_listener("news", hear)
            # A query that is given up leaves a connection that goes on.
            with pytest.raises(asyncio.TimeoutError):
                await pool.execute("select pg_sleep(30)", timeout=0.05)
            assert await pool.fetchval("select 7") == 7
            with pytest.raises(asyncpg.DivisionByZeroError):
                await pool.fetchval("select 1/0")

    run(main())


def test_asyncpg_over_a_unix_socket(run: Any, postgres: services.Service) -> None:
    import asyncpg

    async def main() -> None:
        connection = await asyncpg.connect(host=str(postgres.folder), port=postgres.port, user="postgres")
        assert await connection.fetchval("select 'ä'") == "ä"
        await connection.close()

    run(main())


def test_psycopg_and_its_pool(run: Any, postgres: services.Service) -> None:
    import psycopg
    import psycopg_pool

    async def main() -> None:
        async with psycopg_pool.AsyncConnectionPool(postgres.url, min_size=2, max_size=8, open=False) as pool:

            async def one(number: int) -> None:
                async with pool.connection() as connection, connection.cursor() as cursor:
                    await cursor.execute("create temp table if not exists p (n int, s text)")
                    await cursor.execute("truncate p")
                    async with cursor.copy("copy p from stdin") as copy:
                        for n in range(ROWS):
                            await copy.write_row((n, "z" * (n % 50)))
                    await cursor.execute("select count(*), sum(length(s)) from p")
                    assert await cursor.fetchone() == (ROWS, sum(n % 50 for n in range(ROWS)))

            await all_of(one)
            async with pool.connection() as connection:
                async with connection.pipeline():
                    cursors = [await connection.execute("select %s::int", (n,)) for n in range(50)]
                assert [(await cursor.fetchone()) for cursor in cursors] == [(n,) for n in range(50)]
                with pytest.raises(psycopg.errors.UndefinedTable):
                    await connection.execute("select * from nowhere")

    run(main())


def test_redis(run: Any, redis: services.Service) -> None:
    import redis.asyncio as driver

    async def main() -> None:
        async with driver.Redis(host=redis.host, port=redis.port, protocol=3, max_connections=50) as client:
            await client.flushall()

            async def one(number: int) -> None:
                key = f"key-{number}"
                assert await client.set(key, number) is True
                assert await client.incr(key) == number + 1
                async with client.pipeline(transaction=True) as pipeline:
                    for _ in range(100):
                        pipeline.rpush(f"list-{number}", b"v" * 1000)
                    assert await pipeline.execute() == list(range(1, 101))
                assert await client.lrange(f"list-{number}", 0, -1) == [b"v" * 1000] * 100

            await all_of(one)
            large = bytes(range(256)) * 20_000
            await client.set("large", large)
            assert await client.get("large") == large
            async with client.pubsub() as subscription:
                await subscription.subscribe("news")
                messages = subscription.listen()
                assert (await anext(messages))["type"] == "subscribe"
                await client.publish("news", "extra")
                assert (await anext(messages))["data"] == b"extra"
            assert await client.blpop(["nothing"], timeout=0.05) is None
        async with driver.Redis(unix_socket_path=str(redis.folder / "socket")) as client:
            assert await client.ping()

    run(main())


@asynccontextmanager
async def aiohttp_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    from aiohttp import web

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(100):
            await response.write(b"%05d" % number * 1000)
        await response.write_eof()
        return response

    async def talk(request: web.Request) -> web.WebSocketResponse:
        peer = web.WebSocketResponse()
        await peer.prepare(request)
        async for message in peer:
            await peer.send_str(message.data)
        return peer

    app = web.Application(client_max_size=1 << 26)
    app.add_routes([web.post("/echo", echo), web.get("/pieces", pieces), web.get("/talk", talk)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"{'https' if tls else 'http'}://{host}:{port}"
    finally:
        await runner.cleanup()


PIECES = b"".join(b"%05d" % number * 1000 for number in range(100))


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_aiohttp(run: Any, certificate: Path, encrypted: bool) -> None:
    import aiohttp

    async def main() -> None:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(certificate)
        theirs = ssl.create_default_context(cafile=str(certificate))
        async with (
            aiohttp_server(ours if encrypted else None) as url,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=theirs, limit=8)) as session,
        ):

            async def one(number: int) -> None:
                for size in (0, 1, 1000, 300_000):
                    body = bytes([number]) * size
                    async with session.post(f"{url}/echo", data=body) as answer:
                        assert await answer.read() == body
                async with session.get(f"{url}/pieces") as answer:
                    assert await answer.read() == PIECES

            await all_of(one)
            async with session.ws_connect(f"{url}/talk") as peer:
                for number in range(100):
                    await peer.send_str(str(number))
                    assert await peer.receive_str() == str(number)

    run(main())


def test_httpx(run: Any, certificate: Path) -> None:
    import httpx

    async def main() -> None:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(certificate)
        theirs = ssl.create_default_context(cafile=str(certificate))
        async with aiohttp_server(ours) as url, httpx.AsyncClient(verify=theirs, trust_env=False) as client:

            async def one(number: int) -> None:
                body = bytes([number]) * 200_000
                assert (await client.post(f"{url}/echo", content=body)).content == body
                async with client.stream("GET", f"{url}/pieces") as answer:
                    assert b"".join([piece async for piece in answer.aiter_bytes()]) == PIECES

            await all_of(one)
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(trust_env=False) as client:
                await client.get(f"http://127.0.0.1:{services.free_port()}/")

    run(main())


def test_grpc(run: Any) -> None:
    import grpc.aio

    async def echo(request: bytes, _: grpc.aio.ServicerContext) -> bytes:
        return request

    async def count(request: bytes, _: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        for number in range(int(request)):
            yield str(number).encode()

    async def main() -> None:
        server = grpc.aio.server()
        handlers = {
            "Echo": grpc.unary_unary_rpc_method_handler(echo),
            "Count": grpc.unary_stream_rpc_method_handler(count),
        }
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Echo", handlers)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            ask = channel.unary_unary("/test.Echo/Echo")
            stream = channel.unary_stream("/test.Echo/Count")

            async def one(number: int) -> None:
                body = bytes([number]) * 100_000
                assert await ask(body) == body
                assert [int(item) async for item in stream(b"200")] == list(range(200))

            await all_of(one)
        await server.stop(None)

    run(main())


def test_websockets(run: Any) -> None:
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0, max_size=1 << 24) as server:
            port = next(iter(server.sockets)).getsockname()[1]

            async def one(number: int) -> None:
                async with connect(f"ws://127.0.0.1:{port}", max_size=1 << 24, proxy=None) as peer:
                    for size in (1, 1000, 1_000_000):
                        message = bytes([number]) * size
                        await peer.send(message)
                        assert await peer.recv() == message
                    assert await (await peer.ping()) >= 0

            await all_of(one)

    run(main())


ECHO = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer); sys.exit(3)"


def test_subprocesses(run: Any) -> None:
    async def main() -> None:
        async def one(number: int) -> None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", ECHO, **pipes)  # type: ignore[arg-type]
            told, complained = await process.communicate(bytes([number]) * 500_000)
            assert (told, complained) == (bytes([number]) * 500_000, b"")
            assert await process.wait() == 3

        await all_of(one, 6)
        process = await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE)
        process.terminate()
        assert await process.wait() == -15

    run(main())


def test_tls_streams(run: Any, certificate: Path) -> None:
    async def main() -> None:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(certificate)
        theirs = ssl.create_default_context(cafile=str(certificate))

        left = asyncio.Semaphore(0)

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                writer.write(line)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
            left.release()

        # A peer in a thread judges too: the standard library's blocking client.
        def blocking(port: int) -> bytes:
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain:
                with theirs.wrap_socket(plain, server_hostname="localhost") as peer:
                    peer.sendall(b"a" * 99_999 + b"\n")
                    received = b""
                    while len(received) < 100_000:
                        received += peer.recv(1 << 16)
                    return received

        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=ours, limit=1 << 20) as server:
            port = server.sockets[0].getsockname()[1]

            async def one(number: int) -> None:
                reader, writer = await asyncio.open_connection("localhost", port, ssl=theirs, limit=1 << 20)
                for size in (1, 1000, 500_000):
                    line = b"%d" % (number % 10) * size + b"\n"
                    writer.write(line)
                    assert await reader.readline() == line
                writer.close()
                await writer.wait_closed()

            await all_of(one)
            assert await asyncio.to_thread(blocking, port) == b"a" * 99_999 + b"\n"
            for _ in range(TASKS + 1):
                await left.acquire()

    run(main())
