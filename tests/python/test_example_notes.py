"""examples/notes: create, read, update and delete in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from applications import client_to, loaded
from pelton.testing import live_server
from services import Service, postgres

pytest.importorskip("asyncpg")


@pytest.fixture(scope="module")
def database() -> Iterator[Service]:
    with postgres() as one:
        yield one


@pytest.fixture
def client(database: Service, serve: Callable[..., live_server], monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("DATABASE_URL", database.url)
    module = loaded("notes/notes")
    module.SCHEMA = "DROP TABLE IF EXISTS notes;" + module.SCHEMA
    with client_to(serve(module.app).url) as one:
        yield one


def test_the_life_of_a_note(client: httpx.Client) -> None:
    made = client.post("/notes", json={"title": "milk", "text": "two litres"})
    assert made.status_code == 201 and made.json()["id"] == 1
    assert client.get("/notes/1").json() == made.json()
    changed = client.put("/notes/1", json={"title": "milk", "text": "three"}).json()
    assert changed["text"] == "three" and changed["changed"] > made.json()["changed"]
    assert client.delete("/notes/1").status_code == 204
    for answer in (client.get("/notes/1"), client.delete("/notes/1"), client.put("/notes/1", json={"title": "x"})):
        assert (answer.status_code, answer.json()) == (404, {"detail": "no such note"})


def test_finding(client: httpx.Client) -> None:
    drafts = [{"title": f"note {number}", "text": "100% odd" if number % 2 else "even"} for number in range(30)]
    assert client.post("/notes/import", json=drafts).json() == {"made": 30}
    assert len(client.get("/notes").json()) == 20
    assert [note["title"] for note in client.get("/notes?limit=2&offset=29").json()] == ["note 29"]
    assert len(client.get("/notes", params={"q": "0% ODD", "limit": 100}).json()) == 15
    assert client.get("/notes?limit=101").status_code == 422


def test_what_fails_leaves_nothing(client: httpx.Client) -> None:
    assert client.post("/notes", json={"title": "one"}).status_code == 201
    taken = client.post("/notes/import", json=[{"title": "two"}, {"title": "one"}])
    assert (taken.status_code, taken.json()) == (409, {"detail": "there is a note with this title"})
    assert [note["title"] for note in client.get("/notes").json()] == ["one"]
    assert client.post("/notes", json={"text": "no title"}).status_code == 422
