"""How many user instructions does a typed parameter add to a request?

The server of typed_app.py lives once under callgrind for each of its routes, and is asked as often for
each, with the same query and fields: what one life takes more than that of the route without parameters
is what reading them took, from the octets of the request to the handler's argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import json_route

ROUNDS = 50

#: By what is read: the path of the route, and how many parameters it has.
ROUTES = {
    "int of the path": ("/path/12345", 1),
    "text of the path": ("/name/12345", 1),
    "int of the query": ("/page/plain", 1),
    "text of the query": ("/text/plain", 1),
    "default of the query": ("/miss/plain", 1),
    "header field": ("/head/plain", 1),
    "five of them": ("/many/12345", 5),
}


def served(path: str, rounds: int = ROUNDS) -> int:
    request = (
        f"GET {path}?page=7&q=lamp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        "User-Agent: counter\r\nX-Trace: abc-42\r\n\r\n"
    )
    return json_route.served(json_route.CONNECTIONS, rounds, request.encode(), "typed_app.py")


def added(names: Iterable[str]) -> Iterator[tuple[str, float]]:
    """Instructions for each parameter, by the names of ROUTES."""
    without = served("/none/plain")
    for name in names:
        path, count = ROUTES[name]
        yield name, (served(path) - without) / json_route.CONNECTIONS / ROUNDS / count


if __name__ == "__main__":
    for name, instructions in added(ROUTES):
        print(f"{name}: {instructions:.0f} user instructions for each", flush=True)
