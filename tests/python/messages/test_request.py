"""Section 5: what a Request offers, and that it may outlive its handler."""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from pelton import Address, App, BadBody, Headers, MultiDict, Request, State, UnsupportedMediaType
from pelton.messages.request import quality
from pelton.testing import TestClient


def seen(look: Any, method: str = "GET", url: str = "/", template: str = "/{rest:path}", **sent: Any) -> Any:
    """What `look(request)` is inside a handler."""
    found: list[Any] = []
    app = App()

    def handler(request: Request) -> None:
        found.append(look(request))

    app.add_route(template, handler, [method])
    base = sent.pop("base_url", "http://testserver")
    TestClient(app, base_url=base).request(method, url, **sent)
    return found[0]


def test_plain_attributes() -> None:
    def look(r: Request) -> list[Any]:
        return [r.method, r.path, r.raw_path, r.query_string, r.scheme, r.http_version]

    assert seen(look, "GET", "/a%20b?x=1") == ["GET", "/a b", b"/a%20b", "x=1", "http", "1.1"]


def test_query_gives_the_last_value() -> None:
    query = seen(lambda r: r.query, url="/?a=1&b=2&a=3")
    assert isinstance(query, MultiDict)
    assert (query["a"], query.get("a"), query.get("z"), query.get("z", "d")) == ("3", "3", None, "d")
    assert query.getlist("a") == query.get_all("a") == ["1", "3"]
    assert query.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert (list(query), len(query), "b" in query, dict(query.items())) == (["a", "b"], 2, True, {"a": "3", "b": "2"})
    with pytest.raises(KeyError):
        query["z"]
    assert seen(lambda r: r.query_params["a"], url="/?a=1") == "1"


def test_headers_are_case_insensitive_and_give_the_first() -> None:
    fields = [("X-A", "1"), ("x-a", "2"), ("X-Latin", "\xe9")]
    headers = seen(lambda r: r.headers, headers=fields)
    assert isinstance(headers, Headers)
    assert (headers["x-A"], headers.get("X-a"), headers.get("nope")) == ("1", "1", None)
    assert headers.getlist("X-A") == ["1", "2"] and headers["x-latin"] == "\xe9"
    assert "HOST" in headers and headers.multi_items()[0] == ("Host", "testserver")


def test_URL_006_cookies() -> None:
    sent = {"headers": {"cookie": 'a=1; b="q" ;a=2; novalue; c=x=y'}}
    assert seen(lambda r: r.cookies, **sent) == {"a": "1", "b": '"q"', "c": "x=y"}


def test_ends_of_the_connection() -> None:
    client, server, ip, alias = seen(lambda r: [r.client, r.server, r.client_ip(), r.remote_addr])
    assert isinstance(client, Address) and (client.host, client.port) == ("testclient", 50000) == client
    assert server == ("testserver", 80) and ip == alias == "testclient"


def test_context_and_state() -> None:
    app = App()
    app.state.pool = "P"

    @app.get("/")
    def handler(request: Request) -> Any:
        request.context["a"] = 1
        request.set_context("b", 2)
        request.state.c = 3
        assert isinstance(request.state, State)
        with pytest.raises(AttributeError):
            request.state.nope
        return [request.state.a, request.get_context("b"), request.context["c"], request.state.pool, request.get_context("z", 0)]

    client = TestClient(app)
    assert client.get("/").json() == [1, 2, 3, "P", 0]
    assert client.get("/").json() == [1, 2, 3, "P", 0]
    assert not hasattr(app.state, "a")


def test_params_app_route() -> None:
    app = App()

    @app.get("/{a:int}/{b}")
    def handler(request: Request) -> Any:
        assert request.app is app and request.params == request.path_params
        return [request.params, request.route.name]

    assert TestClient(app).get("/1/x").json() == [{"a": 1, "b": "x"}, "handler"]


def test_getters_treat_malformed_as_absent() -> None:
    def look(r: Request) -> list[Any]:
        return [
            r.get_param("n"),
            r.get_param_int("n"),
            r.get_param_int("w", 3),
            r.get_query_int("i"),
            r.get_query_int("bad", 4),
            r.get_query_float("f"),
            r.get_query_bool("b"),
            r.get_query_bool("bad"),
            r.get_query_param("i"),
            r.get_query_param("none", "d"),
            r.get_header("x-a"),
            r.get_header("none", "d"),
        ]

    url = "/7/word?i=5&bad=x&f=1.5&b=on"
    wanted = ["7", 7, 3, 5, 4, 1.5, True, None, "5", "d", "1", "d"]
    assert seen(look, "GET", url, template="/{n}/{w}", headers={"x-a": "1"}) == wanted


