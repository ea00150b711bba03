"""Requests to mounts over one connection, and what handlers in them tell."""

from __future__ import annotations

import json
from typing import Any

from wire import Answer, Peer

from pelton import Request
from pelton.testing import live_server


class Wire:
    """One connection to a server, whose answers are read as they are."""

    def __init__(self, server: live_server) -> None:
        assert server.port is not None
        self.peer = Peer(server.port)

    def __call__(self, method: str, path: str, *, body: bytes = b"", kind: str = "application/json") -> Answer:
        length = f"Content-Length: {len(body)}\r\nContent-Type: {kind}\r\n" if body else ""
        self.peer.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{length}\r\n".encode() + body)
        return self.peer.one(is_head=method == "HEAD")

    def json(self, path: str) -> Any:
        return json.loads(self("GET", path).body)


def where(request: Request) -> list[Any]:
    return [request.path, request.root_path, request.params]
