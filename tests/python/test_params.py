"""The markers by themselves."""

from __future__ import annotations

import pytest

from noria import Body, Cookie, Header, Path, Query
from noria.params import Marker


def test_markers_keep_what_they_are_given() -> None:
    marker = Query(3, alias="q", ge=1, pattern="x")
    assert isinstance(marker, Marker)
    assert (marker.source, marker.default, marker.alias) == ("query", 3, "q")
    assert marker.constraints == {"ge": 1, "pattern": "x"}
    assert [Path().source, Header().source, Cookie().source, Body().source] == ["path", "header", "cookie", "body"]


def test_default_and_factory_exclude_each_other() -> None:
    with pytest.raises(TypeError, match="not both"):
        Query(1, default_factory=list)


def test_a_path_has_no_default() -> None:
    with pytest.raises(TypeError, match="no default"):
        Path(1)


def test_names_of_later_stages_are_no_keywords() -> None:
    for keyword in ("title", "description", "examples", "deprecated", "include_in_schema"):
        with pytest.raises(TypeError):
            Query(**{keyword: "x"})
