"""Guards: who passes, how a refusal is worded, and that nothing unexpected is a pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from asking import Ask
from asking import asking as asking  # a fixture
from decorators import awaiting, passing, running

from pelton import (
    And,
    App,
    Authenticated,
    ForbiddenError,
    GuardError,
    HTTPError,
    Not,
    Or,
    PermissionGuard,
    RegistrationError,
    Request,
    RoleGuard,
    UnauthorizedError,
    WebSocket,
)
from pelton.testing import TestClient

Asking = Callable[[App], Ask]
UPGRADE = {
    "upgrade": "websocket",
    "connection": "upgrade",
    "sec_websocket_version": "13",
    "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def later(verdict: Any) -> Callable[[Request], Any]:
    """An `async def` that says it."""

    async def says(request: Request) -> Any:
        await asyncio.sleep(0)
        return says_at_once(verdict)(request)

    return says


def says_at_once(verdict: Any) -> Callable[[Request], Any]:
    def says(request: Request) -> Any:
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict

    return says


VERDICTS: list[tuple[Any, int, Any]] = [
    (True, 200, "in"),
    (None, 200, "in"),
    (False, 403, "Forbidden"),
    ("members only", 403, "members only"),
    ("", 403, ""),
    (HTTPError(429, "slowly"), 429, "slowly"),
    (UnauthorizedError("who are you", {"WWW-Authenticate": "Basic"}), 401, "who are you"),
    (GuardError(), 403, "Forbidden"),
    (1, 500, "Internal Server Error"),
    (0, 500, "Internal Server Error"),
    ([], 500, "Internal Server Error"),
    (KeyError("x"), 500, "Internal Server Error"),
    (SystemExit(3), 500, "Internal Server Error"),
]


@pytest.mark.parametrize("kind", [says_at_once, later])
@pytest.mark.parametrize("is_def", [True, False])
@pytest.mark.parametrize("around", ["nothing", "after", "middleware"])
def test_verdicts(asking: Asking, kind: Any, around: str, is_def: bool) -> None:
    app, seen = App(), list[int]()
    if around == "after":
        app.after(lambda request, response: seen.append(response.status))
    if around == "middleware":

        @app.middleware
        async def watch(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            seen.append(response.status)
            return response

    async def handler() -> str:
        return "in"

    for at, (verdict, _, _) in enumerate(VERDICTS):
        app.add_route(f"/{at}", (lambda: "in") if is_def else handler, guards=[kind(verdict)], name=str(at))
    ask = asking(app)
    for at, (_, status, detail) in enumerate(VERDICTS):
        answer = ask("GET", f"/{at}")
        body = json.loads(answer.body)
        assert (answer.status, body if status == 200 else body["detail"]) == (status, detail)
    assert ask("GET", "/6").headers["www-authenticate"] == "Basic"
    if around != "nothing":
        assert seen == [status for _, status, _ in VERDICTS if status != 500] + [401]


def test_no_user_is_401_and_the_wrong_one_403(asking: Asking) -> None:
    app = App()

    @app.before
    def identify(request: Request) -> None:
        if text := request.get_header("x-user"):
            user = json.loads(text)
            request.context["user"] = user if request.get_header("x-object") is None else SimpleNamespace(**user)

    guards: dict[str, Any] = {
        "known": Authenticated(),
        "one": RoleGuard(["admin", "root"]),
        "all": RoleGuard(["admin", "root"], require_all=True),
        "named": RoleGuard("admin"),
        "may": PermissionGuard(["read", "write"]),
        "either": PermissionGuard(["read", "write"], require_all=False),
        "keyed": RoleGuard(["x"], user_key="account", role_key="kinds"),
    }
    for name, guard in guards.items():
        app.add_route(f"/{name}", lambda: "in", guards=[guard], name=name)
    ask = asking(app)

    def statuses(**user: Any) -> list[int]:
        return [ask("GET", f"/{name}", x_user=json.dumps(user)).status for name in guards]

    assert [ask("GET", f"/{name}").status for name in guards] == [401] * len(guards)
    assert statuses(name="x") == [200, 403, 403, 403, 403, 403, 401]
    assert statuses(roles=["admin"]) == [200, 200, 403, 200, 403, 403, 401]
    assert statuses(roles=["root", "admin"], permissions=["read"]) == [200, 200, 200, 200, 403, 200, 401]
    assert statuses(roles="administrator", permissions={"read": 1, "write": 1}) == [200, 403, 403, 403, 200, 200, 401]
    assert ask("GET", "/one", x_user='{"roles":["root"]}', x_object="1").status == 200
    assert ask("GET", "/one", x_user='{"names":["root"]}', x_object="1").status == 403


PASS, REFUSE, UNKNOWN = says_at_once(True), says_at_once("no"), says_at_once(UnauthorizedError())
FAULT = says_at_once(ZeroDivisionError())


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    ("guard", "status"),
    [
        (lambda one: And(PASS, one(True)), 200),
        (lambda one: And(one(True), REFUSE, FAULT), 403),
        (lambda one: And(one(None), FAULT), 500),
        (lambda one: Or(REFUSE, one(True), FAULT), 200),
        (lambda one: Or(UNKNOWN, one(UnauthorizedError())), 401),
        (lambda one: Or(UNKNOWN, one("no")), 403),
        (lambda one: Or(one("no"), UNKNOWN), 403),
        (lambda one: Or(FAULT, one(True)), 500),
        (lambda one: Or(one(HTTPError(429)), PASS), 429),
        (lambda one: Not(one("no")), 200),
        (lambda one: Not(one(UnauthorizedError())), 200),
        (lambda one: Not(one(True)), 403),
        (lambda one: Not(one(ValueError())), 500),
        (lambda one: And(Or(REFUSE, Not(one(False))), PASS), 200),
    ],
)
def test_combined(guard: Any, status: int, is_async: bool) -> None:
    app = App()
    made = guard(later if is_async else says_at_once)
    assert made.awaited is is_async
    app.add_route("/", lambda: "in", guards=[made])
    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == status


def test_a_def_that_gives_an_awaitable_is_no_pass() -> None:
    app = App()
    guard = later(True)
    app.add_route("/", lambda: "in", guards=[lambda request: guard(request)])
    with pytest.raises(TypeError, match="write it as async def"):
        TestClient(app).get("/")


def test_guards_come_before_a_websocket(asking: Asking) -> None:
    app = App(guards=[Authenticated()])
    app.before(lambda request: request.set_context("user", request.get_header("x-user")))

    @app.websocket("/{room}", guards=[later(None), lambda request: request.params["room"] != "closed"])
    async def room(ws: WebSocket, room: str, page: int) -> None:
        await ws.send_text(f"{room} {page} {ws.context['user']}")

    with TestClient(app).websocket_connect("/open?page=1", headers={"x-user": "ada"}) as ws:
        assert ws.receive_text() == "open 1 ada"
    ask = asking(app)
    for path, user, status in (
        ("/open?page=1", {}, 401),
        ("/closed?page=x", {"x_user": "ada"}, 403),
        ("/open?page=x", {"x_user": "ada"}, 422),
        ("/open?page=1", {"x_user": "ada"}, 101),
    ):
        assert ask("GET", path, **UPGRADE, **user).status == status


def test_a_hook_may_answer_a_handshake_and_middleware_sees_none(asking: Asking) -> None:
    app, seen = App(), list[str]()

    @app.middleware
    async def sees(request: Request, call_next: Any) -> Any:
        seen.append("middleware")
        return await call_next(request)

    app.after(lambda request, response: seen.append("after"))

    @app.before
    async def closed(request: Request) -> Any:
        await asyncio.sleep(0)
        return ({"closed": request.path}, 423) if "closed" in request.path else None

    @app.websocket("/{room}")
    async def room(ws: WebSocket) -> None:
        await ws.accept()

    ask = asking(app)
    refused = ask("GET", "/closed", **UPGRADE)
    assert (refused.status, refused.body) == (423, b'{"closed":"/closed"}')
    assert ask("GET", "/open", **UPGRADE).status == 101 and not seen


@pytest.mark.parametrize("given", [Authenticated(), "ab", [3], [RoleGuard], [lambda: True], 3])
def test_what_is_no_guard(given: Any) -> None:
    for register in (
        lambda: App(guards=given),
        lambda: App().add_route("/", lambda: 1, guards=given),
        lambda: App().websocket("/", guards=given)(_handler),
    ):
        with pytest.raises((TypeError, RegistrationError)):
            register()


def test_empty_ones() -> None:
    for make in (And, Or, lambda: RoleGuard([]), lambda: PermissionGuard(())):
        with pytest.raises(ValueError, match="at least one"):
            make()


def test_errors() -> None:
    for error, status in ((GuardError(), 403), (ForbiddenError("x"), 403), (UnauthorizedError(), 401)):
        assert isinstance(error, GuardError) and isinstance(error, HTTPError) and error.status == status
    assert ForbiddenError("x").detail == "x" and UnauthorizedError().detail == "Unauthorized"


async def _handler(ws: WebSocket) -> None: ...


@pytest.mark.parametrize("guards", [lambda one: one, lambda one: And(one), lambda one: Or(one), lambda one: Not(Not(one))])
@pytest.mark.parametrize("around", [awaiting, lambda says: passing(awaiting(says)), lambda says: running(awaiting(says))])
def test_decorated_guards(guards: Any, around: Any, asking: Asking) -> None:
    for verdict, status in ((True, 200), (False, 403)):
        app = App()
        app.add_route("/", lambda: "in", guards=[guards(around(says_at_once(verdict)))])
        assert asking(app)("GET", "/").status == status
