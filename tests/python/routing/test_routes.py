"""Section 3: templates, priority, methods, slashes, decoding and URLs."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from pelton import App, Request, RouteInfo, URLBuildError
from pelton.routing.routes import Template
from pelton.testing import TestClient


def routed(*paths: str, **options: Any) -> TestClient:
    app = App(**options)
    for path in paths:
        app.add_route(path, lambda request: [request.route.path, request.params])
    return TestClient(app)


@pytest.mark.parametrize(
    ("path", "url", "params"),
    [
        ("/{id}", "/a", {"id": "a"}),
        ("/{id}", "/", None),
        ("/{id:int}", "/-7", {"id": -7}),
        ("/{id:int}", "/+7", None),
        ("/{id:int}", "/9223372036854775807", {"id": 2**63 - 1}),
        ("/{id:int}", "/9223372036854775808", None),
        ("/{id:int}", "/x", None),
        ("/{x:float}", "/1.5", {"x": 1.5}),
        ("/{x:float}", "/1e3", None),
        ("/{x:float}", "/nan", None),
        ("/{u:uuid}", f"/{uuid.UUID(int=1)}", {"u": str(uuid.UUID(int=1))}),
        ("/{u:uuid}", "/x", None),
        ("/{s:regex([a-z]{2}(x|y))}", "/abx", {"s": "abx"}),
        ("/{s:regex([a-z]{2}(x|y))}", "/abz", None),
        ("/files/{p:path}", "/files/", {"p": ""}),
        ("/files/{p:path}", "/files/a/b", {"p": "a/b"}),
        ("/files/{p:path}", "/files", None),
        ("/files/{*p}", "/files/a/b", {"p": "a/b"}),
        ("/{name}.json", "/a.json", {"name": "a"}),
        ("/v{n:int}", "/v2", {"n": 2}),
        ("/v{n:int}", "/vx", None),
        ("/Case", "/case", None),
        ("/a/b", "/a//b", None),
        ("/{a}/{b}", "/%2F/%41", {"a": "/", "b": "A"}),
        ("/{a}", "/..", None),
        ("/{a}", "/%2e%2E", None),
        ("/{a}", "/%C3%A9", {"a": "é"}),
    ],
)
def test_URL_001_templates_match(path: str, url: str, params: Any) -> None:
    response = routed(path).get(url)
    if params is None:
        assert response.status_code == 404
    else:
        assert response.json() == [path, params]


@pytest.mark.parametrize("target", ["/%", "/%zz", "/%ff", "/%00", "/a%C3"])
def test_URL_002_bad_escapes_and_utf8_are_400(target: str) -> None:
    head = f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    assert routed("/{a}").raw(head).startswith(b"HTTP/1.1 400 ")


def test_priority_is_by_segment_whatever_the_order() -> None:
    paths = ["/{p:path}", "/{plain}", "/{r:regex(1.*)}", "/{f:float}", "/{i:int}", "/{u:uuid}", "/x{part}", "/xyz"]
    client = routed(*paths)
    found = [
        client.get(url).json()[0]
        for url in ("/a/b", "/word", "/1word", "/1.5", "/12", f"/{uuid.UUID(int=3)}", "/xy", "/xyz")
    ]
    assert found == paths


def test_the_next_branch_is_tried_when_a_better_one_leads_nowhere() -> None:
    client = routed("/users/me", "/users/{id}/posts", "/users/{rest:path}")
    assert client.get("/users/me/posts").json() == ["/users/{id}/posts", {"id": "me"}]
    assert client.get("/users/me/other").json() == ["/users/{rest:path}", {"rest": "me/other"}]


def test_405_has_the_union_of_methods_sorted() -> None:
    app = App()
    app.add_route("/a", lambda: 1, ["POST"])
    app.add_route("/{x}", lambda: 1, ["GET", "PROPFIND"])
    response = TestClient(app).delete("/a")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST, PROPFIND")


def test_the_best_path_that_has_the_method_wins() -> None:
    app = App()
    app.add_route("/a", lambda: "literal", ["POST"])
    app.add_route("/{x}", lambda: "plain", ["GET"])
    client = TestClient(app)
    assert client.get("/a").json() == "plain" and client.post("/a").json() == "literal"


def test_head_is_get_without_a_body() -> None:
    client = routed("/x")
    got, head = client.get("/x"), client.head("/x")
    assert head.content == b"" and head.headers["content-length"] == got.headers["content-length"]


def test_explicit_head_and_options_win() -> None:
    app = App()
    app.add_route("/x", lambda: "get")
    app.head("/x")(lambda: ("h", 202))
    app.options("/x")(lambda: "mine")
    client = TestClient(app)
    assert client.head("/x").status_code == 202 and client.options("/x").json() == "mine"


def test_options_is_automatic() -> None:
    client = routed("/x")
    response = client.options("/x")
    assert (response.status_code, response.headers["allow"], response.content) == (204, "GET, HEAD, OPTIONS", b"")
    assert client.raw(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 204 ")


def test_methods_are_any_token_in_upper_case() -> None:
    app = App()
    app.add_route("/x", lambda request: request.method, ["propfind"])
    assert TestClient(app).request("PROPFIND", "/x").json() == "PROPFIND"


def test_unknown_methods_are_501() -> None:
    client = routed("/x")
    assert client.request("BREW", "/x").status_code == 501
    assert client.delete("/x").status_code == 405


def test_trailing_slash_strict() -> None:
    assert routed("/x").get("/x/").status_code == 404


def test_trailing_slash_redirect_is_308_relative_with_the_query() -> None:
    client = routed("/x", "/y/", trailing_slash="redirect")
    there = client.get("/x/?a=1")
    assert (there.status_code, there.headers["location"]) == (308, "/x?a=1")
    assert client.get("/y").headers["location"] == "/y/"
    assert client.post("/x/").status_code in (404, 405)
    assert client.get("/z/").status_code == 404


def test_raw_path_and_query_string_are_as_sent() -> None:
    app = App()
    app.add_route("/{p:path}", lambda request: [request.raw_path.decode(), request.query_string, request.path])
    assert TestClient(app).get("/a%2Fb?x=%41&y").json() == ["/a%2Fb", "x=%41&y", "/a/b"]


def test_URL_004_query_decoding() -> None:
    app = App()
    app.add_route("/", lambda request: request.query.multi_items())
    client = TestClient(app)
    found = client.raw(b"GET /?a=1+2&b&a=%zz&c;d=%FF&&=e HTTP/1.1\r\nHost: a\r\n\r\n")
    from pelton import json

    pairs = json.loads(found.partition(b"\r\n\r\n")[2])
    assert pairs == [["a", "1 2"], ["b", ""], ["a", "%zz"], ["c;d", "�"], ["", "e"]]


# --- URLs ---


def named(**paths: str) -> App:
    app = App()
    for name, path in paths.items():
        app.add_route(path, lambda: 1, name=name)
    return app


@pytest.mark.parametrize(
    ("path", "values", "url"),
    [
        ("/users/{id:int}", {"id": 3}, "/users/3"),
        ("/users/{id:int}", {"id": "3"}, "/users/3"),
        ("/users/{id}", {"id": "a/b é"}, "/users/a%2Fb%20%C3%A9"),
        ("/f/{p:path}", {"p": "a/b c"}, "/f/a/b%20c"),
        ("/f/{*p}", {"p": ""}, "/f/"),
        ("/x/{n:float}", {"n": 1e-7}, "/x/0.0000001"),
        ("/x/{u:uuid}", {"u": uuid.UUID(int=1)}, f"/x/{uuid.UUID(int=1)}"),
        ("/x/{s:regex([ab]+)}", {"s": "ab"}, "/x/ab"),
        ("/{s:regex([^}]+)}/{t}", {"s": "a", "t": "b"}, "/a/b"),
        (r"/{s:regex(a\{b)}/{t}", {"s": "a{b", "t": "c"}, "/a%7Bb/c"),
        (r"/{s:regex([])\]}]+(x{2}\)))}/{t}", {"s": ")}]xx)", "t": "c"}, "/%29%7D%5Dxx%29/c"),
        ("/{name}.json", {"name": "x"}, "/x.json"),
        ("/100%/.{name}", {"name": "x"}, "/100%25/.x"),
        ("/x", {"_query": {"page": 2, "t": ["a", "b"], "on": True, "no": None}}, "/x?page=2&t=a&t=b&on=true"),
    ],
)
def test_url_for(path: str, values: dict[str, Any], url: str) -> None:
    app = named(it=path)
    assert app.url_for("it", **values) == url
    assert TestClient(app).get(url).status_code == 200


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/{id:int}", {"id": "x"}),
        ("/{id:int}", {"id": 2**63}),
        ("/{id:int}", {"id": True}),
        ("/{id:int}", {"id": "1" * 5000}),
        ("/{id:int}", {"id": 10**5000}),
        ("/{id}", {"id": "\ud800"}),
        ("/{id:float}", {"id": float("nan")}),
        ("/{id:uuid}", {"id": "x"}),
        ("/{id:regex([ab]+)}", {"id": "c"}),
        ("/{id}", {"id": ""}),
        ("/{id}", {"id": ".."}),
        ("/{id}", {"id": "a\0"}),
        ("/{id:path}", {"id": "a/../b"}),
        ("/{id}", {}),
        ("/{id}", {"id": 1, "more": 2}),
    ],
)
def test_url_for_refuses_what_would_not_match(path: str, values: dict[str, Any]) -> None:
    with pytest.raises(URLBuildError):
        named(it=path).url_for("it", **values)


def test_every_built_url_leads_back() -> None:
    app = App()
    app.add_route("/a/{x}/{y:path}", lambda request: request.params, name="it")
    for value in ("a b", "é/ü", "100%", "?#&=+", "a.b~c_d-e"):
        url = app.url_for("it", x=value, y=value)
        assert TestClient(app).get(url).json() == {"x": value, "y": value}


def test_parameters_end_where_the_router_ends_them() -> None:
    app = App()

    @app.get(r"/{s:regex(a\{[}]\))}/{t}")
    def show(s: str, t: str) -> list[str]:
        return [s, t]

    assert TestClient(app).get("/a%7B%7D%29/b").json() == ["a{})", "b"]


def test_request_url_for_is_absolute() -> None:
    app = App()
    app.add_route("/u/{id:int}", lambda: 1, name="user")

    @app.get("/")
    def home(request: Request) -> str:
        return request.url_for("user", id=4)

    assert TestClient(app, base_url="http://example.org:8080").get("/").json() == "http://example.org:8080/u/4"


def test_routes_are_listed() -> None:
    app = named(a="/a", b="/b/{x}")
    first = app.routes[0]
    assert isinstance(first, RouteInfo) and [r.name for r in app.routes] == ["a", "b"]
    assert (first.path, first.methods, first.options) == ("/a", ("GET",), {"name": "a"})
    assert re.search(r"test_routes\.py:\d+, GET /a", first.where)


def test_template() -> None:
    template = Template("/a/{x:regex([a-z]{2})}/{y}.json")
    assert template.parameters == [("x", "regex([a-z]{2})"), ("y", "str")]
    assert template.build({"x": "ab", "y": "z"}, "it") == "/a/ab/z.json"
