"""The form of a type is decided once, and again when the type has changed or is another."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import gc
import subprocess
import sys
import uuid
from typing import Any

import pytest

from pelton import json


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


@pytest.mark.parametrize(
    ("module", "name", "arguments", "text"),
    [
        (dt, "datetime", (2020, 1, 2), "2020-01-02T00:00:00"),
        (dt, "date", (2020, 1, 2), "2020-01-02"),
        (dt, "time", (1, 2), "01:02:00"),
        (dt, "timedelta", (1,), "P1D"),
        (uuid, "UUID", ("00000000-0000-0000-0000-00000000fedc",), "00000000-0000-0000-0000-00000000fedc"),
        (decimal, "Decimal", ("1.50",), "1.50"),
    ],
)
def test_a_type_whose_name_is_taken_by_another_for_a_while(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, arguments: Any, text: str
) -> None:
    """As tests do that stop the clock. A class of its own is one that nothing is known of yet."""
    real = getattr(module, name)
    value = type("Own", (real,), {})(*arguments)
    with monkeypatch.context() as patched:
        for other in vars(module).keys() & {"date", name}:
            patched.setattr(module, other, type("Double", (getattr(module, other),), {}))
        double = getattr(module, name)(*arguments)
        assert (json.dumps(value), json.dumps(double)) == (f'"{text}"'.encode(),) * 2
    assert json.dumps([value, real(*arguments), double]) == f'["{text}","{text}","{text}"]'.encode()


def test_nothing_is_imported_to_find_out() -> None:
    code = (
        "import sys; from pelton._native import json_dumps\n"
        "before = set(sys.modules)\n"
        "class C: pass\n"
        "try: json_dumps([C(), {C(): 1}])\n"
        "except TypeError: pass\n"
        "sys.exit(bool({'uuid', 'decimal', 'msgspec', 'pydantic'} & (set(sys.modules) - before)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
