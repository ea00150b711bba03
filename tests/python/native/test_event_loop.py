"""One turn serves sockets, timers and callbacks alike; none starves the others."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from transports import turns

from pelton.loop import Loop


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_a_chain_of_callbacks_starves_neither_sockets_nor_timers(engine: str) -> None:
    loop = Loop(engine)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    seen: set[str] = set()
    rounds = 0

    def told(what: str) -> None:
        seen.add(what)
        if len(seen) == 2:
            loop.stop()

    def chain() -> None:
        nonlocal rounds
        rounds += 1
        assert rounds < 1_000_000
        if rounds == 100:
            theirs.send(b"x")
            loop.call_later(0, told, "timer")
        loop.call_soon(chain)

    loop.add_reader(ours, lambda: (ours.recv(1), told("socket")))
    loop.call_soon(chain)
    try:
        loop.run_forever()
    except OSError as error:
        pytest.skip(str(error))
    finally:
        loop.close()
        ours.close()
        theirs.close()
    assert seen == {"socket", "timer"}


def test_a_socket_that_is_always_ready_starves_no_timer() -> None:
    loop = Loop("epoll")
    ours, theirs = socket.socketpair()
    theirs.send(b"x")
    reads = 0

    def read() -> None:
        nonlocal reads
        reads += 1  # and leaves the octet there

    loop.add_reader(ours, read)
    loop.call_later(0.005, loop.stop)
    loop.run_forever()
    assert reads > 1
    loop.close()
    ours.close()
    theirs.close()


@pytest.mark.parametrize("engine", ["epoll", "uring"])
def test_the_port_of_a_closed_server_is_free_again(engine: str) -> None:
    async def main() -> None:
        for port in (0, 0, 0):
            for _ in range(3):
                server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
                port = server.sockets[0].getsockname()[1]
                await asyncio.sleep(0)
                server.close()

    with asyncio.Runner(loop_factory=lambda: Loop(engine)) as runner:
        try:
            runner.get_loop().run_until_complete(asyncio.sleep(0))
        except OSError as error:
            pytest.skip(str(error))
        runner.run(main())


def test_stopped_before_it_runs_it_runs_one_round(loop: Loop) -> None:
    seen: list[int] = []
    loop.call_soon(lambda: (seen.append(1), loop.call_soon(seen.append, 2)))
    loop.stop()
    loop.call_later(5, loop.stop)
    loop.run_forever()
    assert seen == [1]
    # And that stop is forgotten.
    turns(loop)
    assert seen == [1, 2]


@pytest.mark.parametrize("what", ["arrives", "is due"])
def test_who_yields_a_few_times_lets_in(loop: Loop, what: str) -> None:
    ours, theirs = socket.socketpair()
    seen: list[str] = []
    loop.add_reader(ours, lambda: seen.append(ours.recv(9).decode()))

    async def main() -> None:
        if what == "arrives":
            theirs.send(b"arrives")
        else:
            loop.call_later(0, seen.append, "is due")
        for _ in range(10):
            await asyncio.sleep(0)
        assert seen == [what]

    turns(loop)
    loop.run_until_complete(main())
    ours.close()
    theirs.close()


def test_behind_a_long_round_the_descriptors_are_looked_at(loop: Loop) -> None:
    ours, theirs = socket.socketpair()
    rounds = 0

    def long() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 10:
            theirs.send(b"x")
        end = time.perf_counter() + 0.001
        while time.perf_counter() < end:
            pass
        loop.call_soon(long)

    loop.add_reader(ours, loop.stop)
    loop.call_soon(long)
    loop.run_forever()
    assert rounds <= 12
    ours.close()
    theirs.close()


@pytest.mark.parametrize("how", ["a server", "a reader"])
def test_an_address_is_free_once_its_listener_is_closed(loop: Loop, how: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(lambda *_: None, sock=listener)

    async def leave(server: asyncio.Server | None) -> None:
        if server is None:
            loop.remove_reader(listener)
            listener.close()
        else:
            server.close()
            await server.wait_closed()
        with socket.socket() as again:
            again.bind(address)

    server = loop.run_until_complete(serve()) if how == "a server" else None
    if server is None:
        loop.add_reader(listener, lambda: None)
    turns(loop)
    loop.run_until_complete(leave(server))
