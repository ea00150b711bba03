"""Judges an event loop by another project's unittest suite: a process for each module and engine.

A failure counts against the loop when it comes twice, alone the second time, and when the same
test passes on the standard library's loop. Reasoned exceptions are listed in a TOML file; one that
passes, or that names no test, is an error as well, and so are too many of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
STOCK = "asyncio.unix_events:_UnixSelectorEventLoop"
OURS = "pelton.loop:new_event_loop"
MODULE_S_MAX = 900
EXCEPTION_SHARE_MAX = 0.01


@dataclass
class Outcome:
    test: str
    outcome: str  # passed, failed or skipped
    text: str
    loops: int
    seconds: float


@dataclass(frozen=True)
class Suite:
    modules: tuple[str, ...]
    instead_of: str
    exceptions: Path
    paths: tuple[str, ...] = ()  # to import the modules from
    left_out: tuple[str, ...] = ()  # names of classes and tests that judge nothing here
    test_s_max: float = 60  # a test that takes longer hangs


@dataclass
class Verdict:
    """What became of one module's tests on one engine."""

    module: str
    engine: str
    passed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    excused: list[str] = field(default_factory=list)  # listed, and failed
    pardoned: list[str] = field(default_factory=list)  # listed, but passed
    repeated: list[str] = field(default_factory=list)  # passed only when run again
    stock_too: list[str] = field(default_factory=list)  # fails on the standard library's loop as well
    loops: int = 0  # tests that made a loop
    seconds: float = 0.0

    def line(self) -> str:
        ran = len(self.passed) + len(self.failed) + len(self.excused) + len(self.pardoned) + len(self.stock_too)
        words = [
            f"{self.module} ({self.engine}): {ran} ran, {self.loops} of them on loops,"
            f" {len(self.passed)} passed, {len(self.failed)} failed"
        ]
        for name in ("skipped", "excused", "pardoned", "repeated", "stock_too"):
            if many := len(getattr(self, name)):
                words.append(f"{many} {name.replace('_', ' ')}")
        return ", ".join(words) + f" in {self.seconds:.0f} s"


def engines() -> list[str]:
    """The one that PELTON_ENGINE forces, or those that this machine has."""
    from pelton import _native

    forced = os.environ.get("PELTON_ENGINE", "auto")
    if forced != "auto":
        return [forced]
    return ["epoll", "uring"] if _native.doctor()["engine"] == "uring" else ["epoll"]


