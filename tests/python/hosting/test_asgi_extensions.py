"""Extensions of ASGI: early hints, and files that the server reads itself."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgi_applications import Event, Receive, Send, answer, body_of, hosted, over_http, request
from wire import SILENCE_S, Peer, ask

from pelton import App
from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
LINKS = [b"</a.css>; rel=preload; as=style", b"</b.js>; rel=preload; as=script"]
HINTS: Event = {"type": "http.response.early_hint", "links": LINKS}
START: Event = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/x")]}
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: " + b"\r\nLink: ".join(LINKS) + b"\r\n\r\n"


def sends(*events: Event) -> Any:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        assert scope["extensions"] == {"http.response.trailers": {}, "http.response.early_hint": {}, "http.response.pathsend": {}}
        for event in events:
            await send(event)

    return hosted(over_http(handle))


# --- early hints ---


def test_hints_come_before_the_response(serve: Serve) -> None:
    server = serve(sends(HINTS, START, {"type": "http.response.body", "body": b"x"}))
    for _ in range(2):
        octets = ask(server.port or 0, request())
        assert octets.startswith(HINTED + b"HTTP/1.1 200 OK\r\n") and octets.endswith(b"\r\n\r\nx")


def test_hints_leave_while_the_application_still_works(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(HINTS)
        assert await body_of(receive) == b"go on"
        await send({**HINTS, "links": iter([b"<c>"])})
        await answer(send, b"whole")

    with Peer(serve(hosted(over_http(handle))).port or 0) as peer:
        peer.send(request("/", "POST", "Content-Length: 5"))
        received = b""
        while len(received) < len(HINTED):
            received += peer.socket.recv(1000)
        assert received == HINTED
        peer.send(b"go on")
        peer.finish()
        rest = peer.rest()
        assert rest.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: <c>\r\n\r\nHTTP/1.1 200 OK\r\n") and rest.endswith(b"whole")


@pytest.mark.parametrize("links", [[], None, ()])
def test_no_links_are_no_hint(serve: Serve, links: Any) -> None:
    server = serve(sends({**HINTS, "links": links}, {"type": "http.response.early_hint"}, START, {"type": "http.response.body"}))
    assert ask(server.port or 0, request()).startswith(b"HTTP/1.1 200 OK\r\n")


def test_http_1_0_gets_no_hints(serve: Serve) -> None:
    server = serve(sends(HINTS, START, {"type": "http.response.body", "body": b"x"}))
    assert ask(server.port or 0, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


def test_hints_that_a_slow_client_does_not_take_are_left_out(serve: Serve) -> None:
    sent = 0

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        nonlocal sent
        for _ in range(5000):
            await send({**HINTS, "links": [b"x" * 1000] * 10})
            sent += 1
        await answer(send, b"whole")

    with Peer(serve(hosted(over_http(handle))).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        received = peer.rest()
    assert sent == 5000 and received.endswith(b"whole")
    assert 0 < received.count(b"103 Early Hints") < 5000


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([{**HINTS, "links": ["text"]}], "TypeError: a link of http.response.early_hint is bytes, not str"),
        ([{**HINTS, "links": 7}], "TypeError"),
        ([{**HINTS, "links": [b"a\r\nb: c"]}], "ValueError: a response header has a bad name or value"),
        ([{**HINTS, "links": [b"x" * 1000] * 70}], "ValueError: a response header has a bad name or value"),
        ([START, HINTS], "RuntimeError: http.response.early_hint was sent after http.response.start"),
    ],
)
def test_wrong_hints_are_a_500(serve: Serve, events: list[Event], error: str, caplog: pytest.LogCaptureFixture) -> None:
    assert ask(serve(sends(*events)).port or 0, request()).startswith(b"HTTP/1.1 500 ")
    assert error in caplog.text


# --- files ---


@pytest.fixture(params=[0, 5, 32 * 1024, 300_000, 3_000_000])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "über"
    path.write_bytes(os.urandom(request.param))
    return path


def of(path: Path, **more: Any) -> Event:
    return {"type": "http.response.pathsend", "path": str(path), **more}


def with_length(size: int) -> Event:
    return {**START, "headers": [*START["headers"], (b"content-length", b"%d" % size), (b"x-own", b"1")]}


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_is_the_body_and_the_head_is_the_applications(serve: Serve, file: Path, tells_length: bool) -> None:
    content = file.read_bytes()
    server = serve(sends(with_length(len(content)) if tells_length else START, of(file)))
    with Peer(server.port or 0) as peer:
        for _ in range(2):
            peer.send(request())
            answer = peer.one()
            assert answer.status == 200 and answer.body == content
            expected = {"content-type", "content-length", "date"} | ({"x-own"} if tells_length else set())
            assert answer.fields.keys() == expected and answer.fields["content-length"] == str(len(content))
        # Ranges and conditions are the application's business.
        peer.send(request("/", "GET", "Range: bytes=0-1", "If-None-Match: *"))
        assert peer.one().status == 200
        peer.send(request("/", "HEAD"))
        answer = peer.one(is_head=True)
        assert answer.fields["content-length"] == str(len(content))
    with TestClient(sends(START, of(file))) as client:
        assert client.get("/").content == content


def test_send_waits_until_the_file_has_left_and_goes_on(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(30_000_000))
    came: list[str] = []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        await send(of(path))
        came.append("sent")
        assert (await receive())["type"] == "http.disconnect"
        with pytest.raises(RuntimeError, match="although the response was complete"):
            await send(of(path))
        came.append("end")

    with Peer(serve(hosted(over_http(handle))).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        assert peer.socket.recv(100)
        assert came == []
        assert len(peer.rest()) > 29_000_000
    assert came == ["sent", "end"]


def test_other_events_while_a_file_leaves(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20_000_000))

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        sending = send(of(path))
        for event in ({"type": "http.response.body", "body": b"x"}, of(path)):
            with pytest.raises(RuntimeError, match="although the response was complete"):
                await send(event)
        heard = asyncio.ensure_future(receive())
        await sending
        assert (await heard)["type"] == "http.disconnect"

    with Peer(serve(hosted(over_http(handle))).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        assert len(peer.rest()) > 20_000_000


def test_a_client_that_leaves_in_the_middle_of_a_file(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(30_000_000))
    ended: list[BaseException] = []
    done = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            await send(of(path))
        except OSError as error:
            ended.append(error)
            assert (await receive())["type"] == "http.disconnect"
            raise
        finally:
            done.set()

    server = serve(hosted(over_http(handle)))
    with Peer(server.port or 0, receive_bytes=65536) as peer:
        peer.send(request())
        assert peer.socket.recv(100)
        peer.reset()
        assert done.wait(SILENCE_S)
    server.__exit__(None, None, None)
    assert len(ended) == 1 and not caplog.records


@pytest.mark.parametrize(("name", "error"), [("missing", FileNotFoundError), ("", IsADirectoryError), ("pipe", FileNotFoundError)])
def test_without_the_file_the_application_may_answer_otherwise(serve: Serve, tmp_path: Path, name: str, error: type[OSError]) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / name

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        with pytest.raises(error) as raised:
            await send(of(path))
        assert raised.value.filename == str(path)
        await send({"type": "http.response.body", "body": b"no file"})

    server = serve(hosted(over_http(handle)))
    for _ in range(2):
        assert ask(server.port or 0, request()).endswith(b"\r\n\r\nno file")


def test_an_application_that_does_not_is_a_500(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert ask(serve(sends(START, of(tmp_path / "missing"))).port or 0, request()).startswith(b"HTTP/1.1 500 ")
    assert "FileNotFoundError" in caplog.text


def test_a_file_that_is_longer_than_was_said_is_sent_in_part_and_a_shorter_one_is_cut(serve: Serve, file: Path) -> None:
    content = file.read_bytes()
    if content:
        with Peer(serve(sends(with_length(len(content) - 1), of(file))).port or 0) as peer:
            peer.send(request())
            assert peer.one().body == content[:-1]
    with Peer(serve(sends(with_length(len(content) + 1), of(file))).port or 0) as peer:
        peer.send(request())
        received = b""
        with pytest.raises(ConnectionResetError):
            while piece := peer.socket.recv(65536):
                received += piece
        assert len(received.partition(b"\r\n\r\n")[2]) <= len(content)


def test_statuses_of_the_application(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    for status, body in ((404, b"abc"), (206, b"abc"), (204, b""), (304, b"")):
        with Peer(serve(sends({**START, "status": status}, of(path))).port or 0) as peer:
            peer.send(request())
            answer = peer.one(is_head=not body)
            assert (answer.status, answer.body) == (status, body)


WRONG: list[tuple[list[Event], str]] = [
    ([of(Path("/etc/hostname"))], "RuntimeError: http.response.pathsend was sent before http.response.start"),
    ([{**START, "trailers": True}, of(Path("/etc/hostname"))], "although http.response.start announced trailers"),
    ([START, of(Path("relative"))], "ValueError: the path of http.response.pathsend is an absolute one, not 'relative'"),
    ([START, of(Path("/a\0b"))], "ValueError: the path of http.response.pathsend is an absolute one"),
    ([START, {"type": "http.response.pathsend"}], "TypeError: the path of http.response.pathsend is a str, not missing"),
    ([START, {"type": "http.response.pathsend", "path": b"/x"}], "TypeError: the path of http.response.pathsend is a str, not bytes"),
    ([{**START, "headers": [(b"a", b"b\nc")]}, of(Path("/etc/hostname"))], "ValueError: a response header has a bad name or value"),
    ([{**START, "headers": [(b"content-length", b"x")]}, of(Path("/etc/hostname"))], "ValueError: a response header has a bad"),
]


@pytest.mark.parametrize(("events", "error"), WRONG, ids=[error for _, error in WRONG])
def test_a_wrong_file_is_a_500(serve: Serve, events: list[Event], error: str, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(sends(*events))
    for _ in range(2):
        assert ask(server.port or 0, request()).startswith(b"HTTP/1.1 500 ")
    assert caplog.text.count(error) == 2


def test_a_file_after_a_piece_of_the_body_cuts_the_response(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    server = serve(sends(START, {"type": "http.response.body", "body": b"x", "more_body": True}, of(path)))
    with Peer(server.port or 0) as peer, pytest.raises(ConnectionResetError):
        peer.send(request())
        while peer.socket.recv(65536):
            pass
    assert "http.response.pathsend was sent after http.response.body" in caplog.text


def test_an_application_that_returns_or_raises_while_its_file_leaves(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(3_000_000))

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        unawaited = send(of(path))
        if scope["path"] == "/raise":
            raise ValueError("meanwhile")
        assert unawaited is not None

    server = serve(hosted(over_http(handle)))
    for target in ("/", "/raise"):
        octets = ask(server.port or 0, request(target))
        assert len(octets.partition(b"\r\n\r\n")[2]) == 3_000_000
    assert caplog.text.count("ValueError: meanwhile") == 1


def test_a_file_below_a_mount(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 50_000)

    async def old(scope: Event, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await send(START)
        await send(of(path))

    app = App()
    app.mount("/old", old)
    with TestClient(app) as client:
        assert client.get("/old/x").content == path.read_bytes()
