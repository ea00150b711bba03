"""Do Python's object counts stay flat, whatever number of requests has been served?"""

from __future__ import annotations

import gc
import socket
import sys
from dataclasses import dataclass
from typing import Any

from pelton import App, HTTPError, Request, Response
from pelton.testing import live_server

QUESTION = "Do Python's object counts stay flat over a million requests?"
REQUESTS = 1_000_000


@dataclass
class Order:
    name: str
    count: int
    prices: list[float]


def application() -> App:
    """A route for every road a request can take through the hot path."""
    app = App()

    @app.get("/json")
    def message() -> Any:
        return {"hello": "world", "list": [1, 2.5, None, "é"]}

    @app.get("/items/{id:int}")
    def item(id: int, q: str | None = None, limit: int = 10) -> Any:
        return {"id": id, "q": q, "limit": limit}

    @app.post("/orders")
    def order(order: Order) -> Any:
        return order

    @app.post("/raw")
    def raw(request: Request) -> Any:
        return [len(request.body()), request.json()]

    @app.get("/request")
    def request_parts(request: Request) -> Any:
        return [request.method, request.path, request.headers.get("X-A"), dict(request.cookies), dict(request.query)]

    @app.get("/response")
    def response() -> Response:
        made = Response.text("some text", headers={"X-B": "c"})
        made.set_cookie("k", "v")
        return made

    @app.get("/refused")
    def refused() -> Any:
        raise HTTPError(403, "no")

    return app


def _request(head: str, body: str = "", fields: str = "") -> bytes:
    if body:
        fields += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head} HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}".encode()


CHUNKED = b"POST /raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n3\r\n22]\r\n0\r\n\r\n"
# One round of traffic: request and the status it is answered with.
ROUND = [
    (_request("GET /json"), 200),
    (_request("GET /items/12345?q=a%20b&limit=3"), 200),
    (_request("GET /items/7?limit=x"), 422),
    (_request("GET /items/x"), 404),
    (_request("POST /orders", '{"name":"n","count":3,"prices":[1.5,2]}'), 200),
    (_request("POST /orders", '{"name":"n","count":"many"}'), 422),
    (_request("POST /orders", '{"name":'), 400),
    (_request("POST /raw", '{"a":[1,2,3],"b":"\\u00e9"}'), 200),
    (CHUNKED, 200),
    (_request("GET /request?x=1&y=2", fields="X-A: b\r\nCookie: c=d; e=f\r\n"), 200),
    (_request("GET /response"), 200),
    (_request("GET /refused"), 403),
    (_request("DELETE /json"), 405),
    (_request("GET /nowhere"), 404),
]
OCTETS = b"".join(octets for octets, _ in ROUND)
STATUSES = [status for _, status in ROUND]


def statuses_in(octets: bytes) -> list[int]:
    """Of whole answers; ValueError if the last one is cut."""
    found = []
    while octets:
        head, _, rest = octets.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            raise ValueError("the last answer is cut")
        found.append(int(head[9:12]))
        octets = rest[length:]
    return found


def counts() -> tuple[int, int]:
    """Allocated blocks and objects that the collector knows of."""
    gc.collect()
    return sys.getallocatedblocks(), len(gc.get_objects())


def _exchange(connection: socket.socket, octets: bytes, expected: int) -> None:
    connection.sendall(octets)
    received = 0
    while received < expected:
        received += len(connection.recv(1 << 16))
    if received != expected:
        raise RuntimeError(f"{received} octets of answers instead of {expected}")


def measure(requests: int = REQUESTS) -> dict[str, float]:
    figures: dict[str, float] = {}
    for engine in ("epoll", "uring"):
        with live_server(application(), engine=engine) as server:
            connection = socket.create_connection(("127.0.0.1", server.port or 0), timeout=30)
            connection.sendall(OCTETS)
            answers = b""
            while answers.count(b"HTTP/1.1 ") < len(ROUND) or not _is_whole(answers):
                answers += connection.recv(1 << 16)
            if statuses_in(answers) != STATUSES:
                raise RuntimeError(f"unexpected answers {statuses_in(answers)}")
            rounds, octets, expected = 10, OCTETS * 10, len(answers) * 10
            for _ in range(100):
                _exchange(connection, octets, expected)
            blocks, objects = counts()
            for _ in range(requests // (rounds * len(ROUND))):
                _exchange(connection, octets, expected)
            blocks_after, objects_after = counts()
            connection.close()
        figures[f"blocks_grown_{engine}"] = blocks_after - blocks
        figures[f"objects_grown_{engine}"] = objects_after - objects
    return figures | {"requests": requests}


def _is_whole(octets: bytes) -> bool:
    try:
        return bool(statuses_in(octets))
    except ValueError:
        return False
