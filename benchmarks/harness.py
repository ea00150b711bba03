"""Answers the questions of benchmarks/versus: every contender in one go, interleaved in
slices of a tenth of a second.

Measured is the CPU time of the server's process tree per request, as a ratio to the first contender
of the same round. Requests per second come last: on a small machine the client is the bottleneck.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backends
import client
import contenders
import machine
import processes
import table

from load import event_loops, fairness, http2, idle_connections, live, memory, objects, overload, start

RESULTS = contenders.HERE / "results"
FIGURE = "cpu_us_per_request"


WARM_UP_S = 1
ROUND_S_MAX = 3600


class Entry:
    """One contender in one round: what it used and answered over all its slices."""

    def __init__(self, server: contenders.Running, counted: bool) -> None:
        # The latencies come from the warm-up: it is the run that nothing interrupts.
        server.let_go_on()
        self._warm = client.Load(server, WARM_UP_S).finish()
        self._pids = processes.tree_of(server.process.pid)
        self._instructions = processes.Instructions(self._pids) if counted else None
        self._used_ns = 0
        self._load: client.Load | None = None
        self._server = server
        server.hold()

    def slice(self) -> None:
        before_ns = processes.cpu_ns(self._pids)
        self._server.let_go_on()
        if self._load is None:
            if self._instructions:
                self._instructions.begin()
            self._load = client.Load(self._server, ROUND_S_MAX)
            time.sleep(client.SLICE_S)
            self._load.pause()
        else:
            self._load.slice()
        self._server.hold()
        self._used_ns += processes.cpu_ns(self._pids) - before_ns

    def end(self) -> dict[str, Any]:
        assert self._load is not None
        before_ns = processes.cpu_ns(self._pids)
        load, self._load = self._load, None
        self._server.let_go_on()
        run = load.interrupt()
        self._server.hold()
        self._used_ns += processes.cpu_ns(self._pids) - before_ns
        entry: dict[str, Any] = dataclasses.asdict(run) | {
            "p50_us": self._warm.p50_us,
            "p99_us": self._warm.p99_us,
            FIGURE: self._used_ns / 1e3 / max(1, run.requests),
            "requests_per_second": run.requests / run.seconds,
            "server_busy": self._used_ns / 1e9 / run.seconds,
            "resident_bytes": processes.resident_bytes(self._pids),
        }
        if self._instructions:
            self._instructions.end()
            entry["instructions_user_per_request"] = self._instructions.user / max(1, run.requests)
            entry["instructions_kernel_per_request"] = self._instructions.kernel / max(1, run.requests)
        return entry

    def abandon(self) -> None:
        if self._load:
            self._load.kill()


def one_round(
    running: list[contenders.Running], seconds: float, counted: bool
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Every contender's entry, and the reasons of those that did not last."""
    fallen: dict[str, str] = {}
    entries: dict[str, Entry] = {}
    done: dict[str, dict[str, Any]] = {}
    for server in running:
        try:
            entries[server.contender.name] = Entry(server, counted)
        except contenders.Unavailable as reason:
            fallen[server.contender.name] = str(reason)
    try:
        for number in range(max(1, round(seconds / client.SLICE_S))):
            # A B B A: whatever drifts meets each contender from both sides.
            for entry in list(entries.values())[:: 1 if number % 2 == 0 else -1]:
                entry.slice()
        for name, entry in entries.items():
            try:
                done[name] = entry.end()
            except contenders.Unavailable as reason:
                fallen[name] = str(reason)
    finally:
        for entry in entries.values():
            entry.abandon()
    return done, fallen


def placeless(text: str) -> str:
    """What is stored says how it was measured, not where this checkout and its owner's home lie."""
    root = str(contenders.HERE.parent)
    return text.replace(f"{root}/", "").replace(root, ".").replace(str(Path.home()), "~")


def median_of(rounds: list[dict[str, Any]], key: str) -> float:
    return float(statistics.median(entry[key] for entry in rounds))


