"""Puts one event loop on trial: runs one module of somebody's unittest suite in this process.

Every loop the tests make is made by FACTORY (`module:name`), whatever they ask for. Each test's
begin and end is a line of JSON in REPORT, so that what brings down the process, or never ends, is
known by name to whoever started it (loop_suite.py).
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import functools
import importlib
import json
import os
import signal
import time
import unittest
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO



class Subject:
    """The loop on trial; it counts how many of it were made, for a test that makes none judges nothing."""

    def __init__(self, factory: str) -> None:
        module, _, name = factory.partition(":")
        self.made = 0
        # An expression, for the tests that begin another process.
        self.expression = f"__import__({module!r}, fromlist=[None]).{name}()"
        self._factory: Callable[[], asyncio.AbstractEventLoop] = functools.reduce(
            getattr, name.split("."), importlib.import_module(module)
        )

    def new_event_loop(self, selector: Any = None) -> asyncio.AbstractEventLoop:
        if selector is not None:
            selector.close()
        self.made += 1
        return self._factory()

    def take_the_place_of_asyncio(self) -> None:
        from asyncio import events, unix_events

        policy = getattr(unix_events, "_UnixDefaultEventLoopPolicy", None)
        if policy is not None:
            policy._loop_factory = staticmethod(self.new_event_loop)
        for module in (asyncio, unix_events):
            for name in ("SelectorEventLoop", "EventLoop"):
                if hasattr(module, name):
                    setattr(module, name, self.new_event_loop)
        if policy is None:
            asyncio.new_event_loop = events.new_event_loop = self.new_event_loop

    def take_the_place_of_the_base(self, cases: Any) -> None:
        """These cases make a bare BaseEventLoop and mock what selects; what they ask of it holds for ours."""

        def set_up(case: Any) -> None:
            super(cases, case).setUp()
            case.loop = self.new_event_loop()
            case.set_event_loop(case.loop)

        cases.setUp = set_up

    def take_the_place_of_uvloop(self) -> None:
        self.take_the_place_of_asyncio()
        import uvloop
        from uvloop import _testbase

        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(policy) -> asyncio.AbstractEventLoop:  # noqa: N805
                return self.new_event_loop()

        uvloop.new_event_loop = self.new_event_loop
        uvloop.EventLoopPolicy = Policy
        # By the test's class, not by where the loop's class was written.
        _testbase.BaseTestCase.is_asyncio_loop = lambda case: case.implementation == "asyncio"


class Report(unittest.TestResult):
    def __init__(self, subject: Subject, lines: TextIO, test_s_max: float) -> None:
        super().__init__()
        self._test_s_max = test_s_max
        self._subject = subject
        self._lines = lines
        self._outcome = "passed"
        self._text = ""
        # A test that its class skips ends without a beginning in some versions.
        self._made = subject.made
        self._began = time.monotonic()

    def _write(self, test: Any, event: str, **more: Any) -> None:
        self._lines.write(json.dumps({"test": test.id(), "event": event, **more}) + "\n")
        self._lines.flush()

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._outcome, self._text = "passed", ""
        self._made = self._subject.made
        self._began = time.monotonic()
        self._write(test, "begin")
        faulthandler.dump_traceback_later(self._test_s_max, exit=True)

    def stopTest(self, test: unittest.TestCase) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._write(
            test,
            "end",
            outcome=self._outcome,
            text=self._text,
            loops=self._subject.made - self._made,
            seconds=time.monotonic() - self._began,
        )
        super().stopTest(test)

    def _fail(self, test: Any, error: Any) -> None:
        self._outcome = "failed"
        self._text += self._exc_info_to_string(error, test)  # type: ignore[attr-defined]
        if not isinstance(test, unittest.TestCase):
            # A module's or a class's set-up: no test began, and all of them are lost.
            self._write(test, "end", outcome="failed", text=self._text, loops=1, seconds=0.0)

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._fail(test, err)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._fail(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, err)

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        self._outcome, self._text = "skipped", reason

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self._outcome, self._text = "failed", "unexpected success"


def tests_in(suite: Any) -> Iterator[Any]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("module")
    arguments.add_argument("--factory", required=True)
    arguments.add_argument("--instead-of", choices=("asyncio", "uvloop"), default="asyncio")
    arguments.add_argument("--test-seconds", type=float, required=True, help="when one counts as hanging")
    arguments.add_argument("--report", type=Path, required=True)
    arguments.add_argument("--choice", type=Path, required=True, help='JSON: lists "only" (or null), "not" and "left_out"')
    options = arguments.parse_args()
    faulthandler.enable()
    # Whoever was started in the background ignores it, and so would what the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    subject = Subject(options.factory)
    getattr(subject, f"take_the_place_of_{options.instead_of}")()
    choice = json.loads(options.choice.read_text())
    if options.module.endswith(".test_base_events"):
        subject.take_the_place_of_the_base(importlib.import_module(options.module).BaseEventLoopTests)
    chosen = unittest.TestSuite()
    for test in tests_in(unittest.defaultTestLoader.loadTestsFromName(options.module)):
        name = test.id()
        if hasattr(test, "NEW_LOOP"):
            test.NEW_LOOP = subject.expression
        if name in choice["not"] or any(f".{part}." in f"{name}." for part in choice["left_out"]):
            continue
        if choice["only"] is None or name in choice["only"]:
            chosen.addTest(test)
    with options.report.open("a") as lines:
        # As unittest's own runner has it: a suite may count on warnings being told.
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            chosen.run(Report(subject, lines, options.test_seconds))
        lines.write('{"event": "over"}\n')
    # A thread that a test has left behind would keep the process for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
