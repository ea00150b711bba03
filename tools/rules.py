"""Tells which test proves which rule of the wire, and which rules have none.

The rules are listed in tests/conformance/rules.toml. A test names a rule in its name, in a comment
or docstring of its own, in its file's opening comment, or as the rule of a vector. Prints one line
per finding and closes with `N passed, N failed`; `--table` prints rule and tests instead.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LIST = "tests/conformance/rules.toml"
# The sections of the document that the list follows; 6.3 is a part of a section.
SECTIONS = ("1", "2", "3", "4", "5", "6.2", "6.3", "7", "8.1", "8.2", "8.3", "8.4", "8.5", "9.1", "10", "11", "12")

# Rules of the stage of TLS and HTTP/2 that bind already, among others that do not.
_BIND_ALREADY = frozenset({"LIM-100"})

_MENTION = re.compile(r"(?<![A-Za-z0-9-])([A-Z][A-Z0-9]{1,2})[-_](\d{3})(?!\d)")
_CPP_TEST = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.MULTILINE)
_PYTHON_TEST = re.compile(r"^(?: {4})?(?:async )?def (test_\w+)", re.MULTILINE)
_VECTOR = re.compile(r"^[-+~] ([A-Z][A-Z0-9]*-\d{3}) ", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*")
_ROW = re.compile(r"^(?:\| |- )?\*{0,2}([A-Z][A-Z0-9]*-\d{3})\*{0,2}( `\[6\]`)?[ |]", re.MULTILINE)


class Mention(NamedTuple):
    rule: str
    test: str  # file, and behind two colons the test


@dataclass(frozen=True)
class Listed:
    rules: dict[str, str]  # rule and what it says, in a few words
    missing: dict[str, str]  # rule and why no test names it yet
    later: dict[str, str]  # rule and the feature it binds, which does not exist yet (GEN-001)
    missing_max: int


def listed_in(root: Path) -> Listed:
    table = tomllib.loads((root / LIST).read_text())
    return Listed(table["rules"], table["missing"], table["later"], table["missing_max"])


def _rules_of(text: str) -> Iterator[str]:
    for match in _MENTION.finditer(text):
        yield f"{match[1]}-{match[2]}"


def _spoken(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Comments and docstrings with their offsets: what is said of code, not the code."""
    if path.endswith(".cpp"):
        yield from ((match.start(), match.group()) for match in _COMMENT.finditer(text))
        return
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    fresh = True  # a string that begins a statement is a docstring
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and fresh):
            yield begins[token.start[0] - 1] + token.start[1], token.string
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            fresh = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def _heads(path: str, text: str) -> list[tuple[int, str]]:
    """Where each test begins, the comment right above it included, and its name."""
    heads = []
    cpp = path.endswith(".cpp")
    for match in (_CPP_TEST if cpp else _PYTHON_TEST).finditer(text):
        begin = match.start()
        while cpp and text.rfind("\n", 0, begin) >= 0:
            above = text.rfind("\n", 0, begin - 1) + 1
            if above >= begin or not text.startswith("//", above):
                break
            begin = above
        heads.append((begin, f"{match[1]}.{match[2]}" if cpp else match[1]))
    return heads


def mentions_in(path: str, text: str) -> Iterator[Mention]:
    if path.endswith(".txt"):
        yield from (Mention(match[1], path) for match in _VECTOR.finditer(text))
        return
    heads = _heads(path, text)
    if not heads:
        return
    for _, name in heads:
        yield from (Mention(rule, f"{path}::{name}") for rule in _rules_of(name.removeprefix("test_").upper()))
    for offset, words in _spoken(path, text):
        name = next((f"::{name}" for begin, name in reversed(heads) if begin <= offset), "")
        yield from (Mention(rule, path + name) for rule in _rules_of(words))


