"""Section 24: what users and we write passes strict mypy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from guide import pages

ROOT = Path(__file__).parents[2]

pytest.importorskip("mypy")

GOOD = """
from collections.abc import Mapping, MutableMapping
from typing import Annotated, assert_type
from pelton import App, Body, HTTPError, Query, Request, Response, ServerConfig, LimitsConfig
from pelton.testing import TestClient, live_server

app = App(server=ServerConfig(limits=LimitsConfig(max_body_size=1)))
limits = LimitsConfig(max_body_size="10MiB", max_header_size="64KiB", max_connections=None)
assert_type(limits.max_body_size, int | None)
assert_type(limits.max_header_size, int)
assert_type(ServerConfig(log_queue="2MiB", receive_credit=1 << 16).log_queue, int)

@app.get("/{id}", status=201, name="x")
def handler(request: Request, id: int, page: int = Query(1, ge=1)) -> dict[str, int]:
    assert_type(request.get_query_int("a"), int | None)
    assert_type(request.get_query_int("a", 3), int)
    assert_type(request.headers.get("a"), str | None)
    assert_type(request.headers.get("a", "b"), str)
    assert_type(request.query.get("a", default=1), str | int)
    mappings: list[Mapping[str, str]] = [request.headers, request.query, TestClient(app).cookies]
    changed: MutableMapping[str, str] = Response(headers=request.headers).headers
    changed.update(request.headers)
    assert_type(request.headers.keys() & {"a"}, set[str])
    raise HTTPError(404)

assert_type(handler(None, 1), dict[str, int])  # type: ignore[arg-type]

@app.exception_handler(LookupError)
def missing(request: Request, error: LookupError) -> Response:
    return Response.text("x")

with live_server(app, limit_body_size="1KiB") as server:
    assert_type(server.url, str)
app.run("0.0.0.0", 1, engine="epoll")
assert_type(TestClient(app).get("/").status_code, int)
"""

BAD = [
    'App().get("/", nmae="x")',
    'App().run(timeout_idel=3)',
    'App(errors="html")',
    "ServerConfig(8000)",
    "LimitsConfig(max_body_size=1.5)",
    "LimitsConfig(max_header_size=None)",
    "LimitsConfig().max_header_size = 1",
    'Response.text("x", headers=3)',
]


def mypy(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, done.stdout


def test_the_package_and_the_examples() -> None:
    code, said = mypy("pymod/package/pelton")
    assert code == 0, said
    code, said = mypy(*map(str, sorted((ROOT / "examples").rglob("*.py"))))
    assert code == 0, said


def test_what_users_write(tmp_path: Path) -> None:
    good = tmp_path / "good.py"
    good.write_text(GOOD)
    code, said = mypy(str(good))
    assert code == 0, said


def test_wrong_options_are_type_errors(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from pelton import *\n" + "\n".join(BAD) + "\n")
    _, said = mypy(str(bad))
    for line in range(2, 2 + len(BAD)):
        assert f"bad.py:{line}: error" in said, BAD[line - 2]


# Where a page leaves the type of an empty list open, or is read out of its order, is none of its concern here.
ASKED = ("arg-type", "call-arg", "call-overload")


def test_type_checkers_accept_the_calls_of_the_guide(tmp_path: Path) -> None:
    for page in pages():
        if page.blocks("python"):
            (tmp_path / f"{page.path.stem.replace('-', '_')}_page.py").write_text(page.program())
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--follow-imports=silent", *sorted(map(str, tmp_path.glob("*.py")))],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert "10MiB" in (tmp_path / "configuration_page.py").read_text()
    refused = [line for line in done.stdout.splitlines() if line.endswith(tuple(f"[{code}]" for code in ASKED))]
    assert not refused and not done.stderr, done.stderr or "\n".join(refused)
