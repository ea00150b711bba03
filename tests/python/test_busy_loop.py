"""What comes while a handler keeps the loop busy is read before a deadline ends anything."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import ExitStack

from pelton import App, Request
from pelton.testing import live_server
from wire import Peer

UPLOADS = 100  # more than a ring tells in one turn
GRACE_S = 0.5
BUSY_S = 3 * GRACE_S
BODY = bytes(1000)
HEAD = b"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n"
BUSY = b"GET /busy HTTP/1.1\r\nHost: h\r\n\r\n"


def application(begun: threading.Event, large: bytes = b"done") -> App:
    app = App()

    @app.post("/upload")
    def upload(request: Request) -> int:
        return len(request.body())

    @app.get("/busy")
    def busy() -> bytes:
        begun.set()
        threading.Event().wait(BUSY_S)  # what takes long
        return large

    return app


def test_CON_010_uploads_that_came_meanwhile_are_in_time(engine: str) -> None:
    begun = threading.Event()
    with live_server(application(begun), engine=engine, timeout_rate_grace=GRACE_S) as server, ExitStack() as stack:
        assert server.port is not None
        peers = [stack.enter_context(Peer(server.port)) for _ in range(UPLOADS)]
        asking = stack.enter_context(Peer(server.port))
        for peer in peers:
            peer.send(HEAD + b"Expect: 100-continue\r\n\r\n")
            assert peer.socket.recv(100).startswith(b"HTTP/1.1 100 ")
        asking.send(BUSY)
        assert begun.wait(10)
        for peer in peers:
            peer.send(BODY)
        assert asking.one().status == 200
        assert [peer.one().status for peer in peers] == [200] * UPLOADS
        assert "refused.body_too_slow" not in {name for name, count in server.stats().items() if count}


def test_CON_004_the_answer_of_a_slow_handler_is_sent_whole(engine: str) -> None:
    """It is more than the socket takes, so the client has to read for a while."""
    begun = threading.Event()
    large = bytes(16 << 20)
    with live_server(application(begun, large), engine=engine, timeout_rate_grace=GRACE_S) as server:
        assert server.port is not None
        with Peer(server.port) as peer:
            peer.send(BUSY)
            assert len(peer.one().body) == len(large)
        assert server.stats()["cut.send_too_slow"] == 0


def test_what_an_async_handler_waits_for_comes_before_its_timer(engine: str) -> None:
    """As asyncio has it: descriptors are looked at before timers that came due meanwhile."""
    begun = threading.Event()
    app = application(begun)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    @app.get("/waits")
    async def waits() -> list[str]:
        # Not by wait_for(): from Python 3.12 on its timer wins over what is there as well.
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        both = asyncio.Event()

        def note(what: str) -> None:
            loop.remove_reader(ours)
            seen.append(what)
            if len(seen) == 2:
                both.set()

        loop.add_reader(ours, note, "octets")
        loop.call_later(GRACE_S, note, "timer")
        await both.wait()
        return seen

    with ours, theirs, live_server(app, engine=engine) as server, ExitStack() as stack:
        assert server.port is not None
        waiting, asking = (stack.enter_context(Peer(server.port)) for _ in range(2))
        waiting.send(b"GET /waits HTTP/1.1\r\nHost: h\r\n\r\n")
        asking.send(BUSY)
        assert begun.wait(10)
        theirs.send(b"in time")
        assert waiting.one().body == b'["octets","timer"]'
