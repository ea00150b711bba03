"""Directories that are served without the interpreter (protocol section 7), on the wire."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles as TheirFiles
from static_tree import MODIFIED, make_tree, write
from wire import Answer, Peer

from pelton import (
    App,
    LimitsConfig,
    RegistrationError,
    Response,
    ServerConfig,
    StaticFiles,
    StaticFilesConfig,
    URLBuildError,
)
from pelton.testing import TestClient, live_server

Ask = Callable[..., Answer]
DATE = "Sun, 13 Sep 2020 12:26:40 GMT"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path)


@pytest.fixture
def ask(serve: Callable[..., live_server], root: Path) -> Iterator[Ask]:
    """One request to an app that serves the tree below /static."""
    peers: list[Peer] = []

    def one(path: str, method: str = "GET", *, settings: dict[str, Any] | None = None, **fields: str) -> Answer:
        if not peers or settings is not None:
            app = App(server=ServerConfig(limits=LimitsConfig(max_ranges=2)))
            app.enable_static_files(StaticFilesConfig(root=root, **settings or {}))
            app.get("/static/own.txt")(lambda: "own")
            app.post("/static/posted.txt")(lambda: "posted")
            peers.append(Peer(serve(app).port))
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        peers[-1].send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
        return peers[-1].one(is_head=method == "HEAD")

    yield one
    for peer in peers:
        peer.socket.close()


def test_STA_006_STA_009_a_file(ask: Ask) -> None:
    answer = ask("/static/a.txt")
    assert (answer.status, answer.body) == (200, b"hello")
    fields = answer.fields
    assert fields["content-type"] == "text/plain; charset=utf-8"
    assert fields["etag"] == f'"5-{MODIFIED * 10**9:x}"'
    assert fields["last-modified"] == DATE
    assert fields["accept-ranges"] == "bytes"
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["vary"] == "Accept-Encoding"
    assert "cache-control" not in fields
    assert ask("/static/zero.txt").body == b""
    assert ask("/static/with%20space.txt").body == b"space"
    assert ask("/%73tatic/%61.txt?query").body == b"hello"
    assert ask("/static/big.bin").body == bytes(range(256)) * 8192


def test_STA_007_get_and_head(ask: Ask) -> None:
    got, head = ask("/static/big.bin"), ask("/static/big.bin", "HEAD")
    assert head.body == b"" and head.status == 200
    assert {k: v for k, v in head.fields.items() if k != "date"} == {k: v for k, v in got.fields.items() if k != "date"}
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask("/static/a.txt", method)
        assert (answer.status, answer.fields["allow"]) == (405, "GET, HEAD"), method
    assert ask("/static/a.txt").body == b"hello"


def test_own_routes_go_first(ask: Ask) -> None:
    assert ask("/static/own.txt").body == b'"own"'
    assert ask("/static/posted.txt", "POST").body == b'"posted"'
    assert ask("/static/posted.txt").status == 404  # another method is not matched, so it is the directory's


def test_STA_001_STA_005_what_is_not_served(ask: Ask) -> None:
    for path in (
        "absent .hidden .git/config sub/.. fifo loop out.txt out/canary.txt absolute.txt a.txt/ a.txt/b empty empty/ %ff "
        "a.txt%00 sub%2fb.css sub//b.css //a.txt ../canary.txt %2e%2e/canary.txt"
    ).split():
        answer = ask(f"/static/{path}")
        assert answer.status in (400, 404), path
        assert answer.status == 404 or "%00" in path
        if answer.status == 400:
            ask("/static/a.txt", settings={})
    assert ask("/static/.well-known/x.txt").body == b"known"


def test_STA_002_whole_segments(ask: Ask) -> None:
    for path in ("/static-old/a.txt", "/static2.txt", "/staticx", "/stati"):
        assert ask(path).status == 404


def test_STA_003_links(ask: Ask) -> None:
    assert ask("/static/within.txt").body == b"body{}"
    assert ask("/static/around.txt").body == b"hello"
    assert ask("/static/within.txt", settings={"symlinks": "never"}).status == 404
    assert ask("/static/a.txt").body == b"hello"


def test_STA_008_directories(ask: Ask) -> None:
    assert ask("/static/").body == b"<p>index</p>"
    assert ask("/static/sub/").body == b"<p>sub</p>"
    for path, location in (("/static", "/static/"), ("/static/sub?a=b&c", "/static/sub/?a=b&c"), ("/static/%73ub", "/static/%73ub/")):
        answer = ask(path)
        assert (answer.status, answer.fields["location"]) == (308, location)
    assert ask("/static/empty").status == 404
    for path in ("", "/", "/sub", "/sub/"):
        assert ask(f"/static{path}", settings={"index_file": None}).status == 404


def test_STA_010_conditions(ask: Ask) -> None:
    tag = ask("/static/a.txt").fields["etag"]
    for fields in ({"if_none_match": tag}, {"if_none_match": f"W/{tag}"}, {"if_none_match": "*"}, {"if_modified_since": DATE}):
        answer = ask("/static/a.txt", **fields)
        assert (answer.status, answer.body, answer.fields["etag"]) == (304, b"", tag)
        assert answer.fields["last-modified"] == DATE and "date" in answer.fields and answer.fields["vary"]
        assert not {"content-type", "content-length", "accept-ranges"} & set(answer.fields)
    assert ask("/static/a.txt", if_none_match='"x"', if_modified_since=DATE).status == 200
    for fields in ({"if_match": '"x"'}, {"if_unmodified_since": "Sun, 13 Sep 2020 12:26:39 GMT"}):
        assert ask("/static/a.txt", **fields).status == 412
        assert ask("/static/a.txt", "HEAD", **fields).status == 412
    assert ask("/static/a.txt", if_match=tag).status == 200
    assert ask("/static/absent", if_match="*").status == 404


def test_STA_012_STA_013_ranges(ask: Ask) -> None:
    one = ask("/static/ten.txt", range="bytes=2-4")
    assert (one.status, one.body, one.fields["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert ask("/static/ten.txt", range="bytes=-3,2-4").status == 206
    assert ask("/static/ten.txt", range="bytes=5-,2-4").body == b"23456789"
    none = ask("/static/ten.txt", range="bytes=10-")
    assert (none.status, none.fields["content-range"]) == (416, "bytes */10")
    for ignored in ("bytes=4-2", "lines=1-2", "bytes=x"):
        assert ask("/static/ten.txt", range=ignored).status == 200
    assert ask("/static/ten.txt", "HEAD", range="bytes=2-4").fields["content-length"] == "10"
    big = bytes(range(256)) * 8192
    assert ask("/static/big.bin", range="bytes=1000-1500000").body == big[1000:1500001]


def test_STA_013_parts(ask: Ask) -> None:
    big = bytes(range(256)) * 8192
    answer = ask("/static/big.bin", range="bytes=1000000-1000009, 5-300000")
    kind, _, boundary = answer.fields["content-type"].partition("; boundary=")
    assert (answer.status, kind) == (206, "multipart/byteranges")
    expected = b""
    for first, last in ((5, 300000), (1000000, 1000009)):
        expected += f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n".encode()
        expected += f"Content-Range: bytes {first}-{last}/{len(big)}\r\n\r\n".encode() + big[first : last + 1]
    assert answer.body == expected + f"\r\n--{boundary}--\r\n".encode()


def test_LIM_065_more_ranges_than_may_be_are_the_whole(ask: Ask) -> None:
    n = 2
    statuses = [ask("/static/ten.txt", range="bytes=" + ",".join(f"{3 * i}-{3 * i}" for i in range(count))).status for count in (n - 1, n, n + 1)]
    assert statuses == [206, 206, 200]


def test_STA_014_if_range(ask: Ask) -> None:
    tag = ask("/static/ten.txt").fields["etag"]
    for value, status in ((tag, 206), (DATE, 206), (f"W/{tag}", 200), ('"x"', 200), ("Sun, 13 Sep 2020 12:26:41 GMT", 200)):
        assert ask("/static/ten.txt", range="bytes=2-4", if_range=value).status == status


def test_STA_015_precompressed(ask: Ask) -> None:
    for accepted, coding in (("gzip, br, zstd", "zstd"), ("gzip;q=1, br;q=0.9", "gzip"), ("br", "br"), ("deflate", None), ("gzip;q=0", None)):
        answer = ask("/static/app.js", accept_encoding=accepted)
        assert answer.fields.get("content-encoding") == coding
        assert answer.body == {"zstd": b"zst", "gzip": b"gz", "br": b"br", None: b"plain"}[coding]
        assert answer.fields["content-type"] == "text/javascript; charset=utf-8"
        assert answer.fields["vary"] == "Accept-Encoding"
        suffix = {"zstd": "-zst", "gzip": "-gz", "br": "-br", None: ""}[coding]
        assert answer.fields["etag"].endswith(f'{suffix}"')
    assert ask("/static/only.js", accept_encoding="br, gzip").fields["content-encoding"] == "gzip"
    assert "content-encoding" not in ask("/static/late.js", accept_encoding="gzip").fields
    assert ask("/static/app.js.gz").fields["content-type"] == "application/gzip"
    plain = ask("/static/app.js", settings={"precompressed": False}, accept_encoding="gzip")
    assert plain.body == b"plain" and "vary" not in plain.fields


def test_STA_016_types(ask: Ask, root: Path) -> None:
    write(root / "page.HTML", b"")
    write(root / "x.unknown", b"")
    assert ask("/static/page.HTML").fields["content-type"] == "text/html; charset=utf-8"
    assert ask("/static/x.unknown").fields["content-type"] == "application/octet-stream"


def test_what_is_said_can_be_chosen(ask: Ask) -> None:
    answer = ask("/static/a.txt", settings={"cache_control": "max-age=5", "enable_etag": False, "enable_last_modified": False})
    assert answer.fields["cache-control"] == "max-age=5"
    assert not {"etag", "last-modified"} & set(answer.fields)
    assert ask("/static/a.txt", if_none_match='""', if_modified_since=DATE).status == 200


def test_spa(ask: Ask) -> None:
    assert ask("/deep/link", settings={"spa": True, "prefix": "/"}).body == b"<p>index</p>"
    assert ask("/deep/link.js").status == 404
    assert ask("/a.txt").body == b"hello"
    assert ask("/.git/config").status == 404


def test_the_longest_prefix_wins(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name / "a.txt", name.encode())
    app = App()
    app.enable_static_files(StaticFilesConfig(root=tmp_path / "one", prefix="/"))
    app.enable_static_files(StaticFilesConfig(root=tmp_path / "two", prefix="/x/y"))
    client = TestClient(app)
    assert [client.get(path).text for path in ("/a.txt", "/x/y/a.txt")] == ["one", "two"]
    assert [client.get(path).status_code for path in ("/x/a.txt", "/x/yy/a.txt", "/x/y/b.txt")] == [404, 404, 404]


def test_mounted(root: Path) -> None:
    app = App()
    app.mount("/files", StaticFiles(directory=root))
    app.mount("/pages", StaticFiles(directory=root, html=True))
    inner = App()
    inner.mount("/deep", StaticFiles(directory=root))
    inner.get("/a")(lambda: "inner")
    app.mount("/inner", inner)
    client = TestClient(app)
    assert client.get("/files/a.txt").text == "hello"
    assert [client.get(f"/{one}/").status_code for one in ("files", "pages")] == [404, 200]
    assert client.get("/inner/deep/sub/b.css").text == "body{}"
    assert client.get("/inner/a").json() == "inner"
    assert client.get("/files/absent").json() == {"detail": "Not Found"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"root": "/nonexistent/x"}, "no directory"),
        ({"prefix": "static"}, "no prefix"),
        ({"prefix": "/static/"}, "no prefix"),
        ({"prefix": "/{x}"}, "no prefix"),
        ({"prefix": "/../x"}, "dot segment"),
        ({"symlinks": "always"}, "'beneath' or 'never'"),
        ({"index_file": "a/b"}, "name of a file"),
        ({"index_file": None, "spa": True}, "there is none"),
        ({"cache_control": "a\nb"}, "header value"),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(RegistrationError, match=said) as refused:
        App().enable_static_files(StaticFilesConfig(**{"root": tmp_path, **settings}))
    assert "fix: " in str(refused.value)


def test_one_prefix_has_one_directory(tmp_path: Path) -> None:
    app = App()
    app.enable_static_files(StaticFilesConfig(root=tmp_path))
    with pytest.raises(RegistrationError, match="already"):
        app.enable_static_files(StaticFilesConfig(root=tmp_path))
    with pytest.raises(RegistrationError, match="already"):
        app.mount("/static", App())
    app.mount("/sub", App())
    with pytest.raises(RegistrationError, match="already"):
        app.mount("/sub", StaticFiles(directory=tmp_path))
    TestClient(app).get("/")
    with pytest.raises(RegistrationError, match="too late"):
        app.enable_static_files(StaticFilesConfig(root=tmp_path, prefix="/x"))


@pytest.mark.parametrize("path", ["a.txt", "/a.txt", "sub/ü b.txt", "", "x?y#z", "//two.txt"])
def test_urls_of_files_are_those_of_starlette(root: Path, path: str) -> None:
    theirs = Starlette(routes=[Mount("/static files", app=TheirFiles(directory=root), name="static")])
    app, outer = App(), App()
    app.mount("/static files", StaticFiles(directory=root), name="static")
    outer.mount("/below", app, name="below")
    built = app.url_for("static", path=path)
    assert unquote(built) == unquote(theirs.url_path_for("static", path=path))
    assert outer.url_for("below.static", path=path, _query={"v": 1}) == f"/below{built}?v=1"


def test_a_built_url_leads_to_its_file_in_templates_too(serve: Callable[..., live_server], root: Path, tmp_path: Path) -> None:
    (root / "ü b.txt").write_text("found")
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "page.html").write_text("{{ url_for('files', path='/ü b.txt') }}")
    app = App()
    app.enable_templates(pages)
    app.mount("/", StaticFiles(directory=root), name="files")
    app.get("/page")(lambda: Response.template("page.html"))
    app.get("/absolute")(lambda request: request.url_for("files", path="a.txt"))
    server = serve(app)
    with urlopen(f"{server.url}/page") as page, urlopen(server.url + page.read().decode()) as file:
        assert file.read() == b"found"
    with urlopen(f"{server.url}/absolute") as absolute:
        assert absolute.read() == f'"{server.url}/a.txt"'.encode()


def test_what_is_wrong_with_the_url_of_a_file(root: Path) -> None:
    app = App()
    app.mount("/static", StaticFiles(directory=root), name="static")
    app.enable_static_files(StaticFilesConfig(root=root, prefix="/unnamed"))
    for params, said in (({}, "misses path"), ({"path": "a", "x": 1}, "has no x"), ({"path": "../a"}, "no value")):
        with pytest.raises(URLBuildError, match=said):
            app.url_for("static", **params)
    with pytest.raises(URLBuildError, match="did you mean 'static'"):
        app.url_for("statics", path="a")
    with pytest.raises(RegistrationError, match="a mount as 'static' already"):
        app.mount("/other", StaticFiles(directory=root), name="static")
    with pytest.raises(RegistrationError, match="a mount as 'static' already"):
        app.mount("/other", App(), name="static")


def test_config_is_keyword_only(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        StaticFilesConfig(tmp_path)  # type: ignore[misc]
    with pytest.raises(TypeError):
        StaticFiles(os.fspath(tmp_path))  # type: ignore[misc]
