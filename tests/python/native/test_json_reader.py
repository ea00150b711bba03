"""A reader between texts: what it is given, what it keeps, and that it leaks nothing."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any

import pytest

from pelton import json

TEXT = b'{"a":[1,2.5,"x",null,true],"\xc3\xa9":{"b":"\\n"}}'
VALUE = {"a": [1, 2.5, "x", None, True], "é": {"b": "\n"}}


@pytest.mark.parametrize("size", [0, 4000, 4096, 5000, 2_000_000])
def test_every_kind_of_input_of_every_size(size: int) -> None:
    text = TEXT + b" " * size
    odd = bytearray(b"?" + text + b"?")
    for data in (text, bytearray(text), memoryview(text), memoryview(odd)[1:-1], text.decode()):
        assert json.loads(data) == VALUE


def test_the_end_of_a_view_is_the_end_of_the_text() -> None:
    # What follows would make the number longer and the string whole.
    assert json.loads(memoryview(b"12345")[:2]) == 12
    with pytest.raises(json.JSONDecodeError):
        json.loads(memoryview(b'"abc"')[:4])


@pytest.mark.parametrize("data", [None, 1, [], "1".encode("utf-16"), "\ud800", '"\ud800"'])
def test_what_is_no_text(data: Any) -> None:
    with pytest.raises((TypeError, json.JSONDecodeError)):
        json.loads(data)


def test_a_lone_surrogate_in_a_str_is_found() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads('["é", "\ud800"]')
    assert (caught.value.reason, caught.value.pos) == ("json_string", 8)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("text", [TEXT, b"[1,", b"[" * 2000])
def test_the_collector_is_left_as_it_was(enabled: bool, text: bytes) -> None:
    was = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        try:
            json.loads(text)
        except json.JSONDecodeError:
            pass
        assert gc.isenabled() is enabled
    finally:
        gc.enable() if was else gc.disable()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        b'{"a":[1,{"b":"text","c":1e400}]}',
        b'[["one","two",{"x":"\xff"}]]',
        b'{"key":"value","key2":["a" "b"]}',
        b'[123456789012345678901234567890, "' + b"\\u00e9" * 40 + b'", tru]',
        b"[" * 1025,
    ],
)
def test_nothing_is_left_behind(text: bytes) -> None:
    def run() -> None:
        try:
            json.loads(text)
        except json.JSONDecodeError:
            pass

    for _ in range(50):
        run()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(2000):
        run()
    gc.collect()
    assert abs(sys.getallocatedblocks() - before) < 50


def test_threads_do_not_disturb_each_other() -> None:
    text = json.dumps([{"id": i, "name": f"n{i}"} for i in range(500)])
    expected = json.loads(text)
    wrong: list[int] = []

    def run() -> None:
        for i in range(50):
            if json.loads(text) != expected:
                wrong.append(i)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
