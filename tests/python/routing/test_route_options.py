"""Keywords of a route are judged where they are given."""

from __future__ import annotations

from typing import Any

import pytest

from pelton.routing.route_options import taken_options


@pytest.mark.parametrize(
    ("options", "says"),
    [({"nmae": "x"}, "did you mean 'name'"), ({"status": 200, "status_code": 200}, "alias"), ({"rate_limit": 1}, "no route option")],
)
def test_wrong_ones(options: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        taken_options(options)


def test_aliases_and_sizes() -> None:
    assert taken_options({"status_code": 201, "max_body": "1KiB"}) == {"status": 201, "max_body": 1024}