def tests_by_rule(root: Path) -> dict[str, list[str]]:
    """Rule to the tests that name it; those that do so in their own name come first."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((root / "tests").rglob("*")):
        name = str(path.relative_to(root))
        wanted = name.endswith("_test.cpp") or (path.name.startswith("test_") and name.endswith(".py"))
        if wanted or (name.endswith(".txt") and "/vectors/" in name):
            for mention in mentions_in(name, path.read_text()):
                found[mention.rule].add(mention.test)
    return {
        rule: sorted(tests, key=lambda test: (not is_in_name(rule, test), test))
        for rule, tests in found.items()
    }


def is_in_name(rule: str, test: str) -> bool:
    return rule.replace("-", "_") in test.partition("::")[2].upper()


def document_rules(text: str) -> set[str]:
    """The rules of the sections we follow, without those of a later stage."""
    parts = re.split(r"^##+ (\d+(?:\.\d+)?)\.? ", text, flags=re.MULTILINE)
    found = set()
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        if number in SECTIONS or number.split(".")[0] in SECTIONS:
            found |= {match[1] for match in _ROW.finditer(body) if not match[2] or match[1] in _BIND_ALREADY}
    return found


def document() -> Path:
    folder = os.environ.get("PELTON_DESIGN") or ROOT.parent / "shared" / "design"
    return Path(folder) / "protocol.md"


# What 11.3 and three signals say waits for hosting and operations.
LATER = frozenset({"PRC-003", "PRC-005", "PRC-006", "PRC-020", "PRC-021", "PRC-022", "PRC-023"})


def findings_in(listed: Listed, tests: dict[str, list[str]], document_text: str | None) -> dict[str, list[str]]:
    """Findings by check; a check that holds has none."""
    prefixes = {rule.split("-")[0] for rule in listed.rules}
    outside = {rule for rule in tests if rule.split("-")[0] in prefixes} - listed.rules.keys()
    excused = listed.missing | listed.later
    judged: dict[str, list[str]] = {
        "tested": [
            f"{rule}: no test names it: write one, or say why not under [missing]"
            for rule in listed.rules
            if rule not in tests and rule not in excused
        ],
        "missing": [
            *(f"{rule}: named by {tests[rule][0]}: delete its entry" for rule in excused if rule in tests),
            *(f"{rule}: missing, but no rule" for rule in excused if rule not in listed.rules),
            *(f"{rule}: gives no reason" for rule, why in excused.items() if not why.strip()),
            *(f"{rule}: stands under [missing] and [later]" for rule in listed.missing.keys() & listed.later.keys()),
        ],
    }
    if len(listed.missing) > listed.missing_max:
        judged["missing"].append(f"{len(listed.missing)} are missing, {listed.missing_max} allowed")
    if document_text is not None:
        wanted = document_rules(document_text)
        later = wanted & LATER
        judged["document"] = [
            *(f"{rule}: in the document, not in {LIST}" for rule in sorted(wanted - later - listed.rules.keys())),
            *(f"{rule}: in {LIST}, not in the document" for rule in sorted(listed.rules.keys() - wanted)),
        ]
        outside -= {match[1] for match in _ROW.finditer(document_text)}
        judged["known"] = [f"{rule}: {tests[rule][0]} names it, nobody else" for rule in sorted(outside)]
    return judged


def print_table(listed: Listed, tests: dict[str, list[str]]) -> None:
    print("| rule | what it says | tests |")
    print("|---|---|---|")
    for rule, title in listed.rules.items():
        why = listed.missing.get(rule) or f"waits for {listed.later.get(rule, '')}"
        proofs = "<br>".join(tests.get(rule, ())) or f"none: {why}"
        print(f"| {rule} | {title} | {proofs} |")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="which test proves which rule of the wire")
    parser.add_argument("--table", action="store_true", help="print rule and tests, as Markdown")
    options = parser.parse_args(arguments)
    listed = listed_in(ROOT)
    tests = tests_by_rule(ROOT)
    if options.table:
        print_table(listed, tests)
        return 0
    path = document()
    text = path.read_text() if path.is_file() else None
    if text is None:
        print("rules: no design document here, the list is taken as it is")
    judged = findings_in(listed, tests, text)
    for check, findings in judged.items():
        for finding in findings:
            print(f"{LIST}: {check}: {finding}")
    named = sum(any(is_in_name(rule, test) for test in tests.get(rule, ())) for rule in listed.rules)
    proved = sum(rule in tests for rule in listed.rules)
    print(
        f"{len(listed.rules)} rules: {named} in the name of a test, {proved - named} beside one,"
        f" {len(listed.later)} of features to come, {len(listed.missing)} missing with a reason"
    )
    failed = sum(1 for findings in judged.values() if findings)
    print(f"{len(judged) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
