"""pelton.loop: what asyncio promises of an event loop, on both engines."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import pelton.loop

ENGINES = ("epoll", "uring")


@pytest.fixture(params=ENGINES)
def loop(request: pytest.FixtureRequest) -> Iterator[pelton.loop.Loop]:
    made = pelton.loop.Loop(request.param)
    try:
        made.run_until_complete(asyncio.sleep(0))
    except OSError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def test_the_engine_is_the_one_asked_for(loop: pelton.loop.Loop, request: pytest.FixtureRequest) -> None:
    assert loop.engine == request.node.callspec.params["loop"]


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="auto, uring or epoll"):
        pelton.loop.Loop("kqueue")


def test_the_environment_chooses_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", "epoll")
    loop = pelton.loop.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    assert loop.engine == "epoll"
    loop.close()
    assert loop.engine is None


def test_run_and_install() -> None:
    async def kind() -> type:
        return type(asyncio.get_running_loop())

    assert pelton.loop.run(kind()) is pelton.loop.Loop
    before = asyncio.get_event_loop_policy()
    pelton.loop.install()
    try:
        assert asyncio.run(kind()) is pelton.loop.Loop
    finally:
        asyncio.set_event_loop_policy(before)


def test_callbacks_run_in_the_order_they_were_asked_for(loop: pelton.loop.Loop) -> None:
    seen: list[int] = []
    for number in range(1000):
        loop.call_soon(seen.append, number)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == list(range(1000))


def test_rounds_may_be_driven_from_outside(loop: pelton.loop.Loop) -> None:
    seen: list[str] = []
    with pelton.loop.Running(loop):
        loop.call_soon(seen.append, "soon")
        loop.call_later(0, lambda: loop.call_soon_threadsafe(seen.append, "later"))
        while len(seen) < 2:
            loop._run_once()
    assert seen == ["soon", "later"]


def test_stop_ends_the_round_that_runs(loop: pelton.loop.Loop) -> None:
    seen: list[str] = []

    def again() -> None:
        seen.append("again")
        loop.call_soon(seen.append, "next round")

    loop.call_soon(loop.stop)
    loop.call_soon(again)
    loop.run_forever()
    assert seen == ["again"]
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == ["again", "next round"]


def test_timers_of_one_moment_run_in_order(loop: pelton.loop.Loop) -> None:
    seen: list[int] = []
    when = loop.time() + 0.01
    for number in range(100):
        loop.call_at(when, seen.append, number)
    loop.call_at(when - 0.005, seen.append, -1)
    loop.call_at(when + 0.001, loop.stop)
    loop.run_forever()
    assert seen == [-1, *range(100)]


def test_a_cancelled_callback_does_not_run(loop: pelton.loop.Loop) -> None:
    seen: list[str] = []
    soon, later = loop.call_soon(seen.append, "soon"), loop.call_later(0, seen.append, "later")
    soon.cancel()
    later.cancel()
    assert soon.cancelled() and later.cancelled()
    assert "cancelled" in repr(soon) and "cancelled" in repr(later)
    loop.run_until_complete(asyncio.sleep(0.001))
    assert seen == []


def test_callbacks_run_in_their_context(loop: pelton.loop.Loop) -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="outside")
    seen: list[str] = []
    context = contextvars.copy_context()
    context.run(var.set, "inside")
    loop.call_soon(lambda: seen.append(var.get()), context=context)
    loop.call_soon(lambda: seen.append(var.get()))
    context.run(loop.call_soon, lambda: seen.append(var.get()))
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == ["inside", "outside", "inside"]


def test_a_thread_wakes_the_loop(loop: pelton.loop.Loop) -> None:
    async def main() -> int:
        woken = loop.create_future()
        threading.Thread(target=loop.call_soon_threadsafe, args=(woken.set_result, 7)).start()
        async with asyncio.timeout(10):
            return await woken

    assert [loop.run_until_complete(main()) for _ in range(100)] == [7] * 100


def test_a_failed_callback_is_told_to_the_handler(loop: pelton.loop.Loop) -> None:
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    handle = loop.call_soon(lambda: 1 / 0)
    loop.run_until_complete(asyncio.sleep(0))
    assert isinstance(told[0]["exception"], ZeroDivisionError) and told[0]["handle"] is handle
    assert told[0]["message"].startswith("Exception in callback")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_process_leaves_the_loop(loop: pelton.loop.Loop, kind: type[BaseException]) -> None:
    def fail() -> None:
        raise kind

    seen: list[int] = []
    loop.call_soon(fail)
    loop.call_soon(seen.append, 1)
    with pytest.raises(kind):
        loop.run_forever()
    assert not loop.is_running()
    loop.run_until_complete(asyncio.sleep(0))
    assert seen == [1]


def test_readers_and_writers_of_one_descriptor(loop: pelton.loop.Loop) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    seen: list[bytes | str] = []

    def read() -> None:
        seen.append(ours.recv(1))
        if len(seen) >= 4:
            loop.stop()

    def write() -> None:
        seen.append("w")
        loop.remove_writer(ours)

    loop.add_reader(ours, read)
    loop.add_writer(ours, write)
    theirs.send(b"abc")
    loop.run_forever()
    assert sorted(map(str, seen)) == ["b'a'", "b'b'", "b'c'", "w"]
    assert loop.remove_reader(ours) and not loop.remove_reader(ours) and not loop.remove_writer(ours)
    theirs.send(b"d")
    loop.run_until_complete(asyncio.sleep(0.001))
    assert len(seen) == 4
    ours.close()
    theirs.close()


def test_a_number_that_is_used_again_is_watched_anew(loop: pelton.loop.Loop) -> None:
    seen: list[bytes] = []
    for round_ in range(20):
        ours, theirs = socket.socketpair()
        ours.setblocking(False)

        def read(ours: socket.socket = ours) -> None:
            seen.append(ours.recv(10))
            loop.remove_reader(ours)
            loop.stop()

        loop.add_reader(ours.fileno(), read)
        theirs.send(b"%d" % round_)
        loop.run_forever()
        ours.close()
        theirs.close()
    assert seen == [b"%d" % round_ for round_ in range(20)]


def test_what_is_no_descriptor_is_refused(loop: pelton.loop.Loop) -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(OSError):
        loop.add_reader(read, print)
    with pytest.raises(ValueError):
        loop.add_reader(-1, print)
    with pytest.raises(ValueError):
        loop.add_reader(object(), print)  # type: ignore[arg-type]


def test_signals(loop: pelton.loop.Loop) -> None:
    seen: list[int] = []
    loop.add_signal_handler(signal.SIGUSR2, lambda: (seen.append(1), loop.stop()))
    loop.call_soon(os.kill, os.getpid(), signal.SIGUSR2)
    loop.run_forever()
    assert seen == [1]
    assert loop.remove_signal_handler(signal.SIGUSR2)


async def _echo_by_streams() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    sent = os.urandom(3_000_000)
    writer.write(sent)
    writer.write_eof()
    assert await reader.read(-1) == sent
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


async def _echo_by_sockets() -> None:
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    client = socket.socket()
    client.setblocking(False)
    accepted, _ = await asyncio.gather(
        loop.sock_accept(listener), loop.sock_connect(client, listener.getsockname())
    )
    sent = os.urandom(1_000_000)

    async def back() -> None:
        left = len(sent)
        while left > 0:
            piece = await loop.sock_recv(accepted[0], 65536)
            left -= len(piece)
            await loop.sock_sendall(accepted[0], piece)

    async def there() -> bytes:
        got = b""
        while len(got) < len(sent):
            got += await loop.sock_recv(client, 65536)
        return got

    _, _, got = await asyncio.gather(back(), loop.sock_sendall(client, sent), there())
    assert got == sent
    for one in (listener, client, accepted[0]):
        one.close()


async def _subprocess() -> None:
    process = await asyncio.create_subprocess_exec(
        "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(b"x" * 300_000)
    assert out == b"x" * 300_000 and process.returncode == 0


async def _threads() -> None:
    assert await asyncio.gather(*(asyncio.to_thread(pow, 2, n) for n in range(50))) == [2**n for n in range(50)]


async def _structured() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.sleep(10)
    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(10))
            group.create_task(asyncio.to_thread(int, "x"))


@pytest.mark.parametrize("main", [_echo_by_streams, _echo_by_sockets, _subprocess, _threads, _structured])
def test_what_asyncio_builds_on_it(
    loop: pelton.loop.Loop, main: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    loop.run_until_complete(asyncio.wait_for(main(), 60))


def test_it_runs_on_one_thread_after_the_other(loop: pelton.loop.Loop) -> None:
    done: list[None] = []

    def elsewhere() -> None:
        loop.run_until_complete(_echo_by_streams())
        done.append(None)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    loop.run_until_complete(_echo_by_streams())
    assert done == [None]


def test_debug_knows_where_a_handle_was_made_and_what_is_slow(
    loop: pelton.loop.Loop, caplog: pytest.LogCaptureFixture
) -> None:
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    for schedule in (loop.call_soon, loop.call_soon_threadsafe):
        assert f"created at {__file__}" in repr(schedule(print))
    timer = loop.call_later(100, print)
    timer.cancel()
    with pytest.raises(TypeError, match="coroutines cannot be used"):
        loop.call_soon(_subprocess)
    loop.run_until_complete(asyncio.sleep(0.001))
    assert "Executing" in caplog.text
    loop.set_debug(False)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="handles of other threads have a lock from 3.14 on")
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("ask", ["cancel", "cancelled"])
def test_another_thread_waits_at_its_handle_while_the_callback_runs(loop: pelton.loop.Loop, ask: str, debug: bool) -> None:
    runs, asks = threading.Event(), threading.Event()
    seen: list[str] = []

    def callback() -> None:
        runs.set()
        assert asks.wait(10)
        for _ in range(1000):  # as many chances to go on that must not be taken
            os.sched_yield()
        seen.append("returns")

    def schedule() -> None:
        handle = loop.call_soon_threadsafe(callback)
        assert runs.wait(10)
        asks.set()
        getattr(handle, ask)()
        seen.append("goes on")
        loop.call_soon_threadsafe(loop.stop)

    loop.set_debug(debug)
    thread = threading.Thread(target=schedule)
    thread.start()
    loop.run_forever()
    thread.join()
    assert seen == ["returns", "goes on"]


def test_a_closed_loop_takes_nothing(loop: pelton.loop.Loop) -> None:
    loop.close()
    for method in (loop.call_soon, loop.call_soon_threadsafe):
        with pytest.raises(RuntimeError, match="closed"):
            method(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_forever()
    loop.close()


def test_a_pipes_repr_tells_whether_it_is_read(loop: pelton.loop.Loop) -> None:
    reads, writes = os.pipe()

    async def main() -> None:
        transport, _ = await loop.connect_read_pipe(asyncio.Protocol, os.fdopen(reads, "rb", 0))
        await asyncio.sleep(0)
        assert "polling" in repr(transport)
        transport.pause_reading()
        assert "idle" in repr(transport)
        transport.close()

    loop.run_until_complete(main())
    os.close(writes)


def test_in_debug_a_failed_task_is_told_at_once_and_where_it_was_made(loop: pelton.loop.Loop) -> None:
    loop.set_debug(True)
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))

    async def bad() -> None:
        raise ValueError("unseen")

    async def main() -> None:
        loop.create_task(bad())
        await asyncio.sleep(0)
        (context,) = told
        assert context["message"] == "Task exception was never retrieved"
        assert context["source_traceback"][-1].filename == __file__

    loop.run_until_complete(main())


def test_a_signal_of_a_forked_child_is_not_its_parents(loop: pelton.loop.Loop) -> None:
    heard: list[int] = []
    loop.add_signal_handler(signal.SIGUSR2, heard.append, 1)

    async def main() -> int:
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGUSR2)
            os._exit(7)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        await asyncio.sleep(0)
        await loop.run_in_executor(None, int)  # a turn that waits
        return code

    assert loop.run_until_complete(main()) == 7 and heard == []
    os.kill(os.getpid(), signal.SIGUSR2)
    loop.call_later(10, loop.stop)
    while not heard:
        loop.run_until_complete(asyncio.sleep(0))
    loop.remove_signal_handler(signal.SIGUSR2)
