"""`wsgi.file_wrapper`: files that the kernel copies, and everything else by its pieces."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgi_applications import request
from wire import SILENCE_S, Peer, ask
from wsgi_applications import PLAIN, Environ, StartResponse, hosted

from pelton.hosting.file_wrapper import FileWrapper
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
both_ways = pytest.mark.parametrize("is_inline", [False, True], ids=["in the pool", "inline"])
CONTENT = os.urandom(400_000)


def sends(
    open_file: Callable[[], Any],
    *headers: tuple[str, str],
    status: str = "200 OK",
    closed: list[str] | None = None,
    done: threading.Event | None = None,
) -> Any:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response(status, [*PLAIN, *headers])
        file = open_file()
        if closed is not None:
            inner = file.close

            def close() -> None:
                closed.append(threading.current_thread().name)
                inner()
                if done is not None:
                    done.set()

            file.close = close
        return environ["wsgi.file_wrapper"](file)

    return app


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(CONTENT)
    return made


def opened(path: Path, at: int = 0, mode: str = "rb", **more: Any) -> Any:
    file = open(path, mode, **more)
    file.seek(at)
    return file


# --- which files they are ---


def test_files_of_open_are_known_from_where_they_are_read_next(path: Path) -> None:
    for mode in ("rb", "r+b"):
        for buffering in (0, -1, 100):
            with opened(path, 7, mode, buffering=buffering) as file:
                assert FileWrapper(file).open_file() == (file.fileno(), 7, 400_000 - 7)
                assert len(file.read(10)) == 10
                assert FileWrapper(file).open_file() == (file.fileno(), 17, 400_000 - 17)


def test_what_was_written_is_part_of_it(tmp_path: Path) -> None:
    with open(tmp_path / "new", "w+b") as file:
        file.write(b"x" * 100)
        file.seek(10)
        assert FileWrapper(file).open_file() == (file.fileno(), 10, 90)
    with tempfile.NamedTemporaryFile() as temporary:
        temporary.write(b"abc")
        temporary.seek(0)
        assert FileWrapper(temporary).open_file() == (temporary.fileno(), 0, 3)
    with tempfile.TemporaryFile() as unnamed:
        unnamed.write(b"abc")
        unnamed.seek(1)
        assert FileWrapper(unnamed).open_file() == (unnamed.fileno(), 1, 2)


def test_other_files_are_not(path: Path) -> None:
    class Own(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b"changed"

    with gzip.open(path.with_suffix(".gz"), "wb") as packed:
        packed.write(b"x")
    closed = open(path, "rb")
    closed.close()
    reading, writing = os.pipe()
    os.close(writing)
    others = [io.BytesIO(b"x"), gzip.open(path.with_suffix(".gz")), Own(path), open(path), closed, open(reading, "rb"), opened(path, 500_000)]
    for other in [*others, object(), tempfile.SpooledTemporaryFile()]:
        assert FileWrapper(other).open_file() is None
        if hasattr(other, "close"):
            other.close()


# --- how they leave ---


@both_ways
@pytest.mark.parametrize("at", [0, 1, 399_000, 400_000])
@pytest.mark.parametrize("buffering", [0, -1])
def test_a_file_leaves_from_where_it_stands_with_its_length(serve: Serve, path: Path, at: int, buffering: int, is_inline: bool) -> None:
    server = serve(hosted(sends(lambda: opened(path, at, buffering=buffering)), is_inline=is_inline))
    with Peer(server.port or 0) as peer:
        for _ in range(2):
            peer.send(request())
            answer = peer.one()
            assert answer.status == 200 and answer.body == CONTENT[at:]
            assert answer.fields["content-length"] == str(400_000 - at) and answer.fields["content-type"] == "text/plain"
            assert answer.fields.keys() == {"content-length", "content-type", "date"}


@both_ways
def test_a_file_whose_length_is_declared(serve: Serve, path: Path, is_inline: bool) -> None:
    for declared in (10, 100_000, 399_999, 400_000):
        server = serve(hosted(sends(lambda: opened(path), ("Content-Length", str(declared))), is_inline=is_inline))  # noqa: B023
        with Peer(server.port or 0) as peer:
            peer.send(request())
            assert peer.one().body == CONTENT[:declared]
    with Peer(serve(hosted(sends(lambda: opened(path), ("Content-Length", "400001")), is_inline=is_inline)).port or 0) as peer:
        peer.send(request())
        received = b""
        with pytest.raises(ConnectionResetError):
            while piece := peer.socket.recv(65536):
                received += piece
        assert CONTENT.startswith(received.partition(b"\r\n\r\n")[2])


@both_ways
@pytest.mark.parametrize("make", [lambda path: io.BytesIO(path.read_bytes()), lambda path: gzip.open(path.with_suffix(".gz"))])
def test_anything_else_leaves_piece_by_piece(serve: Serve, path: Path, make: Callable[[Path], Any], is_inline: bool) -> None:
    with gzip.open(path.with_suffix(".gz"), "wb") as packed:
        packed.write(CONTENT)
    server = serve(hosted(sends(lambda: make(path), ("Content-Length", "400000")), is_inline=is_inline))
    assert ask(server.port or 0, request()).endswith(CONTENT)


@both_ways
@pytest.mark.parametrize(("status", "method"), [("204 None", "GET"), ("304 None", "GET"), ("200 OK", "HEAD")])
def test_where_no_body_is_sent(serve: Serve, path: Path, status: str, method: str, is_inline: bool) -> None:
    closed: list[str] = []
    server = serve(hosted(sends(lambda: opened(path), ("Content-Length", "400000"), status=status, closed=closed), is_inline=is_inline))
    with Peer(server.port or 0) as peer:
        for _ in range(2):
            peer.send(request("/", method))
            assert peer.one(is_head=True).status == int(status[:3])
    assert len(closed) == 2


def test_a_file_is_closed_on_its_thread_when_it_has_left(serve: Serve, path: Path) -> None:
    closed: list[str] = []
    done = threading.Event()
    size = 30_000_000
    os.truncate(path, size)
    with Peer(serve(hosted(sends(lambda: opened(path), closed=closed, done=done))).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        assert peer.socket.recv(100)
        assert closed == []
        assert len(peer.rest()) > size - 100
        assert done.wait(SILENCE_S)
    assert len(closed) == 1 and closed[0].startswith("pelton-default-")


@both_ways
def test_a_client_that_leaves_in_the_middle_lets_the_file_be_closed(serve: Serve, path: Path, is_inline: bool) -> None:
    os.truncate(path, 30_000_000)
    done = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", PLAIN)
        file = opened(path)
        inner = file.close

        def close() -> None:
            inner()
            done.set()

        file.close = close
        return environ["wsgi.file_wrapper"](file)

    with Peer(serve(hosted(app, is_inline=is_inline)).port or 0, receive_bytes=65536) as peer:
        peer.send(request())
        assert peer.socket.recv(100)
        assert not done.is_set()
        peer.reset()
        assert done.wait(SILENCE_S)


@both_ways
def test_a_file_behind_write_comes_after_that(serve: Serve, path: Path, is_inline: bool) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", [("Content-Length", "400003")])(b"abc")
        return environ["wsgi.file_wrapper"](opened(path))

    assert ask(serve(hosted(app, is_inline=is_inline)).port or 0, request()).endswith(b"\r\n\r\nabc" + CONTENT)


@both_ways
def test_start_response_may_be_called_by_nobody_before_a_file(serve: Serve, path: Path, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        return environ["wsgi.file_wrapper"](opened(path))

    assert ask(serve(hosted(app, is_inline=is_inline)).port or 0, request()).startswith(b"HTTP/1.1 500 ")
    assert "without calling start_response()" in caplog.text


@both_ways
def test_a_file_has_the_applications_phrase_and_no_wrong_head(serve: Serve, path: Path, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(hosted(sends(lambda: opened(path), status="200 Here It Is"), is_inline=is_inline))
    assert ask(server.port or 0, request()).startswith(b"HTTP/1.1 200 Here It Is\r\n")
    assert not caplog.records


@both_ways
def test_in_memory(path: Path, is_inline: bool) -> None:
    with TestClient(hosted(sends(lambda: opened(path, 5)), is_inline=is_inline)) as client:
        assert client.get("/").content == CONTENT[5:]
