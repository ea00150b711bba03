"""What does an operation of the event loop cost beside uvloop and asyncio, without any server of ours?"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import client
import contenders
import processes

QUESTION = (
    "What CPU time (µs) does an operation of the event loop take: an echo to one of 16 connections,"
    " a callback, a timer, a task, a wake-up, a connection?"
)
FOLDER = contenders.HERE / "versus" / "loop"
CONNECTIONS = 16
SIZES = (1, 1024, 102_400)
STYLES = ("sockets", "streams", "protocol")  # in the order of the subject's ports
OPERATIONS = (
    "call_soon", "call_later", "cancelled_timer", "sleep_zero", "task", "future", "timeout",
    "threadsafe", "to_thread", "connect_sockets", "connect_protocol",
)  # fmt: skip
FIRST_COUNT = 200
Slice = TypeVar("Slice")
# uvloop is the measure: the fastest loop people use.
SUBJECTS = {
    "uvloop": contenders.Contender("uvloop", ["{python}", "uvloop:new_event_loop"], ["uvloop==0.23.0"]),
    "asyncio": contenders.Contender("asyncio", ["{harness_python}", "asyncio:SelectorEventLoop"]),
    "pelton, epoll": contenders.Contender(
        "pelton, epoll", ["{harness_python}", "pelton.loop:new_event_loop"], environment={"PELTON_ENGINE": "epoll"}
    ),
    "pelton, uring": contenders.Contender(
        "pelton, uring", ["{harness_python}", "pelton.loop:new_event_loop"], environment={"PELTON_ENGINE": "uring"}
    ),
}  # fmt: skip


class Partner:
    """A process that answers each line with one of numbers."""

    def __init__(self, name: str, core: int, command: list[str], environment: dict[str, str] | None = None) -> None:
        self._name = name
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> list[int]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise contenders.Unavailable(f"{self._name} ended with {self.process.wait()}")
        return [int(word) for word in line.split()]

    def ask(self, line: str) -> list[int]:
        assert self.process.stdin is not None
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            raise contenders.Unavailable(f"{self._name} ended with {self.process.wait()}") from None
        return self.answer()

    def end(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.process.communicate(timeout=5)
        self.process.kill()
        self.process.wait()


class Cell:
    """One operation on one loop: slices of it, and what they took."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []
        self._count = 0
        self._used_ns = 0
        self._client_ns = 0
        self._spent_ns = 0

    def slice(self, slice_s: float) -> None:
        raise NotImplementedError

    def add(self, count: int, used_ns: int, client_ns: int = 0, spent_ns: int = 0) -> None:
        self._count += count
        self._used_ns += used_ns
        self._client_ns += client_ns
        self._spent_ns += spent_ns

    def end_round(self) -> None:
        figures = {"us": self._used_ns / 1e3 / max(1, self._count), "count": self._count}
        if self._spent_ns:
            figures["client_busy"] = self._client_ns / self._spent_ns
        self.rounds.append(figures)
        self._count = self._used_ns = self._client_ns = self._spent_ns = 0


class EchoCell(Cell):
    """What the tree of a process uses while a client of it goes on."""

    def __init__(self, subject: subprocess.Popen[Any], echo_client: Partner) -> None:
        super().__init__()
        self._pids = processes.tree_of(subject.pid)
        self._client = echo_client

    def slice(self, slice_s: float) -> None:
        before_ns = processes.cpu_ns(self._pids)
        count, client_ns = self._client.ask(str(round(slice_s * 1e6)))
        self.add(count, processes.cpu_ns(self._pids) - before_ns, client_ns, round(slice_s * 1e9))


class OperationCell(Cell):
    def __init__(self, subject: Partner, operation: str) -> None:
        super().__init__()
        self._subject = subject
        self._operation = operation
        self._each_ns = 0.0

    def slice(self, slice_s: float) -> None:
        # What one took last time tells how many fit into a slice.
        count = round(slice_s * 1e9 / self._each_ns) if self._each_ns else FIRST_COUNT
        (used_ns,) = self._subject.ask(f"{self._operation} {max(1, count)}")
        self._each_ns = used_ns / max(1, count)
        self.add(max(1, count), used_ns)


def _started(subject: contenders.Contender, stack: contextlib.ExitStack) -> tuple[Partner, list[int]]:
    venv = contenders.environment_of(subject)
    words = {"python": f"{venv}/bin/python", "harness_python": sys.executable}
    python, factory = (word.format_map(words) for word in subject.command)
    command = [python, str(FOLDER / "subject.py"), factory]
    partner = Partner(subject.name, contenders.SERVER_CORE, command, os.environ | subject.environment)
    stack.callback(partner.end)
    return partner, partner.answer()


