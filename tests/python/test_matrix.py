"""tools/matrix.py: how it counts, what its table says, and that its short list of tests exists."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import matrix  # noqa: E402
import roots  # noqa: E402
from suite import Count  # noqa: E402

REPORT = """<testsuites><testsuite>
<testcase classname="tests.python.test_wire" name="test_a[uring]"/>
<testcase classname="tests.python.test_wire" name="test_a[epoll-2]"><failure/></testcase>
<testcase classname="tests.python.test_json" name="test_b"><skipped/></testcase>
<testcase classname="Engines/EngineTest" name="reads/epoll" status="run"/>
<testcase classname="Loop" name="turns" status="notrun"/>
<testcase classname="tests.python.test_engines" name="test_uring_beside_epoll"/>
</testsuite></testsuites>"""


def test_cases_count_for_the_engine_that_their_name_tells(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    counts = matrix.count_by_engine([report])
    assert counts["uring"] == Count(passed=1)
    assert counts["epoll"] == Count(passed=1, failed=1)
    assert counts[matrix.BOTH] == Count(passed=1, skipped=2)


def test_a_status_that_no_case_explains_is_a_failure() -> None:
    green = {"epoll": Count(passed=2), "uring": Count(passed=2), matrix.BOTH: Count(passed=5)}
    red = green | {"epoll": Count(passed=1, failed=1)}
    assert matrix.with_status(green, 0) == green
    assert matrix.with_status(red, 1) == red
    assert matrix.with_status(green, 1)[matrix.BOTH] == Count(passed=5, failed=1)


def test_the_table_has_a_line_for_each_row_with_its_columns_aligned() -> None:
    rows = [
        matrix.Row("debian12", "gcc 12.2.0", "3.11.2", "epoll", Count(1200, 0, 3), 61.4),
        matrix.Row("unstable", "gcc 16.2.0", "3.14.10", "uring", Count(7, 1, 0), 5.0),
    ]
    head, first, second = matrix.table(rows).splitlines()
    assert head.split() == ["environment", "compiler", "Python", "engine", "passed", "failed", "skipped", "time"]
    assert first.split()[-4:] == ["0", "3", "61", "s"]
    assert first.index("epoll") == second.index("uring") == head.index("engine")


def test_the_version_of_a_compiler_is_not_that_of_its_package() -> None:
    assert matrix.compiler_version("g++ (Debian 14.2.0-19) 14.2.0") == "14.2.0"
    assert matrix.compiler_version("Debian clang version 19.1.7 (3+b1)") == "19.1.7"
    assert matrix.compiler_version("") == "?"


def test_the_quick_tests_and_their_requirements_exist() -> None:
    assert [name for name in matrix.QUICK_TESTS if not (ROOT / name).is_file()] == []
    text = (ROOT / "tools/requirements-test.txt").read_text()
    assert len(matrix.requirement_lines(text, matrix.QUICK_REQUIREMENTS)) == len(matrix.QUICK_REQUIREMENTS)


def test_the_quick_environments_are_environments() -> None:
    assert set(matrix.QUICK) <= set(matrix.ENVIRONMENTS)
    assert matrix.ENVIRONMENTS["debian13-clang19"].variables == {"CC": "clang-19", "CXX": "clang++-19"}
    assert matrix.ENVIRONMENTS["debian12"].variables == {}


def test_what_the_network_refuses_says_nothing_of_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(self: roots.Root, command: list[str], *rest: object, check: bool = True, **named: object) -> int:
        asked.append(" ".join(command))
        raise roots.Trouble("no network")

    monkeypatch.setattr(roots.Root, "run", refuse)
    root = roots.Root("sid", "sid", tmp_path, "http://mirror.test/debian")
    inside = tmp_path / "sid/srv/pelton/tools"
    inside.mkdir(parents=True)
    (inside / "requirements-test.txt").write_text("pytest>=8\n")
    for run in (matrix.run_quick, matrix.run_all):
        with pytest.raises(roots.NoRoots, match="no network"):
            run(root, "/srv/pelton", matrix.ENVIRONMENTS["unstable"], tmp_path / "log")
    assert asked == ["./tools/dev setup --product", "./tools/dev setup"]
