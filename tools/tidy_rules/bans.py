"""Calls, words and constructions that are refused, each with what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tidy_rules.tree import CPP_SUFFIXES, ROOMS, Finding, Rule, Tree, line_of

_NATIVE = ("core", "uring", "http")
_PACKAGE = ("pymod/package",)
_PYTHON_SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True)
class Ban:
    rule: str
    pattern: str
    folders: tuple[str, ...]  # empty: everywhere
    suffixes: tuple[str, ...]
    instead: str
    in_comments: bool = False  # look at the whole text; otherwise C++ comments and literals are blank


BANS = (
    Ban("exit", r"(?<![\w.>])(?:::|std::)?(?:_?exit|quick_exit|_Exit|abort)\s*\(", ROOMS,
        CPP_SUFFIXES, "return an outcome or CHECK; only main ends a process"),
    Ban("exit", r"\b(?:sys\.exit|os\._exit|exit|quit)\s*\(", _PACKAGE, _PYTHON_SUFFIXES,
        "raise; only the command line ends a process"),
    Ban("printf", r"\b(?:f|v|vf|d|vd|s|vs)?printf\s*\(|\bf?puts\s*\(|\bstd::(?:cout|cerr|clog)\b", ROOMS,
        CPP_SUFFIXES, "lines go to the log writer, which cannot block a loop"),
    Ban("printf", r"^\s*print\s*\(", _PACKAGE, _PYTHON_SUFFIXES, "use the log, or the command line's output"),
    Ban("format", r"\bstd::(?:format|print|println|vformat)\b|<(?:format|print)>", (), CPP_SUFFIXES,
        "gcc 12 has none of these; use to_chars"),
    Ban("sleep", r"(?<![\w.])(?:::)?(?:sleep|usleep|nanosleep|clock_nanosleep)\s*\(|\bsleep_(?:for|until)\s*\(",
        (*ROOMS, "tests"), CPP_SUFFIXES, "wait for the event itself; the scripted engine has virtual time"),
    Ban("sleep", r"\btime\.sleep\s*\(|\basyncio\.sleep\s*\((?!0[,)])|^from time import .*\bsleep\b",
        ("tests", *_PACKAGE), _PYTHON_SUFFIXES, "wait for the event itself"),
    Ban("thread-local", r"\bthread_local\b", _NATIVE, CPP_SUFFIXES, "the core context is an argument"),
    Ban("throw", r"\bthrow\b|\bcatch\s*\(|\btry\s*\{", _NATIVE, CPP_SUFFIXES,
        "the peer's fault is an outcome, ours a CHECK, start-up returns std::expected"),
    Ban("environment", r"\b(?:secure_)?getenv\s*\(", ROOMS, CPP_SUFFIXES,
        "settings arrive in ServerConfig"),
    Ban("macro", r"^[ \t]*#[ \t]*define\b", (*ROOMS, "examples"), CPP_SUFFIXES,
        "no macros but CHECK; write a function or a constant"),
    Ban("friend", r"\bfriend\s+(?:class|struct)\b", ROOMS, CPP_SUFFIXES, "friend is not a key ring"),
    Ban("bool-row", r"\bbool\s+\w+\s*(?:=\s*\w+\s*)?,\s*(?:const\s+)?bool\s+\w+", ROOMS, CPP_SUFFIXES,
        "boolean parameters in a row: name them in an enum or a struct"),
    Ban("dead-code", r"^[ \t]*//[ \t]*[\w:.>*&<\[\]-]+(?:[ \t]+[\w:.>*&<\[\]-]+)*(?:\(.*\)|[ \t]*=[^=].*);[ \t]*$",
        (*ROOMS, "tests", "examples"), CPP_SUFFIXES, "commented-out code: delete it", in_comments=True),
    Ban("narration", r"(?://|^\s*#)[^\n]*\b(?:[Ss]tep \d|[Nn]ow we\b|[Rr]obust\b|[Cc]omprehensive\b)", (),
        (*CPP_SUFFIXES, ".py", ".pyi"), "a comment says why; this one narrates or praises", in_comments=True),
    Ban("todo", r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b(?!\([\w@#./-]+\))", (), ("",),
        "an unowned note: do it, or name its owner in brackets", in_comments=True),
    Ban("machine-path", r"(?<![\w./*{])/(?:roo[t]|wor[k]|home/[a-z]\w*)/(?!>)", (), ("",),
        "a path of one machine", in_comments=True),
)  # fmt: skip


def _find(tree: Tree, rule: str) -> Iterator[Finding]:
    for ban in BANS:
        if ban.rule != rule:
            continue
        pattern = re.compile(ban.pattern, re.MULTILINE)
        paths = tree.under(*ban.folders) if ban.folders else iter(tree.paths)
        for path in paths:
            if not path.endswith(ban.suffixes) or tree.is_binary(path) or "/corpus/" in path:
                continue
            is_cpp = path.endswith(CPP_SUFFIXES)
            text = tree.code(path) if is_cpp and not ban.in_comments else tree.text(path)
            for match in pattern.finditer(text):
                start = match.start() + len(match.group()) - len(match.group().lstrip())
                found = match.group().strip()[:60]
                yield Finding(rule, path, line_of(text, start), f"{found!r}: {ban.instead}")


RULES = tuple(
    Rule(rule, lambda tree, r=rule: _find(tree, r))  # type: ignore[misc]
    for rule in dict.fromkeys(ban.rule for ban in BANS)
)
