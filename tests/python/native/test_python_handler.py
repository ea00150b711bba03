"""One exchange, one call, one response: errors are translated once, whatever they are."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest
from native_wire import REQUEST, Recorder, Wire
from pelton.messages.response import Response

FOLLOWING = b"GET /ok HTTP/1.1\r\nHost: h\r\n\r\n"


def raising(error: BaseException | type[BaseException]) -> Any:
    def handler(request: Any) -> Any:
        raise error

    return handler


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), KeyError, SystemExit(3), KeyboardInterrupt, MemoryError, GeneratorExit, RecursionError, StopIteration(1)],
)
def test_RSP_019_any_exception_is_handed_on_and_the_worker_goes_on(error: Any) -> None:
    wire = Wire().add(raising(error)).add(lambda: "fine", [], "/ok")
    answer = wire.ask()
    assert answer.status == 500 and len(wire.recorder.errors) == 1
    kind = error if isinstance(error, type) else type(error)
    assert type(wire.recorder.errors[0]) is kind
    assert wire.ask("/ok").json == "fine"


def test_deep_recursion_is_one_500() -> None:
    def handler(request: Any) -> Any:
        return handler(request)

    assert Wire().add(handler).ask().body.startswith(b"RecursionError")


def test_the_traceback_reaches_the_hook() -> None:
    frames: list[str] = []

    class Tracing(Recorder):
        def on_exception(self, request: Any, error: BaseException) -> Any:
            traceback = error.__traceback__
            while traceback is not None:
                frames.append(traceback.tb_frame.f_code.co_name)
                traceback = traceback.tb_next
            return Response(request.path, 500)

    assert Wire(Tracing()).add(raising(ValueError)).ask().body == b"/"
    assert frames == ["handler"]


class Broken(Recorder):
    def on_exception(self, request: Any, error: BaseException) -> Any:
        raise ZeroDivisionError("the hook itself")


class Unsendable(Recorder):
    def on_exception(self, request: Any, error: BaseException) -> Any:
        return {"a": object()}


@pytest.mark.parametrize("recorder", [Broken, Unsendable])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_when_the_hook_fails_the_server_answers(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_type.__name__))
    wire = Wire(recorder()).add(raising(ValueError)).add(lambda: "fine", [], "/ok")
    answer = wire.ask()
    assert (answer.status, answer.json["detail"]) == (500, "Internal Server Error")
    assert told == ["ZeroDivisionError" if recorder is Broken else "JSONEncodeError"]
    assert wire.server.stats()["fault.handler"] == 1
    assert wire.ask("/ok").json == "fine"


def test_side_channel() -> None:
    seen: list[Any] = []
    wire = Wire().add(lambda request, res: (seen.append(res), "value")[1], [REQUEST, {"source": "response"}])
    assert wire.ask().json == ["merged", "value", 201]
    wire.ask()
    assert seen[0] is not seen[1]

    class NoChannel(Recorder):
        def as_dict(self) -> dict[str, Any]:
            return super().as_dict() | {"side_channel": lambda: 1 / 0}

    answer = Wire(NoChannel()).add(lambda res: "x", [{"source": "response"}]).ask()
    assert answer.body.startswith(b"ZeroDivisionError")

    class NoMerge(Recorder):
        def merge(self, value: Any, side: Any, info: Any) -> Any:
            raise LookupError(info)

    assert Wire(NoMerge()).add(lambda res: "x", [{"source": "response"}]).ask().body == b"LookupError: /"


def test_unmatched_hooks() -> None:
    seen: list[Any] = []

    def unmatched(request: Any, status: int, allow: str | None, location: str | None) -> Any:
        seen.append((request.method, request.path, status, allow, request.route, request.params))
        if request.path == "/raise":
            raise LookupError
        return Response("mine", status)

    wire = Wire(Recorder(unmatched=unmatched)).add(lambda request: "x", methods=("GET",))
    assert (wire.ask("/none").status, wire.ask(method="DELETE").status) == (404, 405)
    assert seen == [
        ("GET", "/none", 404, None, None, {}),
        ("DELETE", "/", 405, "GET, HEAD, OPTIONS", None, {}),
    ]
    assert wire.ask("/raise").body.startswith(b"LookupError")
    assert wire.ask(method="OPTIONS").status == 204 and len(seen) == 3


def test_middleware_sees_options_and_redirects_too() -> None:
    seen: list[Any] = []

    def unmatched(request: Any, status: int, allow: str | None, location: str | None) -> Any:
        seen.append((request.method, request.path, status, allow, location))
        return Response("mine", 299)

    recorder = Recorder(unmatched=unmatched, has_middleware=True)
    wire = Wire(recorder, trailing_slash="redirect").add(lambda request: "x", path="/a", methods=("GET",))
    asked = (("GET", "/none"), ("DELETE", "/a"), ("OPTIONS", "/a"), ("GET", "/a/?q=1"))
    assert [wire.ask(path, method=method).status for method, path in asked] == [299] * 4
    assert seen == [
        ("GET", "/none", 404, None, None),
        ("DELETE", "/a", 405, "GET, HEAD, OPTIONS", None),
        ("OPTIONS", "/a", 204, "GET, HEAD, OPTIONS", None),
        ("GET", "/a/", 308, None, "/a?q=1"),
    ]
    assert wire.ask("/a", method="TRACE").status == 405 and wire.ask("/a", method="MKCOL").status == 501
    assert len(seen) == 4


def test_without_unmatched_hooks_the_server_answers() -> None:
    wire = Wire().add(lambda request: "x", methods=("GET",))
    assert wire.ask("/none").json["detail"] == "Not Found"
    answer = wire.ask(method="DELETE")
    assert (answer.status, answer.field("allow")) == (405, "GET, HEAD, OPTIONS")


def test_UPL_001_a_json_body_says_so() -> None:
    strict = Wire().add(lambda body: body, [{"source": "body"}], wants_json=True)
    loose = Wire(strict_content_type=False).add(lambda body: body, [{"source": "body"}], wants_json=True)
    for content_type, status in (
        ("application/json", 200),
        ("application/problem+json; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/json; charset=latin-1", 415),
    ):
        for wire in (strict, loose):
            answer = wire.ask(method="POST", fields=[("Content-Type", content_type)], body=b"[1]")
            assert answer.status == status
    assert strict.ask(method="POST", body=b"[1]").status == 415
    assert loose.ask(method="POST", body=b"[1]").json == [1]


def test_pipelined_answers_keep_their_order() -> None:
    wire = Wire().add(lambda request: int(request.query["n"]) // (int(request.query["n"]) % 3))
    octets = b"".join(f"GET /?n={n} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for n in range(30))
    received = wire.exchange(octets)
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [500 if n % 3 == 0 else 200 for n in range(30)]


def test_any_cut_of_the_octets_calls_the_handler_once() -> None:
    seen: list[Any] = []
    octets = (
        b"POST /x?a=1 HTTP/1.1\r\nHost: h\r\nCookie: c=1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    )
    wire = Wire().add(
        lambda request: seen.append((request.query["a"], request.cookies["c"], request.json(), request.headers["host"])),
        path="/x",
    )
    for cut in range(1, len(octets)):
        assert b" 200 OK" in wire.exchange(octets, [cut])
    wire.exchange(octets, [1] * (len(octets) - 1))
    assert seen == [("1", "1", [1, 2], "h")] * len(octets)


def test_counts_stay_flat_when_handlers_raise() -> None:
    wire = Wire().add(raising(ValueError)).add(lambda a: a, [{"source": "query", "key": "a"}], "/e")
    octets = (b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /e HTTP/1.1\r\nHost: h\r\n\r\nGET /no HTTP/1.1\r\nHost: h\r\n\r\n") * 5

    def run(times: int) -> tuple[int, int]:
        for _ in range(times):
            wire.exchange(octets)
            wire.recorder.errors.clear()
        gc.collect()
        return len(gc.get_objects()), sys.getrefcount(None) // 100

    run(20)
    before = run(20)[0]
    assert run(1000)[0] == before
