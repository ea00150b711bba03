"""Python's loggers `pelton`, `pelton.error` and `pelton.access`: what configures them, and how they take over a log.

The native logs stay what they are: a thread without the interpreter writes what the loop has queued, and drops what
does not fit. Where a logger takes a log over, that thread writes into a socket instead of a file, and a thread of Python
makes records of what it reads there. So no handler of a logger ever holds the loop.
"""

from __future__ import annotations

import sys

from pelton.config.settings import LOG_LEVELS
from pelton.errors import ConfigError, StartupError
from pelton.serving.terminal import paints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from pelton.config.settings import Values

ACCESS, ERROR = "pelton.access", "pelton.error"
_OURS = ("pelton", ACCESS, ERROR, "pelton.broker")
_MESSAGE_BYTES_MAX = 2**20
_END_S = 1.0  # for the records that wait when the server ends
_HEAD = r"(?:\d{4}-\S+Z )?(critical|error|warning|info|debug|trace) (?:pelton[\w.]*: )?"


def configure_logging(settings: Values) -> None:
    """Applies `log_config`, and gives the loggers the level of `log_level`; nothing where both are the defaults.

    Raises:
        ConfigError: The configuration cannot be read or applied.
        StartupError: It is YAML, and the package that reads it is not installed.
    """
    config, level = settings["log_config"], settings["log_level"]
    if config is None and level == "info":
        return
    import logging

    logging.addLevelName(LOG_LEVELS["trace"], "TRACE")
    if config is not None:
        shown = config if isinstance(config, str) else "the dictionary"
        try:
            _apply(config)
        except StartupError:
            raise
        except Exception as error:
            cause = f": {error.__cause__}" if error.__cause__ is not None else ""
            raise ConfigError(f"log_config: {shown} cannot be applied: {type(error).__name__}: {error}{cause}") from None
        for name in _OURS:  # what a configuration does not name it switches off, and that would be errors
            logging.getLogger(name).disabled = False
    ours = logging.getLogger("pelton")
    if level != "info" or ours.level == logging.NOTSET:
        ours.setLevel(LOG_LEVELS[level])


def _apply(config: Any) -> None:
    """As uvicorn does: by the ending of the name JSON, YAML, or the form of logging.config.fileConfig()."""
    from logging.config import dictConfig, fileConfig

    if not isinstance(config, str):
        dictConfig(config)
    elif config.endswith(".json"):
        import json

        with open(config, encoding="utf-8") as file:
            dictConfig(json.load(file))
    elif config.endswith((".yaml", ".yml")):
        try:
            from yaml import safe_load
        except ImportError:
            raise StartupError(f"log_config: {config} is YAML, and PyYAML is not installed: pip install 'pelton[yaml]'") from None
        with open(config, encoding="utf-8") as file:
            dictConfig(safe_load(file))
    else:
        with open(config, encoding="utf-8"):
            pass  # else fileConfig() would say that the file has no sections
        fileConfig(config, disable_existing_loggers=False)


def takes_over(name: str, settings: Values) -> bool:
    """Whether a logger has a handler: one of its own or of `pelton`, and with `log_config` also one of the root."""
    logging: ModuleType | None = sys.modules.get("logging")
    if logging is None:
        return False
    logger = logging.getLogger(name)
    while logger is not None:
        counts = logger.parent is not None or settings["log_config"] is not None
        if counts and any(not isinstance(one, logging.NullHandler) for one in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


class LogTaker:
    """Gives the records of a native log to a logger, on a thread of its own, until `end()`.

    Args:
        name: The logger.
        is_whole: Whether a message of the socket is one record; else it may be several.
    """

    def __init__(self, name: str, is_whole: bool = False) -> None:
        import logging
        import re
        import signal
        import socket
        import threading

        self._logging = logging
        self._logger = logging.getLogger(name)
        self._is_whole = is_whole
        self._head = re.compile(_HEAD)
        self._record_end = re.compile(r"\n(?! )")  # all lines of a record but the first are indented
        # Messages stay apart, and each has whole records.
        self._reader, self._writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        # Signals are for the thread that serves.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def descriptor(self) -> int:
        """The end of the socket that takes records."""
        return self._writer.fileno()

    def say(self, level: str, text: str) -> None:
        """Logs a text too; it is lost where there is no room for it."""
        import socket

        try:
            self._writer.send(f"{level} pelton: {text}".encode(errors="backslashreplace"), socket.MSG_DONTWAIT)
        except OSError:
            pass

    def end(self) -> None:
        """Logs what waits, and returns once the thread has ended, or after a second of a handler that does not."""
        import socket

        self._writer.shutdown(socket.SHUT_WR)  # a child of the application may hold the descriptor open
        self._thread.join(_END_S)
        self._writer.close()

    def _run(self) -> None:
        with self._reader:
            while message := self._reader.recv(_MESSAGE_BYTES_MAX):
                for level, text in self._records(message.decode(errors="backslashreplace").rstrip("\n")):
                    if self._logger.isEnabledFor(level):
                        record = self._logger.makeRecord(self._logger.name, level, "(pelton)", 0, text, (), None)
                        self._logger.handle(record)

    def _records(self, message: str) -> Iterator[tuple[int, str]]:
        for record in [message] if self._is_whole else self._record_end.split(message):
            head = None if self._logger.name == ACCESS else self._head.match(record)
            level, text = ("info", record) if head is None else (head[1], record[head.end() :])
            yield LOG_LEVELS[level], text if self._is_whole else text.replace("\n  ", "\n")


class LogTakers:
    """Those of one server: the logs that loggers take over."""

    def __init__(self, settings: Values) -> None:
        has_access = bool(settings["access_log"]) and takes_over(ACCESS, settings)
        self.access = LogTaker(ACCESS) if has_access else None
        self.error = LogTaker(ERROR) if takes_over(ERROR, settings) else None

    @property
    def descriptors(self) -> tuple[int | None, int | None]:
        """As the native half takes them."""
        return tuple(None if one is None else one.descriptor for one in (self.access, self.error))  # type: ignore[return-value]

    def looks(self, settings: Values) -> tuple[str, bool, bool]:
        """The least level of the error log, and whether the access log and the error log are in colours."""
        colours = settings["use_colors"]
        on_stdout = settings["access_log"] is True and self.access is None
        return (
            settings["log_level"],
            on_stdout and paints(sys.stdout, colours),
            self.error is None and paints(sys.stderr, colours),
        )

    def end(self) -> None:
        """Ends both."""
        for one in (self.access, self.error):
            if one is not None:
                one.end()
