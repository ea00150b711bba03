"""Section 13: the test client's WebSocket, against servers that are lists of octets."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from pelton.errors import WebSocketDisconnect
from pelton.hosting.client_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, FrameError, masked, masked_frame
from pelton.testing.websocket_session import WebSocketRefused, WebSocketSession, accept_of, new_key, upgrade_fields
from websocket_peer import plain
from wires import ScriptedWire

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
)
CLOSED = plain(CLOSE, b"\x03\xe8bye")


def session(*pieces: bytes, fields: bytes = b"", subprotocols: tuple[str, ...] = ()) -> tuple[WebSocketSession, ScriptedWire]:
    wire = ScriptedWire(SWITCHING + fields + b"\r\n" + b"".join(pieces[:1]), *pieces[1:])
    return WebSocketSession(wire, "ws://x/", KEY, subprotocols), wire


def sent(wire: ScriptedWire) -> list[Frame]:
    """What the client has sent, unmasked."""
    found = []
    for frame in wire.sent:
        size = frame[1] & 0x7F
        assert frame[1] & 0x80 and size < 126 and len(frame) == 6 + size
        found.append(Frame(frame[0] & 0x0F, masked(frame[6:], frame[2:6]), bool(frame[0] & 0x80)))
    return found


def test_the_example_of_the_standard() -> None:
    assert accept_of(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert len(b64decode(new_key())) == 16 and new_key() != new_key()


def test_what_asks_for_it() -> None:
    fields = dict(upgrade_fields("k"))
    assert fields == {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "k"}
    assert ("Sec-WebSocket-Protocol", "a, b") in upgrade_fields("k", ("a", "b"))


def test_a_conversation() -> None:
    ws, wire = session(plain(TEXT, "é".encode()), plain(BINARY, b"\0") + plain(TEXT, b"[1]"), plain(TEXT, b"x"), CLOSED)
    with ws:
        for message in ("hi", b"\0", ""):
            ws.send(message)
        ws.send_json({"n": 1})
        assert [ws.receive_text(), ws.receive_bytes(), ws.receive_json(), ws.receive()] == ["é", b"\0", [1], "x"]
        with pytest.raises(WebSocketDisconnect) as raised:
            ws.receive()
        assert (raised.value.code, raised.value.reason, ws.close_code, ws.close_reason) == (1000, "bye", 1000, "bye")
        for late in (lambda: ws.send("x"), lambda: ws.ping()):
            with pytest.raises(WebSocketDisconnect, match="1000: bye"):
                late()
    assert sent(wire) == [
        Frame(TEXT, b"hi"),
        Frame(BINARY, b"\0"),
        Frame(TEXT, b""),
        Frame(TEXT, b'{"n":1}'),
        Frame(CLOSE, b"\x03\xe8"),
    ]
    assert wire.left == 1


def test_pings_are_answered_and_pieces_joined() -> None:
    ws, wire = session(plain(PING, b"p") + plain(TEXT, b"a", is_final=False), plain(PING, b"q") + plain(CONTINUATION, b"b"), plain(PONG, b"r"), CLOSED)
    ws.ping(b"r")
    assert list(ws) == ["ab"]
    assert sent(wire) == [Frame(PING, b"r"), Frame(PONG, b"p"), Frame(PONG, b"q"), Frame(CLOSE, b"\x03\xe8")]
    with pytest.raises(ValueError, match="at most 125"):
        ws.ping(b"x" * 126)


def test_leaving_closes_and_drops_what_still_comes() -> None:
    ws, wire = session(b"", plain(TEXT, b"late") + plain(PING, b"p"), plain(CLOSE, b"\x03\xe8"))
    with ws:
        pass
    assert sent(wire) == [Frame(CLOSE, b"\x03\xe8")] and (ws.close_code, wire.left) == (1000, 1)
    ws.close()
    assert len(wire.sent) == 1


def test_closing_with_a_code() -> None:
    ws, wire = session(b"", plain(CLOSE, b"\x0f\xa0"))
    with pytest.raises(ValueError, match="close code"):
        ws.close(1005)
    ws.close(4000, "done")
    assert sent(wire) == [Frame(CLOSE, b"\x0f\xa0done")] and ws.close_code == 4000


@pytest.mark.parametrize(("pieces", "code"), [([], 1006), ([plain(CLOSE, b"")], 1005), ([plain(TEXT, b"a")[:2]], 1006)])
def test_ends_without_a_code(pieces: list[bytes], code: int) -> None:
    ws, wire = session(*pieces)
    with pytest.raises(WebSocketDisconnect, match=str(code)):
        ws.receive()
    assert [frame.payload for frame in sent(wire)] == ([b""] if code == 1005 else [])
    ws.close()
    assert wire.left == 1


@pytest.mark.parametrize(("data", "receive"), [(plain(TEXT, b"a"), "receive_bytes"), (plain(BINARY, b"a"), "receive_text")])
def test_the_wrong_kind(data: bytes, receive: str) -> None:
    ws, _ = session(data, CLOSED)
    with pytest.raises(TypeError, match="was expected"):
        getattr(ws, receive)()


def test_frames_that_no_server_may_send() -> None:
    ws, _ = session(b"", masked_frame(TEXT, b"a"))
    with pytest.raises(FrameError, match="masked"):
        ws.receive()


def test_a_refusal_has_the_response() -> None:
    wire = ScriptedWire(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n", b'"no"')
    with pytest.raises(WebSocketRefused, match="answered with 403") as raised:
        WebSocketSession(wire, "ws://x/", KEY)
    assert (raised.value.response.status_code, raised.value.response.json()) == (403, "no") and wire.left == 1


def test_the_chosen_subprotocol() -> None:
    ws, _ = session(fields=b"Sec-WebSocket-Protocol: b\r\n", subprotocols=("a", "b"))
    assert ws.subprotocol == "b" and ws.headers["upgrade"] == "websocket"
    with pytest.raises(ConnectionError, match="'b', which was not offered"):
        session(fields=b"Sec-WebSocket-Protocol: b\r\n", subprotocols=("a",))


def test_another_key_is_no_acceptance() -> None:
    wire: Any = ScriptedWire(SWITCHING + b"\r\n")
    with pytest.raises(ConnectionError, match="does not accept the key"):
        WebSocketSession(wire, "ws://x/", new_key())
