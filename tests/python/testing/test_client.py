"""Section 13: the test client and the live server."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, BackgroundTasks, HTTPError, Request, Response, ServerConfig, StartupError, WebSocket
from pelton.config.server_config import LimitsConfig
from pelton.testing import AsyncTestClient, TestClient, WebSocketRefused, live_server


def echo_app(**options: Any) -> App:
    app = App(**options)

    @app.route("/echo", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def echo(request: Request) -> Any:
        return [request.method, request.query.multi_items(), request.headers.multi_items(), request.text()]

    return app


def test_every_method() -> None:
    client = TestClient(echo_app())
    for method in ("get", "post", "put", "patch", "delete", "options"):
        assert getattr(client, method)("/echo").json()[0] == method.upper()
    assert client.head("/echo").content == b""


def test_params_are_added_to_the_query() -> None:
    client = TestClient(echo_app())
    made = client.get("/echo?a=1", params={"b": [2, 3], "c": True, "d": "é &"})
    assert made.json()[1] == [["a", "1"], ["b", "2"], ["b", "3"], ["c", "true"], ["d", "é &"]]
    assert client.get("/echo", params=[("x", 1), ("x", 2)]).json()[1] == [["x", "1"], ["x", "2"]]


def test_headers_of_client_and_request() -> None:
    client = TestClient(echo_app(), headers={"X-Client": "1", "User-Agent": "mine"})
    fields = dict(client.get("/echo", headers={"x-client": "2"}).json()[2])
    assert fields["x-client"] == "2" and "X-Client" not in fields and fields["User-Agent"] == "mine"
    assert dict(client.get("/echo").json()[2])["X-Client"] == "1"


def test_content_and_json() -> None:
    client = TestClient(echo_app())
    assert client.post("/echo", content="é").json()[3] == "é"
    made = client.post("/echo", json={"a": 1}).json()
    assert made[3] == '{"a":1}' and ["Content-Type", "application/json"] in made[2]
    with pytest.raises(TypeError):
        client.post("/echo", json=1, content=b"")


def test_response_attributes() -> None:
    made = TestClient(echo_app()).get("/echo")
    assert (made.http_version, made.url, made.history) == ("HTTP/1.1", "http://testserver/echo", [])


def test_base_url_and_absolute_urls() -> None:
    app = App()
    app.add_route("/{p:path}", lambda request: str(request.url))
    client = TestClient(app, base_url="http://example.org/api")
    assert client.get("/x").json() == "http://example.org/api/x" and client.get("x").json().endswith("/api/x")
    assert client.get("http://other:81/y").json() == "http://other:81/y"


def test_redirects() -> None:
    app = App()
    app.add_route("/a", lambda: Response.redirect("/b", status=303), ["POST"])
    app.add_route("/b", lambda: Response.redirect("c?x=1"))
    app.add_route("/c", lambda request: [request.method, request.query_string])
    app.add_route("/same", lambda: Response.redirect("/kept", status=307), ["POST"])
    app.add_route("/kept", lambda request: [request.method, request.text()], ["POST"])
    app.add_route("/loop", lambda: Response.redirect("/loop"))
    client = TestClient(app, follow_redirects=True)
    made = client.post("/a", content=b"x")
    assert made.json() == ["GET", "x=1"] and [r.status_code for r in made.history] == [303, 302]
    assert client.post("/same", content=b"x").json() == ["POST", "x"]
    assert client.get("/b", follow_redirects=False).status_code == 302
    with pytest.raises(RuntimeError, match="redirects"):
        client.get("/loop")


@pytest.mark.parametrize("chunks", [None, [1] * 40, [5, 1, 20], [60]])
def test_raw(chunks: list[int] | None) -> None:
    client = TestClient(echo_app())
    one = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = client.raw(one * 2, chunks=chunks)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert client.raw(b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_raw_raises_too() -> None:
    app = App()
    app.add_route("/", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        TestClient(app).raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def test_the_connection_is_kept_and_made_again() -> None:
    app = App()
    app.add_route("/", lambda: 1)
    app.add_route("/close", lambda: Response("x", headers={"connection": "close"}))
    client = TestClient(app)
    for _ in range(3):
        assert client.get("/").json() == 1 and client.get("/close").text == "x"


def test_limits_apply() -> None:
    app = echo_app(server=ServerConfig(limits=LimitsConfig(max_body_size=3)))
    client = TestClient(app)
    assert client.post("/echo", content=b"123").status_code == 200
    assert client.post("/echo", content=b"1234").status_code == 413


def test_a_client_inside_a_handler() -> None:
    inner, outer = App(), App()
    inner.add_route("/", lambda: "inner")
    outer.add_route("/", lambda: TestClient(inner).get("/").json())
    with pytest.raises(RuntimeError, match="AsyncTestClient"):
        TestClient(outer).get("/")


def test_no_answer_is_a_timeout_that_names_the_handler() -> None:
    client = TestClient(echo_app())
    with pytest.raises(TimeoutError, match="test_client.py"):
        client.post("/echo", content=b"12", headers={"content-length": "3"})


def test_open_websockets_hold_nobody_up() -> None:
    app = App()

    @app.websocket("/")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    app.add_route("/", lambda: "still here")
    client = TestClient(app)
    with client.websocket_connect("/") as first, client.websocket_connect("/") as second:
        # Less than what is waited for a handler that never ends.
        assert client.get("/", timeout=5).json() == "still here"
        first.close()
        second.send("x")
        assert second.receive() == "x" and client.get("/").json() == "still here"
    assert client._memory().pending() == 0


# --- live_server ---


def test_live_server(serve: Any, engine: str) -> None:
    app = echo_app()
    assert app.engine is None
    server = serve(app)
    assert app.engine == engine and server.url == f"http://127.0.0.1:{server.port}"
    assert urlopen(f"{server.url}/echo?a=1").status == 200


def test_live_server_stops_and_starts_again(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    app = echo_app()
    for _ in range(3):
        with live_server(app) as server:
            assert urlopen(f"{server.url}/echo").status == 200
        assert app.engine is None
        with pytest.raises(OSError):
            urlopen(f"{server.url}/echo", timeout=1)


def test_live_server_on_a_unix_socket(serve: Any, tmp_path: Any) -> None:
    app = App()
    app.add_route("/", lambda request: [request.client, request.server, request.client_ip()])
    path = str(tmp_path / "socket")
    server = serve(app, uds=path)
    assert server.url == f"unix:{path}" and server.port is None
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.endswith(b"[null,null,null]")


def test_live_server_tells_why_it_cannot_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StartupError, match="already in use"):
            with live_server(App(), port=taken.getsockname()[1]):
                pass


def test_many_clients_at_once(serve: Any) -> None:
    app = App()
    app.add_route("/{n:int}", lambda n: n)
    server = serve(app)
    found: list[int] = []

    def ask(start: int) -> None:
        for n in range(start, start + 20):
            found.append(int(urlopen(f"{server.url}/{n}").read()))

    threads = [threading.Thread(target=ask, args=(20 * i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(160))


def test_errors_do_not_end_the_server(serve: Any) -> None:
    app = App()

    @app.get("/")
    def handler() -> None:
        raise SystemExit(1)

    @app.get("/fine")
    def fine() -> None:
        raise HTTPError(418)

    server = serve(app)
    from urllib.error import HTTPError as Answered

    for _ in range(3):
        with pytest.raises(Answered, match="500"):
            urlopen(server.url)
    with pytest.raises(Answered, match="418"):
        urlopen(f"{server.url}/fine")


def test_reading_an_answer_while_it_comes() -> None:
    client = TestClient(echo_app(), headers={"X-Client": "1"}, cookies={"c": "v"})
    with client.stream("POST", "/echo", params={"a": 1}, json={"n": 1}, headers={"X-Own": "2"}) as response:
        assert response.status_code == 200 and response.content == b""
        method, query, fields, text = json.loads(b"".join(response.iter_bytes()))
    sent = dict(fields)
    assert (method, query, text) == ("POST", [["a", "1"]], '{"n":1}')
    assert (sent["X-Client"], sent["X-Own"], sent["Cookie"]) == ("1", "2", "c=v")
    assert client.get("/echo").status_code == 200  # the client's own connection goes on


def test_an_upgrade_that_is_refused() -> None:
    with pytest.raises(WebSocketRefused) as raised:
        TestClient(echo_app()).websocket_connect("/nowhere", ("chat",))
    assert raised.value.response.status_code == 404 and raised.value.response.json() == {"detail": "Not Found"}


def test_what_a_handler_raises_leaves_neither_its_answer_nor_its_connection() -> None:
    app, counted = App(server=ServerConfig(limits=LimitsConfig(max_connections=4))), iter(range(100))
    app.add_route("/bad", lambda: 1 / 0)
    app.add_route("/count", lambda: next(counted))
    client = TestClient(app)
    for count in range(10):
        with pytest.raises(ZeroDivisionError):
            client.get("/bad")
        assert client.get("/count").json() == count


def late_failures() -> App:
    app = App()

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("in a stream")

    @app.get("/task")
    def task(tasks: BackgroundTasks) -> str:
        tasks.add_task(lambda: 1 / 0)
        tasks.add_task(setattr, app.state, "next", True)
        return "answered"

    return app


def test_api_13_what_fails_behind_the_head_is_raised_too() -> None:
    app = late_failures()
    client, calm = TestClient(app), TestClient(app, raise_server_exceptions=False)
    with pytest.raises(LookupError, match="in a stream"):
        client.get("/stream")
    with pytest.raises(LookupError, match="in a stream"), client.stream("GET", "/stream") as response:
        response.read()
    with pytest.raises(ZeroDivisionError):
        client.get("/task")
    assert app.state.next and calm.get("/task").json() == "answered"
    with pytest.raises(ConnectionError, match="without a whole answer"):
        calm.get("/stream")
    assert client._memory().connections() == 0  # none is kept


def test_api_13_so_it_is_by_the_client_that_is_awaited() -> None:
    async def main() -> None:
        client = AsyncTestClient(late_failures())
        with pytest.raises(LookupError, match="in a stream"):
            await client.get("/stream")
        with pytest.raises(ZeroDivisionError):
            await client.get("/task")

    asyncio.run(main())


def scheme_app() -> App:
    app = App()

    @app.get("/")
    def handler(request: Request, res: Response) -> list[Any]:
        res.set_cookie("a", "1")
        return [request.scheme, request.url, request.is_secure()]

    @app.get("/away")
    def away() -> Response:
        return Response.redirect("https://testserver/", external=True)

    @app.websocket("/ws")
    async def socket(ws: WebSocket) -> None:
        await ws.send_text(str(ws.url))

    return app


def test_a_base_url_of_https_is_what_handlers_see() -> None:
    client = TestClient(scheme_app(), base_url="https://example.org")
    answer = client.get("/")
    assert answer.json() == ["https", "https://example.org/", True]
    assert answer.headers["set-cookie"] == "a=1; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert client.get("/").json()[0] == "https" and client.cookies["a"] == "1"
    with client.stream("GET", "/") as streamed:
        assert b"".join(streamed.iter_bytes()).startswith(b'["https"')
    with client.websocket_connect("/ws") as ws:
        assert ws.receive_text() == "https://example.org/ws"
    assert b"https" in client.raw(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")


def test_a_cookie_that_is_secure_goes_back_by_https_alone() -> None:
    app = App()

    @app.get("/")
    def handler(request: Request, res: Response) -> dict[str, str]:
        res.set_cookie("a", "1")
        return request.cookies

    client = TestClient(app, base_url="https://testserver")
    client.get("/")
    assert client.get("/").json() == {"a": "1"} and client.get("http://testserver/").json() == {}


def test_http_and_https_to_one_port_are_two_connections() -> None:
    client = TestClient(scheme_app())
    for _ in range(2):
        for scheme in ("http", "https"):
            assert client.get(f"{scheme}://testserver:8000/").json()[0] == scheme
    assert client.get("/away", follow_redirects=True).json()[0] == "https"


def test_the_asynchronous_client_asks_by_https_too() -> None:
    async def main() -> None:
        async with AsyncTestClient(scheme_app(), base_url="https://example.org") as client:
            answer = await client.get("/")
            assert answer.json() == ["https", "https://example.org/", True]
            assert "; Secure;" in answer.headers["set-cookie"]
            async with client.websocket_connect("/ws") as ws:
                assert await ws.receive_text() == "https://example.org/ws"

    asyncio.run(main())


SUITE = """
import asyncio

