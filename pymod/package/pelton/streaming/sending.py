"""Streamed answers: one item after the other to a sink, as fast as the client takes them."""

from __future__ import annotations

from pelton.errors import ClientDisconnected, ResponseValidationError
from pelton.messages.headers import laid_over, with_charset
from pelton.messages.response import trailers_of
from pelton.messages.streams import EVENTS, Streaming, is_stream
from pelton.streaming.item_encoding import encoding_as, encoding_of, type_without_items
from pelton.streaming.item_sources import END, source_of
from pelton.streaming.sse import KEEP_ALIVE, SseStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Awaitable, Callable
    from typing import Any, Protocol

    from pelton._native import ItemPump
    from pelton.serving.pool import BlockingPool
    from pelton.streaming.item_encoding import Dumps, ItemEncoding
    from pelton.streaming.item_sources import ItemSource

    class Sink(Protocol):
        """Where a stream goes: one response of one connection."""

        def produce(self, is_events: bool) -> None:
            """From now on the task is cancelled when the client leaves; of events, when it ends its side."""

        def begin(self, status: int, fields: list[tuple[bytes, bytes]]) -> None:
            """Sends the head; raises if it may not go on the wire."""

        def write(self, data: bytes) -> bool:
            """Queues octets of the body; False once the queue is above its high mark."""
            ...

        def writable(self) -> Awaitable[None]:
            """Resolves below the low mark; ClientDisconnected when the peer is gone."""
            ...

        @property
        def gone(self) -> bool:
            """Nothing written will leave: the client has left, or it asked for the head alone."""
            ...

        @property
        def disconnected(self) -> bool:
            """The client has ended its side."""
            ...

        def end(self, trailers: list[tuple[bytes, bytes]] = ..., /) -> None: ...
        def cut(self) -> None:
            """Ends so that the client cannot take what it has for complete."""


SSE_KEEP_ALIVE_S = 15.0

_BODILESS = (204, 205, 304)
_EVENT_FIELDS = [(b"Cache-Control", b"no-cache"), (b"X-Accel-Buffering", b"no")]


class Delivery:
    """What one sending needs beside the stream: the head, and the application's ways."""

    __slots__ = ("dumps", "fields", "is_stopping", "keep_alive_s", "log", "on_events", "pool", "status", "trailers")

    def __init__(
        self,
        *,
        status: int,
        fields: list[tuple[bytes, bytes]],
        dumps: Dumps,
        log: Callable[[BaseException], None],
        pool: BlockingPool | None = None,
        keep_alive_s: float = SSE_KEEP_ALIVE_S,
        is_stopping: Callable[[], bool] = bool,
        on_events: Callable[[], object] = bool,
        trailers: Callable[[], list[tuple[bytes, bytes]]] = list,
    ) -> None:
        self.status = status
        self.fields = fields
        self.dumps = dumps
        self.log = log  # a failure after the head; those before it are raised
        self.pool = pool  # where a sync iterator steps; None: on the loop
        self.keep_alive_s = keep_alive_s
        self.is_stopping = is_stopping  # a cancelled event stream then ends properly
        self.trailers = trailers  # that are known once the last item is made
        self.on_events = on_events  # called once for an event stream, which a stop cancels


def streams(value: Any) -> bool:
    """Whether what a handler returned is sent item by item."""
    return isinstance(value, SseStream) or is_stream(value)


def known_type(streaming: Streaming) -> str | None:
    """The content type as far as it is known before the first item."""
    if streaming.encoding is not None:
        return streaming.encoding.content_type
    if streaming.content_type is not None:
        return type_without_items(streaming.content_type)
    return streaming.media_type and with_charset(streaming.media_type)


def encoding_by(streaming: Streaming, first: Any, dumps: Dumps) -> ItemEncoding:
    """How the items are encoded, of which `first` is the first."""
    if streaming.encoding is not None:
        return streaming.encoding
    if streaming.content_type is not None:
        return encoding_as(streaming.content_type, first, dumps)
    return encoding_of(first, streaming.media_type, dumps)


async def send(sink: Sink, streaming: Streaming, delivery: Delivery) -> BaseException | None:
    """Sends a stream; what kept it from its end, None if nothing did.

    Raises what the producer raises before the head, and cancellation; the rest has been logged.
    """
    sending = _Sending(sink, streaming, delivery, source_of(streaming.take(), delivery.pool))
    try:
        return await sending.run()
    finally:
        if sending.keep_alive is not None:
            sending.keep_alive.cancel()
        sending.pump = None  # it may hold sending.write; a cycle would wait for the garbage collector
        await sending.close()