def exceptions_in(path: Path) -> dict[str, str]:
    """Reason by test, of this Python's entries."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    listed: dict[str, str] = {}
    for entry in tomllib.loads(path.read_text()).get("exception", []):
        if not entry["reason"].strip():
            raise ValueError(f"{path.name}: {entry['tests']} give no reason")
        if version in entry.get("pythons", [version]):
            listed |= dict.fromkeys(entry["tests"], entry["reason"])
    return listed


class Trial:
    """Runs chosen tests of one module until each has an outcome, over as many processes as that takes."""

    def __init__(self, suite: Suite, factory: str, engine: str) -> None:
        self._suite = suite
        self._factory = factory
        self._engine = engine

    def run(self, module: str, only: Iterable[str] | None = None) -> list[Outcome]:
        known: dict[str, Outcome] = {}
        wanted = None if only is None else sorted(only)
        with tempfile.TemporaryDirectory() as folder:
            while not self._one_process(module, wanted, known, Path(folder)):
                pass
        return list(known.values())

    def _one_process(
        self, module: str, only: list[str] | None, known: dict[str, Outcome], folder: Path
    ) -> bool:
        """True when the process came to the end of its tests."""
        report, choice, said = folder / "report", folder / "choice", folder / "said"
        report.write_text("")
        choice.write_text(json.dumps({"only": only, "not": list(known), "left_out": self._suite.left_out}))
        command = [sys.executable, str(HERE / "loop_trial.py"), module]
        command += ["--factory", self._factory, "--instead-of", self._suite.instead_of]
        command += ["--test-seconds", str(self._suite.test_s_max)]
        command += ["--report", str(report), "--choice", str(choice)]
        environment = os.environ | {"PELTON_ENGINE": self._engine}
        if self._suite.paths:
            environment["PYTHONPATH"] = os.pathsep.join(self._suite.paths)
        with said.open("wb") as output:
            try:
                status = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                    env=environment,
                    timeout=MODULE_S_MAX,
                ).returncode
            except subprocess.TimeoutExpired:
                status = -1
        last_words = said.read_text(errors="replace")[-4000:]
        running = ""
        for line in map(json.loads, report.read_text().splitlines()):
            if line["event"] == "over":
                return True
            if line["event"] == "begin":
                running = line["test"]
                continue
            running = ""
            del line["event"]
            known[line["test"]] = Outcome(**line)
        # The test that was running took the process with it; one that was not known yet, or nothing
        # would ever change.
        name = running or f"{module}: the process itself"
        if name in known:
            return True
        known[name] = Outcome(name, "failed", f"exit {status}\n{last_words}", 1, 0.0)
        return not running


def judge(suite: Suite, module: str, engine: str, factory: str = OURS) -> Verdict:
    listed = exceptions_in(suite.exceptions)
    trial = Trial(suite, factory, engine)
    verdict = Verdict(module, engine)
    failures: dict[str, str] = {}
    for outcome in trial.run(module):
        verdict.seconds += outcome.seconds
        verdict.loops += outcome.loops > 0 and outcome.outcome != "skipped"
        if outcome.outcome == "skipped":
            verdict.skipped.append(outcome.test)
        elif outcome.outcome == "failed":
            failures[outcome.test] = outcome.text
        elif outcome.test in listed:
            verdict.pardoned.append(outcome.test)
        else:
            verdict.passed.append(outcome.test)
    verdict.excused += sorted(listed.keys() & failures.keys())
    doubtful = failures.keys() - listed.keys()
    again = trial.run(module, doubtful) if doubtful else []
    better = {outcome.test for outcome in again if outcome.outcome == "passed"}
    verdict.repeated += sorted(better)
    verdict.passed += sorted(better)
    doubtful -= better
    stock = Trial(suite, STOCK, engine).run(module, doubtful) if doubtful and factory != STOCK else []
    verdict.stock_too += sorted(outcome.test for outcome in stock if outcome.outcome == "failed")
    verdict.failed = {test: failures[test] for test in sorted(doubtful - {*verdict.stock_too})}
    return verdict


def complaints(suite: Suite, verdicts: Sequence[Verdict], whole: bool) -> Iterator[str]:
    """What is wrong with a run. A listed test that passes on one engine may fail on the other."""
    for verdict in verdicts:
        for test, text in verdict.failed.items():
            yield f"{test} fails on {verdict.engine}:\n{text}"
    excused = {test for verdict in verdicts for test in verdict.excused}
    pardoned = {test for verdict in verdicts for test in verdict.pardoned}
    for test in sorted(pardoned - excused):
        yield f"{test} is listed in {suite.exceptions.name} but passes: delete its entry"
    if not whole:
        return
    for test in sorted(exceptions_in(suite.exceptions).keys() - excused - pardoned):
        yield f"{test} is listed in {suite.exceptions.name}, but there is no such test"
    on_loops = sum(verdict.loops for verdict in verdicts)
    if sum(len(verdict.excused) for verdict in verdicts) > EXCEPTION_SHARE_MAX * on_loops:
        yield f"{len(excused)} exceptions are more than {EXCEPTION_SHARE_MAX:.0%} of the tests"


def run_all(
    suite: Suite, engines: Sequence[str], modules: Sequence[str], factory: str = OURS
) -> int:
    """Prints a line a module and what is wrong; the number of complaints."""
    verdicts = []
    for module in modules:
        for engine in engines:
            verdict = judge(suite, module, engine, factory)
            verdicts.append(verdict)
            print(verdict.line(), flush=True)
            for name in ("repeated", "stock_too"):
                for test in getattr(verdict, name):
                    print(f"  {name.replace('_', ' ')}: {test}", flush=True)
            for test in verdict.failed:
                print(f"  failed: {test}", flush=True)
    wrong = list(complaints(suite, verdicts, set(modules) == set(suite.modules)))
    for complaint in wrong:
        print(f"\n{complaint}")
    for engine in engines:
        mine = [verdict for verdict in verdicts if verdict.engine == engine]
        print(
            f"{engine}: {sum(len(v.passed) for v in mine)} passed,"
            f" {sum(len(v.failed) for v in mine)} failed,"
            f" {sum(len(v.excused) for v in mine)} excused,"
            f" {sum(v.loops for v in mine)} ran on loops"
        )
    return len(wrong)
