"""How many user instructions does a typed parameter add to a request?

The server of typed_app.py lives once under callgrind for each of its routes, and is asked as often for
each, with the same query and fields: what one life takes more than that of the route without parameters
is what reading them took, from the octets of the request to the handler's argument. What finding them
costs any handler, in C++ too, is told apart: the functions of FINDING.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import json_route

# Requests that arrive together are answered in one turn of the loop until its time is used up; the others
# wait for the next turn, which costs more. Even under callgrind, this many are answered in time.
CONNECTIONS = 16
ROUNDS = 800

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
FINDING = re.compile(
    r"pelton::http::(find_behind_literals|RouteTable::|read_integer|is_same_name)"
    r"|pelton::http::(QueryKeys::|form_octets|find_field)|:_*mem(r?chr|cmp)"
)


class Instructions(NamedTuple):
    """Of a server's life, or of one parameter."""

    whole: float
    finding: float

    @property
    def over_finding(self) -> float:
        return self.whole - self.finding


def _counted(out: Path) -> Instructions:
    command = ["callgrind_annotate", "--threshold=100", "--show-percs=no", "--auto=no", str(out)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = re.findall(r"^ *([\d,]+)  \S*?(:.*)$", text, re.MULTILINE)
    finding = sum(int(count.replace(",", "")) for count, name in rows if FINDING.search(name))
    return Instructions(json_route.instructions(out), finding)


def served(path: str, rounds: int = ROUNDS) -> Instructions:
    request = (
        f"GET {path}?page=7&q=lamp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        "User-Agent: counter\r\nX-Trace: abc-42\r\n\r\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        json_route.live(out, CONNECTIONS, rounds, request.encode(), "typed_app.py")
        return _counted(out)


def added(names: Iterable[str]) -> Iterator[tuple[str, Instructions]]:
    """What each parameter takes, by the names of ROUTES."""
    without = served("/none/plain")
    for name in names:
        path, count = ROUTES[name]
        asked = CONNECTIONS * ROUNDS * count
        life = served(path)
        yield name, Instructions((life.whole - without.whole) / asked, (life.finding - without.finding) / asked)


if __name__ == "__main__":
    for name, each in added(ROUTES):
        print(
            f"{name}: {each.whole:.0f} user instructions for each,"
            f" {each.finding:.0f} of them find it, {each.over_finding:.0f} are over that",
            flush=True,
        )
