"""Requests to an ASGI application and its answers, event by event."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import weakref
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgi_applications import Event, Receive, Send, answer, body_of, hosted, over_http, request
from wire import SILENCE_S, Peer, answers

from pelton.testing import TestClient, live_server

Serve = Callable[..., live_server]
SHORT: Any = {"timeout_lifespan_shutdown": 0.1, "timeout_read_header": 0.1, "ws_close_timeout": 0.1}
START: Event = {"type": "http.response.start", "status": 200}
MIB = 2**20


def http(handle: Any) -> Any:
    return hosted(over_http(handle))


# --- receive ---


@pytest.mark.parametrize("size", [0, 1, 65536, 3 * MIB])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_arrives_whole(serve: Serve, size: int, chunked: bool) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, await body_of(receive))

    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with httpx.Client(base_url=serve(http(handle)).url, timeout=SILENCE_S) as client:
        for _ in range(2):
            got = client.post("/", content=iter([body[:1000], body[1000:]]) if chunked else body)
            assert got.status_code == 200 and got.content == body


def test_a_request_without_a_body_gives_one_empty_event_and_then_the_end(serve: Serve) -> None:
    events: list[Event] = []
    ended = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        events.append(await receive())
        await answer(send, b"x")
        events.append(await receive())
        events.append(await receive())
        ended.set()

    assert httpx.get(serve(http(handle)).url).text == "x"
    assert ended.wait(SILENCE_S)
    assert events == [{"type": "http.request", "body": b"", "more_body": False}, *2 * [{"type": "http.disconnect"}]]


def test_a_body_that_nobody_receives_is_not_read_from_the_socket(serve: Serve) -> None:
    go_on, received = threading.Event(), []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(go_on.wait, SILENCE_S)
        length, more = 0, True
        while more:
            event = await receive()
            length, more = length + len(event["body"]), event["more_body"]
        received.append(length)
        await answer(send, b"x")

    total = 64 * MIB
    with Peer(serve(http(handle)).port or 0) as peer:
        peer.socket.sendall(f"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {total}\r\n\r\n".encode())
        peer.socket.settimeout(1)
        sent, piece = 0, bytes(MIB)
        try:
            while sent < total:
                sent += peer.socket.send(piece[: total - sent])
        except TimeoutError:
            pass  # the kernel's buffers are full
        assert sent < total, "the whole body was read ahead"
        go_on.set()
        peer.socket.settimeout(SILENCE_S)
        while sent < total:
            sent += peer.socket.send(piece[: total - sent])
        assert peer.one().body == b"x" and received == [total]


def test_a_client_is_told_to_continue_once_its_body_is_received(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, await body_of(receive) if scope["path"] == "/read" else b"unread")

    port = serve(http(handle)).port or 0
    with Peer(port) as peer:
        peer.send(b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert peer.socket.recv(100).startswith(b"HTTP/1.1 100 ")
        peer.send(b"ab")
        assert peer.one().body == b"ab"
    with Peer(port) as peer:
        peer.send(b"POST /not HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert peer.rest().startswith(b"HTTP/1.1 200 ")


def test_a_client_that_leaves_ends_receive_and_send_raises_os_error(serve: Serve) -> None:
    outcome: list[Any] = []
    begun, ended = threading.Event(), threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        begun.set()
        outcome.append(await receive())
        try:
            while True:
                await send(START)
                await asyncio.sleep(0)
        except (OSError, RuntimeError) as error:
            outcome.append(type(error))
        try:
            await send(START)
        finally:
            ended.set()

    with Peer(serve(http(handle)).port or 0) as peer:
        peer.send(request())
        assert begun.wait(SILENCE_S)
        peer.reset()
        assert ended.wait(SILENCE_S)
    assert outcome == [{"type": "http.disconnect"}, OSError]


def test_a_body_that_stops_in_the_middle_is_a_disconnect(serve: Serve) -> None:
    events: list[Any] = []
    begun, ended = threading.Event(), threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        events.append(await receive())
        begun.set()
        events.append(await receive())
        ended.set()

    with Peer(serve(http(handle)).port or 0) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
        assert begun.wait(SILENCE_S)
        peer.finish()
        assert ended.wait(SILENCE_S)
    assert events == [{"type": "http.request", "body": b"abc", "more_body": True}, {"type": "http.disconnect"}]


@pytest.mark.parametrize(("limit", "status"), [(8, 200), (7, 413)])
def test_a_limit_on_bodies_holds_if_it_is_set(serve: Serve, limit: int, status: int) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, await body_of(receive))

    server = serve(http(handle), limit_body_size=limit)
    assert httpx.post(server.url, content=b"12345678").status_code == status


# --- send ---


def test_a_response_in_pieces(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [(b"content-length", b"6")] if scope["path"] == "/length" else []})
        for piece in (b"ab", b"", b"cd"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": bytearray(b"ef")})

    with httpx.Client(base_url=serve(http(handle)).url) as client:
        for _ in range(2):
            for path, framing in (("/", "transfer-encoding"), ("/length", "content-length")):
                got = client.get(path)
                assert got.content == b"abcdef" and framing in got.headers
            assert client.head("/").content == b""


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("more", [False, True])
def test_a_status_without_a_body(serve: Serve, status: int, more: bool) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send({**START, "status": status})
        await send({"type": "http.response.body", "body": b"dropped", "more_body": more})
        if more:
            await send({"type": "http.response.body"})

    with Peer(serve(http(handle)).port or 0) as peer:
        for _ in range(2):
            peer.send(request())
            got = peer.one()
            assert got.status == status and got.body == b""


def test_head_has_the_fields_of_get_and_no_body(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        body = b"" if scope["path"] == "/empty" else b"12345"
        await answer(send, body, 200, [(b"content-length", b"5")])

    with Peer(serve(http(handle)).port or 0) as peer:
        for path in ("/", "/empty", "/"):
            peer.send(request(path, "HEAD"))
            assert peer.one(is_head=True).fields["content-length"] == "5"


def test_send_waits_while_the_client_takes_nothing(serve: Serve) -> None:
    sent: list[int] = []
    full = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        for _ in range(256):
            waiting = send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
            asyncio.get_running_loop().call_later(0.5, full.set)
            await waiting
            sent.append(MIB)
        await send({"type": "http.response.body"})

    with Peer(serve(http(handle)).port or 0, receive_bytes=65536) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        assert full.wait(SILENCE_S) and sum(sent) < 64 * MIB
        length = 0
        while piece := peer.socket.recv(MIB):
            length += len(piece)
        assert length > 256 * MIB and sum(sent) == 256 * MIB


def test_a_large_last_piece_leaves_though_its_send_is_not_awaited(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [(b"content-length", str(9 * MIB).encode())]})
        await send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
        send({"type": "http.response.body", "body": bytes(8 * MIB)})

    with Peer(serve(http(handle)).port or 0, receive_bytes=65536) as peer:
        peer.send(request())
        got = peer.one()
        assert len(got.body) == 9 * MIB
        peer.send(request())
        assert len(peer.one().body) == 9 * MIB


def test_two_tasks_may_send_at_once(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        pieces = [bytes([number]) * MIB for number in range(8)]
        await asyncio.gather(*(send({"type": "http.response.body", "body": one, "more_body": True}) for one in pieces))
        await send({"type": "http.response.body"})

    got = httpx.get(serve(http(handle)).url, timeout=SILENCE_S)
    assert len(got.content) == 8 * MIB and {got.content.count(number) for number in range(8)} == {MIB}


def test_what_an_application_does_after_its_answer_harms_nobody(serve: Serve) -> None:
    done: list[str] = []
    finish, finished = threading.Event(), threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, scope["path"].encode())
        if scope["path"] == "/slow":
            await asyncio.to_thread(finish.wait, SILENCE_S)
            done.append((await receive())["type"])
            finished.set()

    with httpx.Client(base_url=serve(http(handle)).url) as client:
        assert client.get("/slow").text == "/slow"
        assert client.get("/next").text == "/next"  # on the same connection
        finish.set()
        assert finished.wait(SILENCE_S) and done == ["http.disconnect"]


def test_requests_that_follow_at_once_are_answered_in_order(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("1"):
            await asyncio.sleep(0)
        await answer(send, scope["path"].encode() + await body_of(receive))

    with Peer(serve(http(handle)).port or 0) as peer:
        peer.send(b"".join(request(f"/{number}", "POST", body=b"-" * number) for number in range(12)))
        assert [peer.one().body for _ in range(12)] == [b"/%d" % number + b"-" * number for number in range(12)]


# --- what applications do wrong ---


async def _nothing(receive: Receive, send: Send) -> None: ...
async def _start_only(receive: Receive, send: Send) -> None:
    await send(START)


async def _twice(receive: Receive, send: Send) -> None:
    await send(START)
    await send(START)


async def _body_first(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.body", "body": b"x"})


async def _raises_first(receive: Receive, send: Send) -> None:
    raise KeyError("before")


async def _raises_after_start(receive: Receive, send: Send) -> None:
    await send(START)
    await asyncio.sleep(0)
    raise KeyError("after the start")


async def _exits(receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    raise SystemExit(5)


async def _cancels(receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


def _sends(event: Any, *before: Event) -> Any:
    async def run(receive: Receive, send: Send) -> None:
        for one in before:
            await send(one)
        await send(event)

    return run


BODY: Event = {"type": "http.response.body"}
LENGTH_3 = {**START, "headers": [(b"content-length", b"3")]}
WRONG = [
    (_nothing, "without sending http.response.start"),
    (_start_only, "without sending http.response.body"),
    (_twice, "http.response.start was sent twice"),
    (_body_first, "before http.response.start"),
    (_raises_first, "KeyError"),
    (_raises_after_start, "KeyError"),
    (_sends("text"), "which is a dict, not str"),
    (_sends({}), "an event has a type"),
    (_sends({"type": 7}), "has no event 7"),
    (_sends({"type": "http.response.strat"}), "has no event 'http.response.strat'"),
    (_sends({"type": "websocket.accept"}), "has no event 'websocket.accept'"),
    (_sends({"type": "http.response.start"}), "is an int, not missing"),
    (_sends({"type": "http.response.start", "status": "200"}), "is an int, not str"),
    (_sends({"type": "http.response.start", "status": 199}), "200 to 599, not 199"),
    (_sends({"type": "http.response.start", "status": 10**30}), "200 to 599"),
    (_sends({**BODY, "body": "text"}, START), "is bytes, not str"),
    (_sends({**BODY, "body": None}, START), "is bytes, not NoneType"),
    (_sends({**BODY, "body": b"1234"}, LENGTH_3), "longer than its Content-Length, by 1"),
    (_sends({**BODY, "body": b"12"}, LENGTH_3), "shorter than its Content-Length, by 1"),
]


@pytest.mark.parametrize(("run", "says"), WRONG, ids=[says for _, says in WRONG])
def test_before_a_response_has_begun_a_mistake_is_a_500_and_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture, run: Any, says: str
) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wrong":
            await run(receive, send)
        else:
            await answer(send, b"fine")

    with httpx.Client(base_url=serve(http(handle)).url) as client:
        assert client.get("/wrong").status_code == 500
        assert client.get("/").text == "fine"
        assert client.post("/wrong", content=b"x" * 100000).status_code == 500
        assert client.get("/").text == "fine"
    assert [record.getMessage().rpartition(": ")[0] for record in caplog.records if record.name == "pelton.error"] == [
        "GET /wrong",
        "POST /wrong",
    ]
    assert caplog.text.count(says) >= 2


MORE: Event = {"type": "http.response.body", "body": b"ab", "more_body": True}
CUT = [
    (_sends(MORE, START), "before its response was complete"),
    (_sends(START, START, MORE), "http.response.start was sent twice"),
    (_sends({**BODY, "body": 7}, START, MORE), "is bytes, not int"),
    (_sends(MORE, LENGTH_3, MORE), "longer than its Content-Length, by 1"),
    (_sends(BODY, LENGTH_3, MORE), "shorter than its Content-Length, by 1"),
]


@pytest.mark.parametrize(("run", "says"), CUT, ids=[says for _, says in CUT])
def test_once_a_response_has_begun_a_mistake_cuts_it(
    serve: Serve, caplog: pytest.LogCaptureFixture, run: Any, says: str
) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wrong":
            await run(receive, send)
        else:
            await answer(send, b"fine")

    server = serve(http(handle))
    with httpx.Client(base_url=server.url) as client:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.get("/wrong")
        assert client.get("/").text == "fine"
    assert says in caplog.text


AFTER = [
    (_sends(BODY, START, BODY), "although the response was complete"),
    (_sends(START, START, BODY), "http.response.start was sent twice"),
]


@pytest.mark.parametrize(("run", "says"), AFTER, ids=[says for _, says in AFTER])
def test_a_mistake_after_the_answer_is_logged_and_the_answer_stands(
    serve: Serve, caplog: pytest.LogCaptureFixture, run: Any, says: str
) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await run(receive, send)

    with httpx.Client(base_url=serve(http(handle)).url) as client:
        for _ in range(2):
            assert client.get("/").status_code == 200
    assert caplog.text.count(f"RuntimeError: http.response.{'start' if 'twice' in says else 'body'}") == 2


def test_an_application_that_cancels_itself_is_a_500(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await (_cancels if scope["path"] == "/wrong" else _answers)(receive, send)

    with httpx.Client(base_url=serve(http(handle)).url) as client:
        assert client.get("/wrong").status_code == 500
        assert client.get("/").text == "fine"
    assert "CancelledError" in caplog.text


async def _answers(receive: Receive, send: Send) -> None:
    await answer(send, b"fine")


def test_a_lost_client_is_no_error_of_the_application(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = threading.Event(), threading.Event()

    class Left(Exception): ...

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            while True:
                begun.set()
                await send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
        except OSError:
            ended.set()
            raise Left from None

    with Peer(serve(http(handle)).port or 0) as peer:
        peer.send(request())
        assert begun.wait(SILENCE_S)
        peer.reset()
        assert ended.wait(SILENCE_S)
    assert "Left" not in caplog.text


def test_a_stop_cancels_what_does_not_end(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    ends: list[str] = []
    begun = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    with live_server(http(handle), timeout_graceful=0.3, **SHORT) as server:
        with socket.create_connection(("127.0.0.1", server.port or 0)) as peer:
            peer.sendall(request())
            assert begun.wait(SILENCE_S)
    assert ends == ["cancelled"]


def test_what_an_application_keeps_of_a_request_is_of_no_use_later(serve: Serve) -> None:
    kept: list[Any] = []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        if kept:
            old_receive, old_send = kept
            assert await old_receive() == {"type": "http.disconnect"}
            with pytest.raises(RuntimeError, match="sent twice"):
                await old_send(START)
        kept[:] = receive, send
        await answer(send, b"x")

    with httpx.Client(base_url=serve(http(handle)).url) as client:
        assert [client.get("/").status_code for _ in range(3)] == [200, 200, 200]


def test_requests_leave_nothing_behind() -> None:
    held: weakref.WeakSet[Any] = weakref.WeakSet()

    class Mark: ...

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        scope["mark"] = mark = Mark()
        held.add(mark)
        await body_of(receive)
        await send(START)
        if scope["path"] == "/stream":
            await send(MORE)
            await asyncio.sleep(0)
        await send(BODY)

    gc.disable()
    try:
        client = TestClient(http(handle))
        for path in ("/", "/stream"):
            for body in (b"", b"x"):
                assert client.post(path, content=body).status_code == 200
        assert not held  # without the collector's help
    finally:
        gc.enable()


def test_octets_of_answers_on_one_connection(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"x" * int(scope["path"][1:]), 200, [(b"x-a", b"b")])

    with Peer(serve(http(handle)).port or 0) as peer:
        sizes = (0, 9, 10, 99, 100, 70000)
        for size in sizes:
            peer.send(request(f"/{size}", "GET", *(["Connection: close"] if size == sizes[-1] else [])))
        found = answers(peer.rest())
    assert [len(one.body) for one in found] == list(sizes) and found[-1].closes
