"""Request: made on first touch, valid for as long as somebody holds it, unknown to nobody's cycle."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest
from native_wire import Recorder, Wire, value_of
from pelton import _native
from pelton.errors import HTTPError


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("method", "GET"),
        ("path", "/a b/é"),
        ("raw_path", b"/a%20b/%C3%A9"),
        ("query_string", "x=1&y=%20"),
        ("scheme", "http"),
        ("http_version", "1.1"),
        ("context", {}),
        ("params", {"rest": "a b/é"}),
        ("path_params", {"rest": "a b/é"}),
        ("route", "/{rest:path}"),
        ("app", "the app"),
        ("cookies", {"a": "1", "b": "2=3"}),
        ("_client", ("10.0.0.1", 4000)),
        ("_server", ("10.0.0.2", 80)),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_attributes_in_the_handler_and_after_it(name: str, wanted: Any, later: bool) -> None:
    kept: list[Any] = []
    wire = Wire(Recorder(app="the app")).add(
        lambda request: kept.append(request if later else getattr(request, name)), path="/{rest:path}"
    )
    wire.ask("/a%20b/%C3%A9?x=1&y=%20", fields=[("Cookie", "a=1; b=2=3"), ("Cookie", "a=9")])
    # The next message overwrites the buffer that the first one stood in.
    wire.ask("/" + "z" * 300, fields=[("X-Filler", "z" * 300)])
    value = getattr(kept[0], name) if later else kept[0]
    assert value == wanted and type(value) is type(wanted)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_method_of_every_kind(method: str) -> None:
    seen: list[str] = []
    Wire().add(lambda request: seen.append(request.method), methods=(method,)).ask(method=method)
    assert seen == [method]


def test_http_1_0() -> None:
    seen: list[str] = []
    Wire().add(lambda request: seen.append(request.http_version)).exchange(b"GET / HTTP/1.0\r\n\r\n")
    assert seen == ["1.0"]


def test_an_attribute_is_one_object() -> None:
    for name in ("path", "query", "headers", "cookies", "params", "context", "_client"):
        assert value_of(lambda request, n=name: getattr(request, n) is getattr(request, n)), name
    assert value_of(lambda request: request.query is request.query_params)
    assert value_of(lambda request: request.body() is request.body(), body=b"x")
    assert value_of(lambda request: request.json() is request.json(), body=b"[1]")


def test_body_and_json_in_the_handler_and_after_it() -> None:
    kept: list[Any] = []
    wire = Wire().add(kept.append)
    wire.ask(method="POST", body=b'{"a": [1, 2.5, "x"]}')
    wire.ask(method="POST", body=b"z" * 200)
    assert kept[0].body() == b'{"a": [1, 2.5, "x"]}'
    assert kept[0].json() == {"a": [1, 2.5, "x"]} and kept[0].json() is kept[0].json()
    assert value_of(lambda request: request.body()) == b""


def test_bad_json_is_what_the_hook_says() -> None:
    def handler(request: Any) -> None:
        with pytest.raises(HTTPError) as raised:
            request.json()
        assert isinstance(raised.value.__cause__, _native.JSONDecodeError)
        request.json()

    answer = Wire().add(handler).ask(method="POST", body=b"[1,")
    assert (answer.status, answer.body) == (400, b"HTTPError: 400: json_syntax")


def test_limits_are_enforced_where_they_are_met() -> None:
    """LIM-040, LIM-042, LIM-060 at n - 1, n and n + 1."""
    config = {"query_fields_max": 3, "cookies_max": 3, "json_depth_max": 3}
    n = 3
    for count, fits in ((n - 1, True), (n, True), (n + 1, False)):
        wire = Wire(config=config).add(lambda request: len(request.query.multi_items()))
        assert wire.ask("/?" + "&".join(["a=1"] * count)).status == (200 if fits else 400)
        wire = Wire(config=config).add(lambda request: len(request.cookies))
        cookies = "; ".join(f"a{index}=1" for index in range(count))
        assert wire.ask(fields=[("Cookie", cookies)]).status == (200 if fits else 431)
        wire = Wire(config=config).add(lambda request: request.json())
        deep = b"[" * count + b"]" * count
        assert wire.ask(method="POST", body=deep).status == (200 if fits else 400)


def test_it_is_read_only_and_not_constructible() -> None:
    def handler(request: Any) -> bool:
        for name in ("method", "path", "query", "context", "new"):
            with pytest.raises(AttributeError):
                setattr(request, name, 1)
        request.context["a"] = 1
        return request.context == {"a": 1}

    assert value_of(handler)
    with pytest.raises(TypeError):
        _native.Request()  # type: ignore[call-arg]


def test_repr_names_method_and_path() -> None:
    assert value_of(repr) == "<Request GET />"


def test_one_request_serves_the_next_unless_it_is_kept() -> None:
    wire = Wire().add(lambda request: id(request))
    assert wire.ask().json == wire.ask().json
    kept: list[Any] = []
    wire = Wire().add(kept.append)
    wire.ask()
    wire.ask()
    assert kept[0] is not kept[1]


def test_parts_do_not_leak_into_the_next_request() -> None:
    def handler(request: Any) -> Any:
        request.context["seen"] = request.context.get("seen", 0) + 1
        return [request.context["seen"], request.path, request.query.get("a"), request.body().decode()]

    wire = Wire().add(handler, path="/{rest:path}")
    assert wire.ask("/1?a=1", "POST", body=b"one").json == [1, "/1", "1", "one"]
    assert wire.ask("/2?a=2", "POST", body=b"two").json == [1, "/2", "2", "two"]


def test_the_collector_sees_cycles_through_what_users_put_in() -> None:
    class Marker:
        pass

    gone: list[Any] = []

    def through_context(request: Any) -> None:
        request.context["self"] = request
        request.context["marker"] = marker = Marker()
        gone.append(weakref.ref(marker))

    def through_params(request: Any) -> None:
        request.params["self"] = [request, marker := Marker()]
        gone.append(weakref.ref(marker))

    def through_json(request: Any) -> None:
        request.json().append([request, marker := Marker()])
        gone.append(weakref.ref(marker))

    def through_cookies(request: Any) -> None:
        request.cookies["self"] = [request, marker := Marker()]
        gone.append(weakref.ref(marker))

    for handler in (through_context, through_params, through_json, through_cookies):
        Wire().add(handler).ask(method="POST", body=b"[]")
    gc.collect()
    assert [one() for one in gone] == [None] * 4


def test_a_request_with_leaves_alone_is_not_tracked() -> None:
    def handler(request: Any) -> list[bool]:
        leaves = [request.path, request.headers, request.query, request.body(), request.method]
        before = gc.is_tracked(request)
        return [len(leaves) == 5, before, bool(request.context) or gc.is_tracked(request)]

    assert value_of(handler, target="/?a=1") == [True, False, True]


def test_a_kept_request_keeps_its_application_and_lets_it_go() -> None:
    class App:
        pass

    app = App()
    gone = weakref.ref(app)
    wire = Wire(Recorder(app=app)).add(lambda request: setattr(app, "last", request))
    wire.ask()
    last = app.last  # type: ignore[attr-defined]
    wire.server.close()
    del wire, app
    gc.collect()
    assert last.app is gone() and last.route == "/"
    del last
    gc.collect()
    assert gone() is None


def test_another_thread_may_read_it_while_the_handler_runs_and_later() -> None:
    seen: list[Any] = []
    go_on = threading.Event()

    def read(request: Any) -> None:
        seen.append((request.path, request.headers["host"], request.body()))
        go_on.wait()
        seen.append((request.path, request.headers["host"], request.body()))

    def handler(request: Any) -> None:
        thread = threading.Thread(target=read, args=(request,))
        thread.start()
        threads.append(thread)

    threads: list[threading.Thread] = []
    wire = Wire().add(handler, path="/{rest:path}")
    wire.ask("/one", "POST", body=b"1")
    wire.ask("/" + "z" * 300, "POST", body=b"2" * 300)
    go_on.set()
    for thread in threads:
        thread.join()
    ones = [one for one in seen if one[0] == "/one"]
    assert ones == [("/one", "example.org", b"1")] * 2


def test_a_raising_handler_leaves_no_request_behind() -> None:
    def handler(request: Any) -> None:
        request.context["marker"] = marker = Marker()
        gone.append(weakref.ref(marker))
        raise LookupError

    class Marker:
        pass

    gone: list[Any] = []
    wire = Wire().add(handler)
    assert wire.ask().status == 500
    gc.collect()
    assert gone[0]() is None


def test_counts_stay_flat_over_many_requests() -> None:
    """10^5 requests through every part leave as many objects and references as one did."""
    sentinel = object()
    text = "x" * 50

    def handler(request: Any) -> dict[str, Any]:
        request.context["s"] = sentinel
        return {
            "a": request.params["id"],
            "b": request.query["q"],
            "c": request.headers["host"],
            "d": request.cookies,
            "e": request.json(),
            "f": text,
        }

    wire = Wire().add(handler, path="/{id:int}")
    one = (
        b"POST /7?q=1 HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 9\r\n\r\n{\"n\":[1]}"
    )
    batch = one * 50

    def run(requests: int) -> tuple[int, int, int, int]:
        for _ in range(requests // 50):
            answer = wire.exchange(batch)
            assert answer.count(b" 200 OK") == 50
        gc.collect()
        return (
            len(gc.get_objects()),
            sys.getrefcount(sentinel),
            sys.getrefcount(text),
            sys.getrefcount(_native.Request),
        )

    run(1000)
    before = run(1000)
    allocated = sys.getallocatedblocks()
    after = run(100_000)
    assert after == before
    assert abs(sys.getallocatedblocks() - allocated) < 50
