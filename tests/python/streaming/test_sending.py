"""Section 10: the head goes with the first item, a failure after it cuts; Response.stream and Response.sse."""

from __future__ import annotations

from typing import Any

import pytest

from pelton import App, InvalidHeader, Response, ResponseTypeError, json
from pelton.errors import ClientDisconnected
from pelton.messages.streams import Streaming
from pelton.streaming.item_encoding import encoding_declared
from pelton.streaming.sending import streams
from pelton.streaming.sse import SseEvent, SseStream
from pelton.testing import TestClient
from streamed import KINDS, KeptSink, Producer, sent


@pytest.mark.parametrize("kind", KINDS)
def test_items_one_after_the_other(kind: str) -> None:
    producer = Producer({"row": 1}, {"row": 2})
    sink, logged = sent(producer.of(kind), pool=kind == "pool")
    assert sink.calls == ["begin", "write", "write", "end"] and logged == [] and producer.closed == 1
    assert sink.pieces == [b'{"row":1}\n', b'{"row":2}\n']
    assert (sink.status, sink.fields) == (200, [(b"Content-Type", b"application/x-ndjson")])


def test_the_given_head() -> None:
    fields = [(b"content-type", b"a/b"), (b"X-A", b"1")]
    sink, _ = sent(iter([b"x"]), status=201, fields=fields)
    assert (sink.status, sink.fields) == (201, fields) and len(fields) == 2


def test_the_head_of_events() -> None:
    sink, _ = sent(iter([SseEvent("a")]))
    assert sink.fields == [(b"Content-Type", b"text/event-stream"), (b"Cache-Control", b"no-cache"), (b"X-Accel-Buffering", b"no")]
    sink, _ = sent(iter([SseEvent("a")]), fields=[(b"cache-control", b"private")])
    assert sink.field(b"cache-control") == b"private" and sink.field(b"x-accel-buffering") == b"no"
    sink, _ = sent(SseStream().add_data(1).add_event("e", 2))
    assert sink.pieces == [b"data: 1\n\n", b"event: e\ndata: 2\n\n"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_items(kind: str) -> None:
    producer = Producer()
    sink, _ = sent(producer.of(kind), pool=kind == "pool")
    assert sink.calls == ["begin", "end"] and sink.fields == [(b"Content-Length", b"0")] and producer.closed == 1
    sink, _ = sent(Streaming(iter(()), encoding=encoding_declared(int, None, json.dumps)))
    assert sink.field(b"content-type") == b"application/x-ndjson"
    sink, _ = sent(Streaming(iter(()), media_type="text/plain"))
    assert sink.field(b"content-type") == b"text/plain; charset=utf-8"


def test_empty_items_are_no_pieces() -> None:
    sink, _ = sent(iter([b"", b"a", b""]))
    assert sink.pieces == [b"a"] and sink.calls == ["begin", "write", "end"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), RecursionError()])
def test_a_failure_before_the_head_is_an_ordinary_one(kind: str, error: BaseException) -> None:
    producer, sink = Producer(error, "never"), KeptSink()
    with pytest.raises(type(error)):
        sent(producer.of(kind), sink, pool=kind == "pool")
    assert sink.calls == [] and producer.closed == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), KeyboardInterrupt(), ClientDisconnected("an inner one")])
