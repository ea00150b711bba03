"""WebSockets of an ASGI application, event by event."""

from __future__ import annotations

import asyncio
import gc
import queue
import socket
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import wire
from asgi_applications import ACCEPT, CONNECT, Event, Receive, Send, accepted, answer, echo, hosted, over_websockets, request, text
from websocket_peer import SILENCE_S, Peer, Refused

from pelton.testing import TestClient, live_server
from pelton.hosting.client_frames import BINARY, CLOSE, PING, PONG, TEXT
from pelton.testing.websocket_session import WebSocketRefused, new_key, upgrade_fields

Serve = Callable[..., live_server]
SHORT: Any = {"timeout_lifespan_shutdown": 0.1, "timeout_read_header": 0.1, "ws_close_timeout": 0.1}
CLOSED: Event = {"type": "websocket.close"}
DENY: Event = {"type": "websocket.http.response.start", "status": 401}
DENIED: Event = {"type": "websocket.http.response.body"}
LOST: Event = {"type": "websocket.disconnect", "code": 1006, "reason": ""}
MIB = 2**20


def sockets(handle: Any) -> Any:
    return hosted(over_websockets(handle), lifespan="off")


def denied(port: int | None) -> wire.Answer:
    """The answer to a handshake that is not let in."""
    fields = [f"{name}: {value}" for name, value in upgrade_fields(new_key())]
    with wire.Peer(port or 0) as peer:
        peer.send(request("/", "GET", *fields))
        [found] = wire.answers(peer.rest())
        return found


# --- the handshake ---


def test_every_key_of_a_scope(serve: Serve) -> None:
    scopes: list[Event] = []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        scopes.append(dict(scope))
        await accepted(receive, send)

    server = serve(sockets(handle))
    with Peer(server.port, "/a%20b/%C3%A9?x=%20", "X-A: 1", "Sec-WebSocket-Protocol: a, b", "sec-websocket-protocol: c,,") as peer:
        address = peer.socket.getsockname()
        assert peer.frame().code == 1000
    [scope] = scopes
    fields = scope.pop("headers")
    assert scope == {
        "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.5"}, "http_version": "1.1", "scheme": "ws",
        "path": "/a b/é", "raw_path": b"/a%20b/%C3%A9", "query_string": b"x=%20", "root_path": "",
        "client": address, "server": ("127.0.0.1", server.port), "subprotocols": ["a", "b", "c"],
        "state": {}, "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    assert (b"x-a", b"1") in fields and (b"upgrade", b"websocket") in fields


def test_a_request_that_asks_for_no_websocket_is_an_http_request(serve: Serve) -> None:
    with wire.Peer(serve(sockets(echo)).port or 0) as peer:
        peer.send(request("/", "GET", "Upgrade: h2c", "Connection: upgrade"))
        assert peer.one().body == b"fine"


@pytest.mark.parametrize("offered", [(), ("Sec-WebSocket-Protocol: chat, superchat",)])
def test_accepting_with_a_subprotocol_and_fields(serve: Serve, offered: tuple[str, ...]) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        chosen = scope["subprotocols"][-1] if scope["subprotocols"] else None
        await accepted(receive, send, subprotocol=chosen, headers=[(b"x-a", b"1"), [b"set-cookie", b"a=b"], (b"set-cookie", b"c=d")])

    with Peer(serve(sockets(handle)).port, "/", *offered) as peer:
        lines = peer.head.decode().split("\r\n")
        assert lines[0] == "HTTP/1.1 101 Switching Protocols"
        assert [line.partition(": ")[2] for line in lines if line.startswith("set-cookie")] == ["a=b", "c=d"]
        assert "x-a: 1" in lines
        assert ("Sec-WebSocket-Protocol: superchat" in lines) is bool(offered)
        assert ("protocol" in peer.head.decode().lower().replace("switching protocols", "")) is bool(offered)


NOT_ACCEPTED: list[tuple[Event, type[Exception], str]] = [
    ({"subprotocol": "other"}, ValueError, "did not offer this subprotocol"),
    ({"subprotocol": 7}, TypeError, "the subprotocol of websocket.accept is a str or None, not int"),
    ({"subprotocol": "\ud800"}, UnicodeEncodeError, "surrogates"),
    ({"headers": [(b"Sec-WebSocket-Protocol", b"chat")]}, ValueError, "by its key, not by a header"),
    ({"headers": [(b"x-a", b"a\r\nb: c")]}, ValueError, "a field of the handshake"),
    ({"headers": [("x-a", b"a")]}, TypeError, "the headers of websocket.accept are pairs of bytes: a name is str"),
    ({"headers": 7}, TypeError, "iterable"),
]


