"""HTTP/2 of a server at work: hosted applications, logs, floods, slow clients, stops."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from http2_peer import Http2Peer

from pelton import App, Http2Config, Request, Response, ServerConfig
from pelton.hosting.interfaces import served
from pelton.testing import live_server

Serve = Callable[..., live_server]
CANCEL, ENHANCE_YOUR_CALM = 8, 11


def hosted(interface: str) -> App:
    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = b""
        while (event := await receive())["type"] == "http.request":
            body += event["body"]
            if not event["more_body"]:
                break
        seen = {"version": scope["http_version"], "method": scope["method"], "body": body.decode(), "headers": sorted(name.decode() for name, _ in scope["headers"])}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")], "trailers": True})
        await send({"type": "http.response.body", "body": json.dumps(seen).encode()})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})

    def wsgi(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read().decode()
        headers = sorted(name[5:].lower().replace("_", "-") for name in environ if name.startswith("HTTP_"))
        start_response("200 OK", [("Content-Type", "application/json"), ("Connection", "close")])
        return [json.dumps({"version": environ["SERVER_PROTOCOL"], "method": environ["REQUEST_METHOD"], "body": body, "headers": headers}).encode()]

    return served(asgi if interface == "asgi" else wsgi, "hosted:app", interface, App, "off")


@pytest.mark.parametrize(("interface", "version"), [("asgi", "2"), ("wsgi", "HTTP/2")])
def test_hosted_applications(serve: Serve, interface: str, version: str) -> None:
    with Http2Peer(serve(hosted(interface), h2c=True).port or 0) as peer:
        for body in ("", "x", "y" * 100_000):
            answer = peer.ask("/a", "POST", [("x-b", "c")], body.encode())
            seen = json.loads(answer.body)
            assert (answer.status, seen["version"], seen["method"], seen["body"]) == (200, version, "POST", body)
            assert {"host", "x-b"} <= set(seen["headers"])
            assert "connection" not in answer.fields
            if interface == "asgi":
                assert answer.trailers == {"x-sum": "1"}


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Until it is set, handlers of /held wait."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def app(release: threading.Event) -> App:
    made = App()

    @made.get("/")
    def home() -> str:
        return "hello"

    @made.get("/held", blocking=True)
    def held() -> str:
        release.wait(60)
        return "held"

    @made.post("/echo", max_body="64MiB")
    def echo(request: Request) -> int:
        return len(request.body())

    @made.get("/large/{mib:int}")
    def large(mib: int) -> bytes:
        return bytes(mib << 20)

    return made


def test_lines_of_the_access_log(serve: Serve, app: App, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    server = serve(app, h2c=True, access_log=str(log), access_log_format="{request}|{status}|{bytes}|{protocol}")
    with Http2Peer(server.port or 0) as peer:
        for path in ("/", "/nowhere", "/%zz"):
            peer.ask(path)
    server.__exit__(None, None, None)
    assert [line.split("|")[:2] for line in log.read_text().splitlines()] == [["GET / HTTP/2", "200"], ["GET /nowhere HTTP/2", "404"], ["-", "400"]]


def test_a_stop_answers_what_is_in_progress(serve: Serve, app: App, release: threading.Event) -> None:
    began = threading.Event()

    @app.get("/begun", blocking=True)
    def begun() -> str:
        began.set()
        release.wait(60)
        return "begun"

    server = serve(app, h2c=True)
    url = f"http://127.0.0.1:{server.port}/begun"
    client = subprocess.Popen(["curl", "-sS", "--http2-prior-knowledge", "-w", "%{http_version}", url], stdout=subprocess.PIPE)
    assert began.wait(60)
    stopping = threading.Thread(target=server.__exit__, args=(None, None, None))
    stopping.start()
    while not app.stopping.is_set():
        os.sched_yield()
    release.set()
    assert client.communicate(timeout=60)[0] == b'"begun"2'
    stopping.join()


def counted(server: live_server, name: str) -> int:
    return server.stats().get(name, 0)


def test_rapid_resets_end_the_connection_and_no_other(serve: Serve, app: App) -> None:
    server = serve(app, h2c=True)
    with Http2Peer(server.port or 0) as good, Http2Peer(server.port or 0) as bad:
        try:
            for _ in range(5000):
                stream = bad.begin("/held")
                bad.h2.reset_stream(stream, CANCEL)
                bad.flush()
        except OSError:
            pass
        bad.rest()
        assert (ENHANCE_YOUR_CALM in [code for code, _ in bad.goaways]) or bad.is_closed
        assert counted(server, "cut.h2_resets") == 1
        assert good.ask("/").status == 200


@pytest.mark.parametrize("kind", ["ping", "settings", "window_update", "empty_data", "priority"])
def test_floods_end_before_ten_thousand_frames_and_the_server_does_not_grow(serve: Serve, app: App, kind: str) -> None:
    server = serve(app, h2c=True)
    before = resident()
    with Http2Peer(server.port or 0) as peer, Http2Peer(server.port or 0) as good:
        stream = peer.begin("/echo", "POST", ends=False)
        frame = {
            "ping": b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8),
            "settings": b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",
            "window_update": b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01",
            "empty_data": b"\x00\x00\x00\x00\x00" + stream.to_bytes(4, "big"),
            "priority": b"\x00\x00\x05\x02\x00" + stream.to_bytes(4, "big") + b"\x00\x00\x00\x00\x0f",
        }[kind]
        sent = 0
        try:
            while sent < 10_000:
                peer.socket.sendall(frame * 10)
                sent += 10
        except OSError:
            pass
        peer.rest()
        assert counted(server, "cut.h2_flood") == 1
        assert resident() - before < 16 << 20
        assert good.ask("/").status == 200


def resident() -> int:
    """Octets of this process, in which the server runs."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_client_that_takes_nothing_holds_no_more_than_its_windows(serve: Serve, app: App) -> None:
    server = serve(app, h2c=True)
    with Http2Peer(server.port or 0, takes=False) as slow, Http2Peer(server.port or 0) as good:
        streams = [slow.begin("/large/1") for _ in range(8)]
        slow.until(lambda: sum(len(slow.answers[stream].body) for stream in streams) >= 65535)
        assert sum(len(slow.answers[stream].body) for stream in streams) == 65535
        assert len(good.ask("/large/2").body) == 2 << 20


