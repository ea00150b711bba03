"""Everything in one process, through the real parser and router: `pytest examples/tested`."""

from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from todo import Task, Tasks, app, tasks

from pelton.testing import TestClient, live_server


@pytest.fixture
def client() -> Iterator[TestClient]:
    """With tasks of its own: what one test keeps no other sees."""
    fresh = Tasks()
    with app.override(tasks, lambda: fresh):
        yield TestClient(app)


def test_a_task_is_kept(client: TestClient) -> None:
    made = client.post("/tasks", json={"title": "write"})
    assert (made.status_code, made.json()) == (201, {"id": 1})
    assert client.get("/tasks/1").json() == {"title": "write", "done": False}


def test_what_does_not_fit_is_named(client: TestClient) -> None:
    [error] = client.post("/tasks", json={"done": True}).json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["body", "title"])


def test_what_is_not_there(client: TestClient) -> None:
    assert client.get("/tasks/1").status_code == 404
    assert client.get("/tasks/one").status_code == 404
    assert client.delete("/tasks/1").headers["allow"] == "GET, HEAD, OPTIONS"


def test_changes_are_told(client: TestClient) -> None:
    with client.websocket_connect("/changes") as ws:
        assert ws.receive_text() == "ready"
        client.post("/tasks", json={"title": "call"})
        assert ws.receive_text() == "added 1"


def test_a_handler_is_a_function() -> None:
    kept = Tasks()
    kept.add(Task("x"))
    from todo import read

    assert read(1, kept) == Task("x")


def test_over_a_socket() -> None:
    fresh = Tasks()
    fresh.add(Task("x"))
    with app.override(tasks, lambda: fresh), live_server(app) as server:
        assert urlopen(f"{server.url}/tasks/1").read() == b'{"title":"x","done":false}'
