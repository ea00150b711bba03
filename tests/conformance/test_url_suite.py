"""VER-013: paths, queries and hosts as browsers write them (the URL standard's own vectors).

Whatever the standard's parser makes of an http URL is a request that is understood, but for what
H1-022 and H1-041 refuse on purpose.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from suites import SUITES

from pelton import App, Request
from pelton.testing import TestClient

SUITE = SUITES / "url" / "urltestdata.json"
if not SUITE.is_file():
    pytest.skip(f"the URL vectors are not at {SUITE}", allow_module_level=True)

VECTORS = [
    vector
    for vector in json.loads(SUITE.read_text())
    if isinstance(vector, dict) and vector.get("protocol") in ("http:", "https:")
]

HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9a-f:.]+\]")
LONE_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")


def expected(vector: dict[str, Any]) -> str:
    if LONE_ESCAPE.search(vector["pathname"]):
        return "target_escape"
    valid = HOST.fullmatch(vector["hostname"]) and vector["port"] != "0"
    return "" if valid else "host_invalid"


def is_utf8(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True


def test_H1_022_H1_041_URL_001_what_browsers_send_is_understood() -> None:
    app = App()
    seen: list[str] = []

    @app.get("/{rest:path}")
    def handler(request: Request) -> str:
        seen.append(request.path)
        return "seen"

    client = TestClient(app)
    outcomes: dict[str, int] = {}
    for vector in VECTORS:
        target = vector["pathname"] + vector["search"]
        head = f"GET {target} HTTP/1.1\r\nHost: {vector['host']}\r\nConnection: close\r\n\r\n"
        status = int(client.raw(head.encode()).split(b" ", 2)[1])
        received = client.raw(head.encode()).decode()
        reason = expected(vector)
        outcomes[reason] = outcomes.get(reason, 0) + 1
        if reason:
            assert status == 400 and f'"reason":"{reason}"' in received, (vector, received)
        else:
            # A path with empty or dot segments, or one that is no UTF-8, is answered, not refused.
            assert status in (200, 404) or not is_utf8(vector["pathname"]), (vector, received)
    assert outcomes[""] >= 200 and set(outcomes) == {"", "target_escape", "host_invalid"}, outcomes
    assert len(seen) >= 200
