"""Writes the sources of the site: the guide as it is, the examples, and the pages of the reference."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from pathlib import Path

from reference.surface import PAGES, Page, attribute_docstrings, docstring, names_on, value_of
from reference.tables import command_page, counters_page, settings_page

GUIDE = "docs"
_MOVED = {"README.md": "index.md", "../README.md": "about.md", "../examples/README.md": "examples.md"}
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


def write_site(root: Path, folder: Path) -> None:
    """Everything that Sphinx reads, into a folder that is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "reference").mkdir(parents=True)
    shutil.copytree(root / "examples", folder / "_examples", ignore=shutil.ignore_patterns("__pycache__"))
    for path in sorted((root / GUIDE).glob("*.md")):
        name = "index.md" if path.name == "README.md" else path.name
        (folder / name).write_text(_guide_page(path.read_text(), name))
    shown = _LINK.sub(lambda link: f"](_examples/{link[1]})", (root / "examples" / "README.md").read_text())
    (folder / "examples.md").write_text(shown.replace("](_examples/../docs/", "]("))
    about = (root / "README.md").read_text()
    for target, page in (("docs/README.md", "index.md"), ("examples/README.md", "examples.md")):
        about = about.replace(f"]({target})", f"]({page})")
    (folder / "about.md").write_text(about)
    for name, text in reference_pages(root).items():
        (folder / "reference" / name).write_text(text)


def _guide_page(text: str, name: str) -> str:
    def moved(link: re.Match[str]) -> str:
        target = _MOVED.get(link[1]) or link[1].replace("../examples/", "_examples/")
        return f"]({target}{link[2] or ''})"

    text = _LINK.sub(moved, text)
    if name != "index.md":
        return text
    pages = [link[1] for link in _LINK.finditer(text) if link[1].endswith(".md") and "/" not in link[1]]
    return "\n".join(
        (text, "```{toctree}", ":hidden:", ":caption: Guide", "", *dict.fromkeys(pages), "```", "", "```{toctree}", ":hidden:",
         ":caption: Reference", "", "reference/index.md", "examples.md", "about.md", "```", "")
    )  # fmt: skip


def reference_pages(root: Path) -> dict[str, str]:
    """Each page of the reference by its file's name."""
    attributes = attribute_docstrings(root)
    made = {f"{page.file}.rst": _page(page, attributes) for page in PAGES}
    made["settings.md"] = settings_page(attributes)
    made["counters.md"] = counters_page(root)
    made["command-line.md"] = command_page()
    listed = [*made]
    lines = ["# Reference", "", "Every public name, setting, reason and counter. The guide says how they go together.", ""]
    made["index.md"] = "\n".join((*lines, "```{toctree}", ":maxdepth: 1", "", *listed, "```", ""))
    return made


def _page(page: Page, attributes: dict[str, str]) -> str:
    lines = [page.title, "=" * len(page.title), "", page.first, "", f".. currentmodule:: {page.module}", ""]
    if page.module != "pelton":
        # Its own docstring is the page's beginning; the module is what links lead to.
        lines = [page.title, "=" * len(page.title), "", f".. automodule:: {page.module}", "   :no-members:", "", page.first, ""]
        lines += [f".. currentmodule:: {page.module}", ""]
    for name in names_on(page):
        lines += [*_entry(page, name, attributes), ""]
    return "\n".join(lines)


def _entry(page: Page, name: str, attributes: dict[str, str]) -> list[str]:
    value = value_of(page.module, name)
    full = f"{page.module}.{name}"
    if isinstance(value, type) and value.__name__ != name.rpartition(".")[2]:  # another name of a class
        return [f".. py:class:: {name}", "", f"   Another name of :py:class:`{value.__name__}`."]
    if isinstance(value, type):
        lines = [f".. autoclass:: {full}", "   :members:"]
        if value.__module__.partition(".")[0] == "pelton" and full != "pelton.loop.Loop":
            lines.append("   :inherited-members: " + ", ".join(one.__name__ for one in value.__mro__ if not _is_ours(one)))
        if value.__module__ != page.module and full == "pelton.security.Security":
            lines.append("   :no-index:")
        return lines
    if inspect.isroutine(value):
        return [f".. autofunction:: {full}", *(["   :no-index:"] if full == "pelton.security.Security" else [])]
    text = docstring(page.module, name, attributes)
    return [f".. py:data:: {name}", "", f"   {_roles(text)}"]


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "pelton"


_NAME = re.compile(r"[A-Za-z_][\w.]*(\(\))?")


def _roles(text: str) -> str:
    """Names in backticks as references, everything else in them as literals: docstrings are written as plain text."""

    def role(match: re.Match[str]) -> str:
        inner = match[1]
        if _NAME.fullmatch(inner):
            return f":py:obj:`{inner} <{inner.removesuffix('()')}>`"
        return f"``{inner}``"

    return re.sub(r"(?<![`:\w])`([^`\n]+)`(?!`)", role, text)


def native_signatures(root: Path) -> dict[str, tuple[str, str]]:
    """Parameters and result of what is written in C++, by the name that the stub gives it."""
    found: dict[str, tuple[str, str]] = {}
    tree = ast.parse((root / "pymod/package/pelton/_native.pyi").read_text())

    def read(node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> None:
        arguments = node.args
        for own in (arguments.posonlyargs, arguments.args):
            if prefix and own and own[0].arg in ("self", "cls"):
                own.pop(0)
                break
        # Of overloads the last is the widest.
        found[prefix + node.name] = (f"({ast.unparse(arguments)})", ast.unparse(node.returns) if node.returns else "")

    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            read(node, "")
        elif isinstance(node, ast.ClassDef):
            for one in node.body:
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                    read(one, f"{node.name}.")
    return found
