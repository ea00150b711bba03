"""Scalars from their text, constraints on values, and the entries of a 422, in the words of pydantic 2."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INT_DIGITS_MAX = 4300

TRUE = frozenset(("true", "1", "yes", "on", "t", "y"))
FALSE = frozenset(("false", "0", "no", "off", "f", "n"))


class Invalid(ValueError):
    """A value that fails one check: the entry's type, msg and ctx."""

    def __init__(self, kind: str, message: str, context: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.context = context


class Problems(ValueError):
    """Several entries of a 422 at once; their `loc`s begin below the parameter."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(entries)} problems")
        self.entries = entries


def entry(
    kind: str, loc: list[Any], message: str, value: Any, context: dict[str, Any] | None = None
) -> dict[str, Any]:
    made = {"type": kind, "loc": loc, "msg": message, "input": value}
    if context:
        made["ctx"] = context
    return made


def missing(loc: list[Any], value: Any = None) -> dict[str, Any]:
    return entry("missing", loc, "Field required", value)


# --- texts ------------------------------------------------------------------------------------


def as_str(text: str) -> str:
    return text


def as_int(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    if len(digits) > INT_DIGITS_MAX:
        raise Invalid("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")
    return int(text)


def _is_decimal(text: str) -> bool:
    import re

    return re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text) is not None


def as_float(text: str) -> float:
    if not _is_decimal(text):
        if text.strip("+-").lower() in ("nan", "inf", "infinity"):
            raise Invalid("finite_number", "Input should be a finite number")
        raise Invalid("float_parsing", "Input should be a valid number, unable to parse string as a number")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Invalid("finite_number", "Input should be a finite number")
    return value


def as_decimal(text: str) -> Any:
    from decimal import Decimal

    if not _is_decimal(text):
        if text.strip("+-").lower() in ("nan", "snan", "inf", "infinity"):
            raise Invalid("finite_number", "Input should be a finite number")
        raise Invalid("decimal_parsing", "Input should be a valid decimal")
    return Decimal(text)


def as_bool(text: str) -> bool:
    lowered = text.lower()
    if lowered in TRUE:
        return True
    if lowered in FALSE:
        return False
    raise Invalid("bool_parsing", "Input should be a valid boolean, unable to interpret input")


def as_uuid(text: str) -> Any:
    import re
    from uuid import UUID

    if re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None:
        return UUID(text)
    problem = _uuid_problem(text)
    raise Invalid("uuid_parsing", f"Input should be a valid UUID, {problem}", {"error": problem})


_UUID_OCTETS_MAX = 45  # with urn:uuid: before it
_UUID_GROUPS = ((0, 8), (9, 4), (14, 4), (19, 4))  # begin and length of all but the last


def _uuid_problem(text: str) -> str:
    octets = len(text.encode("utf-8", "replace"))
    if octets > _UUID_OCTETS_MAX:
        return f"invalid length: found {octets}"
    for at, char in enumerate(text):
        if char not in "0123456789abcdefABCDEF-":
            return f"invalid character: found `{char}` at {len(text[:at].encode())}"
    hyphens = [at for at, char in enumerate(text) if char == "-"]
    if not hyphens and octets != 36:
        return f"invalid length: found {octets}"
    if len(hyphens) != 4:
        return f"invalid group count: expected 5, found {len(hyphens) + 1}"
    for group, ((begin, length), end) in enumerate(zip(_UUID_GROUPS, hyphens, strict=True)):
        if end - begin != length:
            return f"invalid group length in group {group}: expected {length}, found {end - begin}"
    return f"invalid group length in group 4: expected 12, found {octets - 24}"


def as_date(text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        problem = date_problem(text)
        if problem is None:
            message = "Datetimes provided to dates should have zero time - e.g. be exact dates"
            raise Invalid("date_from_datetime_inexact", message) from None
        message = f"Input should be a valid date or datetime, {problem}"
        raise Invalid("date_from_datetime_parsing", message, {"error": problem}) from None


def as_datetime(text: str) -> Any:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text)
    except ValueError:
        problem = datetime_problem(text)
        message = f"Input should be a valid datetime or date, {problem}"
        raise Invalid("datetime_from_date_parsing", message, {"error": problem}) from None


def as_time(text: str) -> Any:
    from datetime import time

    try:
        return time.fromisoformat(text)
    except ValueError:
        problem = time_problem(text)
        message = f"Input should be in a valid time format, {problem}"
        raise Invalid("time_parsing", message, {"error": problem}) from None


def as_timedelta(text: str) -> Any:
    """An ISO 8601 duration in days and below, as pelton.json writes it."""
    import re
    from datetime import timedelta

    match = re.fullmatch(
        r"([+-]?)P(?:([0-9]+)W)?(?:([0-9]+)D)?"
        r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]{1,6})?)S)?)?",
        text,
    )
    if match is None or text[-1:] in ("P", "T"):
        problem = "invalid digit in duration" if text[:1] != "P" else "unexpected end of duration"
        raise Invalid("time_delta_parsing", f"Input should be a valid timedelta, {problem}", {"error": problem})
    sign, weeks, days, hours, minutes, seconds = match.groups()
    whole, _, part = (seconds or "0").partition(".")
    value = timedelta(
        weeks=int(weeks or 0),
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(whole),
        microseconds=int(part.ljust(6, "0") or 0),
    )
    return -value if sign == "-" else value


def listed(values: list[Any]) -> str:
    """`'a', 'b' or 'c'`, as the messages of literals and enums have it."""
    texts = [repr(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def as_choice(kind: str, values: dict[str, Any], shown: list[Any]) -> Callable[[str], Any]:
    """A converter that picks from texts; `shown` are the values the message lists."""
    expected = listed(shown)

    def convert(text: str) -> Any:
        try:
            return values[text]
        except KeyError:
            raise Invalid(kind, f"Input should be {expected}", {"expected": expected}) from None

    return convert


# --- constraints ------------------------------------------------------------------------------

_COLLECTIONS: dict[type, str] = {list: "List", set: "Set", frozenset: "Frozenset", tuple: "Tuple", dict: "Dictionary"}


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def checker(constraints: dict[str, Any]) -> Callable[[Any], Any] | None:
    """A check that returns the value or raises Invalid; None if there is nothing to check."""
    checks: list[Callable[[Any], None]] = []
    for name in ("multiple_of", "le", "lt", "ge", "gt"):
        if name in constraints:
            checks.append(_bound(name, constraints[name]))
    for name in ("min_length", "max_length"):
        if name in constraints:
            checks.append(_length(name, constraints[name]))
    if "pattern" in constraints:
        checks.append(_pattern(constraints["pattern"]))
    if not checks:
        return None

    def check(value: Any) -> Any:
        for one in checks:
            one(value)
        return value

    return check


def _bound(name: str, bound: Any) -> Callable[[Any], None]:
    import operator

    kind, words, holds = {
        "gt": ("greater_than", "greater than", operator.gt),
        "ge": ("greater_than_equal", "greater than or equal to", operator.ge),
        "lt": ("less_than", "less than", operator.lt),
        "le": ("less_than_equal", "less than or equal to", operator.le),
        "multiple_of": ("multiple_of", "a multiple of", _is_multiple),
    }[name]
    if hasattr(bound, "tzinfo"):
        holds = _without_zones(holds, bound)
    told = _number_text(bound)

    def check(value: Any) -> None:
        if not holds(value, bound):
            shown = float(bound) if isinstance(value, float) else bound
            raise Invalid(kind, f"Input should be {words} {told}", {name: shown})

    return check


def _is_multiple(value: Any, by: Any) -> bool:
    if not isinstance(value, float):
        return bool(value % by == 0)
    # 0.3 is no multiple of 0.1 in binary: as near as pydantic takes for one.
    count = value / by
    return bool(abs(count) < float("inf") and abs(value - round(count) * by) <= 1e-9)


def _without_zones(holds: Callable[[Any, Any], bool], bound: Any) -> Callable[[Any, Any], bool]:
    """The comparison with a datetime or time: where one of both has no zone, of what the clocks show."""
    shown = bound.replace(tzinfo=None)

    def judged(value: Any, by: Any) -> bool:
        if (value.tzinfo is None) != (by.tzinfo is None):
            return holds(value.replace(tzinfo=None), shown)
        return holds(value, by)

    return judged


def _number_text(number: Any) -> str:
    """All of its digits, and no fraction where there is none; of a date what JSON has."""
    if hasattr(number, "isoformat"):
        return str(number.isoformat()).replace("+00:00", "Z")
    if not isinstance(number, float):
        return str(number)
    from decimal import Decimal

    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _length(name: str, bound: int) -> Callable[[Any], None]:
    least = name == "min_length"
    words = "at least" if least else "at most"
    suffix = "short" if least else "long"

    def check(value: Any) -> None:
        count = len(value)
        if count >= bound if least else count <= bound:
            return
        if isinstance(value, str):
            raise Invalid(
                f"string_too_{suffix}",
                f"String should have {words} {_plural(bound, 'character')}",
                {name: bound},
            )
        if isinstance(value, bytes):
            raise Invalid(
                f"bytes_too_{suffix}", f"Data should have {words} {_plural(bound, 'byte')}", {name: bound}
            )
        noun = _COLLECTIONS.get(type(value), "Collection")
        raise Invalid(
            f"too_{suffix}",
            f"{noun} should have {words} {_plural(bound, 'item')} after validation, not {count}",
            {"field_type": noun, name: bound, "actual_length": count},
        )

    return check


def _pattern(pattern: str) -> Callable[[Any], None]:
    import re

    search = re.compile(pattern).search

    def check(value: Any) -> None:
        if search(value) is None:
            raise Invalid(
                "string_pattern_mismatch", f"String should match pattern '{pattern}'", {"pattern": pattern}
            )

    return check


# --- what is wrong with the text of a date, a time or both --------------------------------------

_OTHERWISE = "invalid characters or value out of range"
_TOO_SHORT = "input is too short"
_TOO_LONG = "unexpected extra characters at the end of the input"


class _Problem(Exception):
    """The first one that is met."""


def date_problem(text: str) -> str | None:
    """The problem of a text that date.fromisoformat() refuses; None if it is a date with a time."""
    problem = _told(_read_instant, text)
    return None if problem == _OTHERWISE else problem


def datetime_problem(text: str) -> str:
    """The problem of a text that datetime.fromisoformat() refuses; as of a date, which pydantic tries last."""
    return _told(_read_whole_date, text)


def time_problem(text: str) -> str:
    """The problem of a text that time.fromisoformat() refuses."""
    return _told(_read_time, text)


def _told(read: Callable[[str], None], text: str) -> str:
    try:
        read(text)
    except _Problem as problem:
        return str(problem)
    return _OTHERWISE


def _digits(text: str, at: int, count: int, problem: str) -> int:
    digits = text[at : at + count]
    if len(digits) < count or not (digits.isascii() and digits.isdigit()):
        raise _Problem(problem)
    return int(digits)


def _read_date(text: str) -> None:
    if len(text.encode()) < 10:
        raise _Problem(_TOO_SHORT)
    _digits(text, 0, 4, "invalid character in year")
    if text[4] != "-":
        raise _Problem("invalid date separator, expected `-`")
    month = _digits(text, 5, 2, "invalid character in month")
    if text[7] != "-":
        raise _Problem("invalid date separator, expected `-`")
    day = _digits(text, 8, 2, "invalid character in day")
    if not 1 <= month <= 12:
        raise _Problem("month value is outside expected range of 1-12")
    year = int(text[:4])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = 30 if month in (4, 6, 9, 11) else 31 if month != 2 else 29 if leap else 28
    if not 1 <= day <= days:
        raise _Problem("day value is outside expected range")


def _read_whole_date(text: str) -> None:
    _read_date(text)
    if len(text) > 10:
        raise _Problem(_TOO_LONG)


def _read_instant(text: str) -> None:
    """A date, or a date with a time."""
    _read_date(text)
    if len(text) == 10:
        return
    if text[10] not in "Tt _":
        raise _Problem("invalid datetime separator, expected `T`, `t`, `_` or space")
    _read_time(text[11:])


def _read_time(text: str) -> None:
    if len(text.encode()) < 5:
        raise _Problem(_TOO_SHORT)
    hour = _digits(text, 0, 2, "invalid character in hour")
    if text[2] != ":":
        raise _Problem("invalid time separator, expected `:`")
    minute = _digits(text, 3, 2, "invalid character in minute")
    if hour > 23:
        raise _Problem("hour value is outside expected range of 0-23")
    if minute > 59:
        raise _Problem("minute value is outside expected range of 0-59")
    at = 5
    if text[at : at + 1] == ":":
        if _digits(text, 6, 2, "invalid character in second") > 59:
            raise _Problem("second value is outside expected range of 0-59")
        at = 8
        if text[at : at + 1] in (".", ",") and at < len(text):
            begin = at = at + 1
            while text[at : at + 1].isdigit() and text[at].isascii():
                at += 1
            if at == begin:
                raise _Problem("second fraction digits missing after `.`")
    _read_offset(text[at:])


def _read_offset(text: str) -> None:
    if not text:
        return
    at = 1
    if text[0] not in "Zz":
        if text[0] not in "+-":
            raise _Problem("invalid timezone sign")
        hours = _digits(text, 1, 2, "invalid timezone hour")
        at = 4 if text[3:4] == ":" else 3
        minutes = _digits(text, at, 2, "invalid timezone minute")
        at += 2
        if minutes > 59:
            raise _Problem("timezone minute value is outside expected range of 0-59")
        if hours > 23:
            raise _Problem("timezone offset must be less than 24 hours")
    if len(text) > at:
        raise _Problem(_TOO_LONG)
