"""The proxies of the guide in front of a real server: who the client is, kept connections, uploads, streams, WebSockets, TLS."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

from guide import FOLDER, Page
from pelton import App, Request, Response, SseEvent, WebSocket
from pelton.hosting.interfaces import served
from pelton.testing import live_server
from proxies import START_S
from services import free_port, unsanitized

CLIENT = "127.0.0.5"  # where clients of a proxy are, which is at 127.0.0.1


def forwarded(port: int, **fields: str) -> Any:
    """What the application says to a client of the proxy."""
    connection = HTTPConnection("127.0.0.1", port, source_address=(CLIENT, 0))
    connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


FORGED = {
    "X_Forwarded_For": "6.6.6.6", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil", "X_Forwarded_Port": "1",
    "X_Forwarded_Prefix": "/evil", "Forwarded": "for=6.6.6.6;proto=https;host=evil",
}  # fmt: skip


def proxied() -> App:
    app = App()

    @app.get("/")
    def home(request: Request) -> list[str | None]:
        return [request.client_ip(), str(request.url), request.headers.get("connection")]

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(f"{message} from {ws.client and ws.client.host}")

    return app


def check_websocket(port: int, client: str = CLIENT) -> None:
    with connect(f"ws://127.0.0.1:{port}/echo", origin=f"http://127.0.0.1:{port}", source_address=(CLIENT, 0), proxy=None) as ws:
        ws.send("through")
        assert ws.recv() == f"through from {client}"


@contextmanager
def haproxy(folder: Path, text: str, behind: int | str, certificate: Path | None = None) -> Iterator[int]:
    """A block of the page as a whole configuration, in front of a port or the path of a Unix socket."""
    port = free_port()
    place = f"127.0.0.1:{behind}" if isinstance(behind, int) else f"unix@{behind}"
    tls = "" if certificate is None else f" ssl crt {certificate}"
    text = text.replace("127.0.0.1:8000", place).replace("bind :80\n", f"bind 127.0.0.1:{port}{tls}\n")
    configuration = folder / "configuration"
    configuration.write_text(f"global\n    maxconn 256\n{text}\n")
    with started(["haproxy", "-db", "-f", str(configuration)], port, certificate):
        yield port


@contextmanager
def nginx(folder: Path, text: str, behind: int | str, certificate: Path | None = None) -> Iterator[int]:
    """The block of the page inside the least that nginx needs around it, in front of a port or the path of a Unix socket."""
    port = free_port()
    place = f"127.0.0.1:{behind}" if isinstance(behind, int) else f"unix:{behind}"
    tls = ";" if certificate is None else f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate};"
    text = text.replace("127.0.0.1:8000", place).replace("listen 80;", f"listen 127.0.0.1:{port}{tls}")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "configuration"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{text}\n}}\n"
    )
    with started(["nginx", "-p", str(folder), "-c", str(configuration)], port, certificate):
        yield port


@contextmanager
def started(command: list[str], port: int, certificate: Path | None) -> Iterator[None]:
    """A proxy, once it passes requests on."""
    process = subprocess.Popen(command, env=unsanitized())
    context = None if certificate is None else ssl.create_default_context(cafile=certificate)
    try:
        for _ in range(START_S * 20):
            try:
                urlopen(f"http{'s' * (context is not None)}://127.0.0.1:{port}/", context=context).close()
                break
            except OSError:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def behind(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """A server of the application behind a proxy at 127.0.0.1, on each engine; its port."""
    monkeypatch.setenv("PELTON_ENGINE", engine)
    with ExitStack() as stack:

        def start(**settings: Any) -> int:
            server = stack.enter_context(live_server(proxied(), forwarded_allow_ips="127.0.0.1", **settings))
            assert server.port is not None
            return server.port

        yield start


def test_the_nginx_of_the_guide(behind: Callable[..., int], tmp_path: Path) -> None:
    [block] = Page(FOLDER / "deploying.md").blocks("nginx")
    with nginx(tmp_path, block.text, behind()) as port:
        for fields in ({}, FORGED):
            assert forwarded(port, **fields) == [CLIENT, f"http://127.0.0.1:{port}/", None]
        check_websocket(port)


def test_the_haproxy_of_the_guide(behind: Callable[..., int], tmp_path: Path) -> None:
    block, _ = Page(FOLDER / "deploying.md").blocks("haproxy")
    with haproxy(tmp_path, block.text, behind()) as port:
        for fields in ({}, FORGED):
            assert forwarded(port, **fields) == [CLIENT, f"http://127.0.0.1:{port}/", None]
        check_websocket(port)


@pytest.mark.parametrize("kind", ["send-proxy-v2", "send-proxy", "send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl"])
def test_the_haproxy_of_the_guide_that_passes_octets_on(behind: Callable[..., int], kind: str, tmp_path: Path) -> None:
    _, block = Page(FOLDER / "deploying.md").blocks("haproxy")
    text = block.text.replace("send-proxy-v2", kind)
    with haproxy(tmp_path, text, behind(proxy_protocol=True)) as port:
        for fields in ({}, FORGED):
            assert forwarded(port, **fields) == [CLIENT, f"http://127.0.0.1:{port}/", None]
        check_websocket(port)


# --- what passes through ----------------------------------------------------------------------

MIB = 1 << 20
PROXIES = {
    "nginx": (nginx, "nginx", 0),
    "haproxy": (haproxy, "haproxy", 0),
    "haproxy that passes octets on": (haproxy, "haproxy", 1),
}


class Seen:
    """A native application; `hosted` is one of ASGI that says the same of its requests."""

    def __init__(self) -> None:
        self.read = threading.Event()  # the client has read the first event
        self.native = App()

        @self.native.get("/", name="home")
        def home(request: Request) -> Response:
            answer = Response(json.dumps([request.client_ip(), request.scheme, str(request.url_for("home"))]))
            answer.set_cookie("c", "v")
            return answer

        @self.native.get("/port")
        def port(request: Request) -> int:
            assert request.client is not None
            return request.client.port

        @self.native.post("/digest", max_body=64 * MIB)
        def digest(request: Request) -> str:
            return hashlib.sha256(request.body()).hexdigest()

        @self.native.get("/events")
        async def events() -> AsyncIterator[SseEvent]:
            yield SseEvent("first")
            await asyncio.get_running_loop().run_in_executor(None, self.read.wait, 60)
            yield SseEvent("second")

        async def scope_of(scope: Any, receive: Any, send: Any) -> None:
            host = dict(scope["headers"])[b"host"].decode()
            url = f"{scope['scheme']}://{host}{scope['root_path']}{scope['path']}"
            body = json.dumps([scope["client"] and scope["client"][0], scope["scheme"], url]).encode()
            fields = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": fields})
            await send({"type": "http.response.body", "body": body})

        self.hosted = served(scope_of, "scope_of", "asgi", App, "off")


@pytest.fixture(params=["a port", "a Unix socket"])
def over(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def front(engine: str, over: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Starts a server of an application and a proxy of the guide in front of it; the port of the proxy."""
    monkeypatch.setenv("PELTON_ENGINE", engine)
    with ExitStack() as stack:

        def start(kind: str, app: App, certificate: Path | None = None, **settings: Any) -> int:
            proxy, language, index = PROXIES[kind]
            if index:
                settings["proxy_protocol"] = True
            if over == "a Unix socket":
                settings["uds"] = str(tmp_path / "sock")
            settings = {"forwarded_allow_ips": ["127.0.0.1/32", "unix"], **settings}
            server = stack.enter_context(live_server(app, **settings))
            text = Page(FOLDER / "deploying.md").blocks(language)[index].text
            return stack.enter_context(proxy(tmp_path, text, server.uds or server.port or 0, certificate))

        yield start


