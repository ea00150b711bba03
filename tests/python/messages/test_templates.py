"""Section 17: Jinja2 templates, over both engines."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pelton import App, Depends, RegistrationError, Response
from pelton.messages.response import TemplateBody
from pelton.messages.templates import enabled, rendered
from pelton.testing import TestClient, live_server

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "mail").mkdir()
    (tmp_path / "page.html").write_text("<p>{{ name }}</p><a href='{{ url_for('item', id=3) }}'>{{ shop }}</a>")
    (tmp_path / "mail/hello.txt").write_text("{% extends 'base.txt' %}{% block text %}é {{ name }}{% endblock %}")
    (tmp_path / "base.txt").write_text("[{% block text %}{% endblock %}]")
    (tmp_path / "wait.html").write_text("{{ fetch(2) }}{% for n in count(3) %},{{ n }}{% endfor %}")
    (tmp_path / "bad.html").write_text("{{ 1 // 0 }}")
    (tmp_path / "broken.html").write_text("{% if %}")
    return tmp_path


def shop(pages: Path, **options: Any) -> App:
    app = App(**options)
    app.enable_templates(pages, globals={"shop": "Cups & Co"})
    app.add_route("/items/{id:int}", lambda request: None, name="item")
    app.add_route("/page", lambda name="x": Response.template("page.html", {"name": name}))
    app.add_route("/bad", lambda: Response.template("bad.html"))
    app.add_route("/broken", lambda: Response.template("broken.html"))
    app.add_route("/none", lambda: Response.template("none.html"))
    return app


def test_on_the_wire(serve: Callable[..., live_server], pages: Path) -> None:
    app = shop(pages)

    async def fetch(n: int) -> int:
        await asyncio.sleep(0)
        return n * 2

    async def count(n: int) -> Any:
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    @app.post("/wait")
    async def wait(response: Response) -> Response:
        response.set_cookie("seen", "1")
        return Response.template("wait.html", {"fetch": fetch, "count": count}, 202, headers={"x-a": "b"})

    connection = HTTPConnection("127.0.0.1", serve(app).port or 0)
    for _ in range(2):
        connection.request("GET", "/page?name=%3Cb%3E")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.read() == b"<p>&lt;b&gt;</p><a href='/items/3'>Cups &amp; Co</a>"
    connection.request("POST", "/wait")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-a"], answer.read()) == (202, "b", b"4,0,1,2")
    assert len(answer.headers.get_all("set-cookie", [])) == 1
    connection.request("GET", "/bad")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (500, b'{"detail":"Internal Server Error"}')
    connection.request("HEAD", "/page")
    assert connection.getresponse().headers["content-length"] == "44"
    connection.close()


def test_rendering_to_text(pages: Path) -> None:
    app = shop(pages)
    assert app.render("mail/hello.txt", {"name": "ann"}) == "[é ann]"
    assert app.render("page.html") == "<p></p><a href='/items/3'>Cups &amp; Co</a>"
    assert app.render_string("{{ a }}{{ url_for('item', id=1) }}", {"a": 1}) == "1/items/1"


def test_everything_is_escaped_unless_told(pages: Path) -> None:
    app = shop(pages)
    safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
    assert app.render_string("{{ a }}", {"a": HOSTILE}) == safe
    assert app.render("mail/hello.txt", {"name": HOSTILE}) == f"[é {safe}]"
    assert TestClient(app).get("/page", params={"name": HOSTILE}).text.startswith(f"<p>{safe}</p>")
    plain = App()
    plain.enable_templates(pages, auto_escape=False)
    assert plain.render_string("{{ a }}", {"a": HOSTILE}) == HOSTILE


def test_a_name_cannot_leave_the_directory(pages: Path) -> None:
    import jinja2

    (pages.parent / "secret.html").write_text("secret")
    app = shop(pages)
    for name in ("../secret.html", "mail/../../secret.html", str(pages.parent / "secret.html"), "mail/../page.html"):
        with pytest.raises(jinja2.TemplateNotFound):
            app.render(name)


@pytest.mark.parametrize(
    ("path", "told"), [("/bad", "ZeroDivisionError"), ("/broken", "TemplateSyntaxError"), ("/none", "TemplateNotFound")]
)
def test_errors_tell_only_whoever_debugs(pages: Path, path: str, told: str) -> None:
    answer = TestClient(shop(pages), raise_server_exceptions=False).get(path)
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    answer = TestClient(shop(pages, debug=True), raise_server_exceptions=False).get(path)
    assert answer.status_code == 500 and answer.json()["error"].startswith(told)
    # The line of the template stands in the traceback.
    assert path == "/none" or path.strip("/") + ".html" in answer.text


def test_handlers_of_exceptions_see_those_of_templates(pages: Path) -> None:
    app = shop(pages)

    @app.exception_handler(ZeroDivisionError)
    def sorry(request: Any, error: Exception) -> Response:
        return Response.template("page.html", {"name": "sorry"}, 503)

    answer = TestClient(app).get("/bad")
    assert answer.status_code == 503 and answer.text.startswith("<p>sorry</p>")


@pytest.mark.parametrize("scope", ["handler", "request"])
@pytest.mark.parametrize("is_async", [False, True])
def test_what_a_template_shows_is_open_until_it_is_rendered(pages: Path, scope: Any, is_async: bool) -> None:
    app, events = App(), []
    app.enable_templates(pages, globals={"note": lambda text: events.append(text) or text})
    (pages / "note.html").write_text("{{ note('rendered') }}")

    def session() -> Iterator[int]:
        yield 1
        events.append("closed")

    if is_async:

        @app.get("/")
        async def shown_later(response: Response, one: int = Depends(session, scope=scope)) -> Response:
            response.headers["x-one"] = str(one)
            return Response.template("note.html")
    else:

        @app.get("/")
        def shown(one: int = Depends(session, scope=scope)) -> Response:
            return Response.template("note.html", headers={"x-one": str(one)})

    answer = TestClient(app).get("/")
    assert (answer.text, answer.headers.getlist("x-one"), events) == ("rendered", ["1"], ["rendered", "closed"])


def test_one_response_may_be_sent_often_and_is_rendered_each_time(pages: Path) -> None:
    app, names = App(), iter("ab")
    app.enable_templates(pages)
    (pages / "next.html").write_text("{{ next() }}")
    constant = Response.template("next.html", {"next": lambda: next(names)})
    app.add_route("/", lambda: constant)
    client = TestClient(app)
    assert [client.get("/").text, client.get("/").text] == ["a", "b"]
    assert isinstance(constant._body, TemplateBody)
    with pytest.raises(RuntimeError, match="as it is sent"):
        constant.body()


def test_templates_change_on_disk_under_debug_alone(pages: Path) -> None:
    apps = [shop(pages), shop(pages, debug=True)]
    for app in apps:
        assert app.render("base.txt") == "[]"
    path = pages / "base.txt"
    path.write_text("new")
    import os

    os.utime(path, (1, 1))
    assert [app.render("base.txt") for app in apps] == ["[]", "new"]


def test_mistakes_at_registration(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shop(pages)
    with pytest.raises(RegistrationError, match=r"called twice\n  where: .*test_templates.py:[0-9]+\n  fix:   keep one"):
        app.enable_templates(pages)
    with pytest.raises(RegistrationError, match="names no directory\n  where: .*\n  fix:   create it"):
        App().enable_templates(pages / "none")
    TestClient(app).get("/page")
    with pytest.raises(RegistrationError, match="templates are not enabled\n  fix: "):
        App().render("page.html")
    late = App()
    late.add_route("/", lambda: Response.template("page.html"))
    with pytest.raises(RegistrationError, match="not enabled"):
        TestClient(late).get("/")
    with pytest.raises(RegistrationError, match="too late"):
        late.enable_templates(pages)
    with pytest.raises(RegistrationError, match="not enabled"):
        enabled(late._parts.service)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(RegistrationError) as caught:
        App().enable_templates(pages)
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[2].split(None, 1)) == ("enable_templates() needs Jinja2", ["fix:", 'pip install "pelton[templates]"'])


def test_other_responses_pass_unchanged() -> None:
    response = Response.text("x")
    client = TestClient(App())
    assert client.run(rendered(response, client.app._parts.service)) is response


def test_layers_see_what_was_rendered(pages: Path) -> None:
    app, seen = shop(pages), []

    @app.middleware
    async def around(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(len(response.body()))
        return response

    @app.after
    def behind(request: Any, response: Response) -> None:
        seen.append(len(response.body()))

    @app.get("/cookie")
    def with_cookie(response: Response) -> Response:
        response.set_cookie("a", "b")
        return Response.template("page.html")

    client = TestClient(app)
    assert len(client.get("/page").content) == 44 and seen == [44, 44]
    assert len(client.get("/cookie").headers.getlist("set-cookie")) == 1
    other = shop(pages)
    other.before(lambda request: Response.template("base.txt"))
    assert TestClient(other).get("/page").text == "[]"


class Refused(Exception):
    pass


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("way", ["before", "handler", "error", "middleware", "after"])
def test_hooks_see_what_was_rendered_whoever_answered(
    serve: Callable[..., live_server], pages: Path, way: str, is_async: bool
) -> None:
    app, seen = shop(pages), list[bytes]()

    def template(by: str) -> Response | None:
        return Response.template("base.txt") if by == way else None

    @app.exception_handler(Refused)
    def refused(request: Any, error: Exception) -> Any:
        return template("error")

    @app.before
    def early(request: Any) -> Any:
        return template("before")

    @app.after
    def looks(request: Any, response: Response) -> None:
        seen.append(response.body())

    if is_async:

        @app.after
        async def waits(request: Any, response: Response) -> None:
            seen.append(response.body())

    if way == "after" and is_async:
        app.after(lambda request, response: template("after"))  # before the others: the last one is asked first
    if way == "middleware":

        @app.middleware
        async def outer(request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            seen.append(response.body())
            return response

        @app.middleware
        async def inner(request: Any, call_next: Any) -> Any:
            return template("middleware")

    @app.get("/late")
    def late() -> Any:
        if way == "error":
            raise Refused
        return template("handler")

    with urlopen(f"{serve(app).url}/late") as answer:
        body = answer.read()
    if way == "after" and not is_async:
        assert body == b"null" and seen == [b"null"]
    else:
        assert body == b"[]" and seen and set(seen) == {b"[]"}
