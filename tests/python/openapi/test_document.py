"""Operations: which there are, what they are called, what is said of them."""

from __future__ import annotations

import enum
from typing import Annotated, Any

from openapi_spec_validator import validate

from pelton import App, Blueprint, Depends, Header, Request, WebSocket


def operations(app: App) -> dict[tuple[str, str], Any]:
    document = app.openapi()
    validate(document)
    return {(path, method): one for path, item in document["paths"].items() for method, one in item.items()}


def ids(app: App) -> dict[tuple[str, str], str]:
    return {where: one["operationId"] for where, one in operations(app).items()}


def test_paths_lose_their_converters() -> None:
    app = App()
    for path in ("/a/{id:int}", "/b/{u:uuid}.json", "/c/{*rest}", "/d/{s:regex([a-z]{2})}/x", "/e/v{n:float}"):
        app.add_route(path, lambda: 1)
    assert [path for path, _ in operations(app)] == ["/a/{id}", "/b/{u}.json", "/c/{rest}", "/d/{s}/x", "/e/v{n}"]


def test_of_routes_that_differ_only_in_converters_the_first_is_described() -> None:
    app = App()

    @app.get("/{id:int}")
    def first() -> None: ...

    @app.get("/{id}")
    def second() -> None: ...

    assert ids(app) == {("/{id}", "get"): "first"}


def test_methods_a_document_has_no_name_for() -> None:
    app = App()
    app.add_route("/", lambda: 1, ["PROPFIND", "GET", "HEAD", "DELETE"])

    @app.websocket("/")
    async def talk(ws: WebSocket) -> None: ...

    assert sorted(method for _, method in operations(app)) == ["delete", "get", "head"]


def test_ids_are_function_names_as_long_as_these_are_unique() -> None:
    app = App()

    def show() -> None: ...

    def other(request: Request) -> None: ...

    app.add_route("/a/{id}", show)
    app.add_route("/b", show, ["GET", "POST"])
    app.add_route("/c", other, name="third")
    app.add_route("/d", lambda: 1)
    app.add_route("/", lambda: 1)
    app.add_route("/e", other, operation_id="given")
    app.add_route("/f-g", show)
    app.add_route("/f_g", show)
    found = ids(app)
    assert found == {
        ("/a/{id}", "get"): "show_a__id",
        ("/b", "get"): "show_b_get",
        ("/b", "post"): "show_b_post",
        ("/c", "get"): "other",
        ("/d", "get"): "d",
        ("/", "get"): "root",
        ("/e", "get"): "given",
        ("/f-g", "get"): found["/f-g", "get"],
        ("/f_g", "get"): found["/f_g", "get"],
    }
    assert len(set(found.values())) == len(found)


def test_what_options_and_docstrings_say() -> None:
    class Group(enum.Enum):
        cups = "cups"

    app = App()

    @app.get("/a", tags=[Group.cups, "x", "x"], summary="S", description="D", deprecated=True, operation_id="made")
    def a() -> None:
        """Not this."""

    @app.get("/b", name="second_route")
    def b() -> None:
        """What it does.

        In full.
        """

    app.add_route("/c", a, include_in_schema=False)
    found = operations(app)
    assert found.keys() == {("/a", "get"), ("/b", "get")}
    first = found["/a", "get"]
    assert (first["tags"], first["summary"], first["description"]) == (["cups", "x"], "S", "D")
    assert first["deprecated"] is True and first["operationId"] == "made"
    second = found["/b", "get"]
    assert (second["summary"], second["description"]) == ("Second Route", "What it does.\n\nIn full.")
    assert "tags" not in second and "deprecated" not in second


def test_blueprints_add_tags_dependencies_and_prefixes() -> None:
    def token(x_token: Annotated[str, Header()]) -> str:
        return x_token

    app, api, users = App(), Blueprint("/api", "api", tags=["api"]), Blueprint("/users", "users", tags=["users"])

    @users.get("/{id:int}", tags=["one"])
    def show_user(id: int) -> int:
        return id

    api.register_blueprint(users, dependencies=[Depends(token)])
    app.register_blueprint(api, guards=[lambda request: True])
    found = operations(app)["/api/users/{id}", "get"]
    assert (found["tags"], found["summary"]) == (["api", "users", "one"], "Show User")
    assert [one["name"] for one in found["parameters"]] == ["id", "x-token"]
    assert found["responses"]["200"]["content"]["application/json"]["schema"]["title"] == "Response Show User"


def test_callables_of_every_kind() -> None:
    class Callable:
        """Of the class."""

        def __call__(self, q: int = 1) -> int:
            return q

        def method(self) -> int:
            """Of the method."""
            return 1

    app = App()
    app.add_route("/object", Callable())
    app.add_route("/method", Callable().method)
    found = operations(app)
    assert found["/object", "get"]["operationId"] == "Callable" and found["/object", "get"]["parameters"]
    assert found["/method", "get"]["description"] == "Of the method."
