"""Sending the requests, and FastAPI served by uvicorn."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import uvicorn

from samples.traffic import Sent


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str | None
    fields: dict[str, str]  # those the shop sets itself
    body: bytes


FIELDS = ("location", "retry-after", "x-days", "x-looked-for", "x-pot", "allow")


def answers(port: int, requests: Iterable[Sent]) -> list[Answer]:
    """The answers to these, one after the other on one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    found = []
    for sent in requests:
        connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", "shop")  # a model of headers tells it, and ports differ
        for name, value in sent.headers:
            connection.putheader(name, value.encode("latin-1"))
        if sent.body or sent.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(sent.body)))
        connection.endheaders(sent.body or None)
        response = connection.getresponse()
        fields = {name: value for name in FIELDS if (value := response.headers[name]) is not None}
        found.append(Answer(response.status, response.headers["content-type"], fields, response.read()))
        if response.status >= 500:  # uvicorn closes after some of these, and does not say so
            connection.close()
    connection.close()
    return found


class Uvicorn(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, *arguments: Any, **named: Any) -> None:
        await super().startup(*arguments, **named)
        self.is_ready.set()


@contextmanager
def uvicorn_server(app: Any) -> Iterator[int]:
    """The port of an ASGI application that uvicorn serves in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Uvicorn(uvicorn.Config(app, log_level="critical", lifespan="off", timeout_keep_alive=600))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        assert server.is_ready.wait(60)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()
    assert not thread.is_alive()
