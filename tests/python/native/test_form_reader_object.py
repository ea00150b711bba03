"""FormReader: the native form parsers as Python drives them."""

from __future__ import annotations

from typing import Any

import pytest

from pelton import _native

LIMITS = (70, 1000, 1000, 100, 2**20, 2**21, 8, 4096, 1024)
MULTIPART = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="a"'


def read(content_type: str, body: bytes, limits: tuple[int, ...] = LIMITS) -> tuple[list[Any], Any]:
    reader = _native.FormReader(content_type, limits)
    events = reader.feed(body) + reader.end()
    return events, reader.failure


def test_urlencoded() -> None:
    assert read("application/x-www-form-urlencoded", b"a=1&b=%C3%A4+&a=%FF") == (
        [("a", "1"), ("b", "ä "), ("a", "\ufffd")],
        None,
    )


def test_multipart() -> None:
    events, failure = read(MULTIPART, HEAD + b"\r\n\r\n1\r\n" + HEAD + b'; filename="/x/y.txt"\r\nX: \xe4\r\n\r\n2\r\n--b--')
    assert failure is None
    assert events[0] == ("a", False, None, None, [("Content-Disposition", 'form-data; name="a"')])
    assert events[1:3] == [b"1", None] and events[4:] == [b"2", None]
    assert events[3][:4] == ("a", True, "/x/y.txt", "y.txt") and events[3][4][1] == ("X", "ä")


def test_a_large_piece_is_a_view_of_what_was_fed() -> None:
    content = bytes(range(256)) * 1000
    events, _ = read(MULTIPART, HEAD + b"\r\n\r\n" + content + b"\r\n--b--")
    assert isinstance(events[1], memoryview) and events[1] == content
    del events[0], events[1:]


@pytest.mark.parametrize(
    ("content_type", "body", "failure"),
    [
        ("multipart/form-data", b"", (400, "answered", "multipart_boundary")),
        (MULTIPART, b"x", (400, "refused", "multipart_syntax")),
        (MULTIPART, b"--b\r\nx\r\n", (400, "refused", "multipart_part_headers")),
        (MULTIPART, b"x" * 1025, (400, "refused", "multipart_slack")),
        ("application/x-www-form-urlencoded", b"a&" * 1001, (413, "answered", "form_fields")),
        ("application/x-www-form-urlencoded", b"a&" * 1000 + b"a", (413, "answered", "form_fields")),
    ],
)
def test_failures(content_type: str, body: bytes, failure: Any) -> None:
    assert read(content_type, body)[1] == failure


def test_no_form_and_wrong_arguments() -> None:
    reader = _native.FormReader("text/plain", LIMITS)
    assert reader.kind is None and reader.feed(b"x") == [] and reader.end() == []
    assert _native.FormReader(MULTIPART, LIMITS).kind == "multipart"
    for wrong in (("x",), ("x", LIMITS[1:]), ("x", 1), (b"x", LIMITS), ("\u0100", LIMITS), ("x", (-1,) * 9)):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            _native.FormReader(*wrong)
    with pytest.raises(TypeError):
        reader.feed("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _native.FormReader("x", limits=LIMITS)  # type: ignore[call-arg]
