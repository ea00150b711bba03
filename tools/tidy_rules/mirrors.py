"""What must have a test (each source, each config key at its bound, each public name), and what tests are called."""

from __future__ import annotations

import ast
import fnmatch
import itertools
import re
from collections.abc import Iterator

from tidy_rules.tree import ROOMS, Finding, Rule, Tree, line_of

_PACKAGE = "pymod/package/pelton"
_CONFIG_TABLE = "http/serve/config.cpp"
_CONFIG_KEY = re.compile(r'^\s*\{\s*"(?P<key>\w+)",\s*&', re.MULTILINE)
# A function with a body: `) {`, with qualifiers, a trailing return type or initialisers between.
_BODY = re.compile(
    r"\)\s*(?:const|noexcept|override|final|\s)*"
    r"(?:->[^;{}]+|:[^;{}:]+(?:\{[^{}]*\}[^;{}]*)*)?\{"
)
# What only hands out a value needs no test of its own.
_ACCESSOR = re.compile(r"\{\s*(?:return\b[^;{}]*(?:\{[^;{}]*\})?;)?\s*\}")
_CONTROL = re.compile(r"\b(?:if|for|while|switch)\s*\([^{}]*\)\s*\{")

# The head of a test in either language; its body reaches to the next head.
_TEST_HEAD = re.compile(
    r"^(?:(?:TYPED_)?TEST(?:_F|_P)?\s*\(|(?:    )?(?:async )?def test_)", re.MULTILINE
)
_MINUS_ONE = re.compile(r"\w\)?\s*-\s*1\b")
_PLUS_ONE = re.compile(r"\w\)?\s*\+\s*1\b")


def _test_of(path: str, tests: frozenset[str]) -> tuple[str, ...]:
    """Where a source's test may be; any of them will do."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if path.startswith(f"{_PACKAGE}/"):
        # Beside each other as their sources are; what a package hands out is tested in one place.
        room = path.removeprefix(f"{_PACKAGE}/").rpartition("/")[0]
        folder = f"tests/python/{room}/" if room and stem != "__init__" else "tests/python/"
        return (f"{folder}test_{stem.removeprefix('__').removesuffix('__').lstrip('_')}.py",)
    if path.startswith("pymod/"):
        name = f"test_{stem.removeprefix('__').removesuffix('__').lstrip('_')}.py"
        found = fnmatch.filter(tests, f"tests/python/*/{name}")
        return (f"tests/python/{name}", *found, f"tests/{path.rsplit('.', 1)[0]}_test.cpp")
    return (f"tests/{path.rsplit('.', 1)[0]}_test.cpp",)


def _has_logic(tree: Tree, path: str) -> bool:
    code = _ACCESSOR.sub(";", tree.code(path))
    return _BODY.search(_CONTROL.sub("", code)) is not None


def unmirrored(tree: Tree) -> Iterator[tuple[str, str]]:
    """Each source without a test of its stem, and where that test should be."""
    everything = frozenset(tree.paths)
    tests = frozenset(tree.under("tests"))
    for path in tree.under(*ROOMS, suffixes=(".cpp", ".hpp", ".py")):
        if path.endswith(".hpp"):
            # A header beside its source is tested with it; alone it counts when it has logic.
            if path[:-4] + ".cpp" in everything or not _has_logic(tree, path):
                continue
        elif path.endswith(".py") and not any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            for node in ast.walk(ast.parse(tree.text(path)))
        ):
            continue
        wanted = _test_of(path, tests)
        if tests.isdisjoint(wanted):
            native = path.startswith("pymod/") and not path.endswith(".py")
            yield path, f"{wanted[0]} or {wanted[-1]}" if native else wanted[0]


def find_mirror(tree: Tree) -> Iterator[Finding]:
    for path, wanted in unmirrored(tree):
        allowance = tree.allowance("mirror", path)
        if allowance is None:
            yield Finding("mirror", path, 0, f"no test of the same stem: write {wanted}")
        elif allowance.test not in tree.paths:
            missing = repr(allowance.test)
            yield Finding("mirror", path, 0, f"its exception names {missing}, which is not there")


def _tests_with_bodies(tree: Tree) -> Iterator[str]:
    for path in tree.under("tests", suffixes=(".cpp", ".py")):
        text = tree.text(path)
        edges = [*(match.start() for match in _TEST_HEAD.finditer(text)), len(text)]
        for start, end in itertools.pairwise(edges):
            yield text[start:end]


def find_config_bound(tree: Tree) -> Iterator[Finding]:
    """A key counts as tested when one test names it and works out both `... - 1` and `... + 1`.

    The sums may stand in a comment (`// n - 1, n, n + 1`) when a function of the test makes them.
    """
    if _CONFIG_TABLE not in tree.paths:
        return
    at_bounds = [
        body
        for body in _tests_with_bodies(tree)
        if _MINUS_ONE.search(body) and _PLUS_ONE.search(body)
    ]
    text = tree.text(_CONFIG_TABLE)
    for match in _CONFIG_KEY.finditer(text):
        named = re.compile(rf"\b{match['key']}\b")
        if not any(named.search(body) for body in at_bounds):
            yield Finding(
                "config-bound",
                _CONFIG_TABLE,
                line_of(text, match.start("key")),
                f"{match['key']}: no test meets it at n - 1, n and n + 1",
            )


def _strings_of_all(module: ast.Module) -> Iterator[tuple[str, int]]:
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            for child in ast.walk(node):
                if isinstance(child, ast.Constant) and isinstance(child.value, str):
                    yield child.value, child.lineno


def find_public_name(tree: Tree) -> Iterator[Finding]:
    surface = f"{_PACKAGE}/__init__.py"
    if surface not in tree.paths:
        return
    words: set[str] = set()
    for path in tree.under("tests", suffixes=(".py",)):
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, ast.Name):
                words.add(node.id)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
    for name, line in _strings_of_all(ast.parse(tree.text(surface))):
        if name not in words:
            yield Finding("public-name", surface, line, f"pelton.{name}: no test uses it")


def find_test_name(tree: Tree) -> Iterator[Finding]:
    """One pytest run collects all tests, and imports files of one name as one module."""
    first: dict[str, str] = {}
    for path in sorted(tree.under("tests/python", suffixes=(".py",))):
        name = path.rpartition("/")[2]
        if name == "conftest.py":
            continue
        other = first.setdefault(name, path)
        if other != path:
            yield Finding("test-name", path, 0, f"{other} has this name too, and pytest cannot collect both: rename one, with its module")


RULES = (
    Rule("mirror", find_mirror),
    Rule("test-name", find_test_name),
    Rule("config-bound", find_config_bound),
    Rule("public-name", find_public_name),
)
