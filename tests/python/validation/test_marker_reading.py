"""Markers are found in the annotation and as the default, once."""

from __future__ import annotations

from typing import Annotated

import pytest

from pelton import App, Depends, HandlerSignatureError, Query, State
from pelton.routing.routes import RouteInfo
from pelton.signature.compiler import Compiler
from pelton.validation.marker_reading import StateReader, is_state, marker_of
from pelton.validation.parameters import EMPTY, Parameter


def compiler() -> Compiler:
    return Compiler(App()._parts, RouteInfo("/", ("GET",), "x", int, {}, "here", False))


def test_both_places() -> None:
    for annotation, default in ((Annotated[int, Query(), "kept"], EMPTY), (Annotated[int, "kept"], Query())):
        marker, tp = marker_of(compiler(), Parameter("a", annotation, default, True, False))
        assert marker is not None and marker.source == "query" and tp == Annotated[int, "kept"]
    assert marker_of(compiler(), Parameter("a", int, 5, True, False)) == (None, int)


def test_the_marker_of_an_optional() -> None:
    for annotation in (Annotated[int, Query()] | None, Annotated[Annotated[int, Query()] | None, "kept"]):
        marker, _ = marker_of(compiler(), Parameter("a", annotation, None, True, False))
        assert marker is not None and marker.source == "query"


def test_two_or_uncalled_ones() -> None:
    for annotation, default in (
        (Annotated[int, Query(), Depends(int)], EMPTY),
        (Annotated[int, Query()], State("a")),
        (Annotated[Annotated[int, Query()] | None, Query()], EMPTY),
        (Annotated[int, Depends], EMPTY),
        (int, Query),
    ):
        with pytest.raises(HandlerSignatureError):
            marker_of(compiler(), Parameter("a", annotation, default, True, False))


def test_a_state_with_a_name_is_a_marker() -> None:
    marker, tp = marker_of(compiler(), Parameter("a", Annotated[int, State("pool")], EMPTY, True, False))
    assert marker is not None and (marker.source, marker.alias, tp) == ("state", "pool", int)
    assert is_state(State("pool")) and not is_state(State()) and not is_state("pool")
    assert isinstance(StateReader("pool", 1), StateReader)
