"""WSGI applications in the blocking pool: how bodies get to a client that is slow, or leaves."""

from __future__ import annotations

import gc
import select
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from asgi_applications import request
from wire import SILENCE_S, Peer, ask
from wsgi_applications import PLAIN, Closing, Environ, StartResponse, hosted

from pelton.testing import live_server

Serve = Callable[..., live_server]
PIECE = b"x" * 65536


class Endless:
    """An application whose body ends only if somebody closes it."""

    def __init__(self) -> None:
        self.sent = 0
        self.closed = threading.Event()
        self.error: BaseException | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        write = start_response("200 OK", PLAIN)
        if environ["PATH_INFO"] == "/write":
            try:
                while True:
                    write(PIECE)
                    self.sent += 1
            except BaseException as error:
                self.error = error
                raise
            finally:
                self.closed.set()
        return Closing(self.pieces(), self.closed.set)

    def pieces(self) -> Any:
        while True:
            self.sent += 1
            yield PIECE


@pytest.mark.parametrize("is_inline", [False, True])
def test_a_body_is_made_no_faster_than_it_is_read_and_closed_when_the_client_leaves(serve: Serve, is_inline: bool) -> None:
    app = Endless()
    with Peer(serve(hosted(app, is_inline=is_inline)).port or 0, receive_bytes=65536) as peer:
        peer.send(request())
        assert peer.socket.recv(100)
        assert not app.closed.wait(0.5)
        assert app.sent < 400  # the rest would be in memory: 25 MiB is far more than sockets and queues hold
        peer.reset()
        assert app.closed.wait(SILENCE_S)


def test_write_waits_and_raises_os_error_when_the_client_leaves(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    app = Endless()
    with Peer(serve(hosted(app)).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/write"))
        assert peer.socket.recv(100)
        assert not app.closed.wait(0.5)
        assert app.sent < 400
        peer.reset()
        assert app.closed.wait(SILENCE_S)
    assert isinstance(app.error, OSError) and "OSError" not in caplog.text


def test_requests_run_side_by_side(serve: Serve) -> None:
    together = threading.Barrier(4, timeout=SILENCE_S)

    def app(environ: Environ, start_response: StartResponse) -> Any:
        together.wait()
        start_response("200 OK", PLAIN)
        return [threading.current_thread().name.encode()]

    port = serve(hosted(app), blocking_threads=4).port or 0
    peers = [Peer(port) for _ in range(4)]
    for peer in peers:
        peer.send(request())
    assert {peer.one().body for peer in peers} == {b"pelton-default-%d" % number for number in range(4)}
    for peer in peers:
        peer.socket.close()


def test_a_call_stays_on_its_thread_from_its_first_step_to_close(serve: Serve) -> None:
    names: list[str] = []

    def note() -> None:
        names.append(threading.current_thread().name)

    def pieces() -> Any:
        for _ in range(20):
            note()
            yield PIECE

    def app(environ: Environ, start_response: StartResponse) -> Any:
        note()
        start_response("200 OK", PLAIN)
        return Closing(pieces(), note)

    with Peer(serve(hosted(app), blocking_threads=4).port or 0) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        assert peer.rest().endswith(b"\r\n0\r\n\r\n")
    assert len(names) == 22 and len(set(names)) == 1 and names[0].startswith("pelton-default-")


def test_too_many_that_wait_are_refused(serve: Serve) -> None:
    go_on = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> Any:
        go_on.wait(SILENCE_S)
        start_response("200 OK", PLAIN)
        return [b"x"]

    port = serve(hosted(app), blocking_threads=1, limit_queued=1).port or 0
    peers = [Peer(port) for _ in range(8)]
    for peer in peers:
        peer.send(request())
    assert select.select([peer.socket for peer in peers], [], [], SILENCE_S)[0]  # a refusal, for no call has ended yet
    go_on.set()
    answers = [peer.one() for peer in peers]
    assert {answer.status for answer in answers} == {200, 503}
    assert all(answer.fields["retry-after"] == "1" for answer in answers if answer.status == 503)
    for peer in peers:
        peer.socket.close()


def test_a_time_limit_of_handlers_ends_the_wait(serve: Serve) -> None:
    go_on = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> Any:
        go_on.wait(SILENCE_S)
        start_response("200 OK", PLAIN)
        yield b"too late"

    with Peer(serve(hosted(app), timeout_handler=0.2).port or 0) as peer:
        peer.send(request())
        assert peer.one().status == 504
    go_on.set()


@pytest.mark.parametrize("size", [3, 1_000_000])
def test_a_request_leaves_nothing_for_the_garbage_collector(serve: Serve, size: int) -> None:
    gone = threading.Event()

    def app(environ: Environ, start_response: Any) -> Any:
        weakref.finalize(start_response.__self__._pass_on.__self__, gone.set)
        start_response("200 OK", PLAIN)
        body = environ["wsgi.input"].read()
        return [body] if environ["PATH_INFO"] == "/whole" else iter([body])

    server = serve(hosted(app))
    gc.disable()
    try:
        for target in ("/whole", "/pieces"):
            gone.clear()
            assert ask(server.port or 0, request(target, "POST", body=b"x" * size)).count(b"x") >= size
            assert gone.wait(SILENCE_S)
    finally:
        gc.enable()
