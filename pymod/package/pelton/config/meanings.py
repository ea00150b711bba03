"""What each setting means, as its field's docstring says it. Loaded only for help and completion."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def meanings() -> dict[str, str]:
    """The docstring below each field of ServerConfig and its parts, by the keyword of the setting."""
    from importlib.util import find_spec

    spec = find_spec("pelton.config.server_config")
    source = None if spec is None or spec.origin is None else spec.origin
    if source is None:
        return {}
    with open(source, encoding="utf-8") as file:
        return meanings_in(ast.parse(file.read()))


def meanings_in(module: ast.Module) -> dict[str, str]:
    """The same of a module that was parsed: the string below each `name = _setting("keyword")`."""
    found = {}
    for kind in module.body:
        if not isinstance(kind, ast.ClassDef):
            continue
        for field, below in zip(kind.body, kind.body[1:]):
            call = getattr(field, "value", None)
            if isinstance(field, ast.AnnAssign) and isinstance(call, ast.Call) and getattr(call.func, "id", "") == "_setting":
                text: Any = below.value if isinstance(below, ast.Expr) else None
                if isinstance(text, ast.Constant) and isinstance(key := call.args[0], ast.Constant):
                    found[str(key.value)] = str(text.value)
    return found


def first_sentence(meaning: str) -> str:
    """For one line of a terminal: the first sentence, without its marks of code."""
    sentence = " ".join(meaning.split()).replace("`", "")
    end = sentence.find(". ")
    return sentence[: end if end >= 0 else None].rstrip(".")
