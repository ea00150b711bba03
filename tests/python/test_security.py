"""Credentials as dependencies: what they take, what they refuse, and how they say so."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Annotated, Any

import pytest

from pelton import App, Depends, Security, WebSocket
from pelton.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    SecurityScopes,
)
from pelton.testing import TestClient, TestResponse, live_server


def of(scheme: Any) -> TestClient:
    app = App()

    def shown(found: Any = Depends(scheme)) -> Any:
        if isinstance(found, HTTPBasicCredentials):
            return [found.username, found.password]
        return [found.scheme, found.credentials] if isinstance(found, HTTPAuthorizationCredentials) else found

    app.add_route("/", shown)
    return TestClient(app)


def refused(answer: TestResponse, challenge: str) -> bool:
    told = answer.status_code, answer.json(), answer.headers["www-authenticate"]
    return told == (401, {"detail": "Not authenticated"}, challenge)


def basic(text: str | bytes) -> str:
    return "Basic " + b64encode(text.encode() if isinstance(text, str) else text).decode()


def test_bearer() -> None:
    client = of(HTTPBearer())
    assert client.get("/", headers={"authorization": "bEARER  abc.def "}).json() == ["bEARER", "abc.def"]
    for wrong in ({}, {"authorization": "Bearer"}, {"authorization": "Basic abc"}, {"authorization": ""}):
        assert refused(client.get("/", headers=wrong), "Bearer")
    twice = client.raw(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")
    assert twice.startswith(b"HTTP/1.1 400 ")  # whoever reads the other would see somebody else
    assert of(HTTPBearer(auto_error=False)).get("/").json() is None


def test_basic() -> None:
    client = of(HTTPBasic(realm='the "shop"'))
    challenge = 'Basic realm="the \\"shop\\"", charset="UTF-8"'
    assert client.get("/", headers={"authorization": basic("zoë:a:b")}).json() == ["zoë", "a:b"]
    assert client.get("/", headers={"authorization": basic(":")}).json() == ["", ""]
    assert refused(client.get("/"), challenge)
    malformed = ("Basic !!!!", "Basic YTpi\tYTpi", "Basic YTpi=", "Basic YTp", basic(b"\xff:\xff"), basic("ab"), basic("a:b\r"))
    for wrong in malformed:
        assert refused(client.get("/", headers={"authorization": wrong}), challenge), wrong
    lenient = of(HTTPBasic(auto_error=False))
    assert lenient.get("/").json() is None
    assert lenient.get("/", headers={"authorization": "Basic !!!!"}).status_code == 401


def test_keys() -> None:
    for scheme, sent in (
        (APIKeyHeader, {"headers": {"X-Key": "k"}}),
        (APIKeyQuery, {"params": {"X-Key": "k"}}),
        (APIKeyCookie, {"cookies": {"X-Key": "k"}}),
    ):
        client = of(scheme(name="X-Key"))
        assert refused(client.get("/"), "APIKey")
        assert client.get("/", **sent).json() == "k"
        assert of(scheme(name="X-Key", auto_error=False)).get("/").json() is None


def test_oauth2_tokens() -> None:
    for scheme in (OAuth2PasswordBearer("token"), OAuth2AuthorizationCodeBearer("/authorize", "/token")):
        client = of(scheme)
        assert client.get("/", headers={"authorization": "Bearer t"}).json() == "t"
        assert refused(client.get("/"), "Bearer")
    assert of(OAuth2PasswordBearer("token", auto_error=False)).get("/").json() is None


def test_the_form_of_the_password_flow() -> None:
    app = App()

    @app.post("/token")
    def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> list[Any]:
        return [form.username, form.password, form.scopes, form.grant_type, form.client_id, form.client_secret]

    client = TestClient(app)
    sent = {"username": "zoë", "password": "p", "scope": "a b", "grant_type": "password"}
    assert client.post("/token", data=sent).json() == ["zoë", "p", ["a", "b"], "password", None, None]
    wrong = client.post("/token", data={"username": "u", "grant_type": "other"})
    assert {tuple(one["loc"]) for one in wrong.json()["detail"]} == {("body", "password"), ("body", "grant_type")}


def test_scopes_add_up_from_the_handler_down() -> None:
    app = App()
    asked: list[str] = []

    def user(scopes: SecurityScopes, token: str = Depends(OAuth2PasswordBearer("token"))) -> str:
        asked.append(scopes.scope_str)
        return token

    def reader(user: str = Security(user, scopes=["items"])) -> str:
        return user

    @app.get("/")
    def show(
        first: str = Security(reader, scopes=["me"]),
        second: str = Security(reader, scopes=["me"]),
        third: str = Security(user, scopes=["me"]),
        fourth: str = Depends(user),
    ) -> list[str]:
        return [first, second, third, fourth]

    answer = TestClient(app).get("/", headers={"authorization": "Bearer t"})
    assert answer.json() == ["t"] * 4
    assert asked == ["me items", "me", ""]  # once for the same scopes
    assert SecurityScopes(["a", "b"]).scopes == ["a", "b"]


def test_scopes_are_a_sequence() -> None:
    with pytest.raises(TypeError, match="sequence of names"):
        Security(HTTPBearer(), scopes="me")


def test_a_websocket_is_refused_before_it_opens(serve: Callable[..., live_server]) -> None:
    app = App()

    @app.websocket("/ws")
    async def talk(ws: WebSocket, key: str = Depends(APIKeyQuery(name="key"))) -> None:
        await ws.send_text(key)

    client = TestClient(app)
    with client.websocket_connect("/ws?key=k") as ws:
        assert ws.receive_text() == "k"
    connection = HTTPConnection("127.0.0.1", serve(app).port, timeout=20)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    connection.request("GET", "/ws", headers={**upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("www-authenticate")) == (401, "APIKey")
    connection.close()


def test_over_the_wire(serve: Callable[..., live_server]) -> None:
    app = App()
    app.add_route("/", lambda who=Depends(HTTPBasic()): who.username)
    connection = HTTPConnection("127.0.0.1", serve(app).port, timeout=20)
    connection.request("GET", "/", headers={"Authorization": basic("ann:b")})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b'"ann"')
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("www-authenticate")) == (401, 'Basic realm="", charset="UTF-8"')
    connection.close()
