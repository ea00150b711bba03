"""Reading a response from octets."""

from __future__ import annotations

import pytest

from pelton import HTTPError
from pelton.testing.received import TestResponse, parse_response


@pytest.mark.parametrize(
    ("data", "method", "closed", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "GET", False, b"hi"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "GET", False, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD", False, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", False, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "POST", False, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\n\r\n", "GET", False, b"hi!"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "GET", True, None),
        (b"HTTP/1.1 200 OK\r\n\r\nall", "GET", True, b"all"),
        (b"HTTP/1.1 200 OK\r\n\r\nall", "GET", False, None),
        (b"HTTP/1.1 200 OK\r\nConte", "GET", False, None),
    ],
)
def test_bodies(data: bytes, method: str, closed: bool, body: bytes | None) -> None:
    parsed = parse_response(data, method, closed)
    assert (None if parsed is None else parsed[3]) == body


def test_response() -> None:
    fields = [("Content-Type", "text/plain; charset=latin-1"), ("Set-Cookie", "a=b; Path=/")]
    response = TestResponse("http://x/", "HTTP/1.1", 200, fields, b"\xe9")
    assert response.text == "é" and response.cookies == {"a": "b"} and response.is_success
    assert response.raise_for_status() is response and repr(response) == "<TestResponse [200]>"
    assert TestResponse("", "HTTP/1.1", 200, [], b"[1]").json() == [1]
    with pytest.raises(HTTPError, match="404"):
        TestResponse("", "HTTP/1.1", 404, [], b"x").raise_for_status()
