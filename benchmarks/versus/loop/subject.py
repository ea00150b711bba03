"""One event loop being measured: `subject.py MODULE:NAME`, a callable that makes the loop.

Prints the ports of its three echo servers. Then each line on standard input names an operation and
a number; it does the operation as often and answers with the CPU nanoseconds its process took.
"""

import asyncio
import functools
import importlib
import os
import queue
import socket
import struct
import sys
import threading
import time


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        without_delay(transport.get_extra_info("socket"))

    def data_received(self, data):
        self.transport.write(data)


def without_delay(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def echo_streams(reader, writer):
    without_delay(writer.get_extra_info("socket"))
    while data := await reader.read(1 << 18):
        writer.write(data)
        await writer.drain()
    writer.close()


async def echo_sockets(listener):
    loop = asyncio.get_running_loop()

    async def serve(connection):
        with connection:
            while data := await loop.sock_recv(connection, 1 << 16):
                await loop.sock_sendall(connection, data)

    kept = set()
    while True:
        connection, _ = await loop.sock_accept(listener)
        without_delay(connection)
        kept.add(loop.create_task(serve(connection)))


async def call_soon(count):
    """A callback that schedules itself."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def step():
        nonlocal count
        count -= 1
        if count:
            loop.call_soon(step)
        else:
            done.set_result(None)

    loop.call_soon(step)
    await done


async def call_later(count):
    """A timer that fires, among a thousand."""
    loop = asyncio.get_running_loop()
    for begin in range(0, count, 1000):
        left = min(1000, count - begin)
        done = loop.create_future()

        def fire():
            nonlocal left
            left -= 1
            if not left:
                done.set_result(None)  # noqa: B023: awaited before the next

        for number in range(left):
            loop.call_later(number % 50 * 1e-5, fire)
        await done


async def cancelled_timer(count):
    """A timer for in a minute, cancelled before the turn ends: what every time limit kept costs."""
    loop = asyncio.get_running_loop()
    for number in range(count):
        loop.call_later(60, noop).cancel()
        if number % 10 == 0:
            await asyncio.sleep(0)


def noop():
    pass


async def sleep_zero(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def task(count):
    async def nothing():
        pass

    loop = asyncio.get_running_loop()
    for _ in range(count):
        await loop.create_task(nothing())


async def future(count):
    """Awaiting a future that a callback resolves."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        waited = loop.create_future()
        loop.call_soon(waited.set_result, None)
        await waited


async def timeout(count):
    for _ in range(count):
        async with asyncio.timeout(60):
            await asyncio.sleep(0)


async def threadsafe(count):
    """A wake-up of the loop that waits by another thread, and back."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    asked = queue.SimpleQueue()

    def answer():
        nonlocal count
        count -= 1
        asked.put(bool(count))
        if not count:
            done.set_result(None)

    def other():
        loop.call_soon_threadsafe(answer)
        while asked.get():
            loop.call_soon_threadsafe(answer)

    thread = threading.Thread(target=other)
    thread.start()
    await done
    thread.join()


async def to_thread(count):
    for _ in range(count):
        await asyncio.to_thread(noop)


def without_farewell(connection):
    """Closed it is reset: no port stays taken for a minute."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def connect_sockets(count):
    """A connection made, accepted and closed, as sockets."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = listener.getsockname()
        for _ in range(count):
            with socket.socket() as ours:
                ours.setblocking(False)
                accepting = loop.create_task(loop.sock_accept(listener))
                await loop.sock_connect(ours, address)
                theirs, _ = await accepting
                without_farewell(theirs)
                theirs.close()


class Refusing(asyncio.Protocol):
    def connection_made(self, transport):
        without_farewell(transport.get_extra_info("socket"))
        transport.abort()


class Waiting(asyncio.Protocol):
    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc):
        self.lost.set_result(None)


async def connect_protocol(count):
    """The same as transports: of create_connection() and of a server."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Refusing, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    for _ in range(count):
        _, protocol = await loop.create_connection(Waiting, host, port)
        await protocol.lost
    server.close()
    await server.wait_closed()


OPERATIONS = {
    operation.__name__: operation
    for operation in (
        call_soon, call_later, cancelled_timer, sleep_zero, task, future, timeout, threadsafe, to_thread,
        connect_sockets, connect_protocol,
    )
}  # fmt: skip


def read_lines(loop, lines):
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")


async def main():
    loop = asyncio.get_running_loop()
    wanted = os.environ.get("PELTON_ENGINE")
    if wanted and getattr(loop, "engine", wanted) != wanted:
        raise RuntimeError(f"the loop's engine is {loop.engine}, not {wanted}")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    accepting = loop.create_task(echo_sockets(listener))
    servers = [
        await asyncio.start_server(echo_streams, "127.0.0.1", 0, limit=1 << 18),
        await loop.create_server(Echo, "127.0.0.1", 0),
    ]
    ports = [one.getsockname()[1] for one in (listener, *(server.sockets[0] for server in servers))]
    print(*ports, flush=True)
    lines = asyncio.Queue()
    threading.Thread(target=read_lines, args=(loop, lines), daemon=True).start()
    while line := await lines.get():
        name, count = line.split()
        began_ns = time.process_time_ns()
        await OPERATIONS[name](int(count))
        print(time.process_time_ns() - began_ns, flush=True)
    accepting.cancel()


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    factory = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
