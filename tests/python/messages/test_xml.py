"""Plain data as XML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from pelton import Response


def test_elements() -> None:
    body = Response.xml({"a": [1, None, True], "b": {"c": "<&>\r"}, "é": (), "e": []}, "top").body()
    assert body.endswith(
        "<top><a><item>1</item><item/><item>true</item></a><b><c>&lt;&amp;&gt;&#13;</c></b><é></é><e/></top>".encode()
    )
    assert ElementTree.fromstring(body).find("b/c").text == "<&>\r"  # type: ignore[union-attr]


@pytest.mark.parametrize("data", [{"1a": 1}, {"a b": 1}, {"": 1}, {1: 1}, {"<": 1}, "\0", "\ud800", {"xml:a": 1}])
def test_what_is_no_xml(data: Any) -> None:
    with pytest.raises(ValueError):
        Response.xml(data)


def test_a_cycle() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="itself"):
        Response.xml(loop)
