"""JSN-001 to JSN-006: what is read, what is refused, and where."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pelton import json
from pelton._native import json_loads

REFUSED: list[tuple[str, int, bytes]] = [
    ("json_syntax", 0, b""),
    ("json_syntax", 2, b"  "),
    ("json_syntax", 0, b"\xef\xbb\xbf1"),
    ("json_syntax", 0, b"\x0c1"),
    ("json_syntax", 2, b"1 2"),
    ("json_syntax", 3, b"[1,]"),
    ("json_syntax", 1, b"[,1]"),
    ("json_syntax", 2, b"[1"),
    ("json_syntax", 2, b"[1}"),
    ("json_syntax", 1, b"{1:2}"),
    ("json_syntax", 5, b'{"a" 1}'),
    ("json_syntax", 7, b'{"a":1,}'),
    ("json_syntax", 6, b'{"a":1]'),
    ("json_syntax", 0, b"nul"),
    ("json_syntax", 0, b"tru"),
    ("json_syntax", 0, b"fals"),
    ("json_syntax", 0, b"True"),
    ("json_syntax", 4, b"null\x00"),
    ("json_syntax", 1, b"[/**/]"),
    ("json_number", 0, b"NaN"),
    ("json_number", 0, b"Infinity"),
    ("json_number", 1, b"-Infinity"),
    ("json_number", 0, b"+1"),
    ("json_number", 0, b".5"),
    ("json_number", 1, b"01"),
    ("json_number", 2, b"1.]"),
    ("json_number", 0, b"1e400"),
    ("json_number", 1, b"[-1e400]"),
    ("json_syntax", 1, b"0x10"),
    ("json_syntax", 1, b'"'),
    ("json_string", 2, b'"a\n"'),
    ("json_string", 1, b'"\x00"'),
    ("json_string", 1, b'"\\x"'),
    ("json_string", 1, b'"\\u12g4"'),
    ("json_string", 1, b'"\\ud800"'),
    ("json_string", 1, b'"\\udc00"'),
    ("json_string", 1, b'"\\ud800\\u0041"'),
    ("json_string", 2, b'{"\\ud800":1}'),
    ("json_string", 3, b'"ab\xff"'),
    ("json_string", 3, b'"\\n\xed\xa0\x80"'),
    ("json_string", 1, b'"\xc0\x80"'),
]


@pytest.mark.parametrize(("reason", "pos", "text"), REFUSED, ids=lambda value: repr(value)[:30])
def test_jsn_001_to_005_what_is_refused_and_at_which_octet(
    reason: str, pos: int, text: bytes
) -> None:
    # Large texts are read where they lie, small ones from a copy: the answer is the same.
    for before in (b"", b" " * 5000):
        with pytest.raises(json.JSONDecodeError) as caught:
            json.loads(before + text)
        assert (caught.value.reason, caught.value.pos) == (reason, pos + len(before))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b" \t\r\n[ 1 , 2 ]\n", [1, 2]),
        (b'{"":{"":[]}}', {"": {"": []}}),
        (b"-0", 0),
        (b"18446744073709551616", 2**64),
        (b"-9223372036854775808", -(2**63)),
        (b"9" * 4300, 10**4300 - 1),
        (b"-" + b"9" * 4300, 1 - 10**4300),
        (b"1e-400", 0.0),
        (b"1E+2", 100.0),
        (b'"\\u0000\\uffff"', "\0\uffff"),
        (b'"\\ud83d\\ude00\\/"', "😀/"),
    ],
)
def test_jsn_003_to_005_what_is_read(text: bytes, value: Any) -> None:
    read = json.loads(text)
    assert read == value and type(read) is type(value)


def test_jsn_003_minus_zero_is_an_integer_and_minus_zero_point_zero_a_float() -> None:
    assert type(json.loads("-0")) is int
    assert math.copysign(1, json.loads("-0.0")) == -1


@pytest.mark.parametrize("depth_max", [1, 2, 1024])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":[', "]}")])
def test_lim_060_jsn_002_depth(depth_max: int, opening: str, closing: str) -> None:
    levels = 1 if opening == "[" else 2
    for depth in (depth_max - 1, depth_max, depth_max + 1):
        if depth % levels:
            continue
        count = depth // levels
        text = opening * count + "1" + closing * count
        if depth <= depth_max:
            json_loads(text, depth_max=depth_max)
        else:
            with pytest.raises(json.JSONDecodeError) as caught:
                json_loads(text, depth_max=depth_max)
            assert caught.value.reason == "json_depth"


@pytest.mark.parametrize("limit", [1, 19, 4300])
def test_lim_061_number_bytes(limit: int) -> None:
    for sign in ("", "-"):
        for digits in (limit - 1, limit, limit + 1):
            text = sign + "1" * digits
            if digits == 0:
                continue
            if digits <= limit:
                assert json_loads(text, number_bytes_max=limit) == int(text)
            else:
                with pytest.raises(json.JSONDecodeError) as caught:
                    json_loads(text, number_bytes_max=limit)
                assert caught.value.reason == "json_number"


def test_lim_061_holds_for_floats() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads("0." + "1" * 4299)
    assert json.loads("0." + "1" * 4298) == float("0." + "1" * 4298)


def test_jsn_006_duplicate_keys() -> None:
    text = b'{"a":1,"b":{"c":1,"c":2},"a":3}'
    assert json.loads(text) == {"a": 3, "b": {"c": 2}}
    assert list(json.loads(text)) == ["a", "b"]
    for twice, pos in ((text, 18), (b'[{"a":{"x":1},"x":2,"\\u0061":3}]', 20)):
        with pytest.raises(json.JSONDecodeError) as caught:
            json_loads(twice, duplicate_keys="reject")
        assert (caught.value.reason, caught.value.pos) == ("json_duplicate_key", pos)
    assert json_loads(b'[{"a":1},{"a":2}]', duplicate_keys="reject") == [{"a": 1}, {"a": 2}]
