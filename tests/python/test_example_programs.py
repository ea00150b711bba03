"""The examples of one file, over a connection: auth, jobs, export, webhooks."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import httpx

from applications import client_to, loaded
from pelton.testing import live_server

Serve = Callable[..., live_server]


def client_of(module: ModuleType, serve: Serve) -> httpx.Client:
    return client_to(serve(module.app).url)


# --- auth -------------------------------------------------------------------------------------


def test_auth_logs_in_and_tells_roles_apart(serve: Serve) -> None:
    module = loaded("auth")
    with client_of(module, serve) as client:

        def token(name: str, password: str) -> dict[str, str]:
            answer = client.post("/login", json={"name": name, "password": password})
            assert answer.status_code == 200 and answer.json()["token_type"] == "bearer"
            return {"authorization": f"Bearer {answer.json()['access_token']}"}

        ada, grace = token("ada", "lovelace"), token("grace", "hopper")
        assert client.get("/me", headers=ada).json() == {"name": "ada", "role": "admin"}
        assert client.delete("/users/ada", headers=grace).status_code == 403
        people = [{"name": "ada", "role": "admin"}, {"name": "grace", "role": "reader"}]
        assert client.get("/admin/users", headers=ada).json() == people
        assert client.get("/admin/users", headers=grace).status_code == 403
        nameless = client.get("/admin/users")
        assert (nameless.status_code, nameless.headers["www-authenticate"]) == (401, "Bearer")
        own = client.put("/admin/users/ada/role", json={"role": "reader"}, headers=ada)
        assert (own.status_code, own.json()) == (403, {"detail": "somebody else has to do that"})
        for name, role, status in (("grace", "admin", 200), ("nobody", "admin", 404)):
            changed = client.put(f"/admin/users/{name}/role", json={"role": role}, headers=ada)
            assert changed.status_code == status
        assert len(client.get("/admin/users", headers=grace).json()) == 2
        assert client.delete("/users/grace", headers=ada).status_code == 204
        assert client.get("/me", headers=grace).status_code == 401  # signed, but gone
        assert client.delete("/users/nobody", headers=ada).status_code == 404


def test_auth_refuses_what_it_has_not_signed_or_no_more(serve: Serve) -> None:
    module = loaded("auth")
    with client_of(module, serve) as client:
        for name, password in (("ada", "x"), ("nobody", ""), ("", "")):
            assert client.post("/login", json={"name": name, "password": password}).status_code == 401
        good = module.token_for("ada")
        tokens = "x", "a.b", "é", module.token_for("ada", -1), "A" + good[1:], good[:-4] + "AAA="
        headers = ["", "Bearer", "Basic YWRhOmxvdmVsYWNl", *(f"Bearer {token}" for token in tokens)]
        for header in headers:
            refused = client.get("/me", headers={"authorization": header.encode("latin-1")})
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer"), header
        assert client.get("/me").status_code == 401


# --- jobs -------------------------------------------------------------------------------------


def test_jobs_are_ordered_and_awaited(serve: Serve) -> None:
    with client_of(loaded("jobs"), serve) as client:
        ordered = client.post("/jobs", json={"numbers": [2, 3, 7]})
        assert ordered.status_code == 202 and ordered.json()["result"] is None
        assert client.get("/jobs/1?wait=true").json() == {"id": 1, "state": "done", "result": 42}
        client.post("/jobs", json={"numbers": []})
        assert client.get("/jobs/2?wait=true").json()["state"] == "failed"
        assert client.get("/jobs/3").status_code == 404
        # In a thread of the pool since the answer left, while this request came.
        while len(client.get("/audit").json()) < 2:
            pass
        assert sorted(client.get("/audit").json()) == ["job 1 was ordered", "job 2 was ordered"]


def test_jobs_refuses_more_than_may_wait(serve: Serve) -> None:
    module = loaded("jobs")

    async def idle() -> None:
        await asyncio.Event().wait()

    setattr(module, "work", idle)
    with client_of(module, serve) as client:
        answers = [client.post("/jobs", json={"numbers": [1]}).status_code for _ in range(module.WAITING_MAX + 1)]
    assert answers == [202] * module.WAITING_MAX + [503]


# --- export -----------------------------------------------------------------------------------


def test_export_in_both_forms(serve: Serve) -> None:
    with client_of(loaded("export"), serve) as client:
        lines = client.get("/measured.ndjson?rows=5000")
        assert lines.headers["content-type"] == "application/x-ndjson"
        rows = [json.loads(line) for line in lines.text.splitlines()]
        assert [row["number"] for row in rows] == list(range(5000))
        table = client.get("/measured.csv?rows=5001")
        assert table.headers["content-disposition"] == 'attachment; filename="measured.csv"'
        read = list(csv.DictReader(io.StringIO(table.text)))
        assert len(read) == 5001 and read[5000] == {"number": "5000", "place": "station 2", "degrees": "-10"}
        assert client.get("/measured.csv?rows=-1").status_code == 422


def test_export_stops_when_the_client_leaves(serve: Serve) -> None:
    module = loaded("export")
    made, rows, closed = 0, module.measured, threading.Event()

    def counted(count: int) -> Any:
        nonlocal made
        try:
            for made, row in enumerate(rows(count), 1):
                yield row
        finally:
            closed.set()

    setattr(module, "measured", counted)
    with client_of(module, serve) as client:
        with client.stream("GET", "/measured.ndjson?rows=10000000") as answer:
            pieces = answer.iter_bytes()
            assert next(pieces)
        assert closed.wait(60)
    assert 0 < made < 10_000_000


# --- webhooks ---------------------------------------------------------------------------------


def test_webhooks_are_taken_once(serve: Serve) -> None:
    module = loaded("webhooks")
    with client_of(module, serve) as client:

        def deliver(event: dict[str, Any], at: float = 0, body: bytes | None = None, sign: str | None = None) -> httpx.Response:
            sent, timestamp = json.dumps(event).encode(), str(int(at or time.time()))
            signature = (sign or module.signed(timestamp, sent)).encode("latin-1")
            headers: dict[str, Any] = {"x-timestamp": timestamp, "x-signature": signature, "content-type": "application/json"}
            return client.post("/hooks/payments", content=body or sent, headers=headers)

        assert deliver({"id": "e1", "cents": 500}).json() == {"new": True}
        assert deliver({"id": "e1", "cents": 500}).json() == {"new": False}
        assert deliver({"id": "e2", "cents": 1}, body=b'{"id":"e2","cents":9}').status_code == 401
        assert deliver({"id": "e2", "cents": 1}, sign="ü" * 4).status_code == 401
        assert deliver({"id": "e2", "cents": 1}, at=time.time() - 3600).status_code == 401
        assert client.post("/hooks/payments", json={}).status_code == 422
        while not client.get("/ledger").json():
            pass
        assert client.get("/ledger").json() == [{"id": "e1", "cents": 500}]
