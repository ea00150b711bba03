"""pelton.json as its users see it: what it reads equals `json`, what it writes reads back equal."""

from __future__ import annotations

import json as standard
import math
import random
import struct
from decimal import Decimal
from typing import Any

import pytest

from pelton import json


def same(a: Any, b: Any) -> bool:
    """Equal in type and value, and in the sign of zero."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    return bool(a == b)


class Values:
    """Random values of everything JSON has, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        choose = self.random.choice
        letters = choose(["abc XYZ09", 'a"\\\n\t\x00\x1f/\x7f', "aé\xff", "яЖ漢字\ud7ff\ue000￿", "a😀\U0010ffff"])
        size = choose([0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130, 1100])
        return "".join(choose(letters) for _ in range(size))

    def real(self) -> float:
        draw = self.random.randrange(4)
        if draw == 0:
            return round(self.random.uniform(-1000, 1000), self.random.randrange(8))
        if draw == 1:
            return self.random.uniform(-1, 1) * 10.0 ** self.random.randrange(-300, 300)
        value: float = struct.unpack("d", self.random.randbytes(8))[0]
        return value if math.isfinite(value) else -0.0

    def value(self, depth: int = 0) -> Any:
        draw = self.random.randrange(9 if depth < 5 else 6)
        if draw == 0:
            return self.random.choice([True, False, None, [], {}, ""])
        if draw in (1, 2):
            return self.text()
        if draw == 3:
            return self.random.randrange(-(10 ** self.random.randrange(1, 40)), 10**20)
        if draw in (4, 5):
            return self.real()
        count = self.random.choice([0, 1, 2, 5, 6, 12])
        if draw == 6:
            return [self.value(depth + 1) for _ in range(count)]
        return {self.text(): self.value(depth + 1) for _ in range(count)}


@pytest.mark.parametrize("seed", range(300))
def test_reads_and_writes_what_the_standard_library_does(seed: int) -> None:
    value = Values(seed).value()
    written = json.dumps(value)
    assert same(standard.loads(written), value)
    assert same(json.loads(written), value)
    for text in (standard.dumps(value), standard.dumps(value, ensure_ascii=False, indent=3)):
        assert same(json.loads(text), value)
        assert same(json.loads(text.encode()), value)


def test_the_forms_of_the_surface() -> None:
    assert json.dumps({"a": [1, 2.5, None], 3: "é"}) == '{"a":[1,2.5,null],"3":"é"}'.encode()
    assert json.dumps([math.nan, Decimal("1.50")]) == b'[null,"1.50"]'
    assert json.dumps([math.inf, -math.inf]) == b"[null,null]"
    assert json.loads(json.dumps(2**100)) == 2**100


def test_errors_are_of_the_kinds_users_catch() -> None:
    assert issubclass(json.JSONDecodeError, ValueError)
    assert issubclass(json.JSONEncodeError, TypeError)
    for bad in (b"[1,]", b"NaN", b"1e400", b'"\\ud800"', b"[" * 2000 + b"]" * 2000):
        with pytest.raises(json.JSONDecodeError):
            json.loads(bad)
    assert set(json.__all__) == {"JSONDecodeError", "JSONEncodeError", "dumps", "loads"}


def test_damaged_texts_get_the_standard_librarys_verdict() -> None:
    """Where it is looser (NaN, surrogates, overflow, BOM) the rules JSN-001 to JSN-005 decide."""
    draw = random.Random(7)
    texts = [standard.dumps(Values(seed).value(), ensure_ascii=False) for seed in range(60)]
    for _ in range(20_000):
        text = draw.choice(texts)[:400]
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice('"\\,:[]{}0-+.eE \n\x01aé😀') + text[at + draw.randrange(2) :]
        try:
            ours: Any = json.loads(text)
        except json.JSONDecodeError:
            ours = ValueError
        try:
            theirs: Any = standard.loads(text)
            standard.dumps(theirs, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            theirs = ValueError
        assert ours is theirs or same(ours, theirs), text
