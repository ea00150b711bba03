"""Python's loggers: how they are configured, when one takes a log over, and what it is given."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelton import ConfigError
from pelton.config.settings import defaults
from pelton.serving.loggers import ACCESS, ERROR, LogTaker, LogTakers, configure_logging, takes_over


class Kept(logging.Handler):
    """Keeps what it is given, or waits while `gate` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.entered.set()
        self.gate.wait()
        self.records.append(record)


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """As they were."""
    ours = [logging.getLogger(name) for name in ("pelton", ACCESS, ERROR, "pelton.broker")]
    before = [(one, one.level, list(one.handlers), one.propagate, one.disabled) for one in ours]
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    for one, its_level, its_handlers, propagates, is_disabled in before:
        one.setLevel(its_level)
        one.handlers[:], one.propagate, one.disabled = its_handlers, propagates, is_disabled
    root.setLevel(level)
    root.handlers[:] = handlers


def settings(**changes: Any) -> dict[str, Any]:
    return defaults() | changes


DICTIONARY = {
    "version": 1,
    "formatters": {"plain": {"format": "%(name)s %(levelname)s %(message)s"}},
    "handlers": {"null": {"class": "logging.FileHandler", "filename": "/dev/null", "formatter": "plain"}},
    "loggers": {"pelton.access": {"handlers": ["null"], "level": "DEBUG"}},
}
YAML = """
version: 1
handlers: {quiet: {class: logging.FileHandler, filename: /dev/null}}
loggers: {pelton.access: {handlers: [quiet], level: DEBUG}}
"""
INI = """
[loggers]
keys = root, access
[handlers]
keys = null
[formatters]
keys =
[logger_root]
handlers =
[logger_access]
qualname = pelton.access
handlers = null
level = DEBUG
[handler_null]
class = FileHandler
args = ("/dev/null",)
"""


