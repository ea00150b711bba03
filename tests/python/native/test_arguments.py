"""The argument vector: every source, defaults, keywords, and the road taken when one is unfit."""

from __future__ import annotations

import gc
import sys
import uuid
from typing import Any

import pytest
from native_wire import Recorder, Wire

from pelton import _native


def called_with(arguments: list[dict[str, Any]], path: str = "/", **request: Any) -> Any:
    seen: list[Any] = []
    wire = Wire(Recorder(app="app")).add(lambda *a, **k: seen.append((a, k)), arguments, path)
    answer = wire.ask(**request)
    assert answer.status == 200, (answer.body, wire.recorder.errors)
    return seen[0]


def test_positional_and_keyword() -> None:
    arguments = [
        {"source": "query", "key": "a", "convert": "int"},
        {"source": "constant", "default": "c"},
        {"source": "header", "key": "x-h", "keyword": True, "parameter": "h"},
        {"source": "cookie", "key": "k", "keyword": True, "parameter": "k"},
    ]
    fields = [("X-H", "1"), ("x-h", "2"), ("Cookie", "k=v; k=w")]
    assert called_with(arguments, target="/?a=1&a=2", fields=fields) == ((2, "c"), {"h": "1", "k": "v"})


def test_more_than_the_inline_slots() -> None:
    arguments = [{"source": "query", "key": f"k{n}"} for n in range(40)]
    target = "/?" + "&".join(f"k{n}=v{n}" for n in range(40))
    assert called_with(arguments, target=target) == (tuple(f"v{n}" for n in range(40)), {})


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17])
def test_every_number_of_arguments(count: int) -> None:
    arguments = [{"source": "constant", "default": n} for n in range(count)]
    assert called_with(arguments) == (tuple(range(count)), {})


def test_path_values_as_matched() -> None:
    name = "12345678-1234-5678-1234-567812345678"
    arguments: list[dict[str, Any]] = [
        {"source": "path", "index": n, "convert": "as_matched"} for n in range(5)
    ]
    found = called_with(
        arguments, "/{a:int}/{b:float}/{c:uuid}/{d}/{e:path}", target=f"/-5/2.50/{name.upper()}/x%20y/p/q%2Fr"
    )
    assert found == ((-5, 2.5, uuid.UUID(name), "x y", "p/q/r"), {})
    assert [type(one) for one in found[0]] == [int, float, uuid.UUID, str, str]


def test_encoded_keys_are_found() -> None:
    assert called_with([{"source": "query", "key": "a b"}], target="/?a%20b=1") == (("1",), {})
    assert called_with([{"source": "query", "key": "a b"}], target="/?a+b=1") == (("1",), {})
    assert called_with([{"source": "query", "key": "é"}], target="/?%C3%A9=1") == (("1",), {})


def test_defaults() -> None:
    for source in ("query", "header", "cookie"):
        assert called_with([{"source": source, "key": "a", "convert": "int", "default": None}]) == ((None,), {})
    for default in ([1], {"a": 1}, {1}, frozenset({1}), bytearray(b"x")):
        argument = {"source": "query", "key": "a", "default": default, "copy_default": True}
        (copy,), _ = called_with([argument])
        assert copy == default and (copy is not default or isinstance(default, frozenset))
    shared = [1]
    (same,), _ = called_with([{"source": "query", "key": "a", "default": shared}])
    assert same is shared


def test_body() -> None:
    arguments = [{"source": "body"}]
    assert called_with(arguments, method="POST", body=b'{"a":1}') == (({"a": 1},), {})
    arguments = [{"source": "body", "decode": lambda data: (type(data), data)}]
    assert called_with(arguments, method="POST", body=b' "xyz" ') == (((bytes, b' "xyz" '),), {})
    arguments = [{"source": "body", "judge": lambda value: ("judged", value)}]
    assert called_with(arguments, method="POST", body=b"[1]") == ((("judged", [1]),), {})
    arguments = [{"source": "body", "default": "none"}]
    assert called_with(arguments, method="POST", body=b"") == (("none",), {})


def test_resolver_and_request_share_the_request() -> None:
    arguments = [{"source": "request"}, {"source": "resolver", "resolve": lambda request: id(request)}]
    (request, identity), _ = called_with(arguments)
    assert id(request) == identity


