"""The table of the ASGI specification names tests that exist, and says what the sources know."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pelton import App
from pelton.hosting.asgi import hosted
from pelton.testing import TestClient

ROOT = Path(__file__).resolve().parents[2]
TABLE: dict[str, Any] = tomllib.loads((ROOT / "tests/conformance/asgi.toml").read_text())
EVENTS = {**TABLE["received"], **TABLE["sent"]}


ROWS = [(part, name) for part in ("scopes", "received", "sent", "mounted", "app_asgi") for name in TABLE[part]]


@pytest.mark.parametrize(("part", "name"), ROWS)
def test_each_scope_and_event_has_tests(part: str, name: str) -> None:
    assert TABLE[part][name]
    for one in TABLE[part][name]:
        stem, _, test = one.partition("::")
        text = (ROOT / f"tests/python/hosting/test_{stem}.py").read_text()
        assert f"\ndef test_{test}(" in text, one


def test_the_sources_know_these_events_and_no_others() -> None:
    names = (ROOT / "pymod/hosting/asgi_scope.cpp").read_text()
    lifespan = (ROOT / "pymod/package/pelton/hosting/asgi_lifespan.py").read_text()
    native = set(re.findall(r'"((?:http|websocket)\.[a-z._]+)"', names)) - TABLE["extensions"].keys()
    events = native | {one for one in TABLE["extensions"] if one in EVENTS}
    for phase in ("startup", "shutdown"):
        assert f'"lifespan.{phase}"' in lifespan
        events |= {f"lifespan.{phase}", f"lifespan.{phase}.complete", f"lifespan.{phase}.failed"}
    assert 'f"lifespan.{self._phase}.complete"' in lifespan and 'f"lifespan.{self._phase}.failed"' in lifespan
    assert events == EVENTS.keys()


def test_scopes_announce_the_extensions_in_use() -> None:
    found: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.update({name: scope["type"] for name in scope["extensions"]})
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body"})
        else:
            await send({"type": "websocket.accept"})

    client = TestClient(hosted(app, App, lifespan="off"))
    client.get("/")
    with client.websocket_connect("/"):
        pass
    assert found == TABLE["extensions"] and not found.keys() & TABLE["absent"].keys()


@pytest.mark.parametrize("name", [one for one in TABLE["absent"] if "." in one])
def test_events_of_absent_extensions_are_errors(name: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": name})

    with pytest.raises(RuntimeError, match=f"an HTTP response has no event '{name}'"):
        TestClient(hosted(app, App, lifespan="off")).get("/")
