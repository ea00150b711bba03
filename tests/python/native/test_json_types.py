"""The form of a type is decided once, and again when the type has changed or is another."""

from __future__ import annotations

import dataclasses
import gc
import subprocess
import sys
from typing import Any

import pytest

from noria import json


def test_a_type_that_becomes_a_dataclass() -> None:
    class Late:
        a: int

    value = Late()
    value.a = 1
    with pytest.raises(json.JSONEncodeError):
        json.dumps(value)
    dataclasses.dataclass(Late)
    assert json.dumps(value) == b'{"a":1}'


def test_types_that_come_and_go_at_the_same_address() -> None:
    for i in range(2000):
        names = [f"f{i}", f"g{i % 3}"]
        made: Any = dataclasses.make_dataclass(f"Made{i}", names)
        assert json.dumps(made(1, 2)) == f'{{"{names[0]}":1,"{names[1]}":2}}'.encode()
        del made
        if i % 200 == 0:
            gc.collect()


def test_attrs_by_their_declaration() -> None:
    attrs = pytest.importorskip("attrs")
    value = attrs.make_class("Thing", ["b", "a"])([2], 1)
    value.c = 3
    assert json.dumps(value) == b'{"b":[2],"a":1}'


def test_nothing_is_imported_to_find_out() -> None:
    code = (
        "import sys; from noria._native import json_dumps\n"
        "before = set(sys.modules)\n"
        "class C: pass\n"
        "try: json_dumps([C(), {C(): 1}])\n"
        "except TypeError: pass\n"
        "sys.exit(bool({'uuid', 'decimal', 'msgspec', 'pydantic'} & (set(sys.modules) - before)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