@pytest.mark.parametrize(("wrong", "error", "says"), NOT_ACCEPTED, ids=[says for _, _, says in NOT_ACCEPTED])
def test_what_may_not_be_accepted_leaves_the_handshake_open(serve: Serve, wrong: Event, error: type[Exception], says: str) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(error, match=says):
            await send({**ACCEPT, **wrong})
        await send(ACCEPT)
        await send(text("in"))

    with Peer(serve(sockets(handle)).port, "/", "Sec-WebSocket-Protocol: chat") as peer:
        assert peer.text() == "in" and peer.frame().code == 1000


def test_any_origin_may_come_in(serve: Serve) -> None:
    with Peer(serve(sockets(echo)).port, "/", "Origin: https://elsewhere.example") as peer:
        peer.say("x")
        assert peer.text() == "x"


# --- turning it away ---


@pytest.mark.parametrize("late", [False, True])
def test_a_close_before_the_accept_is_a_403(serve: Serve, late: bool) -> None:
    events: queue.Queue[Event] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        if late:
            await asyncio.sleep(0)
        await send({**CLOSED, "code": 4000, "reason": "no"})
        events.put(await receive())
        events.put(await receive())

    server = serve(sockets(handle))
    for _ in range(2):
        found = denied(server.port)
        assert (found.status, found.body) == (403, b"")
        assert events.get(timeout=SILENCE_S) == events.get(timeout=SILENCE_S) == LOST


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("pieces", [(b"no entry",), (b"no ", b"", b"entry"), (b"",)])
def test_a_response_instead_of_a_websocket(serve: Serve, pieces: tuple[bytes, ...], late: bool) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        if late:
            await asyncio.sleep(0)
        await send({**DENY, "headers": [(b"content-length", str(len(b"".join(pieces))).encode()), (b"x-a", b"1")]})
        for piece in pieces[:-1]:
            await send({**DENIED, "body": piece, "more_body": True})
        await send({**DENIED, "body": pieces[-1]})
        assert await receive() == LOST

    found = denied(serve(sockets(handle)).port)
    assert (found.status, found.fields["x-a"], found.body) == (401, "1", b"".join(pieces))


# --- messages ---


@pytest.mark.parametrize("data", ["", "x", "é" * 70000, "\0" * 125])
def test_messages_come_and_go(serve: Serve, data: str) -> None:
    with Peer(serve(sockets(echo)).port) as peer:
        for _ in range(2):
            peer.say(data)
            assert peer.text() == data
            peer.send(BINARY, data.encode())
            assert peer.data() == data.encode()


def test_a_message_in_fragments_arrives_whole_and_pings_are_answered(serve: Serve) -> None:
    with Peer(serve(sockets(echo)).port) as peer:
        peer.send(TEXT, b"a", is_final=False)
        peer.send(PING, b"still there?")
        peer.send(0, b"b")
        assert peer.frame() == (PONG, b"still there?", False) and peer.text() == "ab"


@pytest.mark.parametrize("data", [bytearray(b"ab"), memoryview(b"ab")])
def test_whatever_has_octets_is_sent(serve: Serve, data: Any) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        await send({"type": "websocket.send", "bytes": data, "text": None})

    with Peer(serve(sockets(handle)).port) as peer:
        assert peer.data() == b"ab"


@pytest.mark.parametrize(("settings", "code"), [({}, None), ({"ws_max_size": 1 * MIB}, 1009)])
def test_messages_may_have_16_mib_unless_a_setting_says_less(serve: Serve, settings: Any, code: int | None) -> None:
    with Peer(serve(sockets(echo), **settings).port) as peer:
        peer.send(BINARY, bytes(MIB + 1))
        frame = peer.frame()
        assert (len(frame.payload) == MIB + 1) if code is None else frame.code == code