def test_settings_of_a_connection_reach_the_client(serve: Serve, app: App) -> None:
    server = serve(app, h2c=True, http2_max_concurrent_streams=7, http2_initial_window_size="100KiB")
    with Http2Peer(server.port or 0) as peer:
        assert peer.ask("/").status == 200
        assert peer.settings[3] == 7 and peer.settings[4] == 100 * 1024
        assert peer.settings[8] == 1  # WebSockets by extended CONNECT


def test_settings_in_code(serve: Serve) -> None:
    app = App(server=ServerConfig(h2c=True, http2=Http2Config(max_header_list_size="2KiB")))
    app.add_route("/", lambda: "hello")
    with Http2Peer(serve(app).port or 0) as peer:
        assert peer.ask("/", fields=[("x", "y" * 3000)]).status == 431
        assert peer.ask("/").status == 200


def test_a_body_that_the_handler_of_an_unknown_path_does_not_read(serve: Serve, app: App) -> None:
    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        await asyncio.sleep(0)
        return Response.json({"nowhere": request.path}, status=404)

    with Http2Peer(serve(app, h2c=True).port or 0) as peer:
        answer = peer.ask("/nowhere", "POST", body=bytes(10_000))
        assert (answer.status, json.loads(answer.body)) == (404, {"nowhere": "/nowhere"})
        assert peer.ask("/").status == 200


def test_octets_that_are_no_frames(serve: Serve, app: App) -> None:
    server = serve(app, h2c=True)
    with socket.create_connection(("127.0.0.1", server.port or 0), timeout=30) as wrong:
        wrong.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(4096))
        while wrong.recv(4096):
            pass
    with Http2Peer(server.port or 0) as good:
        assert good.ask("/").status == 200
