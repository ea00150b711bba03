"""Section 13: reading an answer while it still comes."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from pelton import App
from pelton.streaming.sse import SseEvent
from pelton.testing import TestClient
from pelton.testing.client_stream import MemoryWire, at_once, begun_response
from wires import ScriptedWire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin-1\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_pieces_as_they_come() -> None:
    wire = ScriptedWire(HEAD[:20], HEAD[20:] + chunk(b"a"), chunk(b"b") + chunk(b"c"), END)
    with begun_response(wire, "GET", "http://x/") as response:
        assert (response.status_code, response.http_version, response.url) == (200, "HTTP/1.1", "http://x/")
        assert response.headers["content-type"].startswith("text/plain") and len(wire.pieces) == 2
        pieces = response.iter_bytes()
        assert next(pieces) == b"a" and len(wire.pieces) == 2
        assert list(pieces) == [b"b", b"c"] and list(response.iter_bytes()) == [] and wire.left == 0
    assert wire.left == 1


def test_lines_end_where_they_end() -> None:
    wire = ScriptedWire(HEAD + chunk(b"o"), chunk(b"ne\r"), chunk(b"\ntwo\n\n"), chunk(b"f\xfcnf"), END)
    assert list(begun_response(wire, "GET", "").iter_lines()) == ["one", "two", "", "fünf"]


def test_events() -> None:
    octets = SseEvent({"n": 1}, "tick", "5").to_sse_string().encode()
    wire = ScriptedWire(HEAD + chunk(octets[:9]), chunk(octets[9:] + b":\n\n"), chunk(octets), END)
    response = begun_response(wire, "GET", "")
    event = next(response.iter_sse())
    assert (event.id, event.event, event.json()) == ("5", "tick", {"n": 1})
    assert [event.data for event in response.iter_sse()] == ['{"n":1}']


def test_reading_all_makes_it_an_ordinary_answer() -> None:
    response = begun_response(ScriptedWire(HEAD, chunk(b"[1,"), chunk(b"2]") + END), "GET", "")
    assert response.read() == response.content == b"[1,2]" and response.json() == [1, 2] and response.text == "[1,2]"


@pytest.mark.parametrize("pieces", [[b""], [HEAD[:10]], [HEAD, chunk(b"a")], [HEAD, chunk(b"a")[:-1]]])
def test_a_cut_is_an_error(pieces: list[bytes]) -> None:
    with pytest.raises(ConnectionError, match="without a whole answer"):
        begun_response(ScriptedWire(*pieces), "GET", "").read()


def test_over_memory() -> None:
    app = App()
    app.add_route("/", lambda: ["x"])
    client = TestClient(app)
    server = client._memory()
    connection = server.connect(("c", 1), ("s", 80))
    wire = MemoryWire(client, connection)
    at_once(wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    with begun_response(wire, "GET", "http://a/") as response:
        assert response.read() == b'["x"]' and response.headers["content-length"] == "5"
        with pytest.raises(TimeoutError, match="nothing within"):
            at_once(wire.receive(timeout=0.01))
    assert server.closed(connection)
    at_once(wire.leave())
    at_once(wire.send(b"late"))
    assert at_once(wire.receive()) == b""


def test_a_late_handler_does_not_hold_up_who_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    app, release = App(), asyncio.Event()
    app.get("/late")(release.wait)
    app.get("/release")(release.set)
    app.add_route("/", lambda: ["x"])
    client, turns = TestClient(app), itertools.count()
    with pytest.raises(TimeoutError):
        client.get("/late", timeout=0.01)
    monkeypatch.setattr("pelton.testing.client.monotonic", lambda: next(turns))  # a second each, of ten
    with client.stream("GET", "/") as response:
        assert response.read() == b'["x"]'
        begin = next(turns)
    assert next(turns) - begin < 10 and client._is_late
    client.get("/release")
    with client.stream("GET", "/"):
        pass
    assert not client._is_late