from pelton import App
from pelton.testing import AsyncTestClient, TestClient

app = App()
app.add_route("/", lambda: "now")
app.add_route("/pool", lambda: "pool", blocking=True)

@app.get("/later")
async def later():
    await asyncio.sleep(0)
    return "later"

@app.get("/never")
async def never():
    await asyncio.Event().wait()

@app.get("/rows")
async def rows():
    while True:
        yield "row"

of_the_module = TestClient(app)

def test_of_the_module():
    assert of_the_module.get("/later").json() == "later"

def test_of_a_function():
    client = TestClient(app)
    assert [client.get(path).json() for path in ("/", "/later", "/pool")] == ["now", "later", "pool"]

def test_in_a_cycle():
    client = TestClient(app)
    client.myself = client
    assert client.get("/pool").json() == "pool"

def test_before_a_block_and_after():
    client = TestClient(app)
    client.get("/later")
    with client:
        client.get("/later")
    client.get("/later")

def test_that_fails():
    client = TestClient(App())
    assert client.get("/").status_code == 404

def test_asynchronous():
    async def main():
        client = AsyncTestClient(app)
        assert (await client.get("/later")).json() == "later"
        assert (await client.get("/pool")).json() == "pool"

    asyncio.run(main())
"""


def test_a_client_without_a_block_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    arguments = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:randomly", "test_suite.py"]
    run = subprocess.run(
        [sys.executable, "-W", "error", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0 and "6 passed" in run.stdout and not run.stderr, run.stdout + run.stderr


def test_a_client_that_goes_takes_its_loop_and_its_threads_along() -> None:
    app = App()
    app.add_route("/pool", lambda: threading.get_ident(), blocking=True)
    client = TestClient(app)
    thread = client.get("/pool").json()
    assert client._runtime is not None
    loop = client._runtime.loop
    assert thread in {one.ident for one in threading.enumerate()} and not loop.is_closed()
    pool_thread = next(one for one in threading.enumerate() if one.ident == thread)
    del client
    gc.collect()
    pool_thread.join(10)
    assert loop.is_closed() and not pool_thread.is_alive()
