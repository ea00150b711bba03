"""The limits of JSON, on the wire: of every body and message that a program reads as JSON."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from pelton import App, Body, Depends, LimitsConfig, Request, ServerConfig, WebSocket
from pelton.json import JSONDecodeError
from pelton.testing import TestClient, live_server

pydantic = pytest.importorskip("pydantic")
msgspec = pytest.importorskip("msgspec")

JSON = {"content-type": "application/json"}


class Free(pydantic.BaseModel):  # type: ignore[misc,name-defined]
    value: Any


class Loose(msgspec.Struct):  # type: ignore[misc,name-defined]
    value: Any


@dataclass
class Plain:
    value: Any


def app_with(duplicate_keys: Literal["last", "reject"] = "last", validator: Any = "auto", **limits: int) -> App:
    return App(
        server=ServerConfig(limits=LimitsConfig(**limits)), json_duplicate_keys=duplicate_keys, validator=validator
    )


def typed(tp: Any) -> Callable[[App], None]:
    def register(app: App) -> None:
        def handler(sent: Any) -> str:
            return type(sent).__name__

        handler.__annotations__["sent"] = tp
        app.add_route("/", handler, ["POST"])

    return register


def embedded(tp: Any) -> Callable[[App], None]:
    return typed(Annotated[tp, Body(embed=True)])


def provided(tp: Any) -> Callable[[App], None]:
    """Below a dependency all is read in Python where something is unfit."""

    def register(app: App) -> None:
        def provide(sent: Any) -> Any:
            return sent

        def handler(given: Any = Depends(provide)) -> str:
            return type(given).__name__

        provide.__annotations__["sent"] = tp
        app.add_route("/", handler, ["POST"])

    return register


def other_type(app: App) -> None:
    def handler(sent: Any) -> str:
        return type(sent).__name__

    handler.__annotations__["sent"] = Annotated[Free, Body(media_type="application/vnd.x+json")]
    app.add_route("/", handler, ["POST"])


def untyped(app: App) -> None:
    app.add_route("/", lambda request: str(type(request.json())), ["POST"])


def streamed(app: App) -> None:
    async def handler(request: Request) -> str:
        return str(type(await request.json_async()))

    app.add_route("/", handler, ["POST"], stream_body=True)


def buffered(app: App) -> None:
    async def handler(request: Request) -> str:
        return str(type(await request.json_async()))

    app.add_route("/", handler, ["POST"])


WAYS = {
    "request.json": untyped,
    "json_async": buffered,
    "json_async streamed": streamed,
    "Any": typed(Annotated[Any, Body()]),
    "pydantic": typed(Free),
    "msgspec": typed(Loose),
    "dataclass": typed(Plain),
    "pydantic embedded": embedded(Free),
    "msgspec embedded": embedded(Loose),
    "dataclass embedded": embedded(Plain),
    "pydantic provided": provided(Free),
    "msgspec provided": provided(Loose),
    "dataclass provided": provided(Plain),
    "another media type": other_type,
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def asked(app: App, way: str, value: bytes) -> tuple[int, str]:
    """The status, and the reason of a refusal, of a value inside what this way wants."""
    content = b'{"value":%b}' % value
    if way.endswith("embedded"):
        content = b'{"sent":%b}' % content
    media_type = "application/vnd.x+json" if way == "another media type" else "application/json"
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.post("/", content=content, headers={"content-type": media_type})
    detail = answer.json()["detail"] if answer.status_code != 200 else ""
    return answer.status_code, detail[0]["ctx"]["error"] if isinstance(detail, list) else ""


@pytest.mark.parametrize("n", [4, 20, 100])
def test_LIM_060_json_depth_max(way: str, n: int) -> None:
    app = app_with(max_json_depth=n)
    WAYS[way](app)
    around = 2 if way.endswith("embedded") else 1

    def outcome(depth: int) -> tuple[int, str]:
        inside = depth - around
        return asked(app, way, b"[" * inside + b"]" * inside)

    # json_depth_max at n - 1, n and n + 1
    assert outcome(n - 1) == (200, "") and outcome(n) == (200, "")
    assert outcome(n + 1) == (400, "json_depth")


@pytest.mark.parametrize("n", [2, 20, 4300])
def test_LIM_061_json_number_bytes_max(way: str, n: int) -> None:
    app = app_with(max_json_number=n)
    WAYS[way](app)
    # json_number_bytes_max at n - 1, n and n + 1
    assert asked(app, way, b"7" * (n - 1)) == (200, "") and asked(app, way, b"7" * n) == (200, "")
    if n < 4300:  # which msgspec counts with the sign
        assert asked(app, way, b"-" + b"7" * n) == (200, "")
    assert asked(app, way, b"7" * (n + 1)) == (400, "json_number")


@pytest.mark.parametrize("member", [b'{"a":1,"a":2}', b'[{"a":1,"\\u0061":2}]'])
def test_JSN_006_duplicate_keys(way: str, member: bytes) -> None:
    for choice, wanted in (("last", (200, "")), ("reject", (400, "json_duplicate_key"))):
        app = app_with(choice)  # type: ignore[arg-type]
        WAYS[way](app)
        assert asked(app, way, member) == wanted


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"NaN", "json_number"),
        (b"-Infinity", "json_number"),
        (b"1e400", "json_number"),
        (b'"\\ud800"', "json_string"),
        (b'"\xff"', "json_string"),
        (b'"\x01"', "json_string"),
        (b"[1,]", "json_syntax"),
    ],
)
def test_JSN_004_what_only_an_engine_would_take_is_malformed(way: str, value: bytes, reason: str) -> None:
    app = app_with()
    WAYS[way](app)
    assert asked(app, way, value) == (400, reason)


def test_the_limits_of_a_mounted_app_are_those_of_the_server() -> None:
    app, inner = app_with(max_json_depth=3), App()
    typed(Free)(inner)
    app.mount("/in", inner)
    client = TestClient(app)
    assert client.post("/in/", content=b'{"value":[[]]}', headers=JSON).status_code == 200
    assert client.post("/in/", content=b'{"value":[[[]]]}', headers=JSON).status_code == 400


def test_over_a_real_connection(engine: str) -> None:
    app = App()
    typed(Free)(app)
    with live_server(app, engine=engine, limit_json_depth=3) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port or 0, timeout=10)
        for value, status in ((b"[[]]", 200), (b"[[[]]]", 400)):
            connection.request("POST", "/", b'{"value":%b}' % value, JSON)
            answer = connection.getresponse()
            assert answer.read() and answer.status == status
        connection.close()


@pytest.mark.parametrize("blocking", [False, True])
def test_a_message_of_a_websocket_is_read_within_them(blocking: bool) -> None:
    app = app_with("reject", max_json_depth=3, max_json_number=5)

    def told(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except JSONDecodeError as error:
            return error.reason

    if blocking:

        @app.websocket("/", blocking=True)
        def handler(ws) -> None:  # type: ignore[no-untyped-def]
            for _ in range(5):
                ws.send_json(told(ws.receive_json))

    else:

        @app.websocket("/")
        async def handler_too(ws: WebSocket) -> None:
            for _ in range(5):
                try:
                    value = await ws.receive_json()
                except JSONDecodeError as error:
                    value = error.reason
                await ws.send_json(value)

    with TestClient(app) as client, client.websocket_connect("/") as ws:
        for text, wanted in (
            ("[[[]]]", [[[]]]),
            ("[[[[]]]]", "json_depth"),
            ("12345", 12345),
            ("123456", "json_number"),
            ('{"a":1,"a":2}', "json_duplicate_key"),
        ):
            ws.send_text(text)
            assert ws.receive_json() == wanted