def explained(arguments: list[dict[str, Any]], **request: Any) -> Any:
    """The cause that explain() was given; the handler must not run."""
    seen: list[Any] = []

    def explain(request: Any, cause: Any) -> Any:
        seen.append((request.method, cause))
        raise LookupError("explained")

    wire = Wire().add(lambda *a: pytest.fail("called"), arguments, explain=explain)
    answer = wire.ask(**request)
    assert answer.body == b"LookupError: explained"
    return seen[0][1]


@pytest.mark.parametrize("kind", ["decode", "judge"])
def test_neither_decode_nor_judge_sees_what_is_no_json(kind: str) -> None:
    for body, reason in ((b"xyz", "json_syntax"), (b"[" * 1025 + b"]" * 1025, "json_depth"), (b"1" * 4301, "json_number")):
        cause = explained([{"source": "body", kind: pytest.fail}], method="POST", body=body)
        assert isinstance(cause, _native.JSONDecodeError) and cause.reason == reason



def test_missing_and_unfit_are_explained() -> None:
    from pelton import _native

    for source in ("query", "header", "cookie"):
        assert explained([{"source": source, "key": "a"}]) is None
    assert explained([{"source": "query", "key": "a", "convert": "int", "default": 1}], target="/?a=x") is None
    cause = explained([{"source": "body"}], method="POST", body=b"{")
    assert isinstance(cause, _native.JSONDecodeError)

    def fails(value: Any) -> Any:
        raise ValueError("no")

    assert isinstance(explained([{"source": "body", "decode": fails}], method="POST", body=b"x"), ValueError)
    assert isinstance(explained([{"source": "resolver", "resolve": fails}]), ValueError)


def test_limits_count_for_single_parameters_too() -> None:
    """LIM-040 and LIM-042: n - 1 and n fields are looked through, n + 1 are refused."""
    n = 3
    for count, status in ((n - 1, 200), (n, 200), (n + 1, 422)):
        wire = Wire(config={"query_fields_max": n, "cookies_max": n})
        wire.add(lambda a: a, [{"source": "query", "key": "a"}], "/q")
        wire.add(lambda a: a, [{"source": "cookie", "key": "a"}], "/c")
        assert wire.ask("/q?" + "&".join(["a=1"] * count)).status == status
        assert wire.ask("/c", fields=[("Cookie", "; ".join(["a=1"] * count))]).status == status


def test_an_explanation_that_finds_nothing_is_a_fault() -> None:
    wire = Wire().add(lambda a: a, [{"source": "query", "key": "a"}], explain=lambda request, cause: None)
    assert wire.ask().body == b"RuntimeError: a parameter was refused that has nothing wrong with it"


@pytest.mark.parametrize("kind", ["function", "method", "partial", "callable", "type", "builtin"])
def test_every_kind_of_callable(kind: str) -> None:
    from functools import partial

    class Holder:
        def method(self, a: Any) -> Any:
            return [a]

        __call__ = method

    handlers = {
        "function": lambda a: [a],
        "method": Holder().method,
        "partial": partial(lambda b, a: [a], 1),
        "callable": Holder(),
        "type": list,
        "builtin": sorted,
    }
    wire = Wire().add(handlers[kind], [{"source": "query", "key": "a"}])
    assert wire.ask("/?a=x").json == ["x"]


def test_counts_stay_flat_on_every_road() -> None:
    sentinel: list[Any] = []

    def convert(text: str) -> Any:
        if text == "bad":
            raise ValueError(sentinel)
        return sentinel

    wire = Wire().add(
        lambda a, b, c, k: {"a": 1},
        [
            {"source": "query", "key": "a", "convert": convert},
            {"source": "query", "key": "b", "default": sentinel, "copy_default": True},
            {"source": "constant", "default": sentinel},
            {"source": "header", "key": "host", "keyword": True, "parameter": "k"},
        ],
    )
    good = b"GET /?a=1 HTTP/1.1\r\nHost: h\r\n\r\n"
    octets = (good + b"GET /?a=bad HTTP/1.1\r\nHost: h\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") * 5

    def run(times: int) -> tuple[int, int]:
        for _ in range(times):
            wire.exchange(octets)
            wire.recorder.errors.clear()
        gc.collect()
        return sys.getrefcount(sentinel), len(gc.get_objects())

    run(20)
    before = run(20)
    assert run(1000) == before
