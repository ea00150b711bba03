"""URLs of requests, and their parts."""

from __future__ import annotations

from typing import Any


from pelton import URL, App, Request
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


def test_url_is_a_str_with_parts() -> None:
    url = seen(lambda r: r.url, "GET", "/a%20b?x=1", base_url="http://Example.org:8080")
    assert isinstance(url, URL) and url == "http://example.org:8080/a%20b?x=1"
    assert (url.scheme, url.host, url.port, url.path, url.query) == ("http", "example.org", 8080, "/a%20b", "x=1")
    assert seen(lambda r: r.url, headers={"host": "a:80"}) == "http://a/"
