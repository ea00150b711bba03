"""Application: templates are judged at once, plans belong to routes, freezing ends it."""

from __future__ import annotations

import gc
import re
import weakref
from typing import Any

import pytest
from native_wire import LOOP, Recorder, Wire, no_regex
from pelton import _native


def fullmatch(pattern: str) -> Any:
    return re.compile(pattern).fullmatch


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/{a}{b}", "two_parameters"),
        ("/{a:number}", "unknown_converter"),
        ("/{a}/{a}", "duplicate_parameter"),
        ("a", "no_leading_slash"),
        ("/a?b", "query_or_fragment"),
        ("/:id", "colon_parameter"),
        ("/{p:path}/x", "path_not_last"),
        ("/{a:regex(*)}", "bad_regex"),
        ("/{a", "bad_parameter"),
        ("/{1a}", "bad_parameter"),
        ("/" + "/".join(f"{{p{n}}}" for n in range(17)), "too_many_parameters"),
    ],
)
def test_refused_templates(path: str, problem: str) -> None:
    application = _native.Application()
    with pytest.raises(_native.RouteError) as raised:
        application.add_route(("GET",), path, fullmatch)
    assert (raised.value.problem, raised.value.other) == (problem, None)
    assert isinstance(raised.value, ValueError) and path in str(raised.value)
    assert application.add_route(("GET",), "/fine", fullmatch) == 0


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "", "A B", "\xe9"])
def test_refused_methods(method: str) -> None:
    with pytest.raises(_native.RouteError) as raised:
        _native.Application().add_route((method,), "/", fullmatch)
    assert raised.value.problem == "method"


def test_a_conflict_names_the_other_route() -> None:
    application = _native.Application()
    assert [application.add_route(("GET",), path, fullmatch) for path in ("/a", "/{x}")] == [0, 1]
    with pytest.raises(_native.RouteError) as raised:
        application.add_route(("POST", "GET"), "/{y}", fullmatch)
    assert (raised.value.problem, raised.value.other) == ("conflict", 1)
    assert application.add_route(("POST",), "/{y}", fullmatch) == 2


def test_parameters() -> None:
    application = _native.Application()
    application.add_route(("GET",), "/{a}/v{b:int}/{c:float}/{d:uuid}/{e:regex([a-z]+)}/{f:path}", fullmatch)
    assert application.parameters(0) == [
        ("a", "str"), ("b", "int"), ("c", "float"), ("d", "uuid"), ("e", "regex"), ("f", "path"),
    ]  # fmt: skip
    with pytest.raises(IndexError):
        application.parameters(1)


def test_a_regex_is_asked_of_python() -> None:
    wire = Wire().add(lambda request: request.params, path="/{a:regex([a-zé]{2})}", regex=fullmatch)
    assert wire.ask("/ab").json == {"a": "ab"} and wire.ask("/%C3%A9x").json == {"a": "éx"}
    assert wire.ask("/abc").status == wire.ask("/A1").status == 404


def test_a_regex_that_raises_does_not_match(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_type))

    def raising(pattern: str) -> Any:
        return lambda text: 1 / 0

    assert Wire().add(print, path="/{a:regex(x)}", regex=raising).ask("/x").status == 404
    assert set(told) == {ZeroDivisionError}


def test_order_of_life() -> None:
    application = _native.Application()
    index = application.add_route(("GET",), "/", no_regex)
    plan: Any = {"handler": print, "arguments": []}
    with pytest.raises(RuntimeError, match="not frozen"):
        _native.MemoryServer(application, config={}, loop=LOOP)
    with pytest.raises(RuntimeError, match="no plan"):
        application.freeze(Recorder().as_dict())  # type: ignore[arg-type]
    with pytest.raises(IndexError):
        application.set_plan(1, plan)
    application.set_plan(index, plan)
    with pytest.raises(KeyError, match="on_exception"):
        application.freeze({"app": 1})  # type: ignore[typeddict-item]
    application.freeze(Recorder().as_dict())  # type: ignore[arg-type]
    for late in (
        lambda: application.add_route(("GET",), "/b", no_regex),
        lambda: application.set_plan(index, plan),
        lambda: application.freeze(Recorder().as_dict()),  # type: ignore[arg-type]
    ):
        with pytest.raises(RuntimeError, match="frozen"):
            late()


@pytest.mark.parametrize("option", ["errors", "trailing_slash", "json_nan", "json_duplicate_keys"])
def test_options_are_one_of_two_words(option: str) -> None:
    with pytest.raises(ValueError, match=option):
        _native.Application(**{option: "other"})  # type: ignore[arg-type]


def test_options_reach_the_wire() -> None:
    wire = Wire(errors="problem", trailing_slash="redirect", json_duplicate_keys="reject")
    wire.add(lambda request: request.json(), path="/x/")
    answer = wire.ask("/none")
    assert (answer.field("content-type"), answer.json["title"]) == ("application/problem+json", "Not Found")
    assert (wire.ask("/x?a=1").status, wire.ask("/x?a=1").field("location")) == (308, "/x/?a=1")
    assert wire.ask("/x/", "POST", body=b'{"a":1,"a":2}').status == 400


def test_the_collector_sees_through_it() -> None:
    class App:
        def __init__(self) -> None:
            self.wire = Wire(Recorder(app=self), json_default=self.default).add(self.handle)
            self.wire.ask()

        def default(self, value: Any) -> Any: ...

        def handle(self, request: Any) -> Any: ...

    app = App()
    app.wire.server.close()
    app.wire.server = None
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None
