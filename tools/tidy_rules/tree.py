"""What a rule sees: the files that are or will be in the repository, and the reasoned exceptions."""

from __future__ import annotations

import fnmatch
import functools
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOMS = ("core", "uring", "http", "pymod")
CPP_SUFFIXES = (".cpp", ".hpp", ".c", ".h")

# A comment, a string or a character; the digit before ' is 1'000's separator. Order matters.
_NOT_CODE = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | R"(?P<fence>[^()\\\s]*)\(.*?\)(?P=fence)"
    | "(?:\\.|[^"\\\n])*"
    | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
    """,
    re.DOTALL | re.VERBOSE,
)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int  # 0: the file as a whole
    what: str  # what is wrong and what to do instead

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.rule}: {self.what}"


@dataclass(frozen=True)
class Allowance:
    """One reasoned exception of tools/tidy_exceptions.toml: this rule does not bind this path."""

    rule: str
    path: str  # rule `mirror`: may be a pattern, for the parts of one thing tested as one
    reason: str
    lines_max: int = 0  # rule `length`: the file may reach this and must not pass it
    test: str = ""  # rule `mirror`: where the source is tested instead


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = tuple(sorted(_paths_in(root)))
        exceptions = root / "tools" / "tidy_exceptions.toml"
        listed = tomllib.loads(exceptions.read_text())["allow"] if exceptions.exists() else []
        self.allowances = tuple(Allowance(**entry) for entry in listed)

    @functools.cache
    def octets(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    @functools.cache
    def text(self, path: str) -> str:
        return self.octets(path).decode(errors="replace")

    @functools.cache
    def code(self, path: str) -> str:
        """C++ text with comments and literals blanked out; lines and columns stay."""
        return _NOT_CODE.sub(_blank, self.text(path))

    def under(self, *folders: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        for path in self.paths:
            if path.endswith(suffixes) and path.startswith(tuple(f + "/" for f in folders)):
                yield path

    def is_binary(self, path: str) -> bool:
        return b"\0" in self.octets(path)[:8192]

    def allowance(self, rule: str, path: str) -> Allowance | None:
        for allowance in self.allowances:
            if allowance.rule == rule and fnmatch.fnmatchcase(path, allowance.path):
                return allowance
        return None


@dataclass(frozen=True)
class Rule:
    name: str
    find: Callable[[Tree], Iterator[Finding]] = field(repr=False)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _paths_in(root: Path) -> Iterator[str]:
    if not (root / ".git").exists():
        yield from (str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
        return
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    yield from (name for name in listed.stdout.split("\0") if name and (root / name).is_file())
