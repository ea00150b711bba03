"""async for part in request.parts(): over a connection, nothing stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from pelton import App, Request
from pelton.testing import TestClient, live_server
from pelton.testing.client_requests import encoded_form


def parts_app() -> App:
    app = App()

    async def handler(request: Request) -> Any:
        found = []
        async for part in request.parts():
            size = 0
            async for chunk in part:
                assert isinstance(chunk, bytes) and 0 < len(chunk) <= 64 * 1024
                size += len(chunk)
            found.append([part.name, part.filename, part.content_type, size])
        return found

    app.add_route("/", handler, ["POST"], stream_body=True, max_body=0)
    app.add_route("/whole", handler, ["POST"], max_body=0)

    @app.post("/skip", stream_body=True, max_body=0)
    async def skip(request: Request) -> Any:
        found = []
        async for part in request.parts():
            found.append([part.name, repr(part)])
            async for _ in part:
                break
        async for _ in part:
            found.append("late")
        with pytest.raises(RuntimeError, match="already"):
            async for _ in request.parts():
                pass
        return found

    @app.post("/leave", stream_body=True)
    async def leave(request: Request) -> str:
        async for part in request.parts():
            return part.name
        return ""

    return app


BODY, KIND = encoded_form({"a": "x"}, {"f": ("../n.bin", b"\r\n-" * 300_000, "x/y"), "g": b""})
FOUND = [["a", None, None, 1], ["f", "n.bin", "x/y", 900_000], ["g", "g", "application/octet-stream", 0]]


@pytest.mark.parametrize("path", ["/", "/whole"])
def test_frm_010_parts_as_they_arrive(serve: Callable[..., live_server], path: str) -> None:
    connection = HTTPConnection("127.0.0.1", serve(parts_app()).port)
    for _ in range(2):
        connection.request("POST", path, BODY, {"Content-Type": KIND})
        assert json.loads(connection.getresponse().read()) == FOUND
    connection.close()


def test_what_is_not_read_is_passed_over() -> None:
    sent = TestClient(parts_app()).post("/skip", content=BODY, headers={"Content-Type": KIND})
    assert sent.json() == [
        ["a", "<Part 'a', file None>"],
        ["f", "<Part 'f', file 'n.bin'>"],
        ["g", "<Part 'g', file 'g'>"],
    ]


def test_frm_010_who_leaves_early_frees_the_connection() -> None:
    client = TestClient(parts_app())
    for _ in range(3):
        assert client.post("/leave", content=BODY[:70_000], headers={"Content-Type": KIND}).json() == "a"


def test_errors() -> None:
    client = TestClient(parts_app())
    assert client.post("/", data={"a": "1"}).status_code == 415
    assert client.post("/", json=1).status_code == 415
    broken = client.post("/", content=BODY[:-10], headers={"Content-Type": KIND})
    assert (broken.status_code, broken.json()) == (400, {"detail": "form refused: multipart_syntax"})
    many = encoded_form([("a", "")] * 1001, {})
    assert client.post("/", content=many[0], headers={"Content-Type": many[1]}).status_code == 413