def summary_of(rounds: list[dict[str, Any]], first: list[dict[str, Any]]) -> dict[str, Any]:
    """Median and spread; the ratio is taken within each round, where the machine was the same."""
    figures = [entry[FIGURE] for entry in rounds]
    ratios = [a[FIGURE] / b[FIGURE] for a, b in zip(rounds, first, strict=True)]
    marks = []
    if any(entry["errors"] for entry in rounds):
        marks.append("errors")
    if any(entry["client_busy"] > client.BUSY_MAX for entry in rounds):
        marks.append("client full")
    keys = ["requests_per_second", "p50_us", "p99_us", "client_busy", "server_busy", "resident_bytes"]
    keys += [key for key in rounds[0] if key.startswith("instructions")]
    return {
        FIGURE: statistics.median(figures),
        "spread": (max(figures) - min(figures)) / statistics.median(figures),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "marks": marks,
        **{key: median_of(rounds, key) for key in keys},
    }


def answer(question: contenders.Question, options: argparse.Namespace, counted: bool) -> dict[str, Any]:
    with backends.running(question) as environment:
        return answer_beside(environment, question, options, counted)


def answer_beside(
    environment: dict[str, str],
    question: contenders.Question,
    options: argparse.Namespace,
    counted: bool,
) -> dict[str, Any]:
    print(f"--- {question.name}: {question.question}", flush=True)
    unavailable: dict[str, str] = {}
    running: list[contenders.Running] = []
    headers: dict[str, dict[str, str]] = {}
    try:
        for contender in contenders.contenders_of(question.name):
            first = not running
            if not first and options.only and not any(o in contender.name for o in options.only):
                continue
            server = None
            try:
                server = contenders.Running(contender, question, options.build, environment)
                headers[contender.name] = server.check()
                server.hold()
                running.append(server)
            except contenders.Unavailable as reason:
                if server is not None:
                    server.stop()
                unavailable[contender.name] = str(reason)
                print(f"unavailable: {contender.name}: {reason}", flush=True)
        rounds: dict[str, list[dict[str, Any]]] = {r.contender.name: [] for r in running}
        for number in range(options.rounds):
            done, fallen = one_round(running, options.seconds, counted)
            for name, why in fallen.items():
                print(f"unavailable: {name}: {why}", flush=True)
                unavailable[name] = why
                next(server for server in running if server.contender.name == name).stop()
            running[:] = [server for server in running if server.contender.name not in fallen]
            for name, entry in done.items():
                rounds[name].append(entry)
                print(
                    f"round {number + 1}/{options.rounds} {name}:"
                    f" {entry[FIGURE]:.3f} us, {entry['requests_per_second']:.0f} requests/s",
                    flush=True,
                )
        first_rounds = rounds[running[0].contender.name] if running else []
        return {
            "question": dataclasses.asdict(question),
            "rounds": options.rounds,
            "seconds": options.seconds,
            "unavailable": unavailable,
            "contenders": {
                server.contender.name: {
                    "command": server.command,
                    "client": client.wrk_command(server, options.seconds),
                    "versions": server.versions,
                    "headers": headers[server.contender.name],
                    "first_log_lines": server.first_words(),
                    "rounds": rounds[server.contender.name],
                    "summary": summary_of(rounds[server.contender.name], first_rounds),
                }
                for server in running
            },
        }
    finally:
        for server in running:
            server.stop()


def idle(options: argparse.Namespace) -> dict[str, Any]:
    """Memory of idle connections, of pelton on both engines and of the ceilings."""
    return of_json_servers(options, idle_connections.measure)


def of_json_servers(
    options: argparse.Namespace, measure: Callable[[contenders.Running], dict[str, float]]
) -> dict[str, Any]:
    """What is measured of each server that needs nothing but what is built here."""
    figures: dict[str, Any] = {}
    question = contenders.questions()["json"]
    for contender in contenders.contenders_of(question.name):
        if contender.requires or contender.program or contender.crate:
            continue
        if options.only and not any(part in contender.name for part in options.only):
            continue
        with contextlib.ExitStack() as stack:
            try:
                server = contenders.Running(contender, question, options.build)
                stack.callback(server.stop)
                server.check()
                figures[contender.name] = measure(server)
            except (contenders.Unavailable, OSError) as reason:
                figures[contender.name] = {"unavailable": str(reason)}
    return figures


