"""What is wrong with a text that should be a date, a time or both, in the words of pydantic 2."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

OTHERWISE = "invalid characters or value out of range"
SHORT = "input is too short"
EXTRA = "unexpected extra characters at the end of the input"


class _Problem(Exception):
    """The first one that is met."""


def date_problem(text: str) -> str | None:
    """Of a text that date.fromisoformat() refuses; None if it is a date with a time."""
    problem = _told(_read_instant, text)
    return None if problem == OTHERWISE else problem


def datetime_problem(text: str) -> str:
    """Of a text that datetime.fromisoformat() refuses; as a date, which is what pydantic tries last."""
    return _told(_read_whole_date, text)


def time_problem(text: str) -> str:
    """Of a text that time.fromisoformat() refuses."""
    return _told(_read_time, text)


def _told(read: Callable[[str], None], text: str) -> str:
    try:
        read(text)
    except _Problem as problem:
        return str(problem)
    return OTHERWISE


def _number(text: str, at: int, count: int, problem: str) -> int:
    digits = text[at : at + count]
    if len(digits) < count or not (digits.isascii() and digits.isdigit()):
        raise _Problem(problem)
    return int(digits)


def _read_date(text: str) -> None:
    if len(text.encode()) < 10:
        raise _Problem(SHORT)
    _number(text, 0, 4, "invalid character in year")
    if text[4] != "-":
        raise _Problem("invalid date separator, expected `-`")
    month = _number(text, 5, 2, "invalid character in month")
    if text[7] != "-":
        raise _Problem("invalid date separator, expected `-`")
    day = _number(text, 8, 2, "invalid character in day")
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
        raise _Problem(EXTRA)


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
        raise _Problem(SHORT)
    hour = _number(text, 0, 2, "invalid character in hour")
    if text[2] != ":":
        raise _Problem("invalid time separator, expected `:`")
    minute = _number(text, 3, 2, "invalid character in minute")
    if hour > 23:
        raise _Problem("hour value is outside expected range of 0-23")
    if minute > 59:
        raise _Problem("minute value is outside expected range of 0-59")
    at = 5
    if text[at : at + 1] == ":":
        if _number(text, 6, 2, "invalid character in second") > 59:
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
        hours = _number(text, 1, 2, "invalid timezone hour")
        at = 4 if text[3:4] == ":" else 3
        minutes = _number(text, at, 2, "invalid timezone minute")
        at += 2
        if minutes > 59:
            raise _Problem("timezone minute value is outside expected range of 0-59")
        if hours > 23:
            raise _Problem("timezone offset must be less than 24 hours")
    if len(text) > at:
        raise _Problem(EXTRA)
