"""The markers by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from pelton import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from pelton.validation.markers import Marker


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


@pytest.mark.parametrize("marker", [Path, Query, Header, Cookie, Body, Form, File])
def test_what_only_the_document_says(marker: Any) -> None:
    told = {"title": "T", "description": "D", "examples": [1], "deprecated": True}
    assert marker(**told).told == told and marker().told == {}
    assert marker(deprecated=False, include_in_schema=False).told == {"include_in_schema": False}


def test_security_is_a_dependency_with_scopes() -> None:
    made = Security(len, scopes=["a", "b"], use_cache=False)
    assert (made.provider, made.scopes, made.use_cache, Depends(len).scopes) == (len, ("a", "b"), False, ())
