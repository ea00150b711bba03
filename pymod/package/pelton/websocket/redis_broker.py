"""Redis between machines: one channel carries all topics (PUBLISH and SUBSCRIBE, redis.io/docs/manual/pubsub)."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from pelton.websocket.brokers import Deliver, Kind

QUEUE_BYTES_MAX = 16 * 2**20  # of what waits to leave; a single message may be larger
BATCH_MAX = 100  # messages in one round trip
SILENCE_S = 15.0  # without a word from Redis, until it is asked for one, and until it is given up
CONNECT_S = 5.0
PAUSE_S, PAUSE_MAX_S = 0.05, 2.0  # before the next try
STOP_S = 1.0

_ENVELOPE = Struct("!16s?I")  # origin, whether it is text, and the length of the topic

_log = logging.getLogger("pelton.broker")


class RedisBroker:
    """A Broker. While Redis is away messages wait, up to a bound; it is looked for until it is back."""

    def __init__(self, url: str, *, channel: str = "pelton.websocket.topics") -> None:
        self.url = url
        self.channel = channel
        self.dropped = 0  # messages that did not leave
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._lost_by: set[str] = set()  # which of listening and sending fail
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def _shown(self) -> str:
        """Without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"

    async def start(self, deliver: Deliver, origin: bytes) -> None:
        """Returns when it hears others, or could not at the first try."""
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._origin = origin
        # Trying again is ours: theirs would keep from us that messages were missed.
        self._client: Redis = Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_S)
        self._work = asyncio.Event()  # something waits to leave
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tried = loop.create_future()
        self._tasks = [loop.create_task(self._listen()), loop.create_task(self._send())]
        await self._tried

    def publish(self, topic: str, kind: Kind, octets: bytes) -> None:
        name = topic.encode()
        message = b"".join((_ENVELOPE.pack(self._origin, kind == "text", len(name)), name, octets))
        if self._waiting and self._bytes + len(message) > QUEUE_BYTES_MAX:
            self.dropped += 1
            return
        self._waiting.append(message)
        self._bytes += len(message)
        self._work.set()
        self._idle.clear()

    async def stop(self) -> None:
        from redis.exceptions import RedisError

        if not self._tasks:
            return
        if not self._lost_by:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), STOP_S)
        self._stopping.set()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=STOP_S)
        self.dropped += len(self._waiting)
        self._waiting.clear()
        with suppress(RedisError, OSError):
            await self._client.aclose()

    # --- what others say ---

    async def _listen(self) -> None:
        from redis.exceptions import RedisError

        pauses = Pauses()
        while not self._stopping.is_set():
            try:
                await self._hear(pauses)
            except (RedisError, OSError) as error:
                self._lost("listening", error)
            await self._pause(pauses.next_s())

    async def _hear(self, pauses: Pauses) -> None:
        async with self._client.pubsub() as pubsub:
            await pubsub.subscribe(self.channel)
            is_asked = False
            while True:
                message = await pubsub.get_message(timeout=SILENCE_S)
                if message is not None:
                    is_asked = False
                    if message["type"] == "subscribe":
                        pauses.over()
                        self._found("listening")
                    elif message["type"] == "message":
                        self._take(message["data"])
                elif is_asked:
                    raise TimeoutError("it is silent")
                else:
                    await pubsub.ping()
                    is_asked = True

    def _take(self, data: Any) -> None:
        """Delivers it, unless it is ours or no message of pelton's."""
        if not isinstance(data, bytes) or len(data) < _ENVELOPE.size:
            return
        origin, is_text, size = _ENVELOPE.unpack_from(data)
        end = _ENVELOPE.size + size
        if origin == self._origin or end > len(data):
            return
        self._deliver(data[_ENVELOPE.size : end].decode(errors="replace"), "text" if is_text else "binary", data[end:])

    # --- what we say ---

    async def _send(self) -> None:
        from redis.exceptions import RedisError

        pauses = Pauses()
        while not self._stopping.is_set():
            await self._work.wait()
            try:
                await self._reach()
                await self._send_batch()
            except (RedisError, OSError) as error:
                self._lost("sending", error)
                await self._pause(pauses.next_s())
            else:
                pauses.over()
                self._found("sending")
            if not self._waiting:
                self._work.clear()
                self._idle.set()

    async def _reach(self) -> None:
        """So that a connection that died while it was idle takes no message with it: the second is a new one."""
        from redis.exceptions import RedisError

        try:
            await self._client.ping()
        except (RedisError, OSError):
            await self._client.ping()

    async def _send_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
        self._bytes -= sum(map(len, batch))
        pipeline = self._client.pipeline(transaction=False)
        for message in batch:
            pipeline.publish(self.channel, message)
        try:
            await pipeline.execute()
        except BaseException:
            # Some of them may have left: once more would be twice.
            self.dropped += len(batch)
            raise

    # --- how it is ---

    async def _pause(self, seconds: float) -> None:
        """Not beyond the stop, which a cancellation alone may not end: wait_for() of 3.11 can lose one."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _lost(self, by: str, error: BaseException) -> None:
        was_lost = bool(self._lost_by)
        self._lost_by.add(by)
        if not was_lost:
            why = str(error) or type(error).__name__
            _log.warning("%s cannot be reached, messages wait for it: %s", self._shown, why)
        self._has_tried()

    def _found(self, by: str) -> None:
        was_lost = bool(self._lost_by)
        self._lost_by.discard(by)
        if was_lost and not self._lost_by:
            _log.warning("%s is reached again; %d messages did not leave so far", self._shown, self.dropped)
        self._has_tried()

    def _has_tried(self) -> None:
        if not self._tried.done():
            self._tried.set_result(None)


class Pauses:
    """Longer and longer ones, of random length so that not all workers come back at once."""

    def __init__(self) -> None:
        self._next_s = PAUSE_S

    def next_s(self) -> float:
        pause_s = self._next_s * random.uniform(0.5, 1.0)
        self._next_s = min(self._next_s * 2, PAUSE_MAX_S)
        return pause_s

    def over(self) -> None:
        self._next_s = PAUSE_S
