"""Runs the checks of `tools/dev test` one after the other and closes with `N passed, N failed`.

Each check counts what it ran itself: a gtest case, a pytest case, a tidy rule, a formatted file
list or a typing run are one each. Progress goes to stdout as it happens.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TEST_TIMEOUT_S = 300
VERDICT = "sanitizer"  # ASan's: files of that name and a process
VERDICT_LINES_MAX = 40
CLANG_FORMAT = "clang-format-19"


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other: Count) -> Count:
        return Count(*(a + b for a, b in zip(self, other, strict=True)))


def say(line: str) -> None:
    print(line, flush=True)


def read_junit(path: Path) -> Count:
    """Counts the cases of one JUnit file, as gtest and pytest both write it."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return Count(passed, failed, skipped)


def sanitizer_environment(sanitizer: str) -> dict[str, str]:
    environment = dict(os.environ)
    if sanitizer == "address":
        # A request that no memory can hold is refused, as malloc does it, and the tests see what follows.
        environment["ASAN_OPTIONS"] = (
            "detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1"
        )
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
    elif sanitizer == "thread":
        environment["TSAN_OPTIONS"] = "halt_on_error=1:second_deadlock_stack=1:allocator_may_return_null=1"
    return environment


def run_cpp_test(
    test: dict[str, Any], reports: Path, sanitizer: str
) -> tuple[Count, float, str]:
    report = reports / (test["name"].replace("/", "-").replace(" ", "-") + ".xml")
    report.unlink(missing_ok=True)
    environment = sanitizer_environment(sanitizer) | test["env"]
    environment["GTEST_OUTPUT"] = f"xml:{report}"
    timeout_s = max(int(test["timeout"] or 0), TEST_TIMEOUT_S) * (4 if sanitizer else 1)
    started = time.monotonic()
    try:
        done = subprocess.run(
            test["cmd"],
            cwd=test["workdir"] or ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
        )
        status, output = done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        status = 1
        output = (late.stdout or b"").decode(errors="replace") + f"\nno end after {timeout_s} s"
    elapsed_s = time.monotonic() - started
    count = read_junit(report) if report.exists() else Count(passed=int(status == 0))
    if status != 0 and count.failed == 0:
        # A crash, a sanitizer's verdict or a time-out: no case took the blame, the program does.
        count = count._replace(failed=1)
    return count, elapsed_s, output if count.failed else ""


def parts_of(test: dict[str, Any]) -> list[dict[str, Any]]:
    """A test that is given long runs on every core, each with its share of the cases."""
    count = os.cpu_count() or 1
    if int(test["timeout"] or 0) <= TEST_TIMEOUT_S or count == 1:
        return [test]
    return [
        test
        | {
            "name": f"{test['name']} {index + 1} of {count}",
            "env": test["env"] | {"GTEST_TOTAL_SHARDS": str(count), "GTEST_SHARD_INDEX": str(index)},
        }
        for index in range(count)
    ]


def check_cpp(build: Path, sanitizer: str) -> Count:
    listed = subprocess.run(
        ["meson", "introspect", "--tests", str(build)], capture_output=True, text=True, check=True
    )
    tests = json.loads(listed.stdout)
    reports = build.resolve() / "reports"
    reports.mkdir(exist_ok=True)
    total = Count()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        # Tests that must be alone (they measure) come after the ones that may share the machine.
        waves = (
            [part for test in tests if test["is_parallel"] for part in parts_of(test)],
            *([test] for test in tests if not test["is_parallel"]),
        )
        done, total_count = 0, sum(map(len, waves))
        for wave in waves:
            running = {pool.submit(run_cpp_test, test, reports, sanitizer): test for test in wave}
            for future in concurrent.futures.as_completed(running):
                count, elapsed_s, output = future.result()
                total = total.plus(count)
                done += 1
                verdict = "FAILED" if count.failed else "ok"
                name = running[future]["name"]
                say(
                    f"[cpp {done}/{total_count}] {name}: {verdict},"
                    f" {count.passed + count.failed} cases, {elapsed_s:.1f} s"
                )
                if output:
                    say(output)
    return total


