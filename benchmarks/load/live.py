"""What do WebSockets, events and streams cost, beside the servers that have them too?"""

from __future__ import annotations

import contextlib
import statistics
from pathlib import Path
from typing import Any

import backends
import client
import contenders
import processes

from load import slow_reader
from load.event_loops import Cell, EchoCell, Partner, in_both_orders

CLIENTS = Path("benchmarks", "versus", "live")
WEBSOCKETS = 64
LISTENERS = 1000
STREAMS = 4
# A question's cells: what is counted, and what the client is told behind the port.
CELLS: dict[str, dict[str, list[str]]] = {
    "websocket": {
        f"echo, {size} B, {kind}": [str(WEBSOCKETS), str(size), kind]
        for size in (64, 16384)
        for kind in ("plain", "deflate")
    },
    "hosted_asgi_websocket": {"echo, 64 B": [str(WEBSOCKETS), "64", "plain"]},
    "sse": {f"an event to one of {LISTENERS} listeners": [str(LISTENERS)]},
    "stream": {"a KiB of a stream": [str(STREAMS), "/stream", str(16 << 20)]},
}
# The program of a question that is not called as its client.
CLIENT_OF = {"hosted_asgi_websocket": "websocket"}


def question_of(name: str) -> str:
    return contenders.questions()[name].question


def _servers(
    name: str, build: Path, only: list[str], stack: contextlib.ExitStack, unavailable: dict[str, str]
) -> list[contenders.Running]:
    question = contenders.questions()[name]
    environment = stack.enter_context(backends.running(question))
    servers: list[contenders.Running] = []
    for contender in contenders.contenders_of(name):
        if servers and only and not any(part in contender.name for part in only):
            continue
        try:
            server = contenders.Running(contender, question, build, environment)
            stack.callback(server.stop)
            server.check()
            servers.append(server)
        except contenders.Unavailable as reason:
            unavailable[contender.name] = str(reason)
            print(f"unavailable: {contender.name}: {reason}", flush=True)
    return servers


def _summary(cell: Cell, first: Cell) -> dict[str, Any]:
    figures = [one["us"] for one in cell.rounds]
    ratios = [mine["us"] / theirs["us"] for mine, theirs in zip(cell.rounds, first.rounds, strict=True)]
    summary: dict[str, Any] = {
        "us": statistics.median(figures),
        "spread": (max(figures) - min(figures)) / statistics.median(figures),
        "ratio": statistics.median(ratios),
        "rounds": cell.rounds,
    }
    if any(one.get("client_busy", 0) > client.BUSY_MAX for one in cell.rounds):
        summary["marks"] = ["client full"]
    return summary


def _warm(cell: Cell) -> Cell:
    cell.slice(client.SLICE_S)
    cell.end_round()
    cell.rounds.clear()
    return cell


def _row(
    program: Path,
    words: list[str],
    servers: list[contenders.Running],
    rounds: int,
    seconds: float,
    unable: dict[str, str],
) -> dict[str, Any]:
    """One operation on every server; those that cannot do it are told of in `unable`."""
    cells: dict[str, Cell] = {}
    with contextlib.ExitStack() as stack:
        for server in servers:
            name = server.contender.name
            command = [str(program), str(server.port), *words]
            asking = Partner(program.name, client.CLIENT_CORE, command)
            stack.callback(asking.end)
            try:
                asking.answer()  # it is connected
                cells[name] = _warm(EchoCell(server.process, asking))
            except contenders.Unavailable as reason:
                unable[name] = str(reason)
        for _ in range(rounds):
            for name, cell in in_both_orders(max(1, round(seconds / client.SLICE_S)), list(cells.items())):
                try:
                    if name in cells:
                        cell.slice(client.SLICE_S)
                except contenders.Unavailable as reason:
                    unable[name] = str(reason)
                    del cells[name]
            for cell in cells.values():
                cell.end_round()
    first = next(iter(cells.values()))
    return {name: _summary(cell, first) for name, cell in cells.items()}


def measure(name: str, build: Path, rounds: int, seconds: float, only: list[str]) -> dict[str, Any]:
    """Figures by operation and server: CPU time of the server's process tree for each thing counted."""
    unavailable: dict[str, str] = {}
    measured: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        servers = _servers(name, build, only, stack, unavailable)
        program = build / CLIENTS / f"{CLIENT_OF.get(name, name)}_client"
        for operation, words in CELLS[name].items():
            unable: dict[str, str] = {}
            measured[operation] = row = _row(program, words, servers, rounds, seconds, unable)
            told = ", ".join(f"{one} {figures['us']:.2f}" for one, figures in row.items())
            print(f"{operation}: {told}", flush=True)
            unavailable |= {f"{one} ({operation})": why for one, why in unable.items()}
        if name == "stream":
            for server in servers:
                pids = processes.tree_of(server.process.pid)
                for operation, figures in slow_reader.measure(server, pids).items():
                    measured.setdefault(operation, {})[server.contender.name] = figures
                    print(f"{operation}: {server.contender.name} {figures['value']:.2f}", flush=True)
    if unavailable:
        measured["unavailable"] = unavailable
    return measured


def table(name: str, question: str, measured: dict[str, Any]) -> str:
    """A row an operation, a column a server: CPU µs, and the ratio to the first."""
    rows = {operation: row for operation, row in measured.items() if operation != "unavailable"}
    servers = list(dict.fromkeys(server for row in rows.values() for server in row))
    lines = [f"**{name}**: {question}", "", f"| CPU µs for | {' | '.join(servers)} |"]
    lines.append("|---|" + "--:|" * len(servers))
    for operation, row in rows.items():
        lines.append(f"| {operation} | {' | '.join(_shown(row.get(server)) for server in servers)} |")
    lines += [f"\nunavailable: {server}: {why}" for server, why in measured.get("unavailable", {}).items()]
    return "\n".join(lines)


def _shown(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return "–"
    if "value" in figures:
        return f"{figures['value']:.2f}"
    return f"{figures['us']:.2f} ({figures['ratio']:.2f}) {', '.join(figures.get('marks', []))}".rstrip()