class _Sending:
    """One stream on its way to one sink."""

    def __init__(self, sink: Sink, streaming: Streaming, delivery: Delivery, source: ItemSource) -> None:
        from asyncio import get_running_loop

        self.sink = sink
        self.streaming = streaming
        self.delivery = delivery
        self.source = source
        self.loop = get_running_loop()
        self.begun = False
        self.closed = False
        self.is_events = False
        self.length = streaming.content_length
        self.sent_bytes = 0
        self.has_surplus = False
        self.pump: ItemPump | None = None
        self.commented_at_s = 0.0
        self.keep_alive: TimerHandle | None = None

    async def run(self) -> BaseException | None:
        from asyncio import CancelledError

        if self.sink.gone or self.status in _BODILESS:
            # No octet of the body will leave: the producer is closed before it starts.
            await self.close()
            self.begin(known_type(self.streaming))
            self.sink.end()
            return None
        try:
            await self.pass_items()
            return None
        except CancelledError:
            # No failure: a stop ends event streams, and a listener leaves by ending its side.
            if self.is_events and (self.delivery.is_stopping() or (self.begun and self.sink.disconnected)):
                await self.end()
            elif self.begun:
                self.sink.cut()
            raise
        except BaseException as error:
            if isinstance(error, ClientDisconnected) and self.sink.gone:
                return error
            if not self.begun:
                raise
            if self.has_surplus:
                self.sink.end()  # the declared octets leave, then the connection ends
            else:
                self.sink.cut()
            self.delivery.log(error)
            return error

    async def pass_items(self) -> None:
        from pelton._native import ItemPump

        is_events = known_type(self.streaming) == EVENTS
        self.sink.produce(is_events)
        if is_events:
            self.note_events()
        item = await self.source.take()
        if item is END or self.status in _BODILESS:
            await self.finish()
            return
        encoding = encoding_by(self.streaming, item, self.delivery.dumps)
        data = encoding.encode(item)
        self.begin(encoding.content_type)
        write = self.sink.write if self.length is None else self.write
        self.pump = ItemPump(self.source.items, encoding.encode, write, self.sink, self.loop.time, data)
        self.start_keep_alive()
        # A producer may also end because its client has left.
        if not await self.pump or self.sink.gone:
            if self.length is None or self.sent_bytes != self.length:
                raise ClientDisconnected("the client has left")
            # The sink is gone for it has all that was declared; whether the producer has more, only that knows.
            while not self.has_surplus and (item := await self.source.take()) is not END:
                self.write(encoding.encode(item))
        if self.has_surplus:
            raise ResponseValidationError(f"a stream of more octets than its content_length of {self.length}")
        await self.finish()

    @property
    def status(self) -> int:
        side = self.streaming.side
        if side is None or self.streaming.side_yields:
            return self.delivery.status
        return side._status or self.delivery.status

    def note_events(self) -> None:
        if not self.is_events:
            self.is_events = True
            self.delivery.on_events()

    def begin(self, content_type: str | None) -> None:
        status, side = self.status, self.streaming.side
        told = [] if side is None else list(side._fields)
        fields = self.delivery.fields
        fields = laid_over(told, fields) if self.streaming.side_yields else laid_over(fields, told)
        names = {name.lower() for name, _ in fields}
        if status not in _BODILESS:
            if content_type and b"content-type" not in names:
                fields.insert(0, (b"Content-Type", content_type.encode("latin-1")))
            if content_type == EVENTS:
                self.note_events()
                fields += [one for one in _EVENT_FIELDS if one[0].lower() not in names]
            if self.length is not None:
                fields.append((b"Content-Length", b"%d" % self.length))
        self.sink.begin(status, fields)
        self.begun = True

    def write(self, data: bytes) -> bool:
        """The sending of a stream with a declared length; the sink drops what goes beyond it."""
        assert self.length is not None
        left = self.length - self.sent_bytes
        self.has_surplus |= len(data) > left
        self.sent_bytes += min(len(data), left)
        return self.sink.write(data)

    async def finish(self) -> None:
        if self.length is not None and self.sent_bytes < self.length:
            raise ResponseValidationError(
                f"a stream of {self.sent_bytes} octets, {self.length - self.sent_bytes} less than its content_length"
            )
        await self.end()

    async def end(self) -> None:
        await self.close()
        if not self.begun:
            self.length = 0
            self.begin(known_type(self.streaming))
        side = self.streaming.side
        trailers = laid_over(self.delivery.trailers(), [] if side is None else trailers_of(side))
        if trailers:
            self.sink.end(trailers)
        else:
            self.sink.end()

    async def close(self) -> None:
        """Closes the producer once; what it raises then is logged, as the answer has been sent."""
        if self.closed:
            return
        self.closed = True
        from asyncio import CancelledError

        try:
            await self.source.close()
        except CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001
            self.delivery.log(error)

    # --- keep-alive of events ---

    def start_keep_alive(self) -> None:
        if self.is_events and self.length is None and self.silence_s > 0:
            self.keep_alive = self.loop.call_later(self.silence_s, self.on_silence)

    @property
    def silence_s(self) -> float:
        own = self.streaming.keep_alive_s
        return self.delivery.keep_alive_s if own is None else own

    def on_silence(self) -> None:
        assert self.pump is not None
        if self.sink.gone or self.sink.disconnected:
            return  # a client that has closed its end would answer by a reset
        now_s = self.loop.time()
        # A sink that is full is not silent: it has octets to send.
        left_s = self.silence_s - max(0, now_s - max(self.pump.spoke_s, self.commented_at_s))
        if left_s <= 0:
            self.sink.write(KEEP_ALIVE)
            self.commented_at_s = now_s
            left_s = self.silence_s
        self.keep_alive = self.loop.call_later(left_s, self.on_silence)
