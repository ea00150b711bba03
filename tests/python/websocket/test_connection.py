"""Section 12: what a handler can do with a WebSocket, and what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from links import KeptLink, handshake
from pelton import InvalidHeader, json
from pelton.errors import WebSocketDisconnect
from pelton.websocket.connection import WebSocket, WebSocketMessage, checked_close, subprotocols_of

OFFER = "chat, superchat"


def on(link: KeptLink, use: Callable[[WebSocket], Awaitable[Any]], *, offer: str | None = None, **options: Any) -> Any:
    """What `use` returns of a WebSocket on this link."""
    request = handshake(**({} if offer is None else {"sec_websocket_protocol": offer}))

    async def main() -> Any:
        return await use(WebSocket(request, link, **options))

    return asyncio.run(main())


def test_what_was_asked_for() -> None:
    async def use(ws: WebSocket) -> None:
        assert (ws.path, ws.params, ws.query["q"], ws.url.path) == ("/room/7", {"id": 7}, "1", "/room/7")
        assert (ws.headers["x-a"], ws.cookies, ws.client) == ("1", {"c": "v"}, ("testclient", 50000))
        ws.state.name = "n"
        assert ws.context == {"name": "n"} and ws.app.routes[0].path == "/room/{id:int}"
        assert ws.subprotocols == [] and not ws.connected and ws.subprotocol is ws.close_code is ws.close_reason is None
        assert repr(ws) == "<WebSocket /room/7 not accepted yet>"

    asyncio.run(use(WebSocket(handshake(x_a="1", cookie="c=v"), KeptLink())))


# --- accepting ---


@pytest.mark.parametrize(
    ("offer", "wanted", "chosen"),
    [
        (None, (), None),
        (None, ("chat",), None),
        (OFFER, (), None),
        (OFFER, ("superchat", "chat"), "superchat"),
        (OFFER, ("other", "chat"), "chat"),
        (OFFER, ("Chat",), None),
    ],
)
def test_the_first_of_ours_that_is_offered(offer: str | None, wanted: tuple[str, ...], chosen: str | None) -> None:
    async def use(ws: WebSocket) -> str | None:
        await ws.accept()
        return ws.subprotocol

    link = KeptLink()
    assert on(link, use, offer=offer, subprotocols=wanted) == chosen and link.calls == [("accept", chosen, [])]


def test_accepting_with_a_choice_and_fields() -> None:
    async def use(ws: WebSocket) -> None:
        with pytest.raises(ValueError, match="did not offer the subprotocol 'other', but chat, superchat"):
            await ws.accept("other")
        with pytest.raises(ValueError, match="subprotocol="):
            await ws.accept(headers={"Sec-WebSocket-Protocol": "chat"})
        with pytest.raises(InvalidHeader):
            await ws.accept(headers={"x-a": "a\r\nb"})
        assert not ws.connected
        await ws.accept("superchat", headers={"x-a": "1"})
        assert ws.connected and ws.subprotocol == "superchat" and repr(ws) == "<WebSocket /room/7 connected>"
        with pytest.raises(RuntimeError, match="accepted already"):
            await ws.accept()

    link = KeptLink()
    on(link, use, offer=OFFER)
    assert link.calls == [("accept", "superchat", [(b"x-a", b"1")])]


@pytest.mark.parametrize(
    "first",
    [
        lambda ws: ws.receive_text(),
        lambda ws: ws.recv(),
        lambda ws: anext(ws),
        lambda ws: ws.send_text("x"),
        lambda ws: ws.send_bytes(b"x"),
        lambda ws: ws.send_json(1),
        lambda ws: ws.ping(),
    ],
)
def test_the_first_receive_or_send_accepts(first: Callable[[WebSocket], Awaitable[Any]]) -> None:
    async def use(ws: WebSocket) -> None:
        await first(ws)
        assert ws.connected
        await ws.send("more")

    link = KeptLink("a")
    on(link, use, offer=OFFER, subprotocols=("chat",))
    assert link.calls[0] == ("accept", "chat", []) and [call[0] for call in link.calls].count("accept") == 1


def test_offers_over_several_lines() -> None:
    assert subprotocols_of(["a, b", "c,,", "\td "]) == ["a", "b", "c", "d"] and subprotocols_of([]) == []


# --- messages in ---


def test_receiving() -> None:
    async def use(ws: WebSocket) -> list[Any]:
        return [await ws.receive_text(), await ws.receive_bytes(), await ws.receive_json(), await ws.recv(), await ws.recv()]

    received = on(KeptLink("é", b"\0", '{"n":1}', "t", b"b"), use)
    assert received == ["é", b"\0", {"n": 1}, WebSocketMessage("t"), WebSocketMessage(data=b"b")]


def test_iterating_ends_with_the_peer() -> None:
    async def use(ws: WebSocket) -> list[Any]:
        messages = [message async for message in ws]
        assert (ws.connected, ws.close_code, ws.close_reason) == (False, 1000, "bye")
        assert repr(ws) == "<WebSocket /room/7 closed 1000>"
        return messages

    assert on(KeptLink("a", b"b"), use) == ["a", b"b"]


def test_after_the_end() -> None:
    async def use(ws: WebSocket) -> None:
        assert await ws.recv() is None and await ws.recv() is None
        for receive in (ws.receive_text, ws.receive_bytes, ws.receive_json):
            with pytest.raises(WebSocketDisconnect) as raised:
                await receive()
            assert (raised.value.code, raised.value.reason, str(raised.value)) == (1006, "", "1006")
        for send in (lambda: ws.send_text("x"), lambda: ws.send(b"x"), lambda: ws.send_json(1), lambda: ws.ping()):
            with pytest.raises(WebSocketDisconnect, match="1006"):
                await send()
        await ws.close()

    link = KeptLink()

    async def lost(ws: WebSocket) -> None:
        await ws.accept()
        link.closed = (1006, "")
        await use(ws)

    on(link, lost)
    assert link.calls == [("accept", None, [])]


@pytest.mark.parametrize(
    ("message", "receive", "says"),
    [
        (b"x", lambda ws: ws.receive_text(), "a binary message came where a text one"),
        (b"{}", lambda ws: ws.receive_json(), "a binary message came where a text one"),
        ("x", lambda ws: ws.receive_bytes(), "a text message came where a binary one"),
    ],
)
def test_the_wrong_kind(message: Any, receive: Callable[[WebSocket], Awaitable[Any]], says: str) -> None:
    async def use(ws: WebSocket) -> None:
        with pytest.raises(TypeError, match=says):
            await receive(ws)
        assert not ws.connected and ws.close_code == 1003

    link = KeptLink(message)
    on(link, use)
    assert link.calls[-1][:2] == ("close", 1003)


def test_a_text_that_is_no_json() -> None:
    async def use(ws: WebSocket) -> None:
        with pytest.raises(json.JSONDecodeError):
            await ws.receive_json()
        assert ws.connected

    on(KeptLink("{"), use)


# --- messages out ---


def test_sending() -> None:
    async def use(ws: WebSocket) -> None:
        await ws.send_text("é")
        await ws.send_bytes(bytearray(b"\0"))
        await ws.send_binary(memoryview(b"\1"))
        await ws.send_json({"n": 1j})
        for message in ("t", b"b", WebSocketMessage("t"), WebSocketMessage(data=b"b"), WebSocketMessage(""), WebSocketMessage(data=b"")):
            await ws.send(message)
        await ws.ping(b"p")
        assert ws.buffered == 2 + 1 + 1 + 10 + 4

    link = KeptLink()
    on(link, use, dumps=lambda value: json.dumps(value, default=str))
    assert link.calls[1:] == [
        ("send", "é".encode(), True),
        ("send", b"\0", False),
        ("send", b"\1", False),
        ("send", b'{"n":"1j"}', True),
        ("send", b"t", True),
        ("send", b"b", False),
        ("send", b"t", True),
        ("send", b"b", False),
        ("send", b"", True),
        ("send", b"", False),
        ("ping", b"p"),
    ]


@pytest.mark.parametrize(
    ("send", "says"),
    [
        (lambda ws: ws.send_text(b"x"), "send_text.. takes a str, not bytes"),
        (lambda ws: ws.send_bytes("x"), "a message is str or bytes, not str"),
        (lambda ws: ws.send({"n": 1}), "not dict; send_json"),
    ],
)
def test_what_is_no_message(send: Callable[[WebSocket], Awaitable[Any]], says: str) -> None:
    async def use(ws: WebSocket) -> None:
        with pytest.raises(TypeError, match=says):
            await send(ws)

    link = KeptLink()
    on(link, use)
    assert not [call for call in link.calls if call[0] == "send"]


@pytest.mark.parametrize(("size", "taken"), [(0, True), (124, True), (125, True), (126, False)])
def test_the_size_of_a_ping(size: int, taken: bool) -> None:
    async def use(ws: WebSocket) -> None:
        if taken:
            await ws.ping(b"x" * size)
        else:
            with pytest.raises(ValueError, match="at most 125 octets, not 126"):
                await ws.ping(b"x" * size)

    link = KeptLink()
    on(link, use)
    assert link.calls[1:] == ([("ping", b"x" * size)] if taken else [])


# --- closing ---


def test_closing_twice_is_closing_once() -> None:
    async def use(ws: WebSocket) -> None:
        await ws.accept()
        await ws.close(4000, "é")
        await ws.close(1001)
        assert (ws.connected, ws.close_code, ws.close_reason) == (False, 4000, "é")
        assert await ws.recv() is None and [message async for message in ws] == []
        with pytest.raises(WebSocketDisconnect, match="4000: é"):
            await ws.send("x")
        link.closed = (4001, "theirs")
        assert (ws.close_code, ws.close_reason) == (4001, "theirs")

    link = KeptLink("late")
    on(link, use)
    assert link.calls[1:] == [("close", 4000, "é".encode())]


def test_closing_before_accepting_refuses() -> None:
    async def use(ws: WebSocket) -> None:
        await ws.close()
        for late in (ws.accept, ws.receive_text, lambda: ws.send("x")):
            with pytest.raises(WebSocketDisconnect):
                await late()

    link = KeptLink()
    on(link, use)
    assert link.calls == [("close", 1000, b"")]


def test_a_close_message() -> None:
    async def use(ws: WebSocket) -> None:
        await ws.send(WebSocketMessage())
        assert not ws.connected

    link = KeptLink()
    on(link, use)
    assert link.calls == [("close", 1000, b"")]


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
def test_codes_that_may_be_sent(code: int) -> None:
    assert checked_close(code, "x") == b"x"


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, True, 1000.0])
def test_codes_that_may_not(code: Any) -> None:
    with pytest.raises(ValueError, match="close code"):
        checked_close(code, "")


@pytest.mark.parametrize(("reason", "octets"), [("x" * 122, 122), ("x" * 123, 123), ("x" * 124, 124), ("é" * 62, 124)])
def test_the_size_of_a_reason(reason: str, octets: int) -> None:
    if octets <= 123:
        assert checked_close(1000, reason) == reason.encode()
    else:
        with pytest.raises(ValueError, match="at most 123 octets, not 124"):
            checked_close(1000, reason)


def test_messages() -> None:
    text, data, close = WebSocketMessage("x"), WebSocketMessage(data=bytearray(b"x")), WebSocketMessage()
    assert (text.type, text.text, text.data) == ("text", "x", None) and text.is_text()
    assert (data.type, data.text, data.data) == ("binary", None, b"x") and data.is_binary()
    assert close.is_close() and not (close.is_text() or close.is_binary() or text.is_close())
    assert text == WebSocketMessage(text="x") != data and text != "x"
    assert [repr(one) for one in (text, data, close)] == [
        "WebSocketMessage(text='x')",
        "WebSocketMessage(data=b'x')",
        "WebSocketMessage()",
    ]
    wrong: Any
    for wrong in ({"text": "x", "data": b""}, {"text": b"x"}, {"data": "x"}):
        with pytest.raises(TypeError):
            WebSocketMessage(**wrong)
