"""Who may include or import whom (architecture: the rooms, and the libraries each may know)."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator

from tidy_rules.tree import CPP_SUFFIXES, ROOMS, Finding, Rule, Tree, line_of

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<open>[<"])(?P<name>[^>"\n]+)[>"]', re.MULTILINE)

# http/transport and http/serve are listed apart: they alone of http touch the loop, and the rest must
# not lean on them. http/transport knows no HTTP.
# pymod/loop is an event loop, so it knows the engine's contract; it knows no exchange.
_MAY_INCLUDE = {
    "core": ("core",),
    "uring": ("core", "uring"),
    "http": ("core", "http"),
    "http/transport": ("core", "uring", "http/transport"),
    "http/tls": ("core", "http", "http/transport", "http/tls"),
    "http/serve": ("core", "uring", "http", "http/transport", "http/serve"),
    "pymod": ("core", "http", "http/serve", "http/tls", "pymod", "pymod/loop"),
    "pymod/loop": ("core", "uring", "pymod", "pymod/loop"),
    "examples": ("core", "uring", "http", "http/serve"),
}

# (rule, header's beginning, folders that may include it). A room's tests may what the room may.
_LIBRARIES = (
    ("python-header", ("Python.h", "structmember.h", "datetime.h", "cpython/"), ("pymod",)),
    ("pybind11", ("pybind11/",), ("pymod/bindings",)),
    ("liburing", ("liburing.h", "liburing/"), ("uring/ring", "benchmarks/versus/ceiling")),
    ("openssl", ("openssl/",), ("http/tls",)),
    ("nghttp2", ("nghttp2/",), ("http/h2",)),
)


def room_of(path: str) -> str:
    for inner in ("http/transport", "http/tls", "http/serve", "pymod/loop"):
        if path.startswith(f"{inner}/"):
            return inner
    return path.split("/", 1)[0]


def includes(tree: Tree, path: str) -> Iterator[tuple[int, bool, str]]:
    """Line, whether quoted, and name of each include."""
    text = tree.text(path)
    for match in _INCLUDE.finditer(text):
        yield line_of(text, match.start("open")), match["open"] == '"', match["name"]


def find_arrows(tree: Tree) -> Iterator[Finding]:
    for path in tree.under(*_MAY_INCLUDE_ROOTS, suffixes=CPP_SUFFIXES):
        allowed = _MAY_INCLUDE[room_of(path)]
        for line, quoted, name in includes(tree, path):
            room = room_of(name)
            ours = "/" in name and room in (*_MAY_INCLUDE, "tests", "benchmarks", "tools")
            if quoted and not ours:
                yield Finding(
                    "arrows", path, line, f'"{name}" does not start with a room; write it in full'
                )
            elif ours and room not in allowed:
                yield Finding(
                    "arrows", path, line, f"{room_of(path)} may include {', '.join(allowed)}: not {name}"
                )


_MAY_INCLUDE_ROOTS = (*ROOMS, "examples")


# Of the standard library, but not of the oldest version that tidy itself may run on.
_OF_LATER_PYTHONS = ("annotationlib",)
# Packages whose module has another name.
_MODULES = {"pyyaml": "yaml"}


def find_imports(tree: Tree) -> Iterator[Finding]:
    """The package imports the standard library, itself, and what pyproject.toml lists as extras."""
    known = {"pelton", *sys.stdlib_module_names, *_OF_LATER_PYTHONS}
    if "pyproject.toml" in tree.paths:
        extras = tomllib.loads(tree.text("pyproject.toml"))["project"].get("optional-dependencies", {})
        for requirements in extras.values():
            packages = {re.split(r"[^\w-]", text, maxsplit=1)[0].replace("-", "_") for text in requirements}
            known |= {_MODULES.get(name, name) for name in packages}
    for path in tree.under("pymod/package", suffixes=(".py", ".pyi")):
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                # Nothing of a stub is ever executed.
                if name == "typing_extensions" and path.endswith(".pyi"):
                    continue
                if name.split(".")[0] not in known:
                    yield Finding(
                        "imports", path, node.lineno, f"{name}: neither standard library nor an extra"
                    )


def _find_library(
    tree: Tree, rule: str, headers: tuple[str, ...], folders: tuple[str, ...]
) -> Iterator[Finding]:
    may = (*folders, *(f"tests/{folder}" for folder in folders))
    for path in tree.paths:
        if path.endswith(CPP_SUFFIXES) and not path.startswith(tuple(f + "/" for f in may)):
            for line, _, name in includes(tree, path):
                if name.startswith(headers):
                    yield Finding(rule, path, line, f"{name} belongs to {', '.join(folders)} alone")


RULES = (
    Rule("arrows", find_arrows),
    Rule("imports", find_imports),
    *(
        Rule(rule, lambda tree, r=rule, h=headers, f=folders: _find_library(tree, r, h, f))  # type: ignore[misc]
        for rule, headers, folders in _LIBRARIES
    ),
)