@pytest.mark.parametrize("kind", ["dictionary", "json", "yaml", "yml", "ini", "conf"])
def test_a_configuration_is_applied(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"log.{kind}"
    path.write_text(json.dumps(DICTIONARY) if kind == "json" else YAML if kind.startswith("y") else INI)
    before = logging.getLogger("pelton.broker")
    configure_logging(settings(log_config=DICTIONARY if kind == "dictionary" else str(path)))
    access = logging.getLogger(ACCESS)
    assert [type(one) for one in access.handlers] == [logging.FileHandler] and access.level == logging.DEBUG
    assert not before.disabled and not logging.getLogger(ERROR).disabled
    assert logging.getLogger("pelton").level == logging.INFO  # which the configuration leaves open


def test_without_a_configuration_nothing_is_touched() -> None:
    configure_logging(settings())
    assert logging.getLogger("pelton").level == logging.NOTSET


@pytest.mark.parametrize(("level", "number"), [("critical", 50), ("error", 40), ("warning", 30), ("debug", 10), ("trace", 5)])
def test_the_level_is_that_of_the_loggers(level: str, number: int) -> None:
    configure_logging(settings(log_level=level))
    assert logging.getLogger(ERROR).getEffectiveLevel() == number
    assert logging.getLevelName(5) == "TRACE"


def test_a_level_that_is_said_is_stronger_than_that_of_the_configuration() -> None:
    config = {"version": 1, "loggers": {"pelton": {"level": "ERROR"}}}
    configure_logging(settings(log_config=config))
    assert logging.getLogger("pelton").level == logging.ERROR
    configure_logging(settings(log_config=config, log_level="debug"))
    assert logging.getLogger("pelton").level == logging.DEBUG


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("none.json", None, "none.json cannot be applied: FileNotFoundError"),
        ("none.ini", None, "none.ini cannot be applied: FileNotFoundError"),
        ("a.json", "{", "a.json cannot be applied: JSONDecodeError"),
        ("a.json", '{"version": 2}', "a.json cannot be applied: ValueError: Unsupported version: 2"),
        ("a.json", '{"version": 1, "loggers": {"x": {"handlers": ["y"]}}}', "cannot be applied: ValueError: Unable to configure logger 'x'"),
        ("a.yaml", "a: [", "a.yaml cannot be applied: ParserError"),
        ("a.ini", "nothing", "a.ini cannot be applied: "),
    ],
)
def test_a_wrong_configuration_is_said(tmp_path: Path, name: str, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as raised:
        configure_logging(settings(log_config=str(tmp_path / name)))
    assert str(raised.value).startswith("log_config: ") and says in str(raised.value)


def test_which_handlers_count() -> None:
    for name in (ACCESS, ERROR):
        assert not takes_over(name, settings())
        logging.getLogger(name).addHandler(logging.NullHandler())
        assert not takes_over(name, settings())
    root = Kept()
    logging.getLogger().addHandler(root)
    assert not takes_over(ACCESS, settings())  # an application's basicConfig() is not meant for a line of each request
    assert takes_over(ACCESS, settings(log_config={}))
    logging.getLogger("pelton").addHandler(Kept())
    assert takes_over(ACCESS, settings()) and takes_over(ERROR, settings())
    logging.getLogger(ACCESS).propagate = False
    assert not takes_over(ACCESS, settings(log_config={})) and takes_over(ERROR, settings())


def test_access_is_taken_only_where_it_is_asked_for() -> None:
    logging.getLogger("pelton").addHandler(Kept())
    taken = LogTakers(settings())
    assert taken.access is None and taken.error is not None and taken.descriptors[0] is None
    taken.end()
    taken = LogTakers(settings(access_log=True))
    assert taken.access is not None and None not in taken.descriptors
    assert taken.looks(settings(access_log=True, use_colors=True)) == ("info", False, False)
    taken.end()


def test_colours_are_for_streams_that_no_logger_takes() -> None:
    taken = LogTakers(settings(access_log=True))
    assert taken.looks(settings(access_log=True, use_colors=True)) == ("info", True, True)
    assert taken.looks(settings(access_log="./file", use_colors=True, log_level="error")) == ("error", False, True)
    assert taken.looks(settings(access_log=True, use_colors=False)) == ("info", False, False)


def taken(name: str, *messages: bytes, is_whole: bool = False) -> list[tuple[str, str, str]]:
    """Name, level and message of the records that these messages become."""
    handler = Kept()
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    taker = LogTaker(name, is_whole)
    for message in messages:
        os.write(taker.descriptor, message)
    taker.end()
    return [(one.name, one.levelname, one.getMessage()) for one in handler.records]


def test_each_line_of_the_access_log_is_a_record() -> None:
    found = taken(ACCESS, b"one %s\ntwo\n", b"error three\n")
    assert found == [(ACCESS, "INFO", text) for text in ("one %s", "two", "error three")]


def test_each_record_of_the_error_log_has_its_level_and_its_lines() -> None:
    found = taken(
        ERROR,
        b"2026-11-21T14:46:43Z warning pelton: shed.accept\n2026-11-21T14:46:43Z error pelton.error: GET /: E\n  line\n    deeper\n",
        b"2026-11-21T14:46:43Z info pelton: refused.line_empty\n",
    )
    assert found == [
        (ERROR, "WARNING", "shed.accept"), (ERROR, "ERROR", "GET /: E\nline\n  deeper"), (ERROR, "INFO", "refused.line_empty"),
    ]  # fmt: skip


def test_what_a_supervisor_says_is_one_record_with_its_traceback() -> None:
    text = b"error Traceback (most recent call last):\n  File\nerror here\npelton: cannot start: no\n"
    assert taken(ERROR, text, is_whole=True) == [(ERROR, "ERROR", text.decode().removeprefix("error ").rstrip())]
    assert taken(ERROR, b"info pelton: workers: 2\n", is_whole=True) == [(ERROR, "INFO", "workers: 2")]


def test_a_level_of_the_logger_holds() -> None:
    logging.getLogger(ERROR).addHandler(handler := Kept())
    logging.getLogger(ERROR).setLevel(logging.WARNING)
    taker = LogTaker(ERROR)
    taker.say("info", "no")
    taker.say("warning", "yes é \udce9")
    taker.end()
    assert [one.getMessage() for one in handler.records] == ["yes é \\udce9"]


def test_a_handler_that_hangs_holds_nobody() -> None:
    handler = Kept()
    handler.gate.clear()
    logging.getLogger(ERROR).addHandler(handler)
    taker = LogTaker(ERROR)
    for _ in range(10_000):
        taker.say("error", "x" * 1000)  # what has no room is lost
    assert handler.entered.wait(60)
    taker.end()
    handler.gate.set()
    taker._thread.join(60)
    assert not taker._thread.is_alive()