def _cells(
    build: Path, only: list[str], stack: contextlib.ExitStack, unavailable: dict[str, str]
) -> dict[str, dict[str, Cell]]:
    """By operation and by loop."""
    cells: dict[str, dict[str, Cell]] = {}
    echoes = {(style, size): f"echo, {style}, {size} B" for style in STYLES for size in SIZES}
    # What is asked for alone is loops, operations or both.
    asked = [part for part in only if any(part in operation for operation in (*echoes.values(), *OPERATIONS))]
    only = [part for part in only if part not in asked]

    def wanted(operation: str) -> bool:
        return not asked or any(part in operation for part in asked)

    program = build / "benchmarks" / "versus" / "loop" / "echo_client"
    for name, subject in SUBJECTS.items():
        if name != "uvloop" and only and not any(part in name for part in only):
            continue
        try:
            partner, ports = _started(subject, stack)
            for (style, size), operation in echoes.items():
                if wanted(operation):
                    command = [str(program), str(ports[STYLES.index(style)]), str(CONNECTIONS), str(size)]
                    asking = Partner("echo_client", client.CLIENT_CORE, command)
                    stack.callback(asking.end)
                    cells.setdefault(operation, {})[name] = EchoCell(partner.process, asking)
            for operation in filter(wanted, OPERATIONS):
                cells.setdefault(operation, {})[name] = OperationCell(partner, operation)
        except contenders.Unavailable as reason:
            unavailable[name] = str(reason)
            for row in cells.values():
                row.pop(name, None)
            print(f"unavailable: {name}: {reason}", flush=True)
    return cells


def in_both_orders(count: int, cells: list[Slice]) -> Iterator[Slice]:
    for number in range(count):
        # A B B A, as for the servers.
        yield from cells[:: 1 if number % 2 == 0 else -1]


def _summary(cell: Cell, first: Cell | None) -> dict[str, Any]:
    figures = [one["us"] for one in cell.rounds]
    summary: dict[str, Any] = {
        "us": statistics.median(figures),
        "spread": (max(figures) - min(figures)) / statistics.median(figures),
        "rounds": cell.rounds,
    }
    if first is not None:
        summary["ratio"] = statistics.median(
            mine["us"] / theirs["us"] for mine, theirs in zip(cell.rounds, first.rounds, strict=True)
        )
    if any(one.get("client_busy", 0) > client.BUSY_MAX for one in cell.rounds):
        summary["marks"] = ["client full"]
    return summary


def measure(build: Path, rounds: int, seconds: float, only: list[str]) -> dict[str, Any]:
    """Figures by operation and loop; `seconds` is for one round of all operations on one loop."""
    unavailable: dict[str, str] = {}
    measured: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        cells = _cells(build, only, stack, unavailable)
        slice_s = client.SLICE_S / 2
        slices = max(1, round(seconds / len(cells) / slice_s)) if cells else 0
        for operation, row in cells.items():
            for cell in row.values():
                cell.slice(slice_s / 5)  # warms up, and says how many fit
                cell.end_round()
                cell.rounds.clear()
            for _ in range(rounds):
                for cell in in_both_orders(slices, list(row.values())):
                    cell.slice(slice_s)
                for cell in row.values():
                    cell.end_round()
            first = row.get("uvloop")
            measured[operation] = {name: _summary(cell, first) for name, cell in row.items()}
            told = ", ".join(f"{name} {one['us']:.2f}" for name, one in measured[operation].items())
            print(f"{operation}: {told}", flush=True)
    if unavailable:
        measured["unavailable"] = unavailable
    return measured


def table(name: str, question: str, measured: dict[str, Any]) -> str:
    """A row an operation, a column a loop: CPU µs, and the ratio to uvloop."""
    rows = {operation: row for operation, row in measured.items() if operation != "unavailable"}
    loops = list(dict.fromkeys(loop for row in rows.values() for loop in row))
    lines = [f"**{name}**: {question}", "", f"| operation | {' | '.join(loops)} |", "|---|" + "--:|" * len(loops)]
    for operation, row in rows.items():
        shown = []
        for loop in loops:
            one = row.get(loop)
            ratio = f" ({one['ratio']:.2f})" if one and "ratio" in one and loop != "uvloop" else ""
            marks = f" {', '.join(one['marks'])}" if one and "marks" in one else ""
            shown.append(f"{one['us']:.2f}{ratio}{marks}" if one else "–")
        lines.append(f"| {operation} | {' | '.join(shown)} |")
    lines += [f"\nunavailable: {loop}: {why}" for loop, why in measured.get("unavailable", {}).items()]
    return "\n".join(lines)
