"""Section 13: what the test clients ask, and where redirects lead it."""

from __future__ import annotations

import pytest

from pelton.testing.client_requests import REDIRECTS_MAX, Asked, address_of, pairs, resolved, with_params
from pelton.testing.received import TestResponse


def moved(status: int, location: str | None) -> TestResponse:
    return TestResponse("http://a/", "HTTP/1.1", status, [] if location is None else [("Location", location)], b"")


def asked(method: str = "post", **options: object) -> Asked:
    return Asked(method, "http://a/x", content=b"1", headers={"Authorization": "k", "Content-Type": "t"}, **options)  # type: ignore[arg-type]


def test_what_is_asked() -> None:
    one = asked(params={"a": 1}, cookies={"c": "v"})
    assert (one.method, one.url, one.body, one.cookies) == ("POST", "http://a/x?a=1", b"1", {"c": "v"})
    assert Asked("GET", "http://a", json=[1]).fields == [("Content-Type", "application/json")]
    assert pairs(None) == [] and pairs({"A": "b"}) == pairs([("A", "b")]) == [("A", "b")]
    with pytest.raises(TypeError, match="takes one of json, content"):
        Asked("GET", "http://a", json=1, content=b"1")


@pytest.mark.parametrize(
    ("status", "method", "keeps_body"), [(301, "GET", False), (302, "GET", False), (303, "GET", False), (307, "POST", True), (308, "POST", True)]
)
def test_a_redirect(status: int, method: str, keeps_body: bool) -> None:
    one = asked()
    assert one.redirect(moved(status, "y?z"))
    assert (one.method, one.url, one.body) == (method, "http://a/y?z", b"1" if keeps_body else None)
    assert ("Authorization", "k") in one.fields and (("Content-Type", "t") in one.fields) == keeps_body


def test_redirects_to_another_host_tell_it_no_secret() -> None:
    one = asked()
    assert one.redirect(moved(307, "http://b/")) and one.fields == [("Content-Type", "t")]
    assert len(one.history) == 1


def test_what_is_no_redirect() -> None:
    one = asked()
    assert not one.redirect(moved(200, "/y")) and not one.redirect(moved(302, None)) and one.history == []


def test_a_circle() -> None:
    one = asked()
    for _ in range(REDIRECTS_MAX):
        one.redirect(moved(302, "/x"))
    with pytest.raises(RuntimeError, match="more than 20 redirects"):
        one.redirect(moved(302, "/x"))


def test_urls() -> None:
    assert resolved("http://a/b/", "/c#d") == "http://a/b/c" and resolved("http://a", "?q") == "http://a?q"
    assert resolved("http://a", "http://c/é ü") == "http://c/%C3%A9%20%C3%BC"
    assert address_of(asked().parts) == ("a", 80, False) and address_of(Asked("GET", "https://h:1").parts) == ("h", 1, True)
    assert with_params("/x?a=1", [("b", True), ("c", None), ("d", [1, 2])]) == "/x?a=1&b=true&c=&d=1&d=2"


@pytest.mark.parametrize("path", ["/go?next=http://b/x", "/http://b", "go?next=http://b", "?next=http://b"])
def test_a_path_may_hold_a_url(path: str) -> None:
    assert resolved("http://a", path) == "http://a" + ("" if path.startswith(("/", "?")) else "/") + path
