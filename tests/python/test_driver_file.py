"""Response.file() and Response.sendfile(): answered natively, whoever returned them."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from static_tree import MODIFIED, make_tree
from wire import Answer, Peer

from pelton import App, BackgroundTasks, Request, Response
from pelton.testing import TestClient, live_server

BIG = bytes(range(256)) * 8192


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path)


@pytest.fixture
def ask(serve: Callable[..., live_server], root: Path) -> Iterator[Callable[..., Answer]]:
    app = App()

    @app.get("/sync/{*path}")
    def sync(path: str) -> Response:
        return Response.sendfile(path, root=root)

    @app.get("/async/{*path}")
    async def later(path: str) -> Response:
        return Response.sendfile(path, root=root)

    @app.get("/thread/{*path}", blocking=True)
    def in_thread(path: str) -> Response:
        return Response.sendfile(path, root=root)

    with Peer(serve(app).port) as peer:

        def one(path: str, method: str = "GET", **fields: str) -> Answer:
            lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
            peer.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
            return peer.one(is_head=method == "HEAD")

        yield one


@pytest.mark.parametrize("kind", ["sync", "async", "thread"])
def test_STA_006_STA_010_STA_012_from_any_handler(ask: Callable[..., Answer], kind: str) -> None:
    small = ask(f"/{kind}/a.txt")
    assert (small.status, small.body) == (200, b"hello")
    assert small.fields["etag"] == f'"5-{MODIFIED * 10**9:x}"'
    assert small.fields["content-type"] == "text/plain; charset=utf-8"
    assert "content-disposition" not in small.fields
    assert ask(f"/{kind}/big.bin").body == BIG
    assert ask(f"/{kind}/big.bin", range="bytes=70000-1000000").body == BIG[70000:1000001]
    assert ask(f"/{kind}/big.bin", range="bytes=9999999-").status == 416
    assert ask(f"/{kind}/a.txt", if_none_match=small.fields["etag"]).status == 304
    assert ask(f"/{kind}/a.txt", if_match='"x"').status == 412
    assert ask(f"/{kind}/big.bin", "HEAD").fields["content-length"] == str(len(BIG))
    for path in ("absent", "sub", "out.txt", "out/canary.txt", "absolute.txt", "fifo", "loop", "a.txt/x"):
        answer = ask(f"/{kind}/{path}")
        assert (answer.status, answer.body) == (404, b'{"detail":"Not Found"}'), path
    assert ask(f"/{kind}/within.txt").body == b"body{}"


def answered(response: Any, **fields: str) -> Any:
    app = App()
    app.get("/")(lambda: response)
    return TestClient(app).get("/", headers=fields)


def test_STA_018_a_download_has_a_name(root: Path) -> None:
    assert answered(Response.file(root / "a.txt")).headers["content-disposition"] == 'attachment; filename="a.txt"'
    named = answered(Response.file(root / "a.txt", "grüße.txt"))
    assert named.headers["content-disposition"] == (
        "attachment; filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt"
    )
    assert named.text == "hello"


def test_what_the_handler_says_wins(root: Path) -> None:
    response = Response.file(
        root / "a.txt", content_type="text/x", headers={"X-A": "1", "Content-Disposition": "inline", "ETag": '"mine"'}
    )
    response.set_cookie("a", "b")
    got = answered(response)
    assert got.headers["content-type"] == "text/x"
    assert got.headers["content-disposition"] == "inline"
    assert got.headers["set-cookie"].startswith("a=b")
    not_modified = answered(response, **{"If-Modified-Since": "Sun, 13 Sep 2020 12:26:40 GMT"})
    assert not_modified.status_code == 304 and not_modified.headers["x-a"] == "1"
    assert "content-disposition" not in not_modified.headers


def test_a_304_lacks_only_what_describes_the_content(root: Path) -> None:
    kept = {"Content-Location": "/a", "Content-Security-Policy": "sandbox", "Expires": "0", "Cache-Control": "no-cache"}
    left_out = {"Content-Language": "de", "Content-Encoding": "x"}
    got = answered(Response.file(root / "a.txt", headers={**kept, **left_out}), **{"If-None-Match": "*"})
    assert got.status_code == 304
    assert {name: got.headers.get(name) for name in kept} == kept
    for name in (*left_out, "Content-Type", "Content-Disposition", "Content-Length"):
        assert name not in got.headers, name


def test_STA_010_its_own_tag_is_what_conditions_are_compared_with(root: Path) -> None:
    response = Response.sendfile(root / "a.txt", headers={"ETag": '"v1"'})
    assert answered(response, **{"If-Match": '"v1"'}).status_code == 200
    assert answered(response, **{"If-Match": '"v2"'}).status_code == 412
    got = answered(response, **{"If-None-Match": '"v1"'})
    assert (got.status_code, got.headers["etag"]) == (304, '"v1"')


def test_what_the_application_says_stays_without_the_file(root: Path) -> None:
    app = App()

    @app.middleware
    async def mark(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["X-Mark"] = "1"
        return response

    @app.get("/{name}")
    def file(name: str) -> Response:
        fields = {"Cache-Control": "max-age=9", "Last-Modified": "Sun, 13 Sep 2020 12:26:40 GMT", "Content-Language": "de"}
        response = Response.file(name, root=root, headers={**fields, "ETag": '"mine"', "Vary": "Cookie"})
        response.set_cookie("a", "b")
        return response

    client = TestClient(app)
    for name, status, fields in (
        ("absent", 404, {}),
        ("a.txt", 412, {"If-Match": '"x"'}),
        ("a.txt", 416, {"Range": "bytes=99-"}),
    ):
        got = client.get(f"/{name}", headers=fields)
        assert got.status_code == status and got.headers["content-type"] == "application/json"
        assert (got.headers["x-mark"], got.headers["vary"]) == ("1", "Cookie")
        assert got.headers["set-cookie"].startswith("a=b")
        # Of the file, which this is not.
        for field in ("cache-control", "last-modified", "content-language", "content-disposition", "etag"):
            assert field not in got.headers, (status, field)


def test_another_status_is_never_judged(root: Path) -> None:
    response = Response.sendfile(root / "a.txt", status=404)
    got = answered(response, Range="bytes=0-1")
    assert (got.status_code, got.text) == (404, "hello")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_STA_010_what_has_been_done_depends_on_no_condition(root: Path, method: str) -> None:
    app = App()
    app.add_route("/", lambda: Response.sendfile(root / "a.txt"), [method])
    client = TestClient(app)
    later = "Fri, 01 Jan 2038 00:00:00 GMT"
    for fields in ({"If-None-Match": "*"}, {"If-Modified-Since": later}, {"If-Match": '"x"'}, {"Range": "bytes=0-1"}):
        got = client.request(method, "/", headers=fields)
        assert (got.status_code, got.text) == (200, "hello"), fields


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("name", ["a.txt", "big.bin"])
def test_RSP_001_a_status_without_a_body(
    serve: Callable[..., live_server], root: Path, status: int, name: str
) -> None:
    app = App()
    app.get("/")(lambda: Response.sendfile(root / name, status=status))
    app.get("/next")(lambda: "next")
    with Peer(serve(app).port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = peer.one()
        assert (answer.status, answer.body) == (status, b"")
        assert answer.fields.get("content-length") == ("0" if status == 205 else None)
        assert "content-type" not in answer.fields and "etag" in answer.fields
        peer.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.one().body == b'"next"'


def test_a_path_of_the_applications_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert answered(Response.sendfile("a.txt")).text == "hello"
    assert answered(Response.sendfile("out.txt")).status_code == 200
    assert answered(Response.sendfile("absent")).status_code == 404
    assert answered(Response.sendfile("a.txt", root="/nonexistent")).status_code == 404
    assert answered(Response.sendfile(root / "a.txt", root=root)).status_code == 404


def test_a_bad_field_is_a_500(root: Path) -> None:
    response = Response.sendfile(root / "a.txt")
    response._fields.append((b"X-Bad", b"a\r\nb"))
    assert answered(response).status_code == 500


def test_tasks_run_when_the_file_has_left(serve: Callable[..., live_server], tmp_path: Path) -> None:
    removed = threading.Event()
    path = tmp_path / "once.bin"
    path.write_bytes(BIG)
    app = App()

    @app.get("/")
    async def once(background: BackgroundTasks) -> Response:
        def remove() -> None:
            os.unlink(path)
            removed.set()

        background.add_task(remove)
        return Response.sendfile(path)

    with Peer(serve(app).port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.one().body == BIG
        assert removed.wait(10)
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.one().status == 404


def test_a_client_that_leaves(serve: Callable[..., live_server], tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(BIG * 8)
    over = threading.Event()
    app = App()

    @app.get("/")
    def big(background: BackgroundTasks) -> Response:
        background.add_task(over.set)
        return Response.sendfile(path)

    peer = Peer(serve(app).port)
    peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert peer.socket.recv(1000)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.socket.close()
    assert over.wait(10)
