"""Options of routes that only the document reads are judged where they are given."""

from __future__ import annotations

from typing import Any

import pytest

from pelton import App
from pelton.routing.route_options import taken_tags


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tags": "cups"}, r"tags=\['cups'\]"),
        ({"tags": [1]}, "sequence of names"),
        ({"summary": 1}, "summary is a str"),
        ({"description": b""}, "description is a str"),
        ({"operation_id": 1}, "operation_id is a str"),
        ({"deprecated": "yes"}, "deprecated is a bool"),
        ({"include_in_schema": "no"}, "include_in_schema is a bool"),
        ({"responses": [404]}, "mapping by status"),
        ({"responses": {404: "none"}}, r"responses\[404\] is a mapping"),
    ],
)
def test_wrong_types(options: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        App().add_route("/", lambda: 1, **options)


@pytest.mark.parametrize("status", [99, 600, "4xx", "6XX", "", True, "abc"])
def test_statuses_that_are_none(status: Any) -> None:
    with pytest.raises(ValueError, match="has the status"):
        App().add_route("/", lambda: 1, responses={status: {}})


def test_what_is_kept() -> None:
    app = App()
    app.add_route("/", lambda: 1, responses={404: {}, "5XX": {}, "default": {}}, tags=("a",), summary=None)
    assert app.routes[0].options["responses"] == {"404": {}, "5XX": {}, "default": {}}
    assert app.routes[0].options["tags"] == taken_tags(["a"]) == ("a",) and taken_tags(None) == ()


def test_a_slip_is_told() -> None:
    with pytest.raises(TypeError, match="did you mean 'tags'"):
        App().add_route("/", lambda: 1, tag=["x"])  # type: ignore[call-arg]