def test_a_failure_after_the_head_cuts(kind: str, error: BaseException) -> None:
    producer = Producer(b"a", error, b"never")
    sink, logged = sent(producer.of(kind), pool=kind == "pool")
    assert sink.calls == ["begin", "write", "cut"] and producer.closed == 1
    assert [type(one) for one in logged] == [type(error)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_of_another_kind_cuts(kind: str) -> None:
    producer = Producer(b"a", "b", b"never")
    sink, logged = sent(producer.of(kind), pool=kind == "pool")
    assert sink.calls == ["begin", "write", "cut"] and producer.closed == 1 and producer.asked == 2
    assert isinstance(logged[0], ResponseTypeError)


def test_what_no_item_can_be_is_an_ordinary_failure_while_it_is_the_first() -> None:
    for item in (object(), {1j: 2}):
        producer, sink = Producer(item), KeptSink()
        with pytest.raises(TypeError):
            sent(producer.sync(), sink)
        assert sink.calls == [] and producer.closed == 1


def test_a_bad_head_is_an_ordinary_failure() -> None:
    class Picky(KeptSink):
        def begin(self, status: int, fields: list[tuple[bytes, bytes]]) -> None:
            raise InvalidHeader("x")

    producer, sink = Producer(b"a"), Picky()
    with pytest.raises(InvalidHeader):
        sent(producer.sync(), sink)
    assert sink.calls == [] and producer.closed == 1


@pytest.mark.parametrize("kind", KINDS)
def test_head_closes_the_producer_unstarted(kind: str) -> None:
    producer = Producer(b"a")
    sink, _ = sent(Streaming(producer.of(kind), content_type="a/b", content_length=1), KeptSink(gone=True), pool=kind == "pool")
    assert sink.calls == ["begin", "end"] and (producer.asked, producer.closed) == (0, 0)
    assert sink.fields == [(b"Content-Type", b"a/b"), (b"Content-Length", b"1")]


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body(status: int) -> None:
    producer = Producer(b"a")
    sink, _ = sent(Streaming(producer.sync(), content_type="a/b", content_length=1), status=status)
    assert sink.calls == ["begin", "end"] and sink.fields == [] and producer.asked == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("items", "length", "calls", "octets"),
    [
        ([b"ab", b"c"], 3, ["begin", "write", "write", "end"], b"abc"),
        ([b"ab", b"c"], 4, ["begin", "write", "write", "cut"], b"abc"),
        ([b"ab", b"cd", b"e"], 3, ["begin", "write", "write", "end"], b"abc"),
        ([b"ab", b"c"], 2, ["begin", "write", "write", "end"], b"ab"),
        ([b"ab"], 1, ["begin", "write", "end"], b"a"),
        ([b"a"], 0, ["begin", "write", "end"], b""),
        ([], 0, ["begin", "end"], b""),
    ],
)
def test_a_declared_length(kind: str, items: list[bytes], length: int, calls: list[str], octets: bytes) -> None:
    producer = Producer(*items)
    sink, logged = sent(Streaming(producer.of(kind), content_length=length), pool=kind == "pool")
    assert (sink.calls, b"".join(sink.pieces)) == (calls, octets) and producer.closed == 1
    assert sink.field(b"content-length") == str(length).encode()
    is_wrong = sum(map(len, items)) != length
    assert [type(one).__name__ for one in logged] == (["ResponseValidationError"] if is_wrong else [])


def test_a_length_of_which_nothing_comes_is_an_ordinary_failure() -> None:
    sink = KeptSink()
    with pytest.raises(ValueError, match="0 octets, 1 less"):
        sent(Streaming(iter(()), content_length=1), sink)
    assert sink.calls == []


def test_a_streaming_response() -> None:
    response = Response.stream(iter(["a,b\n"]), "text/csv", content_length=4, status=201, headers={"x-a": "1"})
    assert (response.status, response.headers["x-a"]) == (201, "1") and repr(response) == "<Response 201 None streaming>"
    with pytest.raises(RuntimeError, match="made as it is sent"):
        response.body()
    streaming: Any = response._body
    sink, _ = sent(streaming, status=response.status, fields=response._fields)
    assert sink.field(b"content-type") == b"text/csv; charset=utf-8" and sink.pieces == [b"a,b\n"]
    assert sink.field(b"content-length") == b"4"
    with pytest.raises(RuntimeError, match="sent once"):
        sent(streaming)


def test_the_default_type_and_a_header_that_wins() -> None:
    made: Any = Response.stream([b"a", b"b"])._body
    assert sent(made)[0].fields == [(b"Content-Type", b"application/octet-stream")]
    response = Response.stream([{"n": 1}], headers={"content-type": "application/x-ndjson"})
    made = response._body
    sink, _ = sent(made, fields=response._fields)
    assert sink.fields == [(b"content-type", b"application/x-ndjson")] and sink.pieces == [b'{"n":1}\n']


def test_an_event_response() -> None:
    response = Response.sse(["a", {"n": 1}], keepalive=3, headers={"cache-control": "no-store"})
    made: Any = response._body
    assert made.keep_alive_s == 3
    sink, _ = sent(made, fields=response._fields)
    assert sink.pieces == [b"data: a\n\n", b'data: {"n":1}\n\n'] and sink.field(b"cache-control") == b"no-store"
    assert sink.field(b"content-type") == b"text/event-stream"
    made = Response.sse([])._body
    assert made.keep_alive_s is None and sent(made)[0].field(b"content-type") == b"text/event-stream"


def test_what_a_handler_may_return_to_stream() -> None:
    assert streams(SseStream()) and streams(iter([])) and streams(Producer().sync())
    made = Producer().asynchronous()
    assert streams(made) and not streams([1]) and not streams("a") and not streams(Response())


@pytest.mark.parametrize("content_type", ["text/plain", "text/csv; charset=latin-1", "text/event-stream; charset=utf-8", "a/b"])
def test_the_type_is_the_same_without_items(content_type: str) -> None:
    app = App()
    app.add_route("/", lambda: Response.stream(["a"], content_type))
    app.add_route("/none", lambda: Response.stream([], content_type))
    client = TestClient(app)
    types = {answer.headers["content-type"] for answer in (client.get("/"), client.head("/"), client.get("/none"))}
    assert len(types) == 1, types
