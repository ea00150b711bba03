"""Sends of one WebSocket when its queue is full: their order, what the queue holds, who is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import Queue

from links import KeptLink, handshake
from pelton import App, WebSocket, WebSocketDisconnect
from pelton.testing import live_server
from pelton.hosting.client_frames import BINARY, CLOSE, TEXT
from websocket_peer import SILENCE_S, Peer


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def make_room(link: KeptLink) -> None:
    assert link.waited is not None
    link.is_full = False
    link.waited.set_result(None)


def test_a_full_queue_is_waited_for_in_the_order_of_the_calls() -> None:
    async def main() -> None:
        link = KeptLink()
        ws = WebSocket(request, link)

        def sent() -> list[bytes]:
            return [call[1] for call in link.calls[1:]]

        await ws.send("a")
        link.is_full = True
        # The first to find it full is queued, and waits; the others are queued when there is room.
        first, second, third = (asyncio.create_task(ws.send(one)) for one in ("b", b"c", "d"))
        await turns()
        assert sent() == [b"a", b"b"] and not (first.done() or second.done() or third.done())
        second.cancel()
        await turns()
        assert second.cancelled() and not (first.done() or third.done())
        make_room(link)
        await first
        last = asyncio.create_task(ws.send("e"))
        await last
        assert third.done() and sent() == [b"a", b"b", b"d", b"e"]

    request = handshake()
    asyncio.run(main())


def test_sends_that_give_up_do_not_fill_the_queue() -> None:
    async def main() -> None:
        link = KeptLink()
        ws = WebSocket(request, link)
        link.is_full = True
        for _ in range(3):
            send = asyncio.create_task(ws.send("x"))
            await turns()
            send.cancel()
            await asyncio.wait([send])
        assert link.buffered == 1
        link.is_full = False
        await ws.send("y")
        assert link.buffered == 2

    request = handshake()
    asyncio.run(main())


def test_a_reader_that_stops(serve: Callable[..., live_server]) -> None:
    """Sends that give up pile up nothing, and one beside them is done when it reads again."""
    app, octets, buffered = App(), b"x" * 65536, Queue[int]()

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        beside = None
        for _ in range(300):
            given_up = asyncio.create_task(ws.send(octets))
            await turns()
            if not given_up.done():
                beside = beside or asyncio.create_task(ws.send("beside"))
                await turns()
                given_up.cancel()
                await asyncio.wait([given_up])
        assert beside is not None
        buffered.put(ws.buffered)
        await beside

    with Peer(serve(app).port, receive_buffer=65536) as peer:
        assert buffered.get(timeout=SILENCE_S) < 1_000_000
        while (frame := peer.frame()).opcode == BINARY:
            assert frame.payload == octets
        assert frame.opcode == TEXT and frame.payload == b"beside"
        while (frame := peer.frame()).opcode != CLOSE:
            assert frame.payload == octets
        assert frame.code == 1000


def test_a_close_ends_the_sends_that_wait(serve: Callable[..., live_server]) -> None:
    """Those of other tasks, while the peer reads nothing; it goes behind what was queued or waits for room."""
    app, outcomes, published = App(), Queue[list[object]](), b"p" * (1 << 20)

    @app.websocket("/")
    async def handler(ws: WebSocket) -> None:
        ws.subscribe("all")
        numbers = iter(range(1000))

        async def send() -> None:
            while True:
                await ws.send(next(numbers).to_bytes(2, "big") * 32768)

        sends = [asyncio.create_task(send()) for _ in range(3)]
        buffered = -1
        while buffered != ws.buffered or not buffered:  # till all three wait
            buffered = ws.buffered
            await turns()
        app.publish("all", published)
        await ws.close(4000, "enough")
        outcomes.put(await asyncio.gather(*sends, return_exceptions=True))

    with Peer(serve(app, ws_slow_policy="wait").port, receive_buffer=65536) as peer:
        ends = outcomes.get(timeout=SILENCE_S)
        assert [(type(one), str(one)) for one in ends] == [(WebSocketDisconnect, "4000: enough")] * 3
        count = 0
        while len(octets := peer.data()) == 65536:
            assert octets == count.to_bytes(2, "big") * 32768
            count += 1
        assert count >= 4 and octets == published
        frame = peer.frame()
        assert frame.code == 4000 and frame.payload[2:] == b"enough"
