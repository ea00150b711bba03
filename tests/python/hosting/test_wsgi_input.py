"""`wsgi.input`: the ways to read a body."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import request
from wire import SILENCE_S, Peer
from wsgi_applications import PLAIN, Environ, StartResponse, hosted

from pelton.testing import live_server

Serve = Callable[..., live_server]
LINES = b"one\ntwo\n\nlast"
LONG = b"".join(b"%07d\n" % number for number in range(400_000))


@pytest.mark.parametrize("body", [LINES, LONG], ids=["small", "long"])
@pytest.mark.parametrize(
    "read",
    [
        lambda file: file.read(),
        lambda file: file.read(-1),
        lambda file: b"".join(iter(lambda: file.read(1000), b"")),
        lambda file: b"".join(iter(file.readline, b"")),
        lambda file: file.readline(3) + file.read(),
        lambda file: b"".join(file.readlines()),
        lambda file: b"".join(file),
    ],
)
@pytest.mark.parametrize("is_inline", [False, True])
def test_reading(serve: Serve, body: bytes, read: Callable[[Any], bytes], is_inline: bool) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        whole = read(environ["wsgi.input"])
        assert environ["wsgi.input"].read(10) == environ["wsgi.input"].readline() == b""
        start_response("200 OK", PLAIN)
        return [whole]

    got = httpx.post(serve(hosted(app, is_inline=is_inline)).url, content=body, timeout=SILENCE_S)
    assert got.status_code == 200 and got.content == body


MIB = 2**20


def reading(read: Callable[[Any], bytes] = lambda file: file.read()) -> Any:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        body = read(environ["wsgi.input"])
        start_response("200 OK", PLAIN)
        return [body]

    return app


@pytest.mark.parametrize("length", [5, 200_000])
@pytest.mark.parametrize("is_inline", [False, True])
def test_an_application_is_not_called_before_a_short_body_is_there(serve: Serve, length: int, is_inline: bool) -> None:
    called = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        called.set()
        start_response("200 OK", PLAIN)
        return [environ["wsgi.input"].read()]

    with Peer(serve(hosted(app, is_inline=is_inline)).port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {length}"))
        peer.send(b"a" * (length - 1))
        assert not called.wait(0.1)
        peer.send(b"b")
        assert peer.one().body == b"a" * (length - 1) + b"b"


@pytest.mark.parametrize("length", [5, 3 * MIB])
def test_the_first_read_sends_the_100_that_the_client_waits_for(serve: Serve, length: int) -> None:
    called, go_on = threading.Event(), threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        assert environ["CONTENT_LENGTH"] == str(length)
        called.set()
        go_on.wait(SILENCE_S)
        start_response("200 OK", PLAIN)
        return [environ["wsgi.input"].read()]

    with Peer(serve(hosted(app)).port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {length}", "Expect: 100-continue"))
        assert called.wait(SILENCE_S)
        peer.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            peer.socket.recv(100)
        peer.socket.settimeout(SILENCE_S)
        go_on.set()
        assert peer.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.send(b"x" * length)
        assert peer.one().body == b"x" * length


def test_an_application_that_does_not_read_saves_the_client_the_body(serve: Serve) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("403 Forbidden", PLAIN)
        return [b"no"]

    with Peer(serve(hosted(app)).port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {3 * MIB}", "Expect: 100-continue"))
        answer = peer.rest()
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n") and b"Connection: close\r\n" in answer


def test_inline_the_100_is_sent_before_the_application_is_called(serve: Serve) -> None:
    with Peer(serve(hosted(reading(), is_inline=True)).port or 0) as peer:
        peer.send(request("/", "POST", "Content-Length: 3", "Expect: 100-continue"))
        assert peer.socket.recv(100).startswith(b"HTTP/1.1 100")
        peer.send(b"abc")
        assert peer.one().body == b"abc"


def test_a_long_body_is_read_as_it_arrives(serve: Serve) -> None:
    lines: list[bytes] = []
    read = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        body = environ["wsgi.input"]
        lines.append(body.readline())
        read.set()
        rest = len(body.read())
        start_response("200 OK", PLAIN)
        return [b"%d" % rest]

    with Peer(serve(hosted(app)).port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {MIB}"))
        peer.send(b"first\nsec")
        assert read.wait(SILENCE_S) and lines == [b"first\n"]
        peer.send(b"x" * (MIB - 9))
        assert peer.one().body == b"%d" % (MIB - 6)


def test_a_body_that_nobody_reads_is_not_received(serve: Serve) -> None:
    go_on = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        go_on.wait(SILENCE_S)
        start_response("200 OK", PLAIN)
        return [b"%d" % len(environ["wsgi.input"].read())]

    size = 60 * MIB
    with Peer(serve(hosted(app)).port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {size}"))
        peer.socket.settimeout(0.5)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < size:
                sent += peer.socket.send(bytes(MIB))
        assert sent < 40 * MIB  # what the kernel and the server keep
        peer.socket.settimeout(SILENCE_S)
        go_on.set()
        while sent < size:
            sent += peer.socket.send(bytes(min(MIB, size - sent)))
        assert peer.one().body == b"%d" % size


@pytest.mark.parametrize("ends", ["reset", "finish"])
def test_a_body_that_stops_in_the_middle_raises_os_error(serve: Serve, ends: str, caplog: pytest.LogCaptureFixture) -> None:
    raised: list[BaseException] = []
    begun, done = threading.Event(), threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        begun.set()
        try:
            return [environ["wsgi.input"].read()]
        except BaseException as error:
            raised.append(error)
            raise
        finally:
            done.set()

    server = serve(hosted(app))
    with Peer(server.port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {3 * MIB}") + b"x" * 1000)
        assert begun.wait(SILENCE_S)
        getattr(peer, ends)()
        assert done.wait(SILENCE_S)
    server.__exit__(None, None, None)
    assert [type(error) for error in raised] == [OSError] and not caplog.records


def test_a_body_that_comes_too_slowly_ends_the_read(serve: Serve) -> None:
    done = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        try:
            environ["wsgi.input"].read()
        finally:
            done.set()
        return []

    with Peer(serve(hosted(app), timeout_rate_grace=0.3).port or 0) as peer:
        peer.send(request("/", "POST", f"Content-Length: {3 * MIB}") + b"x" * 1000)
        assert peer.rest().startswith(b"HTTP/1.1 408 ")
        assert done.wait(SILENCE_S)


def test_reading_beside_an_answer_in_pieces(serve: Serve) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", [*PLAIN, ("Content-Length", str(2 * MIB))])
        while piece := environ["wsgi.input"].read(50_001):
            yield piece

    body = LONG[: 2 * MIB]
    with Peer(serve(hosted(app)).port or 0) as peer:
        sending = threading.Thread(target=peer.send, args=(request("/", "POST", body=body),))
        sending.start()
        assert peer.one().body == body
        sending.join()


def test_many_bodies_on_one_connection(serve: Serve) -> None:
    with Peer(serve(hosted(reading(lambda file: b"%d" % len(file.read())))).port or 0) as peer:
        for size in (1, MIB, 0, 300_000, 2 * MIB, 100):
            peer.send(request("/", "POST", *([] if size else ["Content-Length: 0"]), body=b"x" * size))
            assert peer.one().body == b"%d" % size


def test_a_limit_of_bodies_holds_if_it_is_set(serve: Serve) -> None:
    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", PLAIN)
        return [str(len(environ["wsgi.input"].read())).encode()]

    assert httpx.post(serve(hosted(app)).url, content=b"x" * (2 * 2**20)).text == str(2 * 2**20)
    assert httpx.post(serve(hosted(app), limit_body_size=10).url, content=b"x" * 11).status_code == 413
