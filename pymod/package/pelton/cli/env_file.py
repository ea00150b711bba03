"""Variables for the application from a file, as `--env-file` has them: the form of python-dotenv, which uvicorn reads."""

from __future__ import annotations

import os
import re

from pelton.errors import StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# One statement: a name, and a value in single quotes, in double quotes or up to a comment or the end of its line.
_STATEMENT = re.compile(
    r"""
    (?: export [^\S\r\n]+ )?  (?: '(?P<quoted_name>[^']+)' | (?P<name>[^=\#\s']+[^=\#\s]*) )  [^\S\r\n]*
    (?:
      = [^\S\r\n]+ (?=\#)  # nothing but a comment
      | = [^\S\r\n]*
        (?: '(?P<single>(?:\\.|[^'\\])*)' | "(?P<double>(?:\\.|[^"\\])*)" | (?P<plain>(?!['"])[^\r\n]*) )
      | (?P<alone>(?!=))
    )
    [^\S\r\n]* (?: \#[^\r\n]* )? (?: \r\n | \n | \r | $ )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANK = re.compile(r"(?:\s+|\#[^\r\n]*)+")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_ESCAPE = re.compile(r"""\\[\\'"abfnrtv]""")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REFERENCE = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")


def load_env_file(path: str) -> None:
    """Puts the variables of a file into the environment; one that is there already stays as it is.

    Args:
        path: The file.

    Raises:
        StartupError: It cannot be read, or a line of it is none of `NAME=value`.
    """
    shown = os.path.relpath(path)
    shown = path if shown.startswith("..") else shown
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise StartupError(f"{shown} cannot be read: {error.strerror}; name another with --env-file") from None
    except ValueError:
        raise StartupError(f"{shown} is no text in UTF-8") from None
    try:
        found = variables_in_text(text, os.environ)
    except ValueError as error:
        raise StartupError(f"{shown}:{error}") from None
    for name, value in found.items():
        os.environ.setdefault(name, value)


def variables_in_text(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of such a text; ValueError with the number of a line that is wrong.

    Args:
        text: Lines `NAME=value`, maybe after `export`, with comments. `${NAME}` and `${NAME:-default}` in a value stand for
            other variables, of the environment first.
        environment: Where they are looked for.
    """
    found: dict[str, str] = {}
    text = text.removeprefix("\ufeff")
    at = 0
    while at < len(text):
        if (blank := _BLANK.match(text, at)) is not None:
            at = blank.end()
            continue
        statement = _STATEMENT.match(text, at)
        if statement is None:
            number = text.count("\n", 0, at) + 1
            raise ValueError(f"{number}: {_line(text, at)!r} is no NAME=value")
        at = statement.end()
        name = statement["quoted_name"] or statement["name"]
        if (value := _value(statement)) is not None:
            found[name] = _REFERENCE.sub(lambda one: _referred(one, environment, found), value)
    return found


def _value(statement: re.Match[str]) -> str | None:
    """None for a name without a value, which sets nothing."""
    if statement["single"] is not None:
        return re.sub(r"\\[\\']", lambda one: one[0][1], statement["single"])
    if statement["double"] is not None:
        return _ESCAPE.sub(lambda one: _ESCAPED.get(one[0][1], one[0][1]), statement["double"])
    if statement["alone"] is not None:
        return None
    return re.sub(r"\s+#.*", "", statement["plain"] or "").rstrip()


def _referred(reference: re.Match[str], environment: Mapping[str, str], found: Mapping[str, str]) -> str:
    name = reference["name"]
    return environment.get(name, found.get(name, reference["default"] or ""))


def _line(text: str, at: int) -> str:
    line = _LINE.match(text, at)
    return "" if line is None else line[0].strip()
