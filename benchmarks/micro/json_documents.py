"""The documents that JSON is measured on: made from a seed, so that every run has the same."""

import random
from collections.abc import Callable
from typing import Any

LATIN = "àéîõüñçßøæÀÉÎÕÜ"
CYRILLIC_AND_CJK = "привет мир 漢字仮名交じり文 こんにちは 한국어 ελληνικά"
ASTRAL = "😀🚀🎉𝄞𝒜🦊🌍🧪"
WORDS = (
    "alpha beta gamma delta epsilon request response handler server latency throughput kernel ring "
    "buffer lease socket stream header cookie session token cache worker signal timeout"
).split()


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count))


def small_object(rng: random.Random) -> Any:
    return {"message": "Hello, World!"}


def user_object(rng: random.Random) -> Any:
    return {
        "id": 482913,
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "active": True,
        "score": 97.25,
        "roles": ["admin", "editor"],
        "address": {"street": "12 St James's Square", "city": "London", "zip": "SW1Y 4JH"},
        "manager": None,
    }


def deep_nesting(rng: random.Random) -> Any:
    # orjson writes 254 levels and no more.
    value: Any = 1
    for level in range(240):
        value = {"level": level, "child": value} if level % 2 else [level, value]
    return value


def long_strings(rng: random.Random) -> Any:
    return [_words(rng, 1500) for _ in range(20)]


def short_strings(rng: random.Random) -> Any:
    return [_words(rng, rng.randint(1, 3)) for _ in range(5000)]


def escapes(rng: random.Random) -> Any:
    lines = ['path="C:\\\\temp\\\\%s"\n\tline\r\n' % word for word in WORDS]
    return ["".join(rng.choice(lines) for _ in range(20)) for _ in range(200)]


def _wide(rng: random.Random, letters: str) -> Any:
    words = ["".join(rng.choice(letters) for _ in range(rng.randint(2, 12))) for _ in range(400)]
    return {
        "titles": [" ".join(rng.choice(words) for _ in range(6)) for _ in range(200)],
        "texts": [" ".join(rng.choice(words) for _ in range(150)) for _ in range(20)],
    }


def non_ascii_latin(rng: random.Random) -> Any:
    return _wide(rng, LATIN + "abcdefghijklmnopqrstuvwxyz")


def non_ascii_bmp(rng: random.Random) -> Any:
    return _wide(rng, CYRILLIC_AND_CJK)


def non_ascii_astral(rng: random.Random) -> Any:
    return _wide(rng, ASTRAL + "abcdef")


def integers(rng: random.Random) -> Any:
    return [rng.randint(-(10**digits), 10**digits) for digits in range(1, 19) for _ in range(300)]


def small_integers(rng: random.Random) -> Any:
    return [[rng.randint(0, 999) for _ in range(100)] for _ in range(60)]


def doubles(rng: random.Random) -> Any:
    return [rng.uniform(-180, 180) for _ in range(3000)] + [
        rng.uniform(-1, 1) * 10.0 ** rng.randint(-250, 250) for _ in range(2000)
    ]


def short_doubles(rng: random.Random) -> Any:
    return [round(rng.uniform(0, 1000), rng.randint(1, 4)) for _ in range(5000)]


def many_keys(rng: random.Random) -> Any:
    return {f"{rng.choice(WORDS)}_{rng.choice(WORDS)}_{i}": i % 7 for i in range(8000)}


def literals(rng: random.Random) -> Any:
    return [rng.choice([True, False, None, [], {}, ""]) for _ in range(8000)]


def array_of_records(rng: random.Random) -> Any:
    return [
        {
            "id": i,
            "uuid": f"{rng.getrandbits(128):032x}",
            "name": _words(rng, 2),
            "price": round(rng.uniform(1, 500), 2),
            "quantity": rng.randint(0, 5000),
            "available": rng.random() < 0.7,
            "tags": [rng.choice(WORDS) for _ in range(3)],
            "owner": {"id": rng.randint(1, 10**6), "login": rng.choice(WORDS)},
            "parent": None,
        }
        for i in range(800)
    ]


def log_5_mb(rng: random.Random) -> Any:
    return [
        {
            "time": f"2026-03-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:15:07.123456Z",
            "level": rng.choice(["DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR"]),
            "logger": f"app.{rng.choice(WORDS)}.{rng.choice(WORDS)}",
            "message": _words(rng, rng.randint(4, 20)),
            "request": {
                "method": "GET",
                "path": f"/api/v1/{rng.choice(WORDS)}/{rng.randint(1, 99999)}?q=\"{rng.choice(WORDS)}\"",
                "status": rng.choice([200, 200, 200, 201, 304, 404, 500]),
                "duration_ms": round(rng.expovariate(0.02), 3),
            },
            "host": f"web-{rng.randint(1, 40)}",
            "pid": rng.randint(2, 32768),
        }
        for _ in range(15000)
    ]


DOCUMENTS: dict[str, Callable[[random.Random], Any]] = {
    make.__name__: make
    for make in (
        small_object,
        user_object,
        deep_nesting,
        short_strings,
        long_strings,
        escapes,
        non_ascii_latin,
        non_ascii_bmp,
        non_ascii_astral,
        integers,
        small_integers,
        doubles,
        short_doubles,
        many_keys,
        literals,
        array_of_records,
        log_5_mb,
    )
}


def document(name: str) -> Any:
    return DOCUMENTS[name](random.Random(name))
