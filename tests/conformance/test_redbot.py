"""VER-015: what REDbot says of answers that an application may well give.

REDbot brings many packages of its own: `tools/dev conformance` keeps it apart and names it in
REDBOT. What it says beyond good and informative is a finding."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from pelton import App, Response
from pelton.testing import live_server

REDBOT = os.environ.get("REDBOT")


def make_app() -> App:
    app = App()
    fresh = {"Cache-Control": "max-age=60"}

    @app.get("/json")
    def document() -> Response:
        return Response.json({"hello": "world"}, headers=fresh)

    @app.get("/text")
    def text() -> Response:
        return Response.text("grüße", headers=fresh)

    @app.get("/moved")
    def moved() -> Response:
        return Response.redirect("/json", headers=fresh)

    @app.get("/empty")
    def empty() -> Response:
        return Response(None, 204, headers=fresh)

    return app


@pytest.mark.skipif(REDBOT is None, reason="REDBOT names no redbot")
@pytest.mark.parametrize("path", ["/json", "/text", "/moved", "/empty", "/nowhere"])
@pytest.mark.parametrize("engine", ["epoll", "auto"])
def test_VER_015_no_note_is_bad_or_a_warning(engine: str, path: str) -> None:
    with live_server(make_app(), engine=engine) as server:
        command = [str(REDBOT), "-o", "har", f"http://127.0.0.1:{server.port}{path}"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    notes = json.loads(told)["log"]["entries"][0]["_red_messages"]
    assert notes, "REDbot has looked at nothing"
    assert [note["summary"] for note in notes if note["level"] not in ("GOOD", "INFO")] == []