def python_environment(build: Path, sanitizer: str) -> dict[str, str]:
    """With a sanitizer: the package as built there, before the installed one, and its run-time first."""
    if not sanitizer:
        return dict(os.environ)
    site = build.resolve() / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(ROOT / "pymod" / "package" / "pelton", site / "pelton")
    for native in build.glob("pymod/**/_native*.so"):
        shutil.copy(native, site / "pelton")
    runtimes = ("libasan.so", "libubsan.so")
    found = [
        subprocess.run(
            ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in runtimes
    ]
    # The interpreter frees little at its end; what leaks is counted by the tests themselves. Of a crash
    # pelton tells itself, which has tests.
    options = ["detect_leaks=0", "detect_stack_use_after_return=1"]
    options += [f"handle_{name}=0" for name in ("abort", "segv", "sigbus", "sigfpe", "sigill")]
    # In a file, for the tests keep what the processes they start say.
    options += [f"log_path={build.resolve() / 'reports' / VERDICT}"]
    return sanitizer_environment(sanitizer) | {
        "LD_PRELOAD": " ".join(found),
        "PYTHONMALLOC": "malloc",  # the interpreter's own pools would hide what is freed
        "PYTHONPATH": str(site),
        "ASAN_OPTIONS": ":".join(options),
    }


def check_python(build: Path, sanitizer: str) -> Count:
    report = build.resolve() / "reports" / "pytest.xml"
    report.parent.mkdir(exist_ok=True)
    for old in (report, *report.parent.glob(f"{VERDICT}.*")):
        old.unlink(missing_ok=True)
    suites = ("tests/python", "tests/conformance", "tests/examples")
    folders = [suite for suite in suites if (ROOT / suite).is_dir()]
    if not folders:
        return Count()
    # Not kept from us: the verdict of UBSan, which goes to stderr and ends the process.
    options = [f"--timeout={TEST_TIMEOUT_S}", f"--junitxml={report}"] + ["--capture=sys"] * bool(sanitizer)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *folders],
        cwd=ROOT,
        env=python_environment(build, sanitizer),
        stdin=subprocess.DEVNULL,
    )
    count = read_junit(report) if report.exists() else Count()
    no_tests_collected = 5
    if done.returncode not in (0, no_tests_collected) and count.failed == 0:
        count = count._replace(failed=1)
    verdicts = sorted(report.parent.glob(f"{VERDICT}.*"))
    for verdict in verdicts:
        say(f"{verdict}:\n" + "".join(verdict.read_text(errors="replace").splitlines(keepends=True)[:VERDICT_LINES_MAX]))
    return count._replace(failed=max(count.failed, len(verdicts)))


def check_script(script: str) -> Count:
    """A tool that prints its findings and closes with `N passed, N failed`."""
    done = subprocess.run([sys.executable, script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    say(done.stdout.rstrip())
    try:
        passed, failed = (int(part.split()[0]) for part in lines[-1].split(", "))
    except (IndexError, ValueError):
        return Count(failed=1)
    return Count(passed, failed)


def check_format() -> Count:
    if shutil.which(CLANG_FORMAT) is None:
        say(f"{CLANG_FORMAT} is not installed")
        return Count(failed=1)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        + ["*.cpp", "*.hpp", "*.c", "*.h"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\n") if name and (ROOT / name).exists()]
    if not names:
        return Count()
    done = subprocess.run([CLANG_FORMAT, "--dry-run", "--Werror", *names], cwd=ROOT)
    if done.returncode != 0:
        say("format: FAILED; ./tools/dev format rewrites the files")
        return Count(failed=1)
    say(f"format: {len(names)} files as clang-format writes them")
    return Count(passed=1)


# With what the package attaches to the native types.
STUBTEST = "import pelton.app; from mypy.stubtest import main; raise SystemExit(main())"


def check_typing() -> Count:
    package = ROOT / "pymod" / "package" / "pelton"
    runs = []
    if (package / "__init__.py").exists():
        runs.append((["-m", "mypy", "-p", "pelton"], {"MYPYPATH": str(package.parent)}))
        # Whether there is a newer one is none of a build's questions.
        runs.append((["-m", "pyright"], {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}))
    tools = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tools/*.py"))
    benchmarks = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("benchmarks/*.py"))
    runs.append((["-m", "mypy", *tools, *benchmarks], {"MYPYPATH": "tools:benchmarks"}))
    try:
        native = importlib.util.find_spec("pelton._native")
    except ModuleNotFoundError:
        native = None
    if native is not None:
        runs.append((["-c", STUBTEST, "pelton._native"], {}))
    total = Count()
    for arguments, environment in runs:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
        )
        good = done.returncode == 0
        total = total.plus(Count(passed=int(good), failed=int(not good)))
        if not good:
            say(f"typing: FAILED: {' '.join(arguments[:3])}")
    return total


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True)
    arguments.add_argument("--only", required=True, help="names of checks, separated by commas")
    arguments.add_argument("--sanitize", choices=("address", "thread"), default="")
    options = arguments.parse_args()
    checks = {
        "cpp": lambda: check_cpp(options.build, options.sanitize),
        "python": lambda: check_python(options.build, options.sanitize),
        "rules": lambda: check_script("tools/rules.py"),
        "tidy": lambda: check_script("tools/tidy.py"),
        "format": check_format,
        "typing": check_typing,
    }
    total = Count()
    closing = []
    for name in options.only.split(","):
        if name not in checks:
            say(f"suite: no check is called {name!r}; there are {', '.join(checks)}")
            return 2
        say(f"--- {name}")
        started = time.monotonic()
        count = checks[name]()
        total = total.plus(count)
        skipped = f", {count.skipped} skipped" if count.skipped else ""
        elapsed_s = time.monotonic() - started
        closing.append(
            f"{name}: {count.passed} passed, {count.failed} failed{skipped} in {elapsed_s:.0f} s"
        )
    say("---")
    say("\n".join(closing))
    say(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
