"""Holds the architecture: arrows, bans, layout and mirrors, in seconds.

Prints one line per finding and closes with `N passed, N failed`, counted in rules. Exceptions live
in tools/tidy_exceptions.toml, each with a reason; one that excuses nothing is a finding itself.
"""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Iterator
from pathlib import Path

from tidy_rules import arrows, bans, layout, mirrors, package
from tidy_rules.tree import Finding, Rule, Tree

RULES: tuple[Rule, ...] = (*arrows.RULES, *package.RULES, *bans.RULES, *layout.RULES, *mirrors.RULES)
EXCEPTIONS = "tools/tidy_exceptions.toml"


def findings_in(tree: Tree) -> dict[str, list[Finding]]:
    """All findings by rule name, exceptions applied; a rule that is kept has an empty list."""
    used: set[tuple[str, str]] = set()
    judged: dict[str, list[Finding]] = {}
    for rule in RULES:
        kept: list[Finding] = []
        for finding in rule.find(tree):
            allowance = tree.allowance(rule.name, finding.path)
            if allowance is not None and not (allowance.lines_max or allowance.test):
                used.add((rule.name, finding.path))
            else:
                kept.append(finding)
        judged[rule.name] = kept
    judged["exceptions"] = list(_idle_allowances(tree, used))
    return judged


def _idle_allowances(tree: Tree, used: set[tuple[str, str]]) -> Iterator[Finding]:
    for allowance in tree.allowances:
        rule, path = allowance.rule, allowance.path
        if not allowance.reason.strip():
            yield Finding("exceptions", EXCEPTIONS, 0, f"{rule} of {path} gives no reason")
        if not fnmatch.filter(tree.paths, path):
            yield Finding("exceptions", EXCEPTIONS, 0, f"{rule} of {path}: there is no such file")
        elif rule == "length":
            if tree.text(path).count("\n") <= layout.LINES_MAX:
                yield Finding("exceptions", EXCEPTIONS, 0, f"{path} is short again: delete its entry")
        elif rule == "mirror":
            if not fnmatch.filter([source for source, _ in mirrors.unmirrored(tree)], path):
                yield Finding("exceptions", EXCEPTIONS, 0, f"{path} has its tests: delete its entry")
        elif (rule, path) not in used:
            yield Finding("exceptions", EXCEPTIONS, 0, f"{rule} of {path} excuses nothing: delete it")


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    judged = findings_in(Tree(root))
    for findings in judged.values():
        for finding in findings:
            print(finding)
    failed = sum(1 for findings in judged.values() if findings)
    print(f"{len(judged) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
