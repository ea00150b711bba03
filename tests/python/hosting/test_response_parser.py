"""A response read as it comes, at every cut."""

from __future__ import annotations

import pytest

from pelton.hosting.response_parser import ResponseParser

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: Chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "method", "status", "body", "rest"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", "GET", 200, b"hi", b""),
        (OK + b"Content-Length: 2\r\n\r\nhi+more", "GET", 200, b"hi", b"+more"),
        (OK + b"Content-Length: 0\r\n\r\n", "GET", 200, b"", b""),
        (OK + b"Content-Length: 2\r\n\r\n", "HEAD", 200, b"", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", "GET", 304, b"", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", "POST", 200, b"x", b""),
        (CHUNKED + b"2\r\nhi\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", "GET", 200, b"hi0123456789", b""),
        (CHUNKED + b"1\r\n\r\r\n2\r\n\r\n\r\n0\r\nTrailer: 1\r\n\r\n+", "GET", 200, b"\r\r\n", b"+"),
        (CHUNKED + b"0\r\n\r\n", "GET", 200, b"", b""),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00", "GET", 101, b"", b"\x81\x00"),
    ],
)
def test_whole_answers_at_every_cut(data: bytes, method: str, status: int, body: bytes, rest: bytes) -> None:
    for cut in range(len(data) + 1):
        reader = ResponseParser(method)
        pieces = reader.feed(data[:cut]) + reader.feed(data[cut:])
        assert (reader.status, b"".join(pieces), reader.rest, reader.is_whole) == (status, body, rest, True), cut
        assert all(pieces)
        reader.end()
    reader = ResponseParser(method)
    assert b"".join(piece for at in range(len(data)) for piece in reader.feed(data[at : at + 1])) == body
    assert reader.is_whole and reader.version == "HTTP/1.1"


def test_the_close_ends_a_body_without_a_length() -> None:
    reader = ResponseParser("GET")
    assert reader.feed(b"HTTP/1.0 200 OK\r\nA: 1\r\n\r\nab") == [b"ab"] and reader.feed(b"c") == [b"c"]
    assert not reader.is_whole and reader.fields == [("A", "1")]
    reader.end()
    assert reader.is_whole


@pytest.mark.parametrize(
    "data", [b"", OK, OK + b"Content-Length: 3\r\n\r\nhi", CHUNKED, CHUNKED + b"5\r\nhi", CHUNKED + b"2\r\nhi\r\n", CHUNKED + b"0\r\n"]
)
def test_a_cut_is_no_end(data: bytes) -> None:
    reader = ResponseParser("GET")
    reader.feed(data)
    with pytest.raises(ConnectionError, match="without a whole answer"):
        reader.end()
