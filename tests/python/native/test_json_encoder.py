"""Values of JSON's own types: every leaf, cycles and depth, and containers that change meanwhile."""

from __future__ import annotations

import json as standard
import math
from typing import Any

import pytest

from pelton import json


def test_jsn_008_nan_is_null_or_a_fault() -> None:
    for value in (math.nan, math.inf, -math.inf):
        assert json.dumps([value, {"a": value}]) == b'[null,{"a":null}]'
        with pytest.raises(json.JSONEncodeError):
            json.dumps([value], nan="error")


def test_integers_are_exact_to_4300_digits() -> None:
    for value in (2**29, 2**30, 2**31, 2**62, 2**63, 2**64, 10**40, 10**4300 - 1):
        for number in (value - 1, value, -value, 1 - value):
            assert json.dumps(number) == str(number).encode()
    with pytest.raises(json.JSONEncodeError):
        json.dumps([10**4300])


@pytest.mark.parametrize("make", [lambda v: [v], lambda v: {"a": v}, lambda v: (v,)])
def test_depth_is_at_most_1024(make: Any) -> None:
    value: Any = 1
    for _ in range(1024):
        value = make(value)
    assert json.loads(json.dumps(value))
    with pytest.raises(json.JSONEncodeError):
        json.dumps(make(value))


def test_cycles_are_errors() -> None:
    cyclic_list: list[Any] = []
    cyclic_list.append(cyclic_list)
    cyclic_dict: dict[str, Any] = {}
    cyclic_dict["a"] = [cyclic_dict]
    for value in (cyclic_list, cyclic_dict):
        with pytest.raises(json.JSONEncodeError):
            json.dumps(value)


class Odd:
    """Something json_default is asked about."""


def test_a_list_that_changes_while_it_is_written() -> None:
    values: list[Any] = [Odd(), *range(100), [1], Odd()]

    def clear(_: Any) -> Any:
        values.clear()
        return [1]

    assert json.dumps(values, default=clear) == b"[[1]]"
    assert json.dumps([values], default=clear) == b"[[]]"


def test_a_dict_that_changes_while_it_is_written() -> None:
    for change in ("clear", "grow", "shrink", "drop"):
        inner: dict[Any, Any] = {"a": Odd(), **{f"k{i}": [i] for i in range(50)}}
        outer = {"inner": inner, "after": 1}
        del inner

        def alter(_: Any, change: str = change, outer: dict[Any, Any] = outer) -> Any:
            target = outer.get("inner", {})
            if change == "clear":
                target.clear()
            elif change == "grow":
                target.update({f"n{i}": i for i in range(1000)})
            elif change == "shrink":
                for key in list(target)[2:]:
                    del target[key]
            else:
                outer.clear()
            return {"x": [1]}

        assert isinstance(standard.loads(json.dumps(outer, default=alter)), dict)


def test_values_that_only_the_container_held() -> None:
    def drop(_: Any) -> Any:
        holder.clear()
        return {"kept": [1, 2]}

    holder: list[Any] = [Odd(), {"a": [object()]}]
    assert json.dumps(holder, default=drop) == b'[{"kept":[1,2]}]'
