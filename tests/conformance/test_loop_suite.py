"""The judge itself: it sees what fails, hangs, ends the process or is excused for nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import loop_suite  # noqa: E402

CASES = """
import asyncio, os, threading, unittest

class Cases(unittest.TestCase):
    def test_loop(self):
        loop = asyncio.new_event_loop()
        self.assertEqual(loop.run_until_complete(asyncio.sleep(0)), None)
        loop.close()

    def test_no_loop(self):
        pass

    def test_ours_alone_fails(self):
        loop = asyncio.new_event_loop()
        loop.close()
        self.assertTrue(type(loop).__module__.startswith("asyncio."))

    def test_fails_everywhere(self):
        self.fail("always")

    def test_hangs(self):
        if os.environ["PELTON_ENGINE"] == "hang":
            threading.Event().wait()

    def test_ends_the_process(self):
        if os.environ["PELTON_ENGINE"] == "end":
            os._exit(3)

    @unittest.skip("why not")
    def test_skipped(self):
        pass

    def test_of_another(self):
        self.fail("left out")
"""
ALONE = "cases.Cases.test_ours_alone_fails"


def suite_in(folder: Path, exceptions: str = "") -> loop_suite.Suite:
    (folder / "cases.py").write_text(CASES)
    listed = folder / "exceptions.toml"
    listed.write_text(exceptions)
    return loop_suite.Suite(
        ("cases",),
        "asyncio",
        listed,
        paths=(str(folder),),
        left_out=("Cases.test_of_another",),
        test_s_max=2,
    )


def excuse(*tests: str, reason: str = "private") -> str:
    return f"[[exception]]\nreason = {reason!r}\ntests = {list(tests)!r}\n"


def test_a_failure_of_ours_is_told_apart_from_everybodys(tmp_path: Path) -> None:
    verdict = loop_suite.judge(suite_in(tmp_path), "cases", "epoll")
    assert list(verdict.failed) == [ALONE]
    assert verdict.stock_too == ["cases.Cases.test_fails_everywhere"]
    assert sorted(name.rpartition(".")[2] for name in verdict.passed) == [
        "test_ends_the_process",
        "test_hangs",
        "test_loop",
        "test_no_loop",
    ]
    assert verdict.skipped == ["cases.Cases.test_skipped"] and verdict.loops == 2
    assert "7 ran" not in verdict.line() and "6 ran, 2 of them on loops, 4 passed, 1 failed" in verdict.line()


@pytest.mark.parametrize("engine", ["hang", "end"])
def test_the_tests_behind_one_that_never_returns_are_run(engine: str, tmp_path: Path) -> None:
    guilty = {"hang": "cases.Cases.test_hangs", "end": "cases.Cases.test_ends_the_process"}[engine]
    outcomes = loop_suite.Trial(suite_in(tmp_path), loop_suite.STOCK, engine).run("cases")
    by_name = {outcome.test: outcome for outcome in outcomes}
    assert by_name[guilty].outcome == "failed"
    assert len(by_name) == 7 and by_name["cases.Cases.test_no_loop"].outcome == "passed"
    assert ("threading.py" in by_name[guilty].text) == (engine == "hang")


def test_a_module_that_cannot_be_imported_fails(tmp_path: Path) -> None:
    verdict = loop_suite.judge(suite_in(tmp_path), "nowhere", "epoll")
    assert len(verdict.failed) + len(verdict.stock_too) == 1 and not verdict.passed


def test_exceptions_excuse_what_fails_and_nothing_else(tmp_path: Path) -> None:
    suite = suite_in(tmp_path, excuse(ALONE, "cases.Cases.test_no_loop", "cases.Cases.test_gone"))
    verdict = loop_suite.judge(suite, "cases", "epoll")
    assert verdict.excused == [ALONE] and verdict.pardoned == ["cases.Cases.test_no_loop"]
    told = list(loop_suite.complaints(suite, [verdict], whole=True))
    assert len(told) == 3
    assert told[0] == "cases.Cases.test_no_loop is listed in exceptions.toml but passes: delete its entry"
    assert "test_gone" in told[1] and "no such test" in told[1]
    assert told[2] == "1 exceptions are more than 1% of the tests"
    assert len(list(loop_suite.complaints(suite, [verdict], whole=False))) == 1


def test_an_exception_needs_a_reason_and_may_be_for_other_versions(tmp_path: Path) -> None:
    listed = tmp_path / "exceptions.toml"
    listed.write_text(excuse(ALONE, reason=" "))
    with pytest.raises(ValueError, match="reason"):
        loop_suite.exceptions_in(listed)
    listed.write_text(excuse(ALONE) + 'pythons = ["2.7"]\n')
    assert loop_suite.exceptions_in(listed) == {}
