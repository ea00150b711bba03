"""What a WSGI application says by `start_response`, and what becomes of its body."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from asgi_applications import request
from wire import Peer
from wsgi_applications import PLAIN, Closing, Environ, StartResponse, hosted

from pelton.testing import live_server

Serve = Callable[..., live_server]
both_ways = pytest.mark.parametrize("is_inline", [False, True], ids=["in the pool", "inline"])


def asked(serve: Serve, app: Any, is_inline: bool, method: str = "GET") -> bytes:
    """What comes of one request until the server ends the connection, or cuts it."""
    with Peer(serve(hosted(app, is_inline=is_inline)).port or 0) as peer:
        peer.send(request("/here", method))
        peer.finish()
        received = b""
        with suppress(ConnectionResetError):
            while piece := peer.socket.recv(65536):
                received += piece
        return received


def answering(*given: Any, body: Any = (b"x",)) -> Any:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response(*given)
        return body

    return app


@both_ways
@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ([], b""),
        ([b"a"], b"a"),
        ((b"a", b"", b"b"), b"ab"),
        (Closing([]), b""),
        (Closing([b"", b""]), b""),
    ],
)
def test_a_whole_body_has_its_length(serve: Serve, body: Any, sent: bytes, is_inline: bool) -> None:
    head, _, got = asked(serve, answering("200 OK", PLAIN, body=body), is_inline).partition(b"\r\n\r\n")
    assert got == sent and b"Content-Length: %d\r\n" % len(sent) in head + b"\r\n" and b"Content-Type: text/plain" in head


@both_ways
def test_pieces_of_unknown_length_are_chunked(serve: Serve, is_inline: bool) -> None:
    body = Closing([b"", b"one", b"", b"two"])
    answer = asked(serve, answering("200 OK", PLAIN, body=body), is_inline)
    assert b"Transfer-Encoding: chunked" in answer and answer.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    assert body.closed == 1


@both_ways
@pytest.mark.parametrize("declared", [5, 6, 7])
def test_the_declared_length_is_kept(serve: Serve, declared: int, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    for body in ([b"abcdef"], Closing([b"abc", b"def"]), Closing([b"abcdef"])):
        caplog.clear()
        answer = asked(serve, answering("200 OK", [("Content-Length", str(declared))], body=body), is_inline)
        if declared == 7 and not answer:
            assert caplog.records
            continue  # the cut came before the head had left
        head, _, got = answer.partition(b"\r\n\r\n")
        assert f"Content-Length: {declared}".encode() in head
        assert got == b"abcdef"[:declared] or (declared == 7 and b"abcdef".startswith(got))
        assert (declared == 6) == (not caplog.records)
        if isinstance(body, Closing):
            assert body.closed == 1


@both_ways
@pytest.mark.parametrize(("status", "method"), [("204 No Content", "GET"), ("304 Not Modified", "GET"), ("200 OK", "HEAD")])
def test_an_answer_without_a_body(serve: Serve, status: str, method: str, is_inline: bool) -> None:
    for body in ([b"abc"], Closing([b"abc", b"def"])):
        server = serve(hosted(answering(status, [("X-A", "b")], body=body), is_inline=is_inline))
        with Peer(server.port or 0) as peer:
            for _ in range(2):
                peer.send(request("/", method))
                answer = peer.one(is_head=True)
                assert answer.status == int(status[:3]) and answer.body == b"" and answer.fields["x-a"] == "b"
        if isinstance(body, Closing):
            assert body.closed == 2


@both_ways
def test_head_tells_the_length_that_the_application_declares(serve: Serve, is_inline: bool) -> None:
    for body in ([], [b"abc"], Closing([b"abc"])):
        app = hosted(answering("200 OK", [("Content-Length", "1234")], body=body), is_inline=is_inline)
        with Peer(serve(app).port or 0) as peer:
            peer.send(request("/", "HEAD"))
            assert peer.one(is_head=True).fields["content-length"] == "1234"


@both_ways
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((200, PLAIN), "a status, which is a str"),
        (("200 OK", tuple(PLAIN)), "a list of headers"),
        (("20 OK", PLAIN), "a status is 200 to 599"),
        (("100 Continue", PLAIN), "a status is 200 to 599"),
        (("600 Odd", PLAIN), "a status is 200 to 599"),
        (("2000", PLAIN), "a status is 200 to 599"),
        (("²00 OK", PLAIN), "a status is 200 to 599"),
        (("200 OK", [("A", 1)]), "a header is a pair of str"),
        (("200 OK", [(b"A", b"1")]), "a header is a pair of str"),
        (("200 OK", [("A", "1", "2")]), "header"),
        (("200 OK", ["A"]), "header"),
        (("200 OK", [("A b", "1")]), "header"),
        (("200 OK", [("A", "1\r\nB: 2")]), "header"),
        (("200 OK", [("A", "\u20ac")]), "header"),
        (("200 OK", [("Content-Length", "x")]), "a Content-Length is a number"),
    ],
)
def test_a_wrong_head_is_a_500(serve: Serve, given: Any, says: str, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    answer = asked(serve, answering(*given), is_inline)
    assert answer.startswith(b"HTTP/1.1 500 ") and says in caplog.text and "GET /here" in caplog.text


@both_ways
@pytest.mark.parametrize("body", [lambda: ["text"], lambda: iter(["text"]), lambda: iter([7]), lambda: [b"x", None], lambda: None, lambda: 7])
def test_a_body_that_is_no_bytes_is_a_500(serve: Serve, body: Any, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    assert asked(serve, answering("200 OK", PLAIN, body=body()), is_inline).startswith(b"HTTP/1.1 500 ")
    assert "TypeError" in caplog.text


@both_ways
def test_headers_about_the_connection_are_the_servers(serve: Serve, is_inline: bool) -> None:
    fields = [("Connection", "close"), ("Transfer-Encoding", "chunked"), ("Keep-Alive", "x"), ("A", "b")]
    with Peer(serve(hosted(answering("200 OK", fields), is_inline=is_inline)).port or 0) as peer:
        for _ in range(2):
            peer.send(request())
            answer = peer.one()
            assert answer.body == b"x" and answer.fields["a"] == "b"
            assert not {"connection", "transfer-encoding", "keep-alive"} & answer.fields.keys()


@both_ways
def test_start_response_that_is_called_late_or_never(serve: Serve, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    def late(environ: Environ, start_response: StartResponse) -> Any:
        start_response("201 Created", PLAIN)
        yield b"late"

    def never(environ: Environ, start_response: StartResponse) -> Any:
        return [b"x"]

    def twice(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", PLAIN)
        start_response("200 OK", PLAIN)
        return [b"x"]

    assert asked(serve, late, is_inline).startswith(b"HTTP/1.1 201 ")
    assert asked(serve, never, is_inline).startswith(b"HTTP/1.1 500 ") and "without calling start_response()" in caplog.text
    assert asked(serve, twice, is_inline).startswith(b"HTTP/1.1 500 ") and "was called twice" in caplog.text


@both_ways
def test_exc_info_replaces_a_head_that_has_not_left(serve: Serve, is_inline: bool) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", PLAIN)
        try:
            raise ValueError("too bad")
        except ValueError:
            start_response("503 Busy", [("X-Why", "bad")], sys.exc_info())
        return [b"sorry"]

    answer = asked(serve, app, is_inline)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"X-Why: bad" in answer and answer.endswith(b"sorry")


@both_ways
def test_exc_info_is_raised_once_the_head_has_left(serve: Serve, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", PLAIN)
        yield b"begun"
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("500 No", [], sys.exc_info())
        yield b"never"

    answer = asked(serve, app, is_inline)
    assert b"never" not in answer and not answer.endswith(b"0\r\n\r\n")
    assert "ValueError: too late" in caplog.text and "GET /here" in caplog.text


@both_ways
def test_the_write_callable(serve: Serve, is_inline: bool) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        write = start_response("200 OK", [("Content-Length", "11")])
        write(b"one")
        write(b"")
        write(b"two")
        return [b"three"]

    assert asked(serve, app, is_inline).endswith(b"\r\n\r\nonetwothree")


@both_ways
def test_the_application_runs_to_its_end_though_all_declared_octets_are_there(serve: Serve, is_inline: bool) -> None:
    ended: list[str] = []

    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", [("Content-Length", "3")])
        yield b"abc"
        ended.append("end")

    assert asked(serve, app, is_inline).endswith(b"\r\n\r\nabc") and ended == ["end"]


@both_ways
@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3), RecursionError("deep"), KeyboardInterrupt()])
def test_an_application_that_raises(serve: Serve, error: BaseException, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        if environ["PATH_INFO"] == "/fine":
            start_response("200 OK", PLAIN)
            return [b"fine"]
        start_response("200 OK", PLAIN)
        raise error

    server = serve(hosted(app, is_inline=is_inline))
    with Peer(server.port or 0) as peer:
        peer.send(request("/bad"))
        assert peer.one().status == 500
        assert type(error).__name__ in caplog.text and "GET /bad" in caplog.text
        peer.send(request("/fine"))
        assert peer.one().body == b"fine"


@both_ways
def test_a_result_is_closed_whatever_happens(serve: Serve, is_inline: bool) -> None:
    def failing() -> Any:
        yield b"one"
        raise ValueError("in the middle")

    def failing_at_once() -> Any:
        raise ValueError("at once")
        yield b""

    for pieces in ([b"a"], [], failing(), failing_at_once(), ["no bytes"], [b"a", "no bytes"]):
        body = Closing(pieces)
        asked(serve, answering("200 OK", PLAIN, body=body), is_inline)
        assert body.closed == 1


@both_ways
def test_what_close_raises_is_logged_and_harms_nobody(serve: Serve, is_inline: bool, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("in close")

    caplog.set_level(logging.ERROR)
    server = serve(hosted(answering("200 OK", PLAIN, body=Closing([b"a"], fail)), is_inline=is_inline))
    with Peer(server.port or 0) as peer:
        peer.send(request("/", "GET", "Connection: close"))
        assert b"1\r\na\r\n0\r\n\r\n" in peer.rest()
    assert "ValueError: in close" in caplog.text


@both_ways
@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("200 OK", b"200 OK"),
        ("200", b"200 OK"),
        ("404 ", b"404 Not Found"),
        ("404 Gone Fishing", b"404 Gone Fishing"),
        ("299 \xdcblich", b"299 \xdcblich"),
        ("299", b"299 "),
        ("200 \u20ac", b"200 OK"),
        ("500 a\r\nX-Evil: 1", b"500 Internal Server Error"),
        ("404 a\nb", b"404 Not Found"),
    ],
)
def test_rsp_016_the_applications_own_phrase_if_it_is_clean(serve: Serve, status: str, line: bytes, is_inline: bool) -> None:
    for body in ([b"abc"], Closing([b"a", b"bc"])):
        answer = asked(serve, answering(status, PLAIN, body=body), is_inline)
        assert answer.startswith(b"HTTP/1.1 " + line + b"\r\n") and b"X-Evil" not in answer
