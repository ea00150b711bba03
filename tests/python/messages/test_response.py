"""Section 6.3: Response and its factories; section 6.4: the side channel."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import (
    App,
    ConfigError,
    Headers,
    InvalidHeader,
    MutableHeaders,
    ProblemDetails,
    Request,
    Response,
    ServerConfig,
    SseEvent,
    json,
)
from pelton.testing import TestClient, TestResponse, live_server


def sent(response: Any, **options: Any) -> TestResponse:
    app = App()
    app.add_route("/", lambda: response, **options)
    return TestClient(app).get("/")


@pytest.mark.parametrize(
    ("response", "status", "content_type", "body"),
    [
        (Response("hé"), 200, "text/plain; charset=utf-8", "hé".encode()),
        (Response(b"x", 201), 201, "application/octet-stream", b"x"),
        (Response(), 200, None, b""),
        (Response("<p>", content_type="text/html"), 200, "text/html; charset=utf-8", b"<p>"),
        (Response(content="a", status_code=202, media_type="a/b"), 202, "a/b", b"a"),
        (Response("x", headers={"content-type": "c/d"}), 200, "c/d", b"x"),
        (Response.json({"a": 1}), 200, "application/json", b'{"a":1}'),
        (Response.json([], 418, headers={"x": "y"}), 418, "application/json", b"[]"),
        (Response.text("t"), 200, "text/plain; charset=utf-8", b"t"),
        (Response.html("h", 203), 203, "text/html; charset=utf-8", b"h"),
        (Response.binary(bytearray(b"b"), "image/png"), 200, "image/png", b"b"),
        (Response.created({"id": 1}, "/1"), 201, "application/json", b'{"id":1}'),
        (Response.created(), 201, None, b""),
        (Response.no_content(), 204, None, b""),
        (Response.redirect("/x"), 302, None, b""),
        (Response.redirect("/x", True), 301, None, b""),
        (Response.redirect("/x", status=308), 308, None, b""),
        (Response.xml({"a": 1}), 200, "application/xml", b'<?xml version="1.0" encoding="UTF-8"?>\n<root><a>1</a></root>'),
        (
            Response.problem(ProblemDetails(status=404)),
            404,
            "application/problem+json",
            b'{"type":"about:blank","title":"Not Found","status":404}',
        ),
    ],
)
def test_responses_on_the_wire(response: Response, status: int, content_type: str | None, body: bytes) -> None:
    made = sent(response)
    assert (made.status_code, made.headers.get("content-type"), made.content) == (status, content_type, body)
    if status != 204:
        assert made.headers["content-length"] == str(len(body))
    assert response.status == response.status_code == status and response.body() == body
    assert response.content_type() == content_type


@pytest.mark.parametrize(
    "keywords",
    [
        {"body": b"", "content": b""},
        {"status": 200, "status_code": 200},
        {"content_type": "a/b", "media_type": "a/b"},
    ],
)
def test_an_alias_beside_its_name_is_a_type_error(keywords: Any) -> None:
    with pytest.raises(TypeError, match="alias"):
        Response(**keywords)


@pytest.mark.parametrize("body", [{}, 1, object()])
def test_bodies_are_octets_or_text(body: Any) -> None:
    with pytest.raises(TypeError, match="Response.json"):
        Response(body)


@pytest.mark.parametrize("status", [100, 199, 600, 0])
def test_RSP_010_statuses(status: int) -> None:
    for attempt in (lambda: Response(status=status), lambda: Response().set_status(status)):
        with pytest.raises(ValueError):
            attempt()


def test_headers_and_status_can_be_changed() -> None:
    response = Response.text("x", headers={"X-A": "1"})
    response.set_header("x-a", "2")
    response.add_header("x-a", "3")
    response.headers["x-b"] = "4"
    response.status = 202
    assert isinstance(response.headers, MutableHeaders)
    made = sent(response)
    assert made.headers.getlist("x-a") == ["2", "3"] and made.headers["x-b"] == "4" and made.status_code == 202


def test_RSP_013_hop_by_hop_fields_are_left_out() -> None:
    fields = {"transfer-encoding": "chunked", "keep-alive": "x", "upgrade": "h2c", "te": "x", "connection": "x-a"}
    made = sent(Response.text("x", headers=fields))
    assert made.content == b"x" and not set(fields) & set(made.headers)


def test_connection_close_closes() -> None:
    made = sent(Response.text("x", headers={"connection": "close"}))
    assert made.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("headers", "fields"),
    [({"content-length": "3"}, 1), ({}, 300), ({"x": "a" * 70_000}, 1)],
    ids=["length", "fields", "octets"],
)
def test_RSP_011_RSP_015_a_bad_head_is_a_500(headers: dict[str, str], fields: int) -> None:
    response = Response.text("x", headers=headers)
    for index in range(fields):
        response.add_header("x-n", str(index))
    app = App()
    app.add_route("/", lambda: response)
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500


def test_RSP_017_date_is_ours_unless_given() -> None:
    assert sent(Response.text("x")).headers.getlist("date")
    given = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert sent(Response.text("x", headers={"date": given})).headers.getlist("date") == [given]


def test_RSP_018_no_server_field() -> None:
    assert "server" not in sent(Response.text("x")).headers


def configured(server: ServerConfig, result: Any = "x") -> TestResponse:
    app = App(server=server)
    app.add_route("/", lambda: result)
    return TestClient(app).get("/")


def test_RSP_018_a_server_field_when_asked_for() -> None:
    assert configured(ServerConfig(server_header=True)).headers["server"] == "pelton"
    own = Response.text("x", headers={"Server": "mine"})
    assert configured(ServerConfig(server_header=True), own).headers.getlist("server") == ["mine"]
    given = ServerConfig(server_header=True, headers={"server": "configured"})
    assert configured(given).headers.getlist("server") == ["configured"]


def test_RSP_017_no_date_field_when_not_wanted() -> None:
    assert "date" not in configured(ServerConfig(date_header=False), {"a": 1}).headers


def test_configured_fields_are_in_every_response() -> None:
    server = ServerConfig(headers=[("X-A", "1"), ("X-B", "zwei")])
    for made in (configured(server), configured(server, {"a": 1}), configured(server, Response(b"", 204))):
        assert (made.headers["x-a"], made.headers["x-b"]) == ("1", "zwei")
    app = App(server=server)
    assert TestClient(app).get("/absent").headers["x-a"] == "1"


def test_configured_fields_from_the_environment() -> None:
    env = {"PELTON_HEADERS": "X-A: 1\nX-B:2", "PELTON_SERVER_HEADER": "on", "PELTON_DATE_HEADER": "off"}
    made = configured(ServerConfig.from_env(env=env)).headers
    assert (made["x-a"], made["x-b"], made["server"]) == ("1", "2", "pelton")
    assert "date" not in made


@pytest.mark.parametrize(
    "headers",
    [{"Bad Name": "x"}, {"X": "a\r\nb"}, {"Content-Length": "1"}, {"Connection": "close"}, {"X": 1}, 5, ["ab", "c"]],
)
def test_what_cannot_be_in_every_response_is_a_configuration_error(headers: Any) -> None:
    with pytest.raises(ConfigError, match="headers"):
        ServerConfig(headers=headers)


@pytest.mark.parametrize("status", [204, 304])
def test_RSP_001_no_body_where_none_may_be(status: int) -> None:
    made = sent(Response("body", status))
    assert made.content == b"" and "content-length" not in made.headers


def test_a_response_may_be_sent_many_times() -> None:
    constant = Response.text("pong")
    app = App()
    app.add_route("/", lambda: constant)
    client = TestClient(app)
    assert [client.get("/").text for _ in range(3)] == ["pong"] * 3


def test_subclasses_are_responses() -> None:
    class Teapot(Response):
        def __init__(self) -> None:
            super().__init__("tea", 418)

    assert sent(Teapot()).status_code == 418


@pytest.mark.parametrize("url", ["//evil", "/\\evil", "\\evil", "/a b", "/a\r\nx: y", "/\x7f"])
def test_URL_008_redirects_stay_here_and_clean(url: str) -> None:
    with pytest.raises(ValueError):
        Response.redirect(url)


def test_redirects() -> None:
    assert sent(Response.redirect("//other/x", external=True)).headers["location"] == "//other/x"
    assert sent(Response.redirect("https://other/x")).headers["location"] == "https://other/x"
    assert sent(Response.redirect("/é")).headers["location"] == "/%C3%A9"
    with pytest.raises(ValueError):
        Response.redirect("/", status=200)


def test_json_is_encoded_at_the_call() -> None:
    with pytest.raises(json.JSONEncodeError, match=r"\$\.a"):
        Response.json({"a": object()})


def test_set_cookie_aliases() -> None:
    response = Response()
    response.set_cookie("a", "b", httponly=False, samesite="Strict")
    assert response.headers["set-cookie"] == "a=b; Path=/; SameSite=Strict"
    with pytest.raises(TypeError):
        response.set_cookie("a", http_only=True, httponly=True)
    with pytest.raises(TypeError):
        response.set_cookie("a", same_site="Lax", samesite="Lax")


def test_delete_cookie() -> None:
    response = Response()
    response.delete_cookie("a", path="/x")
    assert response.headers["set-cookie"] == (
        "a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/x; HttpOnly; SameSite=Lax"
    )
    response.delete_cookie("__Host-a")
    assert "Secure" in response.headers.getlist("set-cookie")[1]


def test_cookies_are_one_line_each() -> None:
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", expires=datetime(2024, 1, 2, tzinfo=timezone.utc))
    assert len(sent(response).headers.getlist("set-cookie")) == 2


def test_refused_headers_name_header_and_position() -> None:
    with pytest.raises(InvalidHeader, match="'x-a'"):
        Response(headers={"x-a": "a\nb"})


# --- the side channel ---


def with_side_channel(handler: Any, **options: Any) -> TestResponse:
    app = App()
    app.add_route("/", handler, **options)
    return TestClient(app).get("/")


def test_side_channel_is_merged_into_any_result() -> None:
    def handler(request: Request, response: Response) -> dict[str, int]:
        response.status = 202
        response.set_header("x-a", "1")
        response.set_cookie("c", "v")
        return {"a": 1}

    made = with_side_channel(handler)
    assert (made.status_code, made.json(), made.headers["x-a"], made.cookies) == (202, {"a": 1}, "1", {"c": "v"})


def test_a_returned_response_keeps_its_status_and_equal_headers() -> None:
    constant = Response.text("x", 201, headers={"x-a": "own"})
    constant.set_cookie("own", "1")

    def handler(request, res):  # type: ignore[no-untyped-def]
        res.status = 202
        res.set_header("x-a", "side")
        res.set_header("x-b", "side")
        res.set_cookie("side", "2")
        return constant

    made = with_side_channel(handler)
    assert (made.status_code, made.headers["x-a"], made.headers["x-b"]) == (201, "own", "side")
    assert made.cookies == {"own": "1", "side": "2"}
    assert "x-b" not in constant.headers


def test_the_side_channel_itself_is_sent_as_it_is() -> None:
    def handler(response: Response) -> Response:
        response.set_header("x-a", "1")
        return response

    made = with_side_channel(handler, status=203)
    assert (made.status_code, made.content, made.headers["x-a"]) == (203, b"", "1")


def test_side_channel_beside_a_tuple_and_untouched() -> None:
    def given(response: Response) -> Any:
        response.status = 500
        response.set_header("x-a", "side")
        return "x", 202, {"x-a": "tuple"}

    made = with_side_channel(given)
    assert (made.status_code, made.headers.getlist("x-a")) == (202, ["tuple"])
    assert with_side_channel(lambda request, res: [1], status=201).status_code == 201


def test_side_channel_sets_the_content_type() -> None:
    def handler(response: Response) -> Any:
        response.set_header("content-type", "application/vnd.x+json")
        return {"a": 1}

    assert with_side_channel(handler).headers.getlist("content-type") == ["application/vnd.x+json"]


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


def as_text(value: Any) -> str:
    return f"{value.cents / 100:.2f}"


def test_the_factories_encode_as_the_application_does() -> None:
    app = App(json_default=as_text)
    app.add_route("/json", lambda: Response.json({"price": Money(150)}))
    app.add_route("/created", lambda: Response.created({"price": Money(150)}, "/1"))
    app.add_route("/problem", lambda: Response.problem(ProblemDetails(status=409, price=Money(150))))
    app.add_route("/pool", lambda: Response.json({"price": Money(150)}), blocking=True)
    app.add_route("/event", lambda: {"price": SseEvent(Money(150)).to_sse_string().removeprefix("data: ")[1:5]})

    @app.get("/later")
    async def later() -> Response:
        await asyncio.sleep(0)
        return Response.json({"price": Money(150)})

    @app.get("/task")
    async def task() -> Response:
        async def inner() -> Response:
            return Response.json({"price": Money(150)})

        return await asyncio.create_task(inner())

    @app.exception_handler(404)
    def nothing(request: Request, error: Exception) -> Response:
        return Response.json({"price": Money(150)}, 404)

    with TestClient(app) as client:
        for path in ("json", "created", "problem", "pool", "event", "later", "task", "none"):
            assert client.get(f"/{path}").json()["price"] == "1.50", path


def test_nan_is_an_error_in_the_factories_too() -> None:
    app = App(json_nan="error")
    app.add_route("/", lambda: Response.json([float("nan")]))
    with pytest.raises(json.JSONEncodeError):
        TestClient(app).get("/")
    assert sent(Response.json([float("nan")])).content == b"[null]"  # made outside of any application


def test_a_mounted_application_encodes_its_own_way() -> None:
    outer, inner, plain = App(json_default=as_text), App(json_default=lambda value: value.cents), App()
    for one in (outer, inner, plain):
        one.add_route("/", lambda: Response.json(Money(150)))
        one.add_route("/request", lambda request: Response.json(Money(150)))
        one.add_route("/arguments", lambda n=1: Response.json(Money(150)))

        async def later(request: Request) -> Response:
            await asyncio.sleep(0)
            return Response.json(Money(150))

        async def at_once() -> Response:
            return Response.json(Money(150))

        one.add_route("/later", later)
        one.add_route("/at-once", at_once)
        one.exception_handler(404)(lambda request, error: (Response.json([Money(150)])))
        one.exception_handler(json.JSONEncodeError)(lambda request, error: ("cannot", 200))
    outer.mount("/inner", inner)
    inner.mount("/plain", plain)
    client = TestClient(outer)
    for path in ("", "request", "arguments", "later", "at-once"):
        for _ in range(2):  # what one request sets is not there in the next
            assert client.get(f"/{path}").json() == "1.50", path
            assert client.get(f"/inner/{path}").json() == 150, path
            assert client.get(f"/inner/plain/{path}").json() == "cannot", path
    assert client.get("/none").json() == ["1.50"] and client.get("/inner/none").json() == [150]
    assert TestClient(inner).get("/").json() == 150 and TestClient(plain).get("/").json() == "cannot"


def test_the_factories_encode_so_from_the_lifespan_on() -> None:
    app, made = App(json_default=as_text), []
    app.on_startup(lambda: made.append(Response.json(Money(150))))
    app.add_route("/", lambda: made[0])
    with TestClient(app) as client:
        assert client.get("/").json() == "1.50"


def test_the_factories_encode_so_over_a_real_connection(engine: str) -> None:
    app = App(json_default=as_text)
    app.add_route("/", lambda: Response.json({"price": Money(150)}))
    with live_server(app, engine=engine) as server:
        assert urlopen(server.url).read() == b'{"price":"1.50"}'


def test_headers_of_another_answer_keep_every_cookie() -> None:
    first = Response("a")
    first.set_cookie("a", "1")
    first.set_cookie("b", "2")
    for headers in (first.headers, Headers(first.headers.multi_items())):
        copy = Response("x", headers=headers)
        assert copy.headers.getlist("set-cookie") == first.headers.getlist("set-cookie")
        assert len(Response.stream(iter([b"a"]), headers=headers).headers.getlist("set-cookie")) == 2


def test_a_cookie_becomes_secure_where_the_request_came_by_https(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    makers: dict[str, Any] = {
        "text": lambda: Response.text("x"),
        "stream": lambda: Response.stream(iter([b"a"])),
        "file": lambda: Response.sendfile(file),
    }
    app = App()

    def add(name: str, make: Any) -> None:
        @app.get(f"/{name}")
        def handler() -> Response:
            response: Response = make()
            response.set_cookie("auto", "1", max_age=5)
            response.set_cookie("bare", "1", http_only=False, same_site=None)
            response.set_cookie("never", "1", secure=False)
            response.set_cookie("ever", "1", secure=True)
            response.add_header("Set-Cookie", "own=1; Path=/")
            return response

    for name, make in makers.items():
        add(name, make)

    @app.get("/side")
    def side(request: Request, res: Response) -> str:
        res.set_cookie("auto", "1", max_age=5)
        return "x"

    @app.get("/copied")
    def copied() -> Response:
        first = makers["text"]()
        first.set_cookie("auto", "1", max_age=5)
        return Response("x", headers=first.headers)

    for scheme, word in (("http", ""), ("https", " Secure;")):
        client = TestClient(app, base_url=f"{scheme}://testserver")
        for name in makers:
            assert client.get(f"/{name}").headers.getlist("set-cookie") == [
                f"auto=1; Max-Age=5; Path=/;{word} HttpOnly; SameSite=Lax",
                f"bare=1; Path=/{word and '; Secure'}",
                "never=1; Path=/; HttpOnly; SameSite=Lax",
                "ever=1; Path=/; Secure; HttpOnly; SameSite=Lax",
                "own=1; Path=/",
            ]
        assert client.get("/side").headers["set-cookie"] == f"auto=1; Max-Age=5; Path=/;{word} HttpOnly; SameSite=Lax"
    # A header that is copied as text says what it says.
    assert "Secure" not in TestClient(app, base_url="https://testserver").get("/copied").headers["set-cookie"]


def test_a_cookie_over_a_real_connection_is_not_secure(engine: str) -> None:
    app = App()

    @app.get("/")
    def handler(request: Request, res: Response) -> str:
        res.set_cookie("a", "1")
        return request.scheme

    with live_server(app, engine=engine) as server, urlopen(server.url) as answer:
        assert answer.headers["set-cookie"] == "a=1; Path=/; HttpOnly; SameSite=Lax" and answer.read() == b'"http"'
