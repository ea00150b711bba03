"""SSE-002: events as they are written; and as the HTML standard reads them back."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App
from pelton.streaming.sse import EventReader, ReceivedEvent, SseEvent, SseStream
from pelton.testing import live_server


def read(data: bytes, *cuts: int) -> list[ReceivedEvent]:
    reader, found = EventReader(), []
    for begin, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        found += reader.feed(data[begin:end])
    return found


def shown(events: list[ReceivedEvent]) -> list[tuple[str, str, str, int | None]]:
    return [(event.event, event.data, event.id, event.retry) for event in events]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (SseEvent("a"), "data: a\n\n"),
        (SseEvent(""), "data: \n\n"),
        (SseEvent(" a"), "data:  a\n\n"),
        (SseEvent("a", "e", "1", 5, "c"), ": c\nid: 1\nevent: e\nretry: 5\ndata: a\n\n"),
        (SseEvent("a\nb\rc\r\nd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        (SseEvent("a\vb\fc\x1cd\x85e\u2028f"), "data: a\vb\fc\x1cd\x85e\u2028f\n\n"),
        (SseEvent({"n": "a\nb"}), 'data: {"n":"a\\nb"}\n\n'),
        (SseEvent(None), "data: null\n\n"),
        (SseEvent("a", id=""), "id: \ndata: a\n\n"),
        (SseEvent("a", comment="b\r\nc"), ": b\n: c\ndata: a\n\n"),
        (SseEvent("a", retry=0), "retry: 0\ndata: a\n\n"),
    ],
)
def test_forms(event: SseEvent, text: str) -> None:
    assert event.to_sse_string() == text


@pytest.mark.parametrize("char", ["\r", "\n", "\0"])
@pytest.mark.parametrize("name", ["event", "id"])
def test_no_second_line_in_event_or_id(name: str, char: str) -> None:
    given: Any = {name: f"a{char}data: forged"}
    with pytest.raises(ValueError, match=f"{name} of an event has .* at 1"):
        SseEvent("x", **given)
    event = SseEvent("x")
    setattr(event, name, given[name])  # set later, refused before an octet leaves
    with pytest.raises(ValueError, match=name):
        event.to_sse_string()


@pytest.mark.parametrize("retry", [-1, 1.5, "5", True])
def test_retry_is_digits(retry: Any) -> None:
    with pytest.raises(ValueError, match="retry"):
        SseEvent("x", retry=retry)


@pytest.mark.parametrize("given", [{"id": 5}, {"event": b"x"}, {"comment": 1}])
def test_other_types_are_refused(given: Any) -> None:
    with pytest.raises(TypeError, match=next(iter(given))):
        SseEvent("x", **given)


def test_attributes_and_equality() -> None:
    event = SseEvent({"n": 1}, event="tick", id="7")
    assert (event.data, event.event, event.id, event.retry, event.comment) == ({"n": 1}, "tick", "7", None, None)
    assert event == SseEvent({"n": 1}, "tick", "7") and event != SseEvent({"n": 1}) and event != "x"
    assert repr(event) == "SseEvent({'n': 1}, event='tick', id='7')"


def test_a_stream_is_a_list_of_events() -> None:
    stream = SseStream().add(SseEvent("a")).add_data([1]).add_event("e", "b")
    assert list(stream) == [SseEvent("a"), SseEvent([1]), SseEvent("b", "e")] and len(stream) == 3
    assert list(stream) == list(stream)
    with pytest.raises(TypeError, match="add_data"):
        stream.add("a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("message", "YHOO\n+2\n10", "", None)]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [("message", "first event", "1", None), ("message", "second event", "", None), ("message", " third event", "", None)],
        ),
        (b"data\n\ndata\ndata\n\ndata:", [("message", "", "", None), ("message", "\n", "", None)]),
        (b"data:test\n\ndata: test\n\n", [("message", "test", "", None)] * 2),
        (b"\xef\xbb\xbfdata: a\n\n", [("message", "a", "", None)]),
        (b"\n\xef\xbb\xbfdata: a\n\n", []),
        (b"id: 1\n\ndata: a\n\nid: 2\ndata: b\n\ndata: c\n\n", [("message", "a", "1", None), ("message", "b", "2", None), ("message", "c", "2", None)]),
        (b"id: 1\0\ndata: a\n\n", [("message", "a", "", None)]),
        (b"event: e\n\ndata: a\n\n", [("message", "a", "", None)]),
        (b"retry: 10\nevent: e\ndata: a\n\n", [("e", "a", "", 10)]),
        (b"retry: 1x\nretry: \xd9\xa3\nunknown: 1\nData: b\ndata: a\n\n", [("message", "a", "", None)]),
        (b"data: \xc3\xa9\xff\n\n", [("message", "é\ufffd", "", None)]),
        (b"data: a\vb\xc2\x85c\n\n", [("message", "a\vb\x85c", "", None)]),
        (b"data: unfinished\n", []),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_reading_at_every_cut(data: bytes, events: list[Any], end: bytes) -> None:
    data = data.replace(b"\n", end)
    assert shown(read(data)) == events
    for cut in range(len(data) + 1):
        assert shown(read(data, cut)) == events, cut
    assert shown(read(data, *range(1, len(data)))) == events


def test_an_event_comes_with_its_empty_line() -> None:
    reader = EventReader()
    assert reader.feed(b"data: a\r") == [] and shown(reader.feed(b"\r")) == [("message", "a", "", None)]
    assert reader.feed(b"\n") == [] and reader.last_id == ""


def test_what_was_written_is_read_back() -> None:
    draw = random.Random(20)
    for _ in range(300):
        parts = ["".join(draw.choice("a :\r\n\0é\u2028\ufeff") for _ in range(draw.randrange(6))) for _ in range(3)]
        data, name, id = parts[0], parts[1].translate(dict.fromkeys(b"\r\n\0")), parts[2].translate(dict.fromkeys(b"\r\n\0"))
        wire = SseEvent(data, name, id, draw.randrange(9), parts[1]).to_sse_string().encode()
        (event,) = read(wire, *sorted(draw.randrange(len(wire)) for _ in range(3)))
        assert event.data == data.replace("\r\n", "\n").replace("\r", "\n")
        assert (event.event, event.id) == (name or "message", id)


def test_json_of_what_was_received() -> None:
    (event,) = read(SseEvent({"n": [1, "é"]}).to_sse_string().encode())
    assert event.json() == {"n": [1, "é"]} and repr(event) == "<event 'message' id='' '{\"n\":[1,\"é\"]}'>"


def test_LIM_080_a_comment_after_each_silence(serve: Callable[..., live_server]) -> None:
    app = App()

    @app.get("/")
    async def events() -> AsyncIterator[SseEvent]:
        yield SseEvent("first")
        await app.stopping.wait()

    server = serve(app, timeout_sse_keep_alive=0.05)
    with urlopen(server.url, timeout=60) as answer:
        lines = [answer.readline() for _ in range(6)]
    assert lines == [b"data: first\n", b"\n", *[b":\n", b"\n"] * 2]
