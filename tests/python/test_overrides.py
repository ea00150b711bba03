"""Other providers and values in place of an application's own, while it serves."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.request import urlopen

import pytest

from pelton import App, BackgroundTasks, Body, Depends, Form, HandlerSignatureError, Header, Request, Response
from pelton.testing import TestClient, live_server


def test_over_a_connection() -> None:
    app = App()

    def token(authorization: Annotated[str, Header()]) -> str:
        return authorization

    app.add_route("/", lambda token=Depends(token): token)
    with live_server(app) as server, app.override(token, lambda who="nobody": who):
        assert json.load(urlopen(f"{server.url}/?who=b")) == "b"


def test_overrides() -> None:
    app = App()
    app.register_singleton("names", ["cup"])
    app.register_provider("maker", lambda: "made")

    def token(authorization: Annotated[str, Header()]) -> str:
        return authorization

    def user(token: str = Depends(token)) -> str:
        return token.upper()

    @app.get("/")
    def handler(user: str = Depends(user), names: Any = Depends("names"), made: str = Depends("maker")) -> Any:
        return [user, names, made]

    client = TestClient(app)
    assert client.get("/", headers={"authorization": "a"}).json() == ["A", ["cup"], "made"]
    assert client.get("/").status_code == 422

    async def other(who: str, request: Request) -> str:
        return who + request.method

    with app.override(token, other):
        assert client.get("/?who=b").json()[0] == "BGET"
        assert client.get("/").json()["detail"][0]["loc"] == ["query", "who"]
        with app.override("names", {}), app.override("maker", lambda: 7), app.override(token, "value"):
            assert client.get("/").json() == ["VALUE", {}, 7]
        assert client.get("/?who=c").json() == ["CGET", ["cup"], "made"]
    assert client.get("/").status_code == 422

    # What stands in may ask for what it stands in for.
    def more(user: str = Depends(user)) -> str:
        return user + "!"

    app.dependency_overrides[user] = more
    assert client.get("/", headers={"authorization": "a"}).json()[0] == "A!"
    app.dependency_overrides = {}
    assert client.get("/", headers={"authorization": "a"}).json()[0] == "A"


def test_an_override_may_answer_through_the_side_channel() -> None:
    app = App()

    def plain() -> int:
        return 1

    def loud(response: Response, tasks: BackgroundTasks) -> int:
        response.status = 202
        response.set_header("x-a", "b")
        tasks.add_task(ran.append, 1)
        return 2

    ran: list[int] = []
    app.add_route("/", lambda n=Depends(plain): [n])
    client = TestClient(app)
    with app.override(plain, loud):
        answer = client.get("/")
    assert (answer.status_code, answer.headers["x-a"], answer.json(), ran) == (202, "b", [2], [1])


def test_an_override_keeps_the_rules_of_bodies() -> None:
    app = App()

    def plain() -> str:
        return "plain"

    @app.post("/", stream_body=True)
    async def streamed(request: Request, value: Any = Depends(plain)) -> Any:
        return value

    @app.post("/form")
    def form(name: Annotated[str, Form()], value: Any = Depends(plain)) -> Any:
        return value

    client = TestClient(app)
    assert client.post("/").json() == client.post("/form", data={"name": "x"}).json() == "plain"
    with app.override(plain, lambda item=Body(): item):
        with pytest.raises(HandlerSignatureError, match="has not arrived when a handler with stream_body=True starts"):
            client.post("/", json=1)
        with pytest.raises(HandlerSignatureError, match="is a JSON body beside a form"):
            client.post("/form", data={"name": "x"})
