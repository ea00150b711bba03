"""A writer between values: entered again, from many threads, and leaking nothing."""

from __future__ import annotations

import dataclasses
import datetime
import gc
import sys
import threading
import uuid
from typing import Any

import pytest

from pelton import json


@dataclasses.dataclass
class Thing:
    a: Any


def test_it_may_be_entered_again() -> None:
    def again(value: Any) -> Any:
        return json.loads(json.dumps(value.a, default=again))

    value = [1, Thing([2, Thing({"x": Thing("deep")})]), "after"]
    hidden = type("Hidden", (), {"a": value})()
    assert json.dumps(["before", hidden, "end"], default=again) == (
        b'["before",[1,{"a":[2,{"a":{"x":{"a":"deep"}}}]},"after"],"end"]'
    )


def refused(_: Any) -> Any:
    raise LookupError


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, "x", None, True, 2**80], "é": ("b", {1, 2})},
        [Thing([Thing(1)]), uuid.UUID(int=1), datetime.datetime(2024, 1, 1), {1: 2, None: 3}],
        {"a": [{"b": object()}]},
        [Thing(object())],
        {"x": ["\ud800"]},
        {(): 1},
        [[float("nan")]],
    ],
)
@pytest.mark.parametrize("default", [None, refused, lambda value: [1]])
def test_nothing_is_left_behind(value: Any, default: Any) -> None:
    def run() -> None:
        try:
            json.dumps(value, default=default, nan="error")
        except (json.JSONEncodeError, LookupError):
            pass

    def blocks_left() -> int:
        before = sys.getallocatedblocks()
        for _ in range(2000):
            run()
        gc.collect()
        return abs(sys.getallocatedblocks() - before)

    references = sys.getrefcount(value)
    # Free lists and caches fill at first, and other threads allocate too: what is lost, is lost each time.
    assert any(blocks_left() < 50 for _ in range(4))
    assert sys.getrefcount(value) == references


def test_threads_do_not_disturb_each_other() -> None:
    class Slow:
        pass

    def yield_to_others(_: Any) -> Any:
        threading.Event().wait(0)
        return [1]

    value = [{"id": i, "name": f"n{i}", "slow": Slow()} for i in range(50)]
    expected = json.dumps(value, default=yield_to_others)
    wrong: list[int] = []

    def run() -> None:
        for i in range(20):
            if json.dumps(value, default=yield_to_others) != expected:
                wrong.append(i)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
