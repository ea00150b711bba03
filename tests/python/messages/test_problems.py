"""Problem details by RFC 9457."""

from __future__ import annotations

import pytest

from pelton import ProblemDetails


def test_members() -> None:
    assert ProblemDetails().to_dict() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    whole = ProblemDetails("/t", "T", 404, "d", "/i", extra=[1])
    assert whole.to_dict() == {
        "type": "/t", "title": "T", "status": 404, "detail": "d", "instance": "/i", "extra": [1],
    }  # fmt: skip
    assert "title" not in ProblemDetails("/t").to_dict() and "404" in repr(whole)
    with pytest.raises(ValueError):
        ProblemDetails(status=99)