def answer_to(port: int, method: str, path: str, body: bytes = b"", certificate: Path | None = None) -> HTTPResponse:
    """Of a client that makes a connection for each request."""
    if certificate is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60, source_address=(CLIENT, 0))
    else:
        context = ssl.create_default_context(cafile=certificate)
        connection = HTTPSConnection("127.0.0.1", port, timeout=60, source_address=(CLIENT, 0), context=context)
    connection.request(method, path, body, {"Connection": "close"})
    return connection.getresponse()


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("which", ["native", "hosted"])
def test_a_request_comes_from_the_client(front: Callable[..., int], kind: str, which: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    port = front(kind, getattr(Seen(), which), access_log=str(log))
    answer = answer_to(port, "GET", "/")
    assert json.loads(answer.read()) == [CLIENT, "http", f"http://127.0.0.1:{port}/"]
    assert "Secure" not in (answer.getheader("Set-Cookie") or "")
    answer_to(port, "GET", "/").read()  # lines are written in order: that of the first is there soon
    while not any(line.startswith(f"{CLIENT} ") for line in log.read_text().splitlines()):
        pass


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
@pytest.mark.parametrize("which", ["native", "hosted"])
def test_the_scheme_is_that_of_the_client(front: Callable[..., int], kind: str, which: str, certificate: Path) -> None:
    port = front(kind, getattr(Seen(), which), certificate)
    answer = answer_to(port, "GET", "/", certificate=certificate)
    assert json.loads(answer.read()) == [CLIENT, "https", f"https://127.0.0.1:{port}/"]
    if which == "native":
        assert "; Secure" in (answer.getheader("Set-Cookie") or "")


@pytest.mark.parametrize("kind", PROXIES)
def test_a_large_upload_passes_through(front: Callable[..., int], kind: str) -> None:
    body = bytes(range(256)) * (20 * MIB // 256)
    answer = answer_to(front(kind, Seen().native), "POST", "/digest", body)
    assert json.loads(answer.read()) == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("kind", PROXIES)
def test_an_event_arrives_before_the_next_one_is_made(front: Callable[..., int], kind: str) -> None:
    seen = Seen()
    answer = answer_to(front(kind, seen.native), "GET", "/events")
    first = b""
    while not first.endswith(b"\n\n"):
        first += answer.read(1)
    assert first == b"data: first\n\n" and not seen.read.is_set()
    seen.read.set()
    assert answer.read() == b"data: second\n\n"


@pytest.mark.parametrize("over", ["a port"], indirect=True)
@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
def test_connections_to_the_server_are_kept(front: Callable[..., int], kind: str) -> None:
    # Its own address counts, as nothing that it says is believed.
    port = front(kind, Seen().native, forwarded_allow_ips="none")
    ports = {json.loads(answer_to(port, "GET", "/port").read()) for _ in range(20)}
    # Each thread of HAProxy has connections of its own. Without reuse each request would have one.
    assert len(ports) < 10, ports
