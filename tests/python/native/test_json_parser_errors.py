"""JSN-007: an error tells kind and place, and not the text."""

from __future__ import annotations

import pytest

from pelton import json


@pytest.mark.parametrize(
    ("text", "pos", "line", "column"),
    [
        (b"x", 0, 1, 1),
        (b"[1,\n 2,\n x]", 9, 3, 2),
        ('["é漢😀",x]'.encode(), 13, 1, 8),
        ('["é",\n"漢" x]', 13, 2, 5),
        (b"\n\n", 2, 3, 1),
    ],
)
def test_places_count_octets_lines_and_characters(
    text: bytes | str, pos: int, line: int, column: int
) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    error = caught.value
    assert (error.pos, error.line, error.column) == (pos, line, column)
    assert str(error) == f"not JSON at octet {pos} (line {line}, column {column})"


def test_the_text_does_not_show() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(b'{"password": secret}')
    assert "secret" not in str(caught.value) and "secret" not in repr(vars(caught.value))
