"""Sphinx's configuration, and what makes docstrings and literals lead to their entries."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

ROOT = Path(os.environ["PELTON_ROOT"])
sys.path[:0] = [str(ROOT / "tools")]

from reference.pages import _roles, native_signatures  # noqa: E402
from reference.surface import attribute_docstrings, public_names  # noqa: E402

project = "pelton"
author = copyright = "The pelton authors"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_examples"]
html_theme = "alabaster"
html_theme_options = {"description": "Python web applications on a native core", "fixed_sidebar": True, "page_width": "72em", "sidebar_width": "16em"}
html_show_sourcelink = False
toc_object_entries = False
html_copy_source = False
nitpicky = False
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
# The other one fails where an event gives the signature of what has none (Sphinx 9.0).
autodoc_use_legacy_class_based = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]

_SIGNATURES = native_signatures(ROOT)
_ATTRIBUTES = attribute_docstrings(ROOT)
_JSON = {"pelton.json.dumps": "json_dumps", "pelton.json.loads": "json_loads"}


def _docstring(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    lines[:] = _roles("\n".join(lines)).split("\n")


def _signature(
    app: Sphinx, what: str, name: str, value: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str, str] | None:
    """What the interpreter does not know of native functions, the stub says."""
    if what not in ("method", "function", "class") or getattr(value, "__code__", None) is not None:
        return None
    return _SIGNATURES.get(_JSON.get(name, name.removeprefix("pelton.")))


def _link_literals(app: Sphinx, document: nodes.document, _: Any) -> None:
    """In the guide `App` and `limits.max_body_size` lead to where they are explained."""
    classes = {name for _, name in public_names()}
    for literal in list(document.findall(nodes.literal)):
        if literal.parent is None or isinstance(literal.parent, nodes.reference | pending_xref):
            continue
        text = literal.astext()
        bare = text.removesuffix("()").removeprefix("pelton.")
        if text.startswith(("limits.", "timeouts.")):
            kind, domain, target = "confval", "std", text
        elif bare.partition(".")[0] in classes:
            kind, domain, target = "obj", "py", f"pelton.{bare}"
        else:
            continue
        reference = pending_xref("", refdomain=domain, reftype=kind, reftarget=target, refexplicit=True, refwarn=False,
                                 refdoc=app.env.current_document.docname)  # fmt: skip
        literal.replace_self(reference)
        reference += literal


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _docstring, priority=100)
    app.connect("autodoc-process-signature", _signature)
    app.connect("doctree-read", lambda app, document: _link_literals(app, document, None))
    return {"parallel_read_safe": True}
