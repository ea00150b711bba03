"""examples/project: an application of several files, each part a Blueprint."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from applications import FOLDER, client_to, loaded
from pelton.testing import live_server


@pytest.fixture
def client(serve: Callable[..., live_server], monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.syspath_prepend(FOLDER / "project")
    for name in [name for name in sys.modules if name.partition(".")[0] == "bookstore"]:
        monkeypatch.delitem(sys.modules, name)
    with client_to(serve(loaded("project/main").app).url) as one:
        yield one


def test_books(client: httpx.Client) -> None:
    assert [book["title"] for book in client.get("/api/v1/books").json()] == ["Dune", "Emma"]
    assert client.get("/api/v1/books?q=em").json() == [{"id": 2, "title": "Emma", "left": 1}]
    assert client.get("/api/v1/books/3").json() == {"detail": "no such book"}


def test_orders_are_for_those_that_say_who_they_are(client: httpx.Client) -> None:
    assert client.post("/api/v1/orders", json={"book": 2}).status_code == 401
    made = client.post("/api/v1/orders", json={"book": 2}, headers={"x-customer": "ada"})
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/books/2")
    assert made.json() == {"customer": "ada", "title": "Emma", "count": 1}
    again = client.post("/api/v1/orders", json={"book": 2}, headers={"x-customer": "ada"})
    assert (again.status_code, again.json()) == (409, {"detail": "only 0 left"})
    assert client.get(made.headers["location"]).json()["left"] == 0
