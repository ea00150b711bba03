"""Declared results of plain JSON types: what has exactly the shape goes out as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from pelton import App, ResponseValidationError
from pelton.signature.results import ResultType, result_type, shape_of
from pelton.testing import TestClient


class Text(str):
    pass


@dataclass
class Point:
    x: int


SHAPES = [
    (dict[str, str], [{}, {"hello": "world"}, {"a": "b", "é": "漢"}]),
    (dict[str, int], [{"a": 1, "b": 2**70}]),
    (list[int], [[], [1, 2, 3]]),
    (list[float], [[1.5, -0.0]]),
    (list[dict[str, list[bool]]], [[{"a": [True], "b": []}, {}]]),
    (dict[str, int] | list[str] | None, [{"a": 1}, ["b"], None]),
    (dict[str, int | str | None], [{"a": 1, "b": "c", "d": None}]),
    (dict[str, list[Any]], [{"a": [1, "b", {"c": Text("d")}]}]),
    (int | str, [1, "a"]),
]
MISFITS = [
    (dict[str, str], {"a": 1}),
    (dict[str, str], {1: "a"}),
    (dict[str, int], {"a": True}),
    (dict[str, int], ["a"]),
    (list[int], [1, "2"]),
    (list[int], [1, None]),
    (list[dict[str, int]], [{"a": 1}, {"b": {}}]),
    (dict[str, int] | list[str], {"a": "b"}),
]


def made(tp: Any) -> ResultType:
    result = result_type(tp, "auto")
    assert result is not None
    return result


def app_of(tp: Any, value: Any, monkeypatch: pytest.MonkeyPatch | None) -> App:
    app = App()
    if monkeypatch is not None:
        # Whoever asks the declared type finds out.
        def refused(value: Any) -> Any:
            raise AssertionError(f"{value!r} was converted")

        shape, unless = made(tp).shape, made(tp).unless
        monkeypatch.setattr("pelton.signature.results.result_type", lambda *_: ResultType(refused, unless, shape))
    app.add_route("/", lambda: value, response_model=tp)
    app.add_route("/pair", lambda: (value, 201), response_model=tuple[tp, int] if monkeypatch is None else tp)
    return app


@pytest.mark.parametrize(("tp", "value"), [(tp, value) for tp, values in SHAPES for value in values])
def test_what_has_the_shape_is_not_converted(tp: Any, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shape_of(tp) is not None
    converted = made(tp).encode(value)
    client = TestClient(app_of(tp, value, monkeypatch))
    assert client.get("/").json() == value == converted
    pair = client.get("/pair")
    assert pair.status_code == 201 and (value is None or pair.json() == value)


@pytest.mark.parametrize(("tp", "value"), MISFITS)
def test_what_has_another_shape_is_still_judged(tp: Any, value: Any) -> None:
    with pytest.raises(ResponseValidationError):
        TestClient(app_of(tp, value, None)).get("/")
    with pytest.raises(ResponseValidationError):
        TestClient(app_of(tp, value, None)).get("/pair")


def test_what_conversion_changes_is_converted() -> None:
    assert TestClient(app_of(list[float], [1, 2.5], None)).get("/").content == b"[1.0,2.5]"
    assert TestClient(app_of(dict[str, str], {"a": Text("b")}, None)).get("/").json() == {"a": "b"}


@pytest.mark.parametrize(
    "tp",
    [
        Annotated[int, "limits"] | None,
        list[Annotated[int, "limits"]],
        dict[int, str],
        dict[str, Point],
        list[Literal["a", "b"]],
        list[tuple[int, ...]],
        dict[str, int] | dict[str, str],
        list[int] | list[str],
        set[int],
        Point,
    ],
)
def test_where_types_alone_do_not_tell_there_is_no_shape(tp: Any) -> None:
    assert shape_of(tp) is None


def test_on_a_text_route_json_is_refused_still() -> None:
    app = App()
    app.add_route("/", lambda: {"a": "b"}, response_model=dict[str, str], media_type="text/plain")
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500
