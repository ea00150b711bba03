"""Texts for parameters, by what they are read as: good ones and bad ones."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from uuid import UUID

Maker = Callable[[Random], str]

KNOWN_UUID = "12345678-1234-5678-1234-567812345678"

# Some are valid in pydantic's lax reading alone; differences.py says which.
BAD = {
    "int": ["x", "", " 5", "5 ", "1.0", "1.5", "1_0", "0x1f", "+7", "-3", "٣", "1e2", "007", "-0", "--1", "9" * 25, "+", "1,2"],
    "bool": ["maybe", "2", "", "TRUE", "tRue", " true", "ON", "No", "y", "T", "truex", "0.0", "-1"],
    "float": ["x", "", " 1.5", "1.5 ", "nan", "inf", "-Infinity", "1e400", "1e-400", ".5", "5.", "1_0.5", "1,5", "0x1p3", "+1.5", "1e", "-0.0"],
    "decimal": ["x", "", " 1.5", "nan", "Infinity", "1E+2", "1e-3", ".5", "5.", "1_0", "1,5", "+1.5", "--1", "0.10", "sNaN"],
    "uuid": ["x", "", KNOWN_UUID.replace("-", ""), "{" + KNOWN_UUID + "}", "urn:uuid:" + KNOWN_UUID, KNOWN_UUID.upper(),
             KNOWN_UUID[:-1], KNOWN_UUID + "0", KNOWN_UUID.replace("5678", "567g", 1), "12345678-1234-5678-12345678-12345678",
             KNOWN_UUID.replace("-", "_"), KNOWN_UUID + " ", "é" * 36, "1234567-81234-5678-1234-567812345678"],
    "date": ["x", "", "2024-13-01", "2023-02-29", "2024-02-30", "2024-1-1", "2024/01/01", "01-02-2024", "2024-01-01T00:00:00",
             "2024-01-01T10:00:00", "1704067200", "20240101", "2024-01", "2024-W01-1", " 2024-01-01", "2024-01-01x", "0000-01-01",
             "10000-01-01", "2024-00-10", "2024-01-00", "2024-01-32", "abcd-01-01", "2024-ab-01", "2024-01-ab", "20240-1-01"],
    "datetime": ["x", "", "2024-01-01", "2024-01-01T25:00:00", "2024-01-01T10:60:00", "2024-01-01T10:00:61", "2024-01-01T10:00",
                 "2024-01-01 10:00:00", "2024-01-01T10:00:00z", "2024-01-01T10:00:00+25:00", "2024-01-01T10:00:00.1234567",
                 "1704067200", "1704067200.5", "2024-13-01T00:00:00", "2024-01-32T00:00:00", "20240101T100000", "2024-01-01T10",
                 "2024-01-01T10:00:00.", "2024-01-01T10:00:00+01", "2024-01-01T10:00:00 +01:00", "2024-01-01T1x:00:00",
                 "2024-01-01_10:00:00", "2024-01-01T10:00:00+01:60", "2024-01-01T10-00:00", "2024-01-01T10:00:00+0130",
                 "2024-01-01T10:00:00.123456789", "x024-01-01T10:00:00", "2024-01-01T10:00:00foo"],
    "time": ["x", "", "25:00", "10:60", "10:00:61", "10", "1000", "10:00:00.1234567", "10:00z", "10:00+01:00", "36000", "10:0",
             "10-00", "1x:00", "10:0x", "10:00:", "10:00:00.", "10:00:0x", "10:00:00x"],
    "timedelta": ["x", "", "PT1H", "P1D", "P1DT12H", "PT", "P", "1:00:00", "1 day", "3600", "-PT1M", "PT1.5S", "P1Y", "P1W", "1d",
                  "00:00:01.5", "P1DT", "PT1H1", "1 day, 2:00:00", "25:00:00", "10:61", "3600.5", "+P1D", "pt1h"],
    "str": ["", " ", "é", "ß", "\x7f", "a" * 60, "%", "+", "a&b=c", "null", "日本", "\U0001f600", "a\tb", '"q"', "'q'", "<b>", "\\"],
    "sort": ["", "Name", "SORT", "names", " name", "é", "None"],
    "size": ["", "0", "4", "1.0", "SMALL", " 1", "01", "x", "-1"],
}  # fmt: skip

GOOD: dict[str, Maker] = {
    "int": lambda random: str(random.choice((1, 2, 3, 4, 5, 10, 99, 100, 0, -1, random.randint(-50, 20000), random.randint(0, 2**70)))),
    "bool": lambda random: random.choice(("true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "Y", "n")),
    "float": lambda random: random.choice(("1.5", "0.1", "2", "9.99", "10", "-1", "1e1", "1e22", "123456789.125", "0.30000000000000004",
                                           repr(random.uniform(-3, 12)), "1e16", "1e-7", "2.50")),
    "decimal": lambda random: random.choice(("1.50", "0", "-1", "100", "0.001", f"{random.randint(0, 10**6)}.{random.randint(0, 99):02}")),
    "uuid": lambda random: random.choice((KNOWN_UUID, str(UUID(int=random.getrandbits(128))))),
    "date": lambda random: f"{random.randint(1, 9999):04}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
    "datetime": lambda random: f"2024-0{random.randint(1, 9)}-11T{random.randint(0, 23):02}:59:07"
    + random.choice(("", "Z", "+01:30", "-00:30", ".5", ".123456Z", "+00:00")),
    "time": lambda random: f"{random.randint(0, 23):02}:07" + random.choice(("", ":31", ":31.25", ":00.000001")),
    "timedelta": lambda random: random.choice(("PT1H", "P1D", "P1DT12H", "PT1M30S", "PT0.5S")),
    "str": lambda random: random.choice(("cup", "abc", "big jug", "x", "Cup", "zzzz", "löffel", "name", "eu", "us", "hello world")),
    "sort": lambda random: random.choice(("name", "price", "newest")),
    "size": lambda random: random.choice("123"),
}  # fmt: skip


def text(kind: str) -> Maker:
    def make(random: Random) -> str:
        return random.choice(BAD[kind]) if random.random() < 0.15 else GOOD[kind](random)

    return make


def one_of(*values: str) -> Maker:
    """These mostly, or something else."""
    other = text("str")

    def make(random: Random) -> str:
        return other(random) if random.random() < 0.12 else random.choice(values)

    return make
