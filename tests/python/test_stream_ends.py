"""Section 10 and 11: full sinks, clients that leave, cancellation, silence; the producer is always closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.client import IncompleteRead
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from pelton import App, Response
from pelton.messages.streams import EVENTS, Streaming
from pelton.serving.pool import BlockingPool
from pelton.streaming.sending import send
from pelton.streaming.sse import SseEvent
from pelton.testing import live_server
from streamed import KINDS, KeptSink, Producer, delivery, run, sent
from wire import Peer, ask


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_sink_is_waited_for(kind: str) -> None:
    async def main() -> None:
        producer, sink, pool = Producer(*[b"x"] * 5), KeptSink(room=2), BlockingPool("p", 1, 0)
        sending = asyncio.create_task(send(sink, Streaming(producer.of(kind)), delivery(pool=pool if kind == "pool" else None)))
        while sink.waited is None:
            await asyncio.sleep(0)
        assert (len(sink.pieces), producer.asked, sending.done()) == (2, 2, False)
        before, sink.waited = sink.waited, None
        sink.room = 2
        before.set_result(None)
        while sink.waited is None:
            await asyncio.sleep(0)
        assert (len(sink.pieces), producer.asked) == (4, 4)
        sink.make_room(9)
        await sending
        assert sink.last == "end" and producer.closed == 1 and pool.shutdown(10)

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_leaves_a_full_sink(kind: str) -> None:
    async def main() -> None:
        producer, sink, pool = Producer(*[b"x"] * 5), KeptSink(room=1), BlockingPool("p", 1, 0)
        logged: list[BaseException] = []
        sending = asyncio.create_task(send(sink, Streaming(producer.of(kind)), delivery(logged, pool=pool if kind == "pool" else None)))
        while sink.waited is None:
            await asyncio.sleep(0)
        sink.leave()
        await sending
        assert sink.calls == ["begin", "write"] and logged == [] and (producer.asked, producer.closed) == (1, 1)
        assert pool.shutdown(10)

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_leaves_is_seen_before_the_next_item(kind: str) -> None:
    class Leaves(KeptSink):
        def write(self, data: bytes) -> bool:
            self.gone = True
            return super().write(data)

    producer = Producer(*[b"x"] * 5)
    sink, logged = sent(producer.of(kind), Leaves(), pool=kind == "pool")
    assert sink.calls == ["begin", "write"] and logged == [] and (producer.asked, producer.closed) == (1, 1)


@pytest.mark.parametrize("begun", [False, True])
def test_cancelling_closes_the_producer(begun: bool) -> None:
    async def main() -> None:
        producer, sink = Producer(*([b"x"] if begun else []), asyncio.Event(), b"never"), KeptSink()
        sending = asyncio.create_task(send(sink, Streaming(producer.asynchronous()), delivery()))
        while producer.asked < 1 + begun:
            await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert sink.calls == (["begin", "write", "cut"] if begun else []) and producer.closed == 1

    run(main)


@pytest.mark.parametrize(("item", "stopping", "last"), [(SseEvent("a"), True, "end"), (SseEvent("a"), False, "cut"), (b"a", True, "cut")])
def test_a_stop_ends_events_properly(item: Any, stopping: bool, last: str) -> None:
    async def main() -> None:
        producer, sink = Producer(item, asyncio.Event()), KeptSink()
        sending = asyncio.create_task(send(sink, Streaming(producer.asynchronous()), delivery(is_stopping=lambda: stopping)))
        await sink.wrote.wait()
        while producer.asked < 2:
            await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert sink.last == last and producer.closed == 1

    run(main)


def test_a_stop_ends_events_of_which_none_has_come() -> None:
    async def main() -> None:
        producer, sink, told = Producer(asyncio.Event()), KeptSink(), list[int]()
        events = Streaming(producer.asynchronous(), content_type=EVENTS)
        given = delivery(is_stopping=lambda: True, on_events=lambda: told.append(producer.asked))
        sending = asyncio.create_task(send(sink, events, given))
        while producer.asked < 1:
            await asyncio.sleep(0)
        assert (told, sink.produces, sink.calls) == ([0], [True], [])
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert sink.calls == ["begin", "end"] and sink.field(b"content-type") == EVENTS.encode() and producer.closed == 1

    run(main)


class Waits:
    """An application whose streams, of events and of octets, wait for a first item that does not come."""

    def __init__(self) -> None:
        self.app = App()
        self.began, self.closed = threading.Event(), threading.Event()
        self.app.get("/events")(self.events)
        self.app.get("/octets")(self.octets)
        self.app.get("/stubborn")(self.stubborn)

    async def octets(self) -> AsyncIterator[bytes]:
        self.began.set()
        try:
            await asyncio.Event().wait()
            yield b"never"
        finally:
            self.closed.set()

    async def events(self) -> AsyncIterator[SseEvent]:
        async for item in self.octets():
            yield SseEvent(item)

    async def stubborn(self) -> AsyncIterator[bytes]:
        with contextlib.suppress(asyncio.CancelledError):
            async for item in self.octets():
                yield item
        yield b"for nobody"


@pytest.mark.parametrize(("path", "leave"), [("/events", Peer.finish), ("/events", Peer.reset), ("/octets", Peer.reset)])
def test_a_client_that_leaves_before_the_first_item(path: str, leave: Callable[[Peer], None], serve: Callable[..., live_server]) -> None:
    waits = Waits()
    with Peer(serve(waits.app).port) as peer:
        peer.send(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
        assert waits.began.wait(10)
        leave(peer)
        assert waits.closed.wait(10)


def test_an_item_after_the_client_has_left_is_no_failure(
    engine: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    waits = Waits()
    with live_server(waits.app) as server, Peer(server.port) as peer:
        peer.send(b"GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n")
        assert waits.began.wait(10)
        peer.reset()
        assert waits.closed.wait(10)
    assert caplog.text == ""


def test_a_torn_event_is_no_proper_end(serve: Callable[..., live_server]) -> None:
    """Its listener has ended its side; of what the connection has not taken, nothing goes out."""
    app, closed = App(), threading.Event()

    @app.get("/")
    async def events() -> AsyncIterator[SseEvent]:
        try:
            yield SseEvent("x" * 16_000_000)
        finally:
            closed.set()

    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.connect(("127.0.0.1", serve(app).port))
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        octets = peer.recv(1000)
        peer.shutdown(socket.SHUT_WR)
        assert closed.wait(10)
        with contextlib.suppress(ConnectionResetError):
            while data := peer.recv(1 << 20):
                octets = octets[-10:] + data
    assert not octets.endswith(b"\r\n0\r\n\r\n")


def test_a_listener_that_ends_its_side_is_no_failure() -> None:
    async def main() -> None:
        producer, sink = Producer(SseEvent("a"), asyncio.Event()), KeptSink()
        sending = asyncio.create_task(send(sink, Streaming(producer.asynchronous()), delivery()))
        await sink.wrote.wait()
        while producer.asked < 2:
            await asyncio.sleep(0)
        sink.disconnected = True
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert sink.last == "end" and producer.closed == 1

    run(main)


def test_a_pooled_step_is_waited_for_when_the_stream_is_cancelled() -> None:
    entered, let_go = threading.Event(), threading.Event()

    def steps() -> Iterator[bytes]:
        yield b"a"
        entered.set()
        let_go.wait(10)
        yield b"b"

    async def main() -> None:
        sink, pool = KeptSink(), BlockingPool("p", 2, 0)
        stream = steps()
        sending = asyncio.create_task(send(sink, Streaming(stream), delivery(pool=pool)))
        await asyncio.get_running_loop().run_in_executor(None, entered.wait, 10)
        sending.cancel()
        await asyncio.sleep(0)
        assert sink.calls == ["begin", "write", "cut"] and not sending.done()
        let_go.set()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert next(stream, None) is None and pool.shutdown(10)

    run(main)


def test_what_closing_raises_is_logged() -> None:
    def steps() -> Iterator[Any]:
        try:
            yield b"a"
            yield "of another kind"
        finally:
            raise LookupError("in finally")

    sink, logged = sent(steps())
    assert sink.calls == ["begin", "write", "cut"]
    assert [type(one).__name__ for one in logged] == ["ResponseTypeError", "LookupError"]


def test_a_producer_that_never_waits_leaves_turns_to_others() -> None:
    class Slow(asyncio.SelectorEventLoop):
        """Its clock goes on by 0.4 ms each time it is read."""

        now_s = 0.0

        def time(self) -> float:
            self.now_s += 0.0004
            return self.now_s

    async def main() -> None:
        sink, seen = KeptSink(), list[int]()
        sending = asyncio.create_task(send(sink, Streaming(iter([b"x"] * 30)), delivery()))
        while not sending.done():
            await asyncio.sleep(0)
            seen.append(len(sink.pieces))
        # The first item leaves by itself, and no turn takes all of them.
        assert seen[:1] == [1] and len(set(seen)) > 5 and sink.last == "end"

    with asyncio.Runner(loop_factory=Slow) as runner:
        runner.run(main())


class Clock(asyncio.SelectorEventLoop):
    """Timers fire as the test moves the time."""

    now_s = 0.0

    def time(self) -> float:
        return self.now_s

    async def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        for _ in range(3):
            await asyncio.sleep(0)


def test_silent_events_keep_the_connection_alive() -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        silence, sink = asyncio.Event(), KeptSink()
        producer = Producer(SseEvent("a"), silence, SseEvent("b"), asyncio.Event())
        sending = asyncio.create_task(send(sink, Streaming(producer.asynchronous()), delivery(keep_alive_s=15)))
        await sink.wrote.wait()
        await loop.pass_time(14)
        assert sink.pieces == [b"data: a\n\n"]
        await loop.pass_time(1)
        assert sink.pieces[1:] == [b":\n\n"]
        await loop.pass_time(14)
        silence.set()
        await loop.pass_time(0)
        assert sink.pieces[2:] == [b"data: b\n\n"]
        await loop.pass_time(14)  # 28 s after the comment, but 14 after the event
        assert len(sink.pieces) == 3
        await loop.pass_time(1)
        assert sink.pieces[3:] == [b":\n\n"]
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await loop.pass_time(60)
        assert len(sink.pieces) == 4

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


def test_no_comment_to_a_client_that_has_ended_its_side() -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        closing, closed, sink = asyncio.Event(), asyncio.Event(), KeptSink()

        async def events() -> AsyncIterator[SseEvent]:
            try:
                yield SseEvent("a")
                await asyncio.Event().wait()
            finally:
                closing.set()
                await closed.wait()

        sending = asyncio.create_task(send(sink, Streaming(events()), delivery(keep_alive_s=15)))
        await sink.wrote.wait()
        await loop.pass_time(0)
        sink.disconnected = True
        sending.cancel()
        await closing.wait()
        await loop.pass_time(60)
        closed.set()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert sink.calls == ["begin", "write", "end"]

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


@pytest.mark.parametrize(
    ("item", "keep_alive_s", "room", "length"),
    [(b"a", None, None, None), (SseEvent("a"), 0, None, None), (SseEvent("a"), None, 1, None), (SseEvent("a"), None, None, 99)],
    ids=["no events", "switched off", "the sink is full", "a declared length"],
)
def test_no_comment_when(item: Any, keep_alive_s: float | None, room: int | None, length: int | None) -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        sink = KeptSink(room=room)
        streaming = Streaming(Producer(item, asyncio.Event()).asynchronous(), keep_alive_s=keep_alive_s, content_length=length)
        sending = asyncio.create_task(send(sink, streaming, delivery(keep_alive_s=15)))
        await sink.wrote.wait()
        for _ in range(3):
            await loop.pass_time(15)
        assert len(sink.pieces) == 1
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize("items", [1, 3, 7])
def test_a_declared_length_over_a_connection(items: int, blocking: bool, serve: Callable[..., live_server]) -> None:
    """Longer than what the socket takes at once, and shorter; one item more or less is a cut."""
    app, size = App(), 60_000

    @app.get("/{made:int}", blocking=blocking)
    def streamed(made: int) -> Response:
        return Response.stream((b"x" * size for _ in range(made)), content_length=items * size)

    url = serve(app).url
    with urlopen(f"{url}/{items}") as answer:
        assert len(answer.read()) == items * size
    with pytest.raises((IncompleteRead, OSError)):  # none at all is an ordinary 500
        urlopen(f"{url}/{items - 1}").read()
    # Exactly what was declared leaves; the connection ends behind it.
    octets = ask(urlsplit(url).port or 0, b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % (items + 1) * 2)
    assert octets.startswith(b"HTTP/1.1 200 OK\r\n") and len(octets.partition(b"\r\n\r\n")[2]) == items * size


@pytest.mark.parametrize("kind", ["inline", "blocking", "async"])
@pytest.mark.parametrize("pieces", [[b"abcdef"], [b"ab", b"cdef"], [b"abcd", b"ef"], [b"a", b"bcd", b"e", b"f"]])
def test_exactly_the_declared_octets_leave(kind: str, pieces: list[bytes], serve: Callable[..., live_server]) -> None:
    app = App()

    def items() -> Iterator[bytes]:
        yield from pieces

    async def items_async() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(0)

    def handler() -> Response:
        return Response.stream(items_async() if kind == "async" else items(), content_length=4)

    app.add_route("/", handler, blocking=kind == "blocking")
    server = serve(app)
    with Peer(server.port or 0) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        head, _, body = peer.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\nContent-Length: 4" in head and body == b"abcd"
    assert server.stats()["fault.response_length"] == 1 and server.stats()["fault.handler_streaming"] == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_streamed_205_has_no_body(kind: str, serve: Callable[..., live_server]) -> None:
    app = App()

    async def items() -> AsyncIterator[bytes]:
        yield b"never"

    def handler() -> Response:
        return Response.stream(items() if kind == "async" else iter([b"never"]), "a/b", status=205)

    app.add_route("/", handler)
    with Peer(serve(app).port or 0) as peer:
        for _ in range(2):  # the connection goes on
            peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = peer.one()
            assert (answer.status, answer.body) == (205, b"")
