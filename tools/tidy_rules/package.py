"""The rooms of the Python package: who may import whom, what lies in a room, and circles of files in either language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from tidy_rules.arrows import includes
from tidy_rules.tree import CPP_SUFFIXES, ROOMS, Finding, Rule, Tree

_PACKAGE = "pymod/package/pelton"
FILES_MAX = 25

# A module imports those of its own line and of the lines above. What stands together on a line is independent.
ORDER = (
    ("errors", "json", "_native", "_http2", "_tls", "loop", "python_versions", "callables", "scalars"),
    ("config",),
    ("forms",),
    ("messages",),
    ("validation",),
    ("streaming",),
    ("dependencies",),
    ("signature",),
    ("routing",),
    ("middleware", "security", "websocket", "openapi"),
    ("serving",),
    ("hosting",),
    ("app",),
    ("keywords",),
    ("testing", "cli"),
    ("pytest_plugin", "__main__"),
)
# Imported from where they stand, so their __init__ has public names.
_PUBLIC_ROOMS = ("testing",)
# The two places where what a user or a request has in hand, an App, becomes its parts.
_PARTS_OF_AN_APP = {(f"{_PACKAGE}/routing/app_parts.py", "_parts"), (f"{_PACKAGE}/messages/service.py", "_parts")}
_RANK = {name: rank for rank, line in enumerate(ORDER) for name in line}


class Import(NamedTuple):
    line: int
    module: str  # dotted, without `pelton.`; empty for the package itself
    name: str  # that is taken from the module, empty for the module as a whole


def _modules(tree: Tree) -> dict[str, str]:
    """Path by dotted name, without `pelton.`."""
    found = {}
    for path in tree.under(_PACKAGE, suffixes=(".py", "/_native.pyi", "/_http2.pyi", "/_tls.pyi")):
        name = path.removeprefix(f"{_PACKAGE}/").rsplit(".", 1)[0].replace("/", ".")
        found[name.removesuffix("__init__").rstrip(".")] = path
    return found


def imports(tree: Tree, path: str, modules: dict[str, str]) -> list[Import]:
    """What a module imports from the package at any level, but for type checkers."""
    found: list[Import] = []

    def read(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                read(node.orelse)
                continue
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == "pelton":
                        found.append(Import(node.lineno, alias.name.partition(".")[2], ""))
            elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "pelton":
                module = (node.module or "").partition(".")[2]
                for alias in node.names:
                    inner = f"{module}.{alias.name}".lstrip(".")
                    is_module = inner in modules
                    found.append(Import(node.lineno, inner if is_module else module, "" if is_module else alias.name))
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                read(getattr(node, field, []))

    read(ast.parse(tree.text(path)).body)
    return found


def find_package_arrows(tree: Tree) -> Iterator[Finding]:
    modules = _modules(tree)
    for name, path in modules.items():
        room = name.partition(".")[0]
        if not room or not path.endswith(".py"):
            continue  # the package itself hands out what is asked for
        if room not in _RANK:
            yield Finding("package-arrows", path, 0, f"{room} is no room of the package: see the list in {__name__}")
            continue
        for one in imports(tree, path, modules):
            target = one.module.partition(".")[0]
            if not target:
                if one.name != "__version__":
                    yield Finding("package-arrows", path, one.line, f"{one.name or 'pelton'}: import it from its module")
            elif _RANK.get(target, 0) > _RANK[room]:
                yield Finding("package-arrows", path, one.line, f"{room} stands below {target}: take what is needed as an argument")
            elif target != room and _RANK.get(target) == _RANK[room] and _RANK[room] > 0:
                yield Finding("package-arrows", path, one.line, f"{room} and {target} are independent of each other")


def find_private_app_fields(tree: Tree) -> Iterator[Finding]:
    """What is read of an application beside its public names: that is what its parts are for."""
    for path in tree.under(_PACKAGE, suffixes=(".py",)):
        if path == f"{_PACKAGE}/app.py":
            continue
        for node in ast.walk(ast.parse(tree.text(path))):
            if not isinstance(node, ast.Attribute) or not node.attr.startswith("_") or node.attr.startswith("__"):
                continue
            of = node.value
            name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
            if name.lstrip("_") == "app" and (path, node.attr) not in _PARTS_OF_AN_APP:
                yield Finding("private-app", path, node.lineno, f"{name}.{node.attr}: take a part of the app as an argument")


def find_rooms(tree: Tree) -> Iterator[Finding]:
    folders: dict[str, list[str]] = {}
    for path in tree.under(_PACKAGE, suffixes=(".py",)):
        folders.setdefault(path.rsplit("/", 1)[0], []).append(path)
    for folder, paths in folders.items():
        own = [path for path in paths if not path.endswith("/__init__.py")]
        init = f"{folder}/__init__.py"
        room = folder.removeprefix(_PACKAGE).lstrip("/")
        if len(own) > FILES_MAX:
            yield Finding("rooms", init, 0, f"{len(own)} files, {FILES_MAX} allowed: two rooms?")
        if not room:
            continue
        if len(own) < 2:
            yield Finding("rooms", init, 0, "a room of one file: put it beside the rooms, or into another")
        if init not in paths:
            yield Finding("rooms", own[0], 0, f"{init} is missing: it says what the room is for")
        elif room not in _PUBLIC_ROOMS:
            body = ast.parse(tree.text(init)).body
            if len(body) != 1 or not isinstance(body[0], ast.Expr) or not isinstance(body[0].value, ast.Constant):
                yield Finding("rooms", init, 0, "a room's __init__ has one sentence that says what it is for, and nothing else")


def find_circles(tree: Tree) -> Iterator[Finding]:
    """Files that need each other: C++ by their includes, modules of the package by their imports."""
    arrows = {
        path: {name for _, quoted, name in includes(tree, path) if quoted}
        for path in tree.under(*ROOMS, suffixes=CPP_SUFFIXES)
    }
    modules = _modules(tree)
    for name, path in modules.items():
        if name and path.endswith(".py"):
            arrows[path] = {modules[one.module] for one in imports(tree, path, modules) if one.module in modules} - {path}
    for circle in circles_in(arrows):
        yield Finding("circle", circle[0], 0, f"a circle: {', '.join(circle)}; move what they share to where it belongs")


def circles_in(arrows: dict[str, set[str]]) -> Iterator[list[str]]:
    """Each set of nodes that reach each other, sorted: Tarjan's algorithm without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    for start in sorted(arrows):
        if start in index:
            continue
        stack = [(start, iter(sorted(arrows[start])))]
        index[start] = low[start] = len(index)
        open_nodes.append(start)
        while stack:
            node, targets = stack[-1]
            for target in targets:
                if target not in arrows:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    open_nodes.append(target)
                    stack.append((target, iter(sorted(arrows[target]))))
                    break
                if target in open_nodes:
                    low[node] = min(low[node], index[target])
            else:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[node])
                if low[node] == index[node]:
                    at = open_nodes.index(node)
                    circle, open_nodes[at:] = sorted(open_nodes[at:]), []
                    if len(circle) > 1:
                        yield circle


RULES = (
    Rule("package-arrows", find_package_arrows),
    Rule("private-app", find_private_app_fields),
    Rule("rooms", find_rooms),
    Rule("circle", find_circles),
)