def test_questions_about_the_request() -> None:
    def look(r: Request) -> list[Any]:
        return [
            r.content_type(), r.host(), r.user_agent(), r.accepts("text/html"), r.accepts("image/png"),
            r.is_json(), r.is_form(), r.is_multipart(), r.is_secure(), r.is_xhr(),
        ]  # fmt: skip

    headers = {
        "content-type": "application/x+json; a=b",
        "accept": "text/*;q=0.5, image/png;q=0",
        "x-requested-with": "XMLHttpRequest",
        "user-agent": "u",
    }
    assert seen(look, "POST", headers=headers) == [
        "application/x+json; a=b", "testserver", "u", True, False, True, False, False, False, True,
    ]  # fmt: skip
    assert seen(lambda r: r.is_form(), "POST", headers={"content-type": "application/x-www-form-urlencoded"})
    assert seen(lambda r: r.is_multipart(), "POST", headers={"content-type": "multipart/form-data; boundary=a"})


@pytest.mark.parametrize(
    ("accept", "kind", "weight"),
    [([], "a/b", 1.0), (["*/*"], "a/b", 1.0), (["a/*;q=0.3", "a/b;q=0.7"], "a/b", 0.7), (["x/y"], "a/b", 0.0), (["a/b;q=z"], "a/b", 0.0)],
)
def test_quality(accept: list[str], kind: str, weight: float) -> None:
    assert quality(accept, kind) == weight


def test_body_text_and_json() -> None:
    def look(r: Request) -> list[Any]:
        first = r.json()
        assert r.json() is first
        return [r.body(), r.text(), first]

    assert seen(look, "POST", content=b'["\xc3\xa9"]') == [b'["\xc3\xa9"]', '["é"]', ["é"]]
    assert seen(lambda r: [r.body(), r.text()], "POST") == [b"", ""]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_bad_json_is_bad_body(body: bytes) -> None:
    def look(r: Request) -> Any:
        with pytest.raises(BadBody) as raised:
            r.json()
        return raised.value.status, raised.value.detail[0]["type"]

    assert seen(look, "POST", content=body) == (400, "json_invalid")


def test_text_by_charset() -> None:
    def look(r: Request) -> Any:
        try:
            return r.text()
        except (BadBody, UnsupportedMediaType) as error:
            return error.status

    for charset, body, wanted in (
        ("latin-1", b"\xe9", "é"), ("utf-8", b"\xff", 400), ("klingon", b"x", 415), ("base64", b"x", 415),
    ):  # fmt: skip
        sent = {"content": body, "headers": {"content-type": f"text/plain; charset={charset}"}}
        assert seen(look, "POST", **sent) == wanted


def test_a_request_is_read_only() -> None:
    def look(r: Request) -> None:
        for name in ("method", "path", "anything"):
            with pytest.raises(AttributeError):
                setattr(r, name, "x")

    seen(look)


def test_a_kept_request_owns_what_it_shows(serve: Any) -> None:
    app, kept = App(), []

    @app.post("/{id}")
    def handler(request: Request) -> Any:
        kept.append(request)
        return len(kept)

    server = serve(app)
    from urllib.request import Request as Outgoing
    from urllib.request import urlopen

    for index in range(50):
        out = Outgoing(f"{server.url}/i{index}?q={index}", data=b'{"n":%d}' % index, headers={"X-N": str(index)})
        urlopen(out).read()
    gc.collect()
    for index, request in enumerate(kept):
        assert request.path == f"/i{index}" and request.query["q"] == str(index)
        assert request.json() == {"n": index} and request.headers["x-n"] == str(index)
        assert request.params == {"id": f"i{index}"}


def test_a_request_may_be_read_in_another_thread() -> None:
    app, kept, found = App(), [], []

    @app.post("/{id}")
    def handler(request: Request) -> None:
        kept.append(request)

    client = TestClient(app)
    client.post("/x?a=1", content=b"body")
    thread = threading.Thread(target=lambda: found.append([kept[0].path, kept[0].body(), dict(kept[0].query.items())]))
    thread.start()
    thread.join()
    assert found == [["/x", b"body", {"a": "1"}]]


def test_headers_and_query_have_defaults_by_name() -> None:
    def look(request: Request) -> list[Any]:
        return [
            request.headers.get("x-none", default="d"),
            request.query.get("none", default="d"),
            request.get_header("x-none", default="d"),
            request.get_query_param("none", default="d"),
        ]

    assert seen(look) == ["d"] * 4
    assert isinstance(seen(lambda r: r.headers), Mapping) and isinstance(seen(lambda r: r.query), Mapping)


def test_the_scheme_of_a_request_outlives_it() -> None:
    app, kept = App(), []

    @app.get("/{rest:path}")
    def handler(request: Request, rest: str) -> list[Any]:
        kept.append(request)
        return [request.scheme, request.is_secure(), request.url, request.url_for("handler", rest="b")]

    client = TestClient(app)
    asked = [client.get("https://testserver/a").json(), client.get("/a").json(), client.get("https://h:8443/a").json()]
    assert asked == [
        ["https", True, "https://testserver/a", "https://testserver/b"],
        ["http", False, "http://testserver/a", "http://testserver/b"],
        ["https", True, "https://h:8443/a", "https://h:8443/b"],
    ]
    assert [one.scheme for one in kept] == ["https", "http", "https"]
