"""Bodies that are sent item by item: what Response.stream() and Response.sse() take."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pelton import InvalidHeader, Response
from streamed import sent


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Response.stream(b"abc"), TypeError, "iterable of its items, not bytes"),
        (lambda: Response.stream("abc"), TypeError, "not str"),
        (lambda: Response.sse(None), TypeError, "not NoneType"),
        (lambda: Response.stream([], content_length=-1), ValueError, "content_length"),
        (lambda: Response.stream([], content_length=True), ValueError, "content_length"),
        (lambda: Response.stream([], headers={"content-length": "1"}), ValueError, "content_length="),
        (lambda: Response.stream([], "a\r\nb"), InvalidHeader, "Content-Type"),
        (lambda: Response.stream([], status=99), ValueError, "200 to 599"),
        (lambda: Response.sse([], keepalive=-1), ValueError, "keepalive"),
    ],
)
def test_what_is_refused(make: Callable[[], Response], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()
