"""`App.enable_cors()` on the wire: over HTTP/1.1 and HTTP/2, for everything that a server answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pelton import App, ConfigError, RegistrationError, Request, Response, StaticFilesConfig, WebSocket
from pelton.testing import TestClient, live_server
from supervised import Supervised

Serve = Callable[..., live_server]
OURS, THEIRS = "https://app.example", "https://elsewhere.example"
ALLOW = "access-control-allow-"


def asgi() -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"vary", b"accept")]})
        await send({"type": "http.response.body", "body": scope["method"].encode()})

    return application


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"wsgi"]


def application(folder: Path) -> App:
    app = App()
    (folder / "file.txt").write_text("file")
    app.enable_static_files(StaticFilesConfig(root=folder, prefix="/files"))

    @app.get("/")
    def home() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/late")
    async def late() -> str:
        return "late"

    @app.get("/stream")
    def stream() -> Iterator[bytes]:
        yield b"piece"

    @app.get("/own")
    def own() -> Response:
        return Response("own", headers={"Access-Control-Allow-Origin": "https://own.example", "Vary": "Accept"})

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("fails")

    @app.post("/post")
    def post(request: Request) -> str:
        return request.text()

    @app.route("/options", methods=["OPTIONS"])
    def options() -> str:
        return "mine"

    @app.websocket("/socket")
    async def socket(ws: WebSocket) -> None:
        await ws.accept()
        await ws.send("hello")
        await ws.close()

    app.mount("/asgi", asgi())
    app.mount("/wsgi", wsgi)
    sub = App()
    sub.add_route("/x", lambda: "sub")
    app.mount("/sub", sub)
    return app


ANSWERS = [
    ("/", 200), ("/late", 200), ("/stream", 200), ("/fails", 500), ("/files/file.txt", 200), ("/files/none", 404),
    ("/asgi/x", 200), ("/wsgi/x", 200), ("/sub/x", 200), ("/sub/none", 404), ("/none", 404), ("/post", 405),
]  # fmt: skip


@pytest.fixture(params=["h1", "h2"])
def client(serve: Serve, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    app = application(tmp_path)
    app.enable_cors([OURS, "http://localhost:3000"], allow_credentials=True, expose_headers=["X-Total"])
    server = serve(app, h2c=True)
    with httpx.Client(base_url=server.url, http1=request.param == "h1", http2=request.param == "h2") as made:
        yield made


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_every_answer_says_who_may_read_it(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path, headers={"Origin": OURS})
    assert (answer.status_code, answer.headers[ALLOW + "origin"]) == (status, OURS)
    assert answer.headers[ALLOW + "credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == "X-Total"
    assert "Origin" in answer.headers["vary"]
    answer = client.get(path, headers={"Origin": THEIRS})
    assert answer.status_code == status and "Origin" in answer.headers["vary"]
    assert not [name for name in answer.headers if name.startswith(ALLOW)]
    answer = client.get(path)
    assert answer.status_code == status and "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("path", ["/", "/files/file.txt", "/asgi/x", "/wsgi/x", "/none", "/post", "/options"])
def test_a_preflight_is_answered_before_routing(client: httpx.Client, path: str) -> None:
    asks = {"Origin": OURS, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-token"}
    answer = client.options(path, headers=asks)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers[ALLOW + "origin"] == OURS
    assert answer.headers[ALLOW + "methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE"
    assert answer.headers[ALLOW + "headers"] == "x-token"
    assert answer.headers["access-control-max-age"] == "600"
    answer = client.options(path, headers={**asks, "Origin": THEIRS})
    assert (answer.status_code, answer.text) == (403, "CORS: this origin is not allowed\n")
    assert ALLOW + "origin" not in answer.headers
    answer = client.options(path, headers={**asks, "Access-Control-Request-Method": "PURGE"})
    assert (answer.status_code, answer.text) == (403, "CORS: this method is not allowed\n")


def test_options_that_is_no_preflight_reaches_its_handler(client: httpx.Client) -> None:
    answer = client.options("/options", headers={"Origin": OURS})
    assert (answer.json(), answer.headers[ALLOW + "origin"]) == ("mine", OURS)


def test_a_handlers_own_fields_win_and_Vary_adds_up(client: httpx.Client) -> None:
    answer = client.get("/own", headers={"Origin": OURS})
    assert answer.headers.get_list(ALLOW + "origin") == ["https://own.example"]
    assert sorted(answer.headers.get_list("vary")) == ["Accept", "Origin"]
    assert sorted(client.get("/asgi/x").headers.get_list("vary")) == ["Origin", "accept"]


def test_a_body_and_a_preflight_with_one(client: httpx.Client) -> None:
    answer = client.post("/post", content=b"body", headers={"Origin": OURS})
    assert (answer.json(), answer.headers[ALLOW + "origin"]) == ("body", OURS)
    asks = {"Origin": OURS, "Access-Control-Request-Method": "POST"}
    assert client.request("OPTIONS", "/post", content=b"x" * 1000, headers=asks).status_code == 204
    assert client.get("/").status_code == 200


def test_all_origins_without_an_argument(serve: Serve, tmp_path: Path) -> None:
    app = application(tmp_path)
    app.enable_cors()
    with httpx.Client(base_url=serve(app).url) as client:
        for headers in ({}, {"Origin": THEIRS}, {"Origin": "null"}):
            answer = client.get("/", headers=headers)
            assert answer.headers[ALLOW + "origin"] == "*" and "vary" not in answer.headers
        answer = client.options("/", headers={"Origin": THEIRS, "Access-Control-Request-Method": "GET"})
        assert answer.status_code == 204 and ALLOW + "headers" not in answer.headers


def test_a_refusal_of_the_parser_is_readable_where_all_origins_are(serve: Serve, tmp_path: Path) -> None:
    app = application(tmp_path)
    app.enable_cors()
    with httpx.Client(base_url=serve(app).url) as client:
        answer = client.get("/" + "x" * 10_000)
        assert (answer.status_code, answer.headers[ALLOW + "origin"]) == (414, "*")


def test_websockets_are_judged_by_their_own_origins(tmp_path: Path) -> None:
    app = application(tmp_path)
    app.enable_cors()
    with TestClient(app) as client:
        with client.websocket_connect("/socket") as ws:
            assert ws.receive_text() == "hello"
        assert client.get("/").headers[ALLOW + "origin"] == "*"


def test_two_workers(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from pelton import App\napp = App()\napp.enable_cors(['https://app.example'])\napp.add_route('/', lambda: 'x')\n"
    )
    server = Supervised(tmp_path, "main.py", "--workers", "2")
    try:
        server.ready(2)
        for _ in range(20):
            answer = httpx.get(f"http://127.0.0.1:{server.port}/", headers={"Origin": OURS})
            assert answer.headers[ALLOW + "origin"] == OURS
    finally:
        server.end()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"origins": "https://app.example"}, "takes a list of str"),
        ({"origins": []}, "allows no origin"),
        ({"origins": ["https://app.example/"]}, "without a path"),
        ({"origins": ["https://App.example"]}, "lower case"),
        ({"origins": ["app.example"]}, "https://app.example"),
        ({"origins": ["https://app.example:443"]}, "own port out: https://app.example"),
        ({"origins": ["https://*.example"]}, "browsers send"),
        ({"allow_credentials": True}, "list the origins"),
        ({"origins": ["*"], "allow_credentials": True}, "list the origins"),
        ({"origins": [OURS], "allow_credentials": True, "expose_headers": ["*"]}, "list the headers"),
        ({"allow_methods": ["GE T"]}, "allow_methods"),
        ({"allow_headers": ["a:b"]}, "allow_headers"),
        ({"max_age": -1}, "max_age"),
        ({"max_age": True}, "max_age"),
    ],
)
def test_what_cannot_be_is_said_at_once(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match="enable_cors") as caught:
        App().enable_cors(**arguments)
    assert said in str(caught.value)


def test_twice_too_late_and_on_a_mounted_app() -> None:
    app = App()
    app.enable_cors()
    with pytest.raises(ConfigError, match="called before"):
        app.enable_cors()
    app.add_route("/", lambda: "x")
    with TestClient(app) as client:
        assert client.get("/").json() == "x"
    with pytest.raises(RegistrationError, match="too late"):
        app.enable_cors()
    outer, inner = App(), App()
    inner.enable_cors()
    outer.mount("/inner", inner)
    with pytest.raises(RegistrationError, match="call it on the app that is served"), TestClient(outer) as client:
        client.get("/")


def test_all_methods_and_headers() -> None:
    app = App()
    app.enable_cors(allow_methods=["*"], allow_headers=["X-One", "X-Two"])
    app.add_route("/", lambda: json.dumps({}))
    with TestClient(app) as client:
        asks = {"Origin": OURS, "Access-Control-Request-Method": "OPTIONS", "Access-Control-Request-Headers": "x-two"}
        answer = client.options("/", headers=asks)
        assert answer.status_code == 204
        assert answer.headers[ALLOW + "methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        assert answer.headers[ALLOW + "headers"] == "X-One, X-Two"
        answer = client.options("/", headers={**asks, "Access-Control-Request-Headers": "x-three"})
        assert (answer.status_code, answer.text) == (403, "CORS: one of these headers is not allowed\n")
