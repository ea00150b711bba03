"""Dates, times and durations: the forms of msgspec and pydantic 2."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from typing import Any

import pytest

from pelton import json

UTC = dt.timezone.utc


def zone(**offset: int) -> dt.timezone:
    return dt.timezone(dt.timedelta(**offset))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(1, 1, 1), "0001-01-01T00:00:00"),
        (dt.datetime(2020, 1, 2, 3, 4, 5), "2020-01-02T03:04:05"),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 123, UTC), "2020-01-02T03:04:05.000123Z"),
        (dt.datetime(2020, 1, 2, tzinfo=zone(hours=5, minutes=30)), "2020-01-02T00:00:00+05:30"),
        (dt.datetime(2020, 1, 2, tzinfo=zone(hours=-5)), "2020-01-02T00:00:00-05:00"),
        (dt.datetime(2020, 1, 2, tzinfo=zone(hours=-5, seconds=30)), "2020-01-02T00:00:00-04:59"),
        (dt.datetime(2020, 1, 2, tzinfo=zone(hours=0)), "2020-01-02T00:00:00Z"),
        (dt.datetime(2020, 7, 2, tzinfo=zoneinfo.ZoneInfo("UTC")), "2020-07-02T00:00:00Z"),
        (dt.date(20, 1, 2), "0020-01-02"),
        (dt.date(9999, 12, 31), "9999-12-31"),
        (dt.time(1, 2, 3), "01:02:03"),
        (dt.time(1, 2, 3, 4), "01:02:03.000004"),
        (dt.time(1, 2, tzinfo=UTC), "01:02:00Z"),
        (dt.time(1, 2, tzinfo=zone(hours=2)), "01:02:00+02:00"),
        (dt.timedelta(0), "PT0S"),
        (dt.timedelta(seconds=90), "PT1M30S"),
        (dt.timedelta(seconds=-90), "-PT1M30S"),
        (dt.timedelta(days=1), "P1D"),
        (dt.timedelta(days=-1), "-P1D"),
        (dt.timedelta(hours=36), "P1DT12H"),
        (dt.timedelta(days=400, hours=3, microseconds=5), "P400DT3H0.000005S"),
        (dt.timedelta(microseconds=-1), "-PT0.000001S"),
        (dt.timedelta(milliseconds=1500), "PT1.5S"),
        (dt.timedelta.max, "P999999999DT23H59M59.999999S"),
        (dt.timedelta.min, "-P999999999D"),
    ],
)
def test_forms(value: Any, text: str) -> None:
    assert json.dumps(value) == f'"{text}"'.encode()


def test_other_engines_agree_and_read_them_back() -> None:
    msgspec = pytest.importorskip("msgspec")
    pydantic = pytest.importorskip("pydantic")
    draw = random.Random(1)
    for _ in range(500):
        offset = zone(minutes=draw.randrange(-23 * 60, 23 * 60))
        moment = dt.datetime(1, 1, 1) + dt.timedelta(
            seconds=draw.randrange(315_000_000_000), microseconds=draw.choice([0, 1, 999_999, 500])
        )
        for value in (moment, moment.replace(tzinfo=offset), moment.date(), moment.time()):
            written = json.dumps(value)
            assert written == msgspec.json.encode(value)
            assert written == pydantic.TypeAdapter(type(value)).dump_json(value)
        length = dt.timedelta(draw.randrange(-5000, 5000), draw.randrange(86400), draw.choice([0, 7]))
        assert msgspec.json.decode(json.dumps(length), type=dt.timedelta) == length
        assert pydantic.TypeAdapter(dt.timedelta).validate_json(json.dumps(length)) == length


def test_a_zone_that_fails() -> None:
    class Broken(dt.tzinfo):
        def utcoffset(self, _: Any) -> Any:
            raise RuntimeError("no offset")

    with pytest.raises(RuntimeError, match="no offset"):
        json.dumps([dt.datetime(2020, 1, 1, tzinfo=Broken())])


@pytest.mark.parametrize(("base", "fields"), [(dt.datetime, (2020, 1, 2)), (dt.time, ())])
def test_a_subclass_with_an_offset_of_its_own(base: Any, fields: Any) -> None:
    def dumped(**offset: int) -> bytes:
        own = type("Own", (base,), {"utcoffset": lambda self: dt.timedelta(**offset)})
        return json.dumps({"at": own(*fields, tzinfo=zone(hours=1))})

    assert dumped(hours=23, minutes=59, seconds=59).endswith(b'00:00:00+23:59"}')
    assert dumped(days=-1, microseconds=1).endswith(b'00:00:00-23:59"}')
    for days in (1, -1, 4, 100, 4000, -4000, 20_000, 999_999_999, -999_999_999):
        with pytest.raises(json.JSONEncodeError, match=r"^Own cannot be written as text at \$\.at$") as caught:
            dumped(days=days)
        assert type(caught.value.__cause__) is ValueError and "utcoffset()" in str(caught.value.__cause__)