def _live(name: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    return lambda options: live.measure(name, options.build, options.rounds, options.seconds, options.only)


# What no wrk can ask: figures of another shape, mostly of pelton's own.
LOADS: dict[str, tuple[str, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "loop": (
        event_loops.QUESTION,
        lambda options: event_loops.measure(options.build, options.rounds, 3 * options.seconds, options.only),
    ),
    "fairness": (fairness.QUESTION, lambda options: of_json_servers(options, fairness.measure)),
    "http2": (http2.QUESTION, lambda options: http2.measure(options.rounds, options.seconds, options.only)),
    "idle_connections": (idle_connections.QUESTION, idle),
    "memory": (memory.QUESTION, lambda options: memory.measure(10 if options.quick else 60)),
    "objects": (objects.QUESTION, lambda options: {"pelton Python": objects.measure()}),
    "overload": (overload.QUESTION, lambda options: overload.measure(10 if options.quick else 60)),
    "start": (start.QUESTION, lambda options: {"pelton Python": start.measure()}),
    **{name: (live.question_of(name), _live(name)) for name in live.CELLS},
}
# The others come as a contender and its figures.
TABLES = {"loop": event_loops.table} | dict.fromkeys(live.CELLS, live.table)


def store(result: dict[str, Any]) -> None:
    """Questions asked one by one on a day come together in one file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result['date'][:10]}-{machine.slug()}.json"
    whole = dict(result)
    if path.exists():
        earlier = json.loads(path.read_text())
        for part in ("questions", "loads"):
            whole[part] = earlier[part] | result[part]
    path.write_text(placeless(json.dumps(whole, indent=1, ensure_ascii=False)) + "\n")
    print(f"\nstored in {path}")


def _family(name: str, names: list[str]) -> list[str]:
    return [one for one in names if one.startswith(f"{name}_")]


def main() -> int:
    known = {name: one for name, one in contenders.questions().items() if name not in LOADS}
    names = [*known, *LOADS]
    arguments = argparse.ArgumentParser(prog="tools/dev bench", description=__doc__)
    arguments.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(names))
    arguments.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--quick", action="store_true", help="2 rounds of 1 s, nothing stored")
    arguments.add_argument("--only", action="append", default=[], help="part of a contender's name")
    options = arguments.parse_args()
    if not options.questions:
        for question in known.values():
            print(f"{question.name}: {question.question}")
        for name, (text, _) in LOADS.items():
            print(f"{name}: {text}")
        return 0
    # `async` stands for async_plain, async_sleep and the like.
    options.questions = [
        one for name in options.questions for one in ([name] if name in names else _family(name, names) or [name])
    ]
    if strangers := [name for name in options.questions if name not in names]:
        print(f"bench: no question {strangers[0]!r}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    if options.quick:
        options.rounds, options.seconds = 2, 1
    counted = processes.counters_supported()
    if not counted:
        print("instructions are not counted: this machine has no counters for perf")
    result: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine.description(options.build),
        "method": {
            "slice_seconds": client.SLICE_S,
            "connections": contenders.CONNECTIONS,
            "server_core": contenders.SERVER_CORE,
            "client_core": client.CLIENT_CORE,
            "instructions_counted": counted,
        },
        "questions": {},
        "loads": {},
    }
    for name in options.questions:
        if name in known:
            result["questions"][name] = answered = answer(known[name], options, counted)
            print(f"\n{table.markdown(name, answered)}")
        else:
            asked, measured = LOADS[name]
            result["loads"][name] = figures = measured(options)
            print(f"\n{TABLES.get(name, table.figures)(name, asked, figures)}")
        # At once: what comes next may take long, or fail.
        if not options.quick:
            store(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