def test_tasks_receive_and_send_at_once(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        events = await asyncio.gather(*(receive() for _ in range(3)))
        await asyncio.gather(*(send({**event, "type": "websocket.send"}) for event in events))

    with Peer(serve(sockets(handle)).port) as peer:
        for data in "abc":
            peer.say(data)
        assert sorted(peer.text() for _ in range(3)) == ["a", "b", "c"]


def test_a_receive_that_is_cancelled_loses_no_message(serve: Serve) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        first, second = (asyncio.ensure_future(receive()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await send(text("ready"))
        await send(text((await second)["text"]))
        await send(text((await receive())["text"]))

    with Peer(serve(sockets(handle)).port) as peer:
        assert peer.text() == "ready"
        peer.say("a")
        peer.say("b")
        assert (peer.text(), peer.text()) == ("a", "b")


# --- back-pressure ---


def test_messages_that_nobody_receives_stop_the_reading(serve: Serve) -> None:
    go_on = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        await asyncio.get_running_loop().run_in_executor(None, go_on.wait)
        total = 0
        while total < count * len(message):
            total += len((await receive())["bytes"])
        await send(text(str(total)))

    message, count = bytes(MIB // 2), 256
    with Peer(serve(sockets(handle)).port) as peer:
        sent: list[int] = []

        def fill() -> None:
            for _ in range(count):
                peer.send(BINARY, message)
                sent.append(len(message))

        thread = threading.Thread(target=fill)
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive() and sum(sent) < 64 * MIB
        go_on.set()
        thread.join(timeout=SILENCE_S)
        assert peer.text() == str(count * len(message))


def test_send_waits_while_the_client_takes_nothing(serve: Serve) -> None:
    sent: list[int] = []
    full = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        for number in range(128):
            waiting = send({"type": "websocket.send", "bytes": bytes(MIB)})
            asyncio.get_running_loop().call_later(0.5, full.set)
            await waiting
            sent.append(number)

    with Peer(serve(sockets(handle)).port, receive_buffer=65536) as peer:
        assert full.wait(SILENCE_S) and len(sent) < 64
        for _ in range(128):
            assert len(peer.data()) == MIB
        assert peer.frame().code == 1000 and len(sent) == 128


def test_sends_of_several_tasks_wait_without_growing_the_queue(serve: Serve) -> None:
    done: queue.Queue[int] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        tasks = [asyncio.ensure_future(send({"type": "websocket.send", "bytes": bytes([n]) * MIB})) for n in range(48)]
        await asyncio.sleep(0)
        for one in tasks[40:]:
            one.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        done.put(sum(isinstance(one, asyncio.CancelledError) for one in found))

    with Peer(serve(sockets(handle)).port, receive_buffer=65536) as peer:
        assert [peer.data()[0] for _ in range(40)] == list(range(40))
        assert peer.frame().code == 1000 and done.get(timeout=SILENCE_S) == 8


# --- the end ---


@pytest.mark.parametrize(
    ("event", "code", "reason"),
    [
        ({}, 1000, b""),
        ({"code": None, "reason": None}, 1000, b""),
        ({"code": 4321, "reason": "génug"}, 4321, "génug".encode()),
        ({"code": 1000, "reason": "x" * 123}, 1000, b"x" * 123),
    ],
)
def test_the_application_closes(serve: Serve, event: Event, code: int, reason: bytes) -> None:
    events: queue.Queue[Event] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        await send(text("bye"))
        await send({**CLOSED, **event})
        events.put(await receive())

    with Peer(serve(sockets(handle)).port) as peer:
        assert peer.text() == "bye"
        frame = peer.frame()
        assert (frame.code, frame.payload[2:]) == (code, reason)
        peer.send(CLOSE, frame.payload)
        assert peer.ended()
    assert events.get(timeout=SILENCE_S) == {"type": "websocket.disconnect", "code": code, "reason": reason.decode()}


NOT_CLOSED: list[tuple[Event, type[Exception], str]] = [
    ({"code": "1000"}, TypeError, "the code of websocket.close is an int, not str"),
    ({"code": 999}, ValueError, "999 is no code that may be sent"),
    ({"code": 1005}, ValueError, "1005 is no code"),
    ({"code": 5000}, ValueError, "5000 is no code"),
    ({"code": 2**70}, ValueError, "is no code"),
    ({"reason": b"x"}, TypeError, "the reason of websocket.close is a str or None, not bytes"),
    ({"reason": "x" * 124}, ValueError, "at most 123 octets"),
]


@pytest.mark.parametrize(("wrong", "error", "says"), NOT_CLOSED, ids=[says for _, _, says in NOT_CLOSED])
def test_a_wrong_close_leaves_the_websocket_open(serve: Serve, wrong: Event, error: type[Exception], says: str) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        with pytest.raises(error, match=says):
            await send({**CLOSED, **wrong})
        await send(text("open"))

    with Peer(serve(sockets(handle)).port) as peer:
        assert peer.text() == "open" and peer.frame().code == 1000


@pytest.mark.parametrize(
    ("payload", "code", "reason"),
    [(b"", 1005, ""), ((1001).to_bytes(2, "big"), 1001, ""), ((3000).to_bytes(2, "big") + "é".encode(), 3000, "é")],
)
def test_the_client_closes_after_what_it_has_sent(serve: Serve, payload: bytes, code: int, reason: str) -> None:
    events: queue.Queue[Any] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        for _ in range(4):
            events.put(await receive())
        for event in (text("x"), CLOSED):
            with pytest.raises(OSError, match="the client has left"):
                await send(event)
        events.put("over")

    with Peer(serve(sockets(handle)).port) as peer:
        peer.say("a")
        peer.say("b")
        peer.send(CLOSE, payload)
        assert peer.frame() == (CLOSE, payload[:2], False) and peer.ended()
    assert [events.get(timeout=SILENCE_S)["text"] for _ in range(2)] == ["a", "b"]
    for _ in range(2):
        assert events.get(timeout=SILENCE_S) == {"type": "websocket.disconnect", "code": code, "reason": reason}
    assert events.get(timeout=SILENCE_S) == "over"


def test_a_client_that_is_lost(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    events: queue.Queue[Any] = queue.Queue()

    class Left(Exception): ...

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        events.put("accepted")
        events.put(await receive())
        try:
            await send(text("x"))
        except OSError as error:
            events.put(str(error))
            raise Left from None

    with Peer(serve(sockets(handle)).port) as peer:
        assert events.get(timeout=SILENCE_S) == "accepted"
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert events.get(timeout=SILENCE_S) == LOST and events.get(timeout=SILENCE_S) == "the client has left"
    assert "Left" not in caplog.text


def test_a_send_that_waits_raises_when_the_client_leaves(serve: Serve) -> None:
    events: queue.Queue[str] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        try:
            while True:
                waiting = send({"type": "websocket.send", "bytes": bytes(MIB)})
                asyncio.get_running_loop().call_later(0.5, events.put, "full")
                await waiting
        except OSError as error:
            events.put(str(error))

    with Peer(serve(sockets(handle)).port, receive_buffer=65536) as peer:
        assert events.get(timeout=SILENCE_S) == "full"
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    while (event := events.get(timeout=SILENCE_S)) == "full":
        pass
    assert event == "the client has left"


def test_a_client_that_leaves_before_the_accept(serve: Serve) -> None:
    events: queue.Queue[Any] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        events.put(await receive())
        events.put(await receive())
        for event in (ACCEPT, CLOSED, DENY):
            with pytest.raises(OSError, match="the client has left"):
                await send(event)
        events.put("over")

    fields = [f"{name}: {value}" for name, value in upgrade_fields(new_key())]
    with wire.Peer(serve(sockets(handle)).port or 0) as peer:
        peer.send(request("/", "GET", *fields))
        assert events.get(timeout=SILENCE_S) == CONNECT
        peer.reset()
    assert events.get(timeout=SILENCE_S) == LOST and events.get(timeout=SILENCE_S) == "over"


@pytest.mark.parametrize("ignores", [False, True])
def test_a_stop_closes_with_1001(engine: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ignores: bool) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    ends: queue.Queue[Any] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)
        try:
            ends.put((await receive())["code"])
            if ignores:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.put("cancelled")
            raise

    with live_server(sockets(handle), timeout_graceful=0.5, **SHORT) as server:
        peer = Peer(server.port)
    with peer:
        assert peer.frame().code == 1001
    assert ends.get(timeout=SILENCE_S) == 1001
    if ignores:
        assert ends.get(timeout=SILENCE_S) == "cancelled"
    assert "CancelledError" not in caplog.text


# --- mistakes ---


def sends(*events: Any) -> Any:
    async def run(receive: Receive, send: Send) -> None:
        for event in events:
            await send(event)

    return run


async def fails(receive: Receive, send: Send) -> None:
    raise KeyError("the application")


async def accepts_and_fails(receive: Receive, send: Send) -> None:
    await send(ACCEPT)
    await fails(receive, send)


async def cancels(receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


async def accepts_and_cancels(receive: Receive, send: Send) -> None:
    await send(ACCEPT)
    await cancels(receive, send)


HELLO = text("hello")
# The first answer has status 500, or is a 101 and then a Close with 1011.
WRONG: list[tuple[Any, int, str]] = [
    (sends(), 500, "returned without sending websocket.accept or websocket.close"),
    (fails, 500, "KeyError"),
    (cancels, 500, "CancelledError"),
    (sends(HELLO), 500, "websocket.send was sent before websocket.accept"),
    (sends({"type": "websocket.acept"}), 500, "a WebSocket has no event 'websocket.acept'"),
    (sends({"type": "http.response.start", "status": 200}), 500, "a WebSocket has no event 'http.response.start'"),
    (sends(7), 500, "send() takes an event, which is a dict, not int"),
    (sends(DENIED), 500, "websocket.http.response.body was sent before websocket.http.response.start"),
    (sends(DENY), 500, "returned without sending websocket.http.response.body"),
    (sends(DENY, DENY), 500, "websocket.http.response.start was sent twice"),
    (sends(DENY, ACCEPT), 500, "websocket.accept was sent after websocket.http.response.start"),
    (sends(DENY, CLOSED), 500, "websocket.close was sent after websocket.http.response.start"),
    (sends(DENY, HELLO), 500, "websocket.send was sent after websocket.http.response.start"),
    (sends({**DENY, "status": 101}), 500, "the status of websocket.http.response.start is 200 to 599, not 101"),
    (accepts_and_fails, 101, "KeyError"),
    (accepts_and_cancels, 101, "CancelledError"),
    (sends(ACCEPT, ACCEPT), 101, "websocket.accept was sent twice"),
    (sends(ACCEPT, DENY), 101, "websocket.http.response.start was sent after websocket.accept"),
    (sends(ACCEPT, {"type": "websocket.send"}), 101, "websocket.send has either text or bytes, not neither"),
    (sends(ACCEPT, {**HELLO, "bytes": b""}), 101, "websocket.send has either text or bytes, not both"),
    (sends(ACCEPT, {**HELLO, "text": b"x"}), 101, "the text of websocket.send is a str, not bytes"),
    (sends(ACCEPT, {"type": "websocket.send", "bytes": "x"}), 101, "bytes of websocket.send is bytes, not str"),
    (sends(ACCEPT, text("\ud800")), 101, "surrogates not allowed"),
]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("run", "status", "says"), WRONG, ids=[says for _, _, says in WRONG])
def test_a_mistake_is_logged_and_harms_nobody_else(
    serve: Serve, caplog: pytest.LogCaptureFixture, run: Any, status: int, says: str, late: bool
) -> None:
    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        if late:
            await asyncio.sleep(0)
        if scope["path"] == "/wrong":
            await run(receive, send)
        else:
            await sends(ACCEPT, text("fine"))(receive, send)

    server = serve(sockets(handle))
    if status == 101:
        with Peer(server.port, "/wrong") as peer:
            assert peer.frame().code == 1011
    else:
        with pytest.raises(Refused) as raised:
            Peer(server.port, "/wrong")
        assert raised.value.status == status
    with Peer(server.port) as peer:
        assert peer.text() == "fine"
    [line] = [record.getMessage() for record in caplog.records if record.name == "pelton.error"]
    assert line.startswith("WEBSOCKET /wrong: ") and says in caplog.text


AFTER = [
    (sends(CLOSED, CLOSED), "websocket.close was sent after websocket.close"),
    (sends(CLOSED, ACCEPT), "websocket.accept was sent after websocket.close"),
    (sends(CLOSED, HELLO), "websocket.send was sent after websocket.close"),
    (sends(CLOSED, DENY), "websocket.http.response.start was sent after websocket.close"),
    (sends(ACCEPT, CLOSED, HELLO), "websocket.send was sent after websocket.close"),
    (sends(ACCEPT, CLOSED, CLOSED), "websocket.close was sent after websocket.close"),
    (sends(DENY, DENIED, DENIED), "websocket.http.response.body was sent although the response was complete"),
]


@pytest.mark.parametrize(("run", "says"), AFTER, ids=[f"{index} {says}" for index, (_, says) in enumerate(AFTER)])
def test_a_mistake_after_the_end_is_logged_and_the_end_stands(
    serve: Serve, caplog: pytest.LogCaptureFixture, run: Any, says: str
) -> None:
    ended = threading.Event()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await receive()
        asyncio.current_task().add_done_callback(lambda _: ended.set())  # type: ignore[union-attr]
        await run(receive, send)

    server = serve(sockets(handle))
    try:
        with Peer(server.port) as peer:
            assert peer.frame().code == 1000
    except Refused as refused:
        assert refused.status in (401, 403)
    assert ended.wait(SILENCE_S) and says in caplog.text


def test_a_close_from_another_task_ends_a_send_that_waits(serve: Serve) -> None:
    events: queue.Queue[str] = queue.Queue()

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        await accepted(receive, send)

        async def fill() -> None:
            try:
                while True:
                    await send({"type": "websocket.send", "bytes": bytes(MIB)})
            except RuntimeError as error:
                events.put(str(error))

        filling = asyncio.ensure_future(fill())
        await asyncio.sleep(0)
        await send(CLOSED)
        await filling

    with Peer(serve(sockets(handle)).port, receive_buffer=65536) as peer:
        assert events.get(timeout=SILENCE_S) == "websocket.send was sent after websocket.close"
        while (frame := peer.frame()).opcode == BINARY:
            assert len(frame.payload) == MIB
        assert frame.code == 1000


# --- around it ---


@pytest.mark.parametrize("waits_for", ["message", "room"])
def test_the_collector_leaves_a_websocket_that_waits(serve: Serve, waits_for: str) -> None:
    async def app(scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            gc.collect()
            await answer(send)
            return
        await accepted(receive, send)
        if waits_for == "room":
            for _ in range(32):
                await send({"type": "websocket.send", "bytes": bytes(MIB)})
        await send(text((await receive())["text"]))

    server = serve(hosted(app, lifespan="off"))
    with Peer(server.port, receive_buffer=65536) as peer:
        with wire.Peer(server.port or 0) as other:
            other.send(request())
            assert other.one().status == 200
        if waits_for == "room":
            assert all(len(peer.data()) == MIB for _ in range(32))
        peer.say("still here")
        assert peer.text() == "still here" and peer.frame().code == 1000


def test_what_an_application_keeps_of_a_websocket_is_of_no_use_later(serve: Serve) -> None:
    kept: list[Any] = []

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        if kept:
            old_receive, old_send = kept
            assert (await old_receive())["type"] == "websocket.disconnect"
            with pytest.raises(OSError, match="the client has left"):
                await old_send(text("x"))
        kept[:] = receive, send
        await accepted(receive, send)
        await send(text("fine"))

    server = serve(sockets(handle))
    for _ in range(3):
        with Peer(server.port) as peer:
            assert peer.text() == "fine"
            frame = peer.frame()
            peer.send(CLOSE, frame.payload)
            assert peer.ended()


def test_a_test_client_connects() -> None:
    client = TestClient(sockets(echo))
    with client.websocket_connect("/") as ws:
        ws.send_text("a")
        ws.send_bytes(b"b")
        assert (ws.receive_text(), ws.receive_bytes()) == ("a", b"b")

    async def refuse(scope: Event, receive: Receive, send: Send) -> None:
        await send(CLOSED)

    with pytest.raises(WebSocketRefused, match="403"), TestClient(sockets(refuse)).websocket_connect("/"):
        raise AssertionError


def test_websockets_leave_nothing_behind() -> None:
    held: weakref.WeakSet[Any] = weakref.WeakSet()

    class Mark: ...

    async def handle(scope: Event, receive: Receive, send: Send) -> None:
        scope["mark"] = mark = Mark()
        held.add(mark)
        await echo(scope, receive, send)

    gc.disable()
    try:
        with TestClient(sockets(handle)) as client:
            for _ in range(3):
                with client.websocket_connect("/") as ws:
                    ws.send_text("a")
                    assert ws.receive_text() == "a"
            client.get("/")
        assert not held  # without the collector's help
    finally:
        gc.enable()
