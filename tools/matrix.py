"""Builds and tests pelton on several releases of Debian and compilers, and prints one table.

Each environment is a root made by debootstrap, kept outside the tree, with a copy of the sources as
they are now. Needs root's rights. `--quick` builds the product alone, imports it and runs some hundred
tests; otherwise `./tools/dev test --product` runs there, C++ and Python, on both engines. With `--if-possible`
an environment that this machine cannot have is left out, and that is no failure.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import roots
from suite import Count

ENGINES = ("epoll", "uring")
BOTH = "either"  # tests that no engine's name distinguishes
QUICK_TESTS = tuple(
    f"tests/python/{name}.py"
    for name in """
        test_init test_app test_errors test_json test_outcomes test_wire config/test_server_config
        dependencies/test_app_values messages/test_cookies messages/test_headers routing/test_answers
        signature/test_bodies validation/test_parameters
    """.split()
)
QUICK_REQUIREMENTS = ("pytest", "pytest-timeout", "attrs", "orjson", "msgspec", "pydantic")


class Environment(NamedTuple):
    suite: str
    compiler: str = "g++"
    packages: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        return "clang" if "clang" in self.compiler else "gcc"

    @property
    def variables(self) -> dict[str, str]:
        if self.compiler == "g++":
            return {}
        return {"CC": self.compiler.replace("clang++", "clang"), "CXX": self.compiler}


ENVIRONMENTS = {
    "debian12": Environment("bookworm"),
    "debian13": Environment("trixie"),
    "unstable": Environment("sid"),
    "debian13-clang19": Environment("trixie", "clang++-19", ("clang-19",)),
}
QUICK = ("debian13", "unstable")


class Row(NamedTuple):
    environment: str
    compiler: str
    python: str
    engine: str
    cases: Count
    seconds: float


def engine_of(case: ElementTree.Element) -> str:
    name = f"{case.get('classname', '')} {case.get('name', '')}".lower()
    named = [engine for engine in ENGINES if re.search(rf"(?<![a-z]){engine}(?![a-z])", name)]
    return named[0] if len(named) == 1 else BOTH


def count_by_engine(reports: Iterable[Path]) -> dict[str, Count]:
    """The cases of JUnit files, apart for each engine that a case's name tells."""
    counts = {engine: Count() for engine in (*ENGINES, BOTH)}
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                one = Count(failed=1)
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                one = Count(skipped=1)
            else:
                one = Count(passed=1)
            counts[engine_of(case)] = counts[engine_of(case)].plus(one)
    return counts


def with_status(counts: dict[str, Count], status: int) -> dict[str, Count]:
    """A test program that crashed has no case that failed; its status tells."""
    if status == 0 or any(count.failed for count in counts.values()):
        return counts
    return counts | {BOTH: counts[BOTH].plus(Count(failed=1))}


def table(rows: Iterable[Row]) -> str:
    head = ("environment", "compiler", "Python", "engine", "passed", "failed", "skipped", "time")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column < 4 else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    numbers = tuple(str(number) for number in row.cases)
    return (row.environment, row.compiler, row.python, row.engine, *numbers, f"{row.seconds:.0f} s")


def requirement_lines(text: str, names: Iterable[str]) -> list[str]:
    """The lines of a requirements file that are about these distributions."""
    wanted = set(names)
    return [line for line in text.splitlines() if re.split(r"[^\w-]", line, maxsplit=1)[0] in wanted]


def fetch(root: roots.Root, command: list[str], folder: str, log: Path) -> None:
    """Runs what asks the network, and so may fail for reasons that say nothing of the sources."""
    try:
        root.run(command, folder, None, log)
    except roots.Trouble as trouble:
        raise roots.NoRoots(str(trouble)) from None


def run_quick(root: roots.Root, folder: str, environment: Environment, log: Path) -> tuple[int, list[Path]]:
    inside = root.directory / folder.lstrip("/")
    requirements = requirement_lines((inside / "tools/requirements-test.txt").read_text(), QUICK_REQUIREMENTS)
    python = ".venv/bin/python"
    fetch(root, ["./tools/dev", "setup", "--product"], folder, log)
    fetch(root, [python, "-m", "pip", "install", "-q", *requirements], folder, log)
    root.run(["./tools/dev", "build", "--product"], folder, environment.variables, log)
    root.run([python, "tools/serve_check.py", "examples"], folder, None, log)
    report = inside / "build/quick.xml"
    report.unlink(missing_ok=True)
    pytest = [python, "-m", "pytest", "-q", "--timeout=300", "--junitxml=build/quick.xml", *QUICK_TESTS]
    return root.run(pytest, folder, None, log, check=False), [report]


