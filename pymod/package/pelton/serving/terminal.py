"""What the process says on standard error and standard output, and the descriptors of both."""

from __future__ import annotations

import os
import sys

from pelton import _native
from pelton.errors import StartupError


def tell(line: str) -> None:
    """Writes one line to stderr, whole even when several workers write at once; it is lost if stderr is closed or full (PRC-050)."""
    if sys.stderr is sys.__stderr__:
        if sys.stderr is not None:
            _native.say(line.encode(errors="backslashreplace"))  # as stderr itself has it
        return
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def complain(problem: str) -> None:
    tell(f"pelton: {problem}")


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


_PAINTS = {"bold": "1", "faint": "2", "red": "31", "green": "32", "cyan": "36"}


def painted(text: str, paint: str) -> str:
    """The text in a colour or weight, if standard output is a terminal that shows them; `NO_COLOR` switches that off."""
    try:
        is_terminal = sys.stdout is not None and sys.stdout.isatty()
    except ValueError:  # it is closed
        is_terminal = False
    if not is_terminal or os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return text
    return f"\x1b[{_PAINTS[paint]}m{text}\x1b[0m"


def hold_standard_descriptors() -> None:
    """Whichever of them is closed would be the next socket or log, and lines for stderr would go into that."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
