"""What the process says on standard error and standard output, and the descriptors of both."""

from __future__ import annotations

import os
import sys

from pelton import _native
from pelton.config.settings import LOG_LEVELS
from pelton.errors import StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from pelton.config.settings import Values
    from pelton.serving.loggers import LogTaker


class Voice:
    """How this process says what happens: which lines it leaves out, whether in colours, and what takes them instead of stderr."""

    def __init__(self) -> None:
        self.least = LOG_LEVELS["info"]
        self.is_painted = False
        self.taker: LogTaker | None = None

    def set_up(self, settings: Values) -> None:
        """As the settings have it."""
        self.least = LOG_LEVELS[settings["log_level"]]
        self.is_painted = paints(sys.stderr, settings["use_colors"])


voice = Voice()


def tell(line: str, level: str = "critical") -> None:
    """Writes one line to stderr, whole even when several workers write at once; it is lost if stderr is closed or full (PRC-050).

    Args:
        line: The line; what a command was asked for, or what happens while it serves.
        level: Its weight; one below `log_level` is left out.
    """
    if LOG_LEVELS[level] < voice.least:
        return
    if voice.taker is not None:
        voice.taker.say(level, line.removeprefix("pelton: "))
        return
    if voice.is_painted and line.startswith("pelton"):
        line = f"\x1b[{_PAINTS[_LEVEL_PAINTS[level]]}mpelton\x1b[0m{line.removeprefix('pelton')}"
    if sys.stderr is sys.__stderr__:
        if sys.stderr is not None:
            _native.say(line.encode(errors="backslashreplace"))  # as stderr itself has it
        return
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def complain(problem: str, level: str = "error") -> None:
    tell(f"pelton: {problem}", level)


def show_trace(error: Exception) -> None:
    """The application's traceback on stderr, if the error that ends a start has one."""
    if isinstance(error, StartupError) and error.trace:
        tell(error.trace.rstrip())


def put_out(text: str) -> int:
    """What a command was asked for, on stdout; the exit code, which is SIGPIPE's where the reader has left."""
    if sys.stdout is None:
        complain("cannot write to standard output: it is closed")
        return 1
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered would fail once more as the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 128 + 13
        complain(f"cannot write to standard output: {error.strerror}")
        return 1
    return 0


_PAINTS = {"bold": "1", "faint": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_LEVEL_PAINTS = {"critical": "red", "error": "red", "warning": "yellow", "info": "green"}


def paints(stream: TextIO | None, use_colors: bool | str) -> bool:
    """Whether a stream gets colours: as the setting says, and for `auto` if it is a terminal that shows them; `NO_COLOR` switches that off."""
    if isinstance(use_colors, bool):
        return use_colors
    try:
        is_terminal = stream is not None and stream.isatty()
    except ValueError:  # it is closed
        is_terminal = False
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def painted(text: str, paint: str) -> str:
    """The text in a colour or weight, if standard output is a terminal that shows them; `NO_COLOR` switches that off."""
    if not paints(sys.stdout, "auto"):
        return text
    return f"\x1b[{_PAINTS[paint]}m{text}\x1b[0m"


def hold_standard_descriptors() -> None:
    """Whichever of them is closed would be the next socket or log, and lines for stderr would go into that."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
