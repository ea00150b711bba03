"""The client's cookies, by RFC 6265."""

from __future__ import annotations

from collections.abc import MutableMapping

import pytest

from pelton import App, Response
from pelton.testing import TestClient
from pelton.testing.cookie_jar import Cookies


def jar(*lines: str, host: str = "a.example.org", path: str = "/x/y") -> Cookies:
    cookies = Cookies()
    for line in lines:
        cookies.take(line, host, path)
    return cookies


def sent(cookies: Cookies, host: str = "a.example.org", path: str = "/x/z", scheme: str = "http") -> str | None:
    return cookies.header(scheme, host, path, {})


def test_paths() -> None:
    cookies = jar("a=1", "b=2; Path=/", "c=3; Path=/other", "d=4; Path=/x/z")
    assert sent(cookies) == "d=4; a=1; b=2"
    assert sent(cookies, path="/xy") == "b=2"


def test_hosts() -> None:
    cookies = jar("a=1; Path=/", "b=2; Path=/; Domain=example.org", "c=3; Domain=other.org")
    assert sent(cookies) == "a=1; b=2"
    assert sent(cookies, host="b.example.org") == "b=2" and sent(cookies, host="notexample.org") is None


def test_secure() -> None:
    cookies = jar("a=1; Path=/; Secure")
    assert sent(cookies) is None and sent(cookies, scheme="https") == "a=1"


@pytest.mark.parametrize("line", ["a=; Max-Age=0", "a=; Max-Age=-1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_forgetting(line: str) -> None:
    assert len(jar("a=1; Max-Age=60", line)) == 0


def test_as_a_mapping() -> None:
    cookies = Cookies({"a": "1"})
    cookies["b"] = "2"
    assert (cookies["a"], cookies.get("b"), cookies.get("z"), "a" in cookies) == ("1", "2", None, True)
    assert isinstance(cookies, MutableMapping)
    assert list(cookies) == ["a", "b"] and list(cookies.items()) == [("a", "1"), ("b", "2")]
    assert cookies.keys() == {"a", "b"} and cookies == {"a": "1", "b": "2"}
    del cookies["a"]
    with pytest.raises(KeyError):
        cookies["a"]
    with pytest.raises(KeyError):
        del cookies["a"]
    cookies.clear()
    assert len(cookies) == 0 and repr(cookies) == "Cookies({})"


def test_cookies_persist_per_client() -> None:
    app = App()

    @app.get("/set")
    def setting(response: Response, value: str) -> None:
        response.set_cookie("c", value)

    app.add_route("/get", lambda request: request.cookies)
    one, two = TestClient(app), TestClient(app, cookies={"c": "given"})
    assert one.get("/set?value=1").cookies == {"c": "1"} and one.get("/get").json() == {"c": "1"}
    assert two.get("/get").json() == {"c": "given"}
    two.get("/set?value=2")
    assert two.get("/get").json() == {"c": "2"} and two.cookies["c"] == "2"
    assert two.get("/get", cookies={"d": "3"}).json() == {"c": "2", "d": "3"}
    assert two.get("/get").json() == {"c": "2"}
