"""Objects whose keys come again and again are made from a kept pattern: nobody may notice."""

from __future__ import annotations

import gc
import json
import random
import sys

import pelton.json
import pytest


def _text(keys: list[str], values: list[object]) -> str:
    return "{" + ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in zip(keys, values, strict=True)) + "}"


@pytest.mark.parametrize("count", [1, 2, 5, 6, 10, 31, 32, 33, 100])
def test_the_same_keys_with_other_values(count: int) -> None:
    keys = [f"shape{count}-{i}" for i in range(count)]
    for turn in range(5):
        values: list[object] = [turn * 1000 + i for i in range(count)]
        read = pelton.json.loads(_text(keys, values))
        assert read == dict(zip(keys, values, strict=True))
        assert list(read) == keys


def test_the_same_keys_in_another_order() -> None:
    for keys in [["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]] * 4:
        assert list(pelton.json.loads(_text(keys, [1, 2, 3]))) == keys


def test_of_a_key_that_repeats_the_last_value_stays() -> None:
    for turn in range(5):
        read = pelton.json.loads('{"twice": 1, "once": 2, "twice": %d}' % turn)
        assert list(read.items()) == [("twice", turn), ("once", 2)]


def test_what_was_read_is_nobody_elses() -> None:
    first = [pelton.json.loads('{"own": 1, "other": [1]}') for _ in range(4)]
    first[2]["new"] = 1
    first[3]["own"] = 2
    del first[1]["own"]
    assert pelton.json.loads('{"own": 1, "other": [1]}') == {"own": 1, "other": [1]}
    assert first[0] == {"own": 1, "other": [1]}
    first[0].update({f"k{i}": i for i in range(100)})
    assert len(first[0]) == 102


@pytest.mark.parametrize("value", ["1", '"text"', "1.5", "null", "true", "[]", "{}", '{"in": []}'])
def test_the_collector_knows_what_json_makes_it_know(value: str) -> None:
    text = '{"tracked": %s, "and": 1}' % value
    for _ in range(4):
        assert gc.is_tracked(pelton.json.loads(text)) == gc.is_tracked(json.loads(text))


def test_a_cycle_through_what_was_read_is_collected() -> None:
    class Witness:
        pass

    gc.collect()
    for _ in range(4):
        read = pelton.json.loads('{"cycle": {}, "end": []}')
        read["cycle"]["back"] = read
        read["witness"] = Witness()
    del read
    gc.collect()
    assert not any(isinstance(thing, Witness) for thing in gc.get_objects())


def test_references_are_neither_lost_nor_kept() -> None:
    text = '{"counted": null, "twice": null, "list": [null]}'
    for _ in range(4):
        pelton.json.loads(text)
    before = sys.getrefcount(None)
    for _ in range(10_000):
        pelton.json.loads(text)
    assert abs(sys.getrefcount(None) - before) < 100
    key = next(iter(pelton.json.loads(text)))
    held = sys.getrefcount(key)
    for _ in range(1000):
        pelton.json.loads(text)
    assert sys.getrefcount(key) == held


def test_many_shapes_among_one_another() -> None:
    chance = random.Random(1)
    names = [f"n{i}" for i in range(40)]
    for _ in range(20_000):
        keys = chance.sample(names, chance.randint(1, 4))
        values: list[object] = [chance.choice([1, "x", None, [1], {"n1": 2}]) for _ in keys]
        text = _text(keys, values)
        assert pelton.json.loads(text) == json.loads(text)
