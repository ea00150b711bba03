"""The routes of an application: what it refuses to add."""

from __future__ import annotations

import pytest

from pelton import App, RegistrationError, RouteConflict, URLBuildError


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("/{a}{b}", "one parameter"),
        ("/{a:nope}", "use int"),
        ("/{a}/{a}", "own name"),
        ("x", "begin the path"),
        ("/a?b", "?"),
        ("/a#b", "#"),
        ("/:id", "{id}"),
        ("/{p:path}/x", "last"),
        ("/{a:regex(*)}", "pattern"),
        ("/{a", "close"),
        ("/{user-id}", "letters, digits and _"),
        ("/{1a}", "letters, digits and _"),
        ("/{}", "{name}"),
        ("/{a:regex([)}", "( and ["),
        ("/a%20b/{x}", "'/a b' for '/a%20b'"),
        ("/{x}/../y", "leave it out"),
        ("/.", "leave it out"),
    ],
)
def test_refused_templates_say_how_to_fix_it(path: str, fix: str) -> None:
    with pytest.raises(RegistrationError) as raised:
        App().add_route(path, lambda: 1)
    assert raised.value.fix is not None and fix in raised.value.fix
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "bad method", ""])
def test_methods_that_cannot_be_registered(method: str) -> None:
    with pytest.raises(RegistrationError):
        App().add_route("/", lambda: 1, [method])


def test_conflicts_name_both_places() -> None:
    app = App()
    app.add_route("/users/{id}", lambda: 1)
    with pytest.raises(RouteConflict) as raised:
        app.add_route("/users/{name}", lambda: 1)
    assert str(raised.value).count("test_table.py:") == 2
    app.add_route("/users/{name}", lambda: 1, ["POST"])


def named(**paths: str) -> App:
    app = App()
    for name, path in paths.items():
        app.add_route(path, lambda: 1, name=name)
    return app


def test_names() -> None:
    app = App()

    def show() -> int:
        return 1

    app.add_route("/a", show)
    app.add_route("/b", show)
    with pytest.raises(URLBuildError, match="several"):
        app.url_for("show")
    app.add_route("/c", show, name="show")
    assert app.url_for("show") == "/c"
    with pytest.raises(URLBuildError, match="did you mean 'show'"):
        app.url_for("shwo")
    with pytest.raises(RegistrationError, match="named 'show'"):
        app.add_route("/d", show, name="show")