def run_all(root: roots.Root, folder: str, environment: Environment, log: Path) -> tuple[int, list[Path]]:
    reports = root.directory / folder.lstrip("/") / "build/apart/reports"
    for old in reports.glob("*.xml"):
        old.unlink()
    fetch(root, ["./tools/dev", "setup"], folder, log)
    status = root.run(["./tools/dev", "test", "--product", "--only=cpp,python"], folder, environment.variables, log, check=False)
    return status, sorted(reports.glob("*.xml"))


def run(name: str, options: argparse.Namespace, mirror: str) -> list[Row]:
    environment = ENVIRONMENTS[name]
    log = options.logs / f"{name}.log"
    log.unlink(missing_ok=True)
    folder = f"/srv/pelton-{name}"
    started = time.monotonic()
    compiler = python = "-"
    counts = {BOTH: Count(failed=1)}
    try:
        with roots.Root(environment.suite, environment.suite, options.roots, mirror).enter() as root:
            roots.say(f"{name}: follow it in {log}")
            root.install(["g++", "python3-dev", "git", *environment.packages], log)
            root.share_compiler_cache()
            roots.copy_source(root.directory / folder.lstrip("/"))
            # The checks ask git which files there are.
            root.run(["git", "init", "-q"], folder, None, log)
            root.run(["git", "add", "--all"], folder, None, log)
            compiler = root.output([environment.compiler, "--version"])
            compiler = f"{environment.family} {compiler_version(compiler)}"
            python = root.output(["python3", "--version"]).removeprefix("Python ")
            status, reports = (run_quick if options.quick else run_all)(root, folder, environment, log)
            found = [report for report in reports if report.exists()]
            if not found:
                raise roots.Trouble(f"{name}: no test ran; see {log}")
            counts = with_status(count_by_engine(found), status)
    except roots.NoRoots as trouble:
        roots.say(f"{name}: {trouble}")
        if options.if_possible:
            return []
    except (roots.Trouble, subprocess.CalledProcessError, OSError) as failure:
        roots.say(str(failure))
    seconds = time.monotonic() - started
    return [Row(name, compiler, python, engine, count, seconds) for engine, count in counts.items()]


def compiler_version(line: str) -> str:
    """`14.2.0` of the first line of `g++ --version` or `clang++ --version`."""
    without_package = re.sub(r"\([^)]*\)", "", line)
    found = re.search(r"\d+\.\d+\.\d+", without_package)
    return found[0] if found else "?"


def main() -> int:
    arguments = argparse.ArgumentParser(prog="./tools/dev matrix", description=__doc__)
    arguments.add_argument("environments", nargs="*", metavar="ENVIRONMENT", help=", ".join(ENVIRONMENTS))
    arguments.add_argument("--quick", action="store_true", help=f"only {' and '.join(QUICK)} unless named")
    arguments.add_argument("--if-possible", action="store_true", help="leave out what this machine cannot have")
    arguments.add_argument("--roots", type=Path, default=roots.KEPT_AT, help="where the roots are kept")
    arguments.add_argument("--logs", type=Path, default=roots.SOURCE / "build/matrix")
    arguments.add_argument("--mirror", help="a Debian archive, unless apt's own")
    options = arguments.parse_args([given for given in sys.argv[1:] if given != roots.IN_NAMESPACE])
    unknown = [name for name in options.environments if name not in ENVIRONMENTS]
    if unknown:
        arguments.error(f"no environment {unknown[0]!r}; there are {', '.join(ENVIRONMENTS)}")
    try:
        roots.enter_namespace()
        mirror = options.mirror or roots.machine_mirror()
    except roots.NoRoots as trouble:
        print(f"matrix: {trouble}", file=sys.stderr)
        if not options.if_possible:
            return 1
        print(f"0 passed, 0 failed; left out: all, for {trouble}")
        return 0
    options.logs = options.logs.resolve()
    options.logs.mkdir(parents=True, exist_ok=True)
    names = options.environments or (QUICK if options.quick else tuple(ENVIRONMENTS))
    rows = [row for name in names for row in run(name, options, mirror)]
    print(table(rows))
    total = Count()
    for row in rows:
        total = total.plus(row.cases)
    left_out = [name for name in names if name not in {row.environment for row in rows}]
    print(f"{total.passed} passed, {total.failed} failed" + (f"; left out: {', '.join(left_out)}" if left_out else ""))
    return 1 if total.failed or not (total.passed or left_out) else 0


if __name__ == "__main__":
    sys.exit(main())
