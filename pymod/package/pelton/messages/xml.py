"""Plain data as an XML document."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def xml_document(data: Any, root_name: str) -> bytes:
    """dict → elements, list or tuple → repeated `item`, None → an empty element, else text."""
    pieces = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _element(root_name, data, pieces, ())
    return "".join(pieces).encode()


def _element(name: str, value: Any, pieces: list[str], above: tuple[int, ...]) -> None:
    import re

    if not isinstance(name, str) or not re.fullmatch(r"[^\W\d][\w.\-]*", name):
        raise ValueError(f"{name!r} is no XML element name")
    if isinstance(value, dict | list | tuple):
        if id(value) in above:
            raise ValueError(f"<{name}> contains itself")
        above = (*above, id(value))
    if value is None or value == {} or value == []:
        pieces.append(f"<{name}/>")
        return
    pieces.append(f"<{name}>")
    if isinstance(value, dict):
        for key, inner in value.items():
            _element(key, inner, pieces, above)
    elif isinstance(value, list | tuple):
        for inner in value:
            _element("item", inner, pieces, above)
    else:
        pieces.append(_text(str(value).lower() if isinstance(value, bool) else str(value)))
    pieces.append(f"</{name}>")


def _text(text: str) -> str:
    import re

    bad = re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if bad:
        raise ValueError(f"{bad.group()!r} cannot stand in an XML document")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
