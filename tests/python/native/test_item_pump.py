"""The pump of a stream: items in order to the sink, with the waits, the turns and the ends of a coroutine."""

from __future__ import annotations

import asyncio
import gc
import math
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest

from pelton._native import ItemPump

WRITTEN = list[bytes]


class Sink:
    """Takes `room` items before it wants to be waited for."""

    def __init__(self, room: int = 1000) -> None:
        self.gone = False
        self.room = room
        self.written: WRITTEN = []
        self.waited: asyncio.Future[None] | None = None

    def write(self, data: bytes) -> bool:
        self.written.append(data)
        self.room -= 1
        return self.room > 0

    def writable(self) -> asyncio.Future[None]:
        self.waited = asyncio.get_running_loop().create_future()
        return self.waited


def encoded(item: int) -> bytes:
    return b"%d" % item


def pump(sink: Sink, items: Any, encode: Callable[[Any], Any] = encoded, time: Callable[[], float] = lambda: 0.0) -> ItemPump:
    return ItemPump(items, encode, sink.write, sink, time, b"first")


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        yield number


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


@pytest.mark.parametrize("asynchronous", [False, True])
def test_items_in_order_and_true_at_their_end(asynchronous: bool) -> None:
    async def main() -> None:
        sink = Sink()
        assert await pump(sink, numbers(3) if asynchronous else iter(range(3))) is True
        assert sink.written == [b"first", b"0", b"1", b"2"]

    run(main)


def test_an_awaitable_that_is_no_coroutine() -> None:
    class Items:
        """Gives futures, which are awaitables of their own kind."""

        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self) -> Items:
            return self

        def __anext__(self) -> asyncio.Future[int]:
            future = asyncio.get_running_loop().create_future()
            self.left -= 1
            if self.left < 0:
                future.set_exception(StopAsyncIteration())
            else:
                future.get_loop().call_soon(future.set_result, self.left)
            return future

    async def main() -> None:
        sink = Sink()
        assert await pump(sink, Items()) is True
        assert sink.written == [b"first", b"1", b"0"]

    run(main)


def test_what_is_no_awaitable() -> None:
    class Items:
        def __aiter__(self) -> Items:
            return self

        def __anext__(self) -> int:
            return 1

    async def main() -> None:
        with pytest.raises(TypeError, match="int can't be used in 'await'"):
            await pump(Sink(), Items())

    run(main)


def test_a_full_sink_is_waited_for() -> None:
    async def main() -> None:
        sink = Sink(room=2)
        going = pump(sink, iter(range(3)))
        task = asyncio.ensure_future(going)
        while sink.waited is None:
            await asyncio.sleep(0)
        assert sink.written == [b"first", b"0"] and math.isinf(going.spoke_s)
        sink.room = 100
        sink.waited.set_result(None)
        assert await task is True and sink.written[2:] == [b"1", b"2"] and going.spoke_s == 0

    run(main)


def test_false_when_the_sink_is_gone() -> None:
    async def main() -> None:
        sink, asked = Sink(), 0

        def items() -> Iterator[int]:
            nonlocal asked
            while True:
                asked += 1
                sink.gone = asked == 2
                yield asked

        assert await pump(sink, items()) is False and asked == 2

    run(main)


def test_empty_items_are_not_written() -> None:
    async def main() -> None:
        sink = Sink()
        assert await pump(sink, iter([1, 2]), lambda item: b"" if item == 1 else b"2") is True
        assert sink.written == [b"first", b"2"]

    run(main)


def test_others_have_their_turn_after_a_millisecond() -> None:
    async def main() -> None:
        now_s, sink, seen = 0.0, Sink(), []

        def time() -> float:
            nonlocal now_s
            now_s += 0.0004
            return now_s

        task = asyncio.ensure_future(pump(sink, iter(range(9)), time=time))
        while not task.done():
            await asyncio.sleep(0)
            seen.append(len(sink.written))
        # The first by itself, then three in a turn: at 0, 0.4 and 0.8 ms of it.
        assert seen == [1, 4, 7, 10, 10] or seen == [1, 4, 7, 10]

    run(main)


@pytest.mark.parametrize("where", ["items", "asynchronous", "encode", "write", "time", "no octets"])
def test_what_is_raised_comes_out(where: str) -> None:
    def fail(*_: Any) -> Any:
        raise LookupError(where)

    async def failing() -> AsyncIterator[int]:
        yield 1
        fail()

    async def main() -> None:
        sink = Sink()
        items: Any = map(fail, [1]) if where == "items" else failing() if where == "asynchronous" else iter([1])
        going = ItemPump(
            items,
            fail if where == "encode" else (lambda item: "text") if where == "no octets" else encoded,
            fail if where == "write" else sink.write,
            sink,
            fail if where == "time" else lambda: 0.0,
            b"first",
        )  # type: ignore[arg-type]
        with pytest.raises(TypeError if where == "no octets" else LookupError):
            await going

    run(main)


def test_cancelling_reaches_the_producer_and_may_be_answered() -> None:
    async def main() -> None:
        sink, closed = Sink(), []

        async def items() -> AsyncIterator[int]:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                closed.append("told")
            yield 7

        task = asyncio.ensure_future(pump(sink, items()))
        while not sink.written:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        assert await task is True and closed == ["told"] and sink.written == [b"first", b"7"]

    run(main)


def test_as_a_generator() -> None:
    sink = Sink()
    going = pump(sink, iter([1]))
    assert next(going) is None and sink.written == [b"first"]
    with pytest.raises(LookupError):
        going.throw(LookupError())
    going = pump(sink, iter([1]))
    assert going.send(None) is None
    going.close()
    for ended in (going, pump(sink, iter([1]))):
        with pytest.raises(RuntimeError, match="already awaited") if ended is going else pytest.raises(StopIteration):
            while True:
                next(ended)
    with pytest.raises(TypeError):
        ItemPump(iter([]), encoded, sink.write, sink, lambda: 0.0, "text")  # type: ignore[arg-type]


def test_a_cycle_is_collected() -> None:
    class Items:
        pump: ItemPump

        def __next__(self) -> int:
            return 1

    items = Items()
    items.pump = pump(Sink(), items)
    gone = weakref.ref(items)
    del items
    gc.collect()
    assert gone() is None
