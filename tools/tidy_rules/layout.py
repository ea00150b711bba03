"""What may lie where: entries at the root, names of files, their length, no litter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidy_rules.tree import CPP_SUFFIXES, Finding, Rule, Tree

LINES_MAX = 700  # past it a file wants a reason; where a subject ends is a reader's judgement

_ROOT = frozenset(
    """
    .ci .clang-format .editorconfig .gitignore CHANGELOG.md LICENSE README.md benchmarks core docs
    examples http meson.build meson.options pymod pyproject.toml tests tools uring
    """.split()
)
_NOT_A_NOUN = re.compile(r"^(?:utils?|common|helpers?|misc)$|_(?:utils?|helpers?)$")
_TWIN = re.compile(r"(?:_old|_new|_v\d+)$|^(?:new|unified)_")
_LITTER = (".log", ".pyc", ".pyo", ".o", ".a", ".so", ".orig", ".rej", ".swp", ".bak", ".xml")
_REPORT = re.compile(r"^(?:status|summary|progress|report|phase|plan|notes?)\b.*\.(?:md|txt)$|_summary\.md$", re.IGNORECASE)


def find_root(tree: Tree) -> Iterator[Finding]:
    for entry in sorted({path.split("/", 1)[0] for path in tree.paths} - _ROOT):
        yield Finding("root", entry, 0, "not an entry of the root; see architecture, the folders")


def find_names(tree: Tree) -> Iterator[Finding]:
    for path in tree.paths:
        *folders, name = path.split("/")
        stem = name.split(".", 1)[0]
        for part in (*folders, stem):
            if _NOT_A_NOUN.search(part):
                yield Finding("names", path, 0, f"{part!r} names no noun: name it or give it to its caller")
        if _TWIN.search(stem) and path.endswith((*CPP_SUFFIXES, ".py")):
            yield Finding("names", path, 0, f"{stem!r} is a twin: there is one of each thing")


def find_litter(tree: Tree) -> Iterator[Finding]:
    for path in tree.paths:
        if path.startswith(("tests/fuzz/corpus/", "docs/")):
            continue
        name = path.rsplit("/", 1)[-1]
        if path.endswith(_LITTER) or tree.is_binary(path):
            yield Finding("litter", path, 0, "logs and binaries do not belong into the repository")
        elif _REPORT.search(name):
            yield Finding("litter", path, 0, "no status reports, plans or phase summaries")


def find_length(tree: Tree) -> Iterator[Finding]:
    for path in tree.paths:
        if not path.endswith((*CPP_SUFFIXES, ".py", ".pyi", ".build")) and path != "tools/dev":
            continue
        lines = tree.text(path).count("\n")
        allowance = tree.allowance("length", path)
        if allowance is not None and LINES_MAX < lines <= allowance.lines_max:
            continue
        if lines > LINES_MAX:
            most = allowance.lines_max if allowance else LINES_MAX
            yield Finding("length", path, 0, f"{lines} lines, {most} allowed: two subjects? Divide by noun, or give a reason")


RULES = (
    Rule("root", find_root),
    Rule("names", find_names),
    Rule("litter", find_litter),
    Rule("length", find_length),
)
