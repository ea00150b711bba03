"""Where pelton answers otherwise than FastAPI on purpose: each with the words of the design, and what makes it one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from samples.exchange import Answer
from samples.models import Size
from samples.traffic import Sent


@dataclass(frozen=True)
class Difference:
    name: str
    row: str  # section and row of the document that says so
    explains: Callable[[Sent, Answer, Answer], bool]  # of FastAPI's answer and ours, which are not equal


def detail_of(answer: Answer) -> list[Any]:
    """The entries of a 422, none of another answer."""
    if answer.status != 422:
        return []
    entries: list[Any] = json.loads(answer.body)["detail"]
    return entries


# --- bodies -----------------------------------------------------------------------------------


def _refused(text: str) -> Any:
    raise ValueError(text)


def _is_json_typed(sent: Sent) -> bool:
    media_type = dict(sent.headers).get("content-type", "").partition(";")[0].lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _is_malformed(sent: Sent) -> bool:
    try:
        found = json.loads(sent.body.decode(), parse_constant=_refused)
        json.dumps(found, ensure_ascii=False).encode()
    except ValueError:
        return True
    return False


def malformed(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    if not (_is_json_typed(sent) and sent.body and _is_malformed(sent)) or ours.status != 400:
        return False
    return [one["type"] for one in json.loads(ours.body)["detail"]] == ["json_invalid"]


def untyped(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    # FastAPI fails over octets that are no text: they are the input of an entry.
    return bool(sent.body) and not _is_json_typed(sent) and theirs.status in (422, 500) and ours.status == 415


# --- texts ------------------------------------------------------------------------------------


def _iso(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def takes(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return takes


_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

# The scalars of section 4 by the beginning of the type of an entry: whether that table takes a text, and pydantic's.
SCALARS: dict[str, tuple[Callable[[str], bool], Any]] = {
    "int_": (lambda text: re.fullmatch("[+-]?[0-9]+", text) is not None, int),
    "float_": (lambda text: _DECIMAL.fullmatch(text) is not None, float),
    "finite_number": (lambda text: _DECIMAL.fullmatch(text) is not None and abs(float(text)) != float("inf"), float),
    "decimal_": (lambda text: _DECIMAL.fullmatch(text) is not None, Decimal),
    "bool_": (lambda text: text.lower() in "true 1 yes on t y false 0 no off f n".split(), bool),
    "uuid_": (lambda text: re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None, UUID),
    "date_": (_iso(date.fromisoformat), date),
    "datetime_": (_iso(datetime.fromisoformat), datetime),
    "time_": (_iso(time.fromisoformat), time),
    "enum": (lambda text: text in ("1", "2", "3"), Size),
}


def _pydantic_takes(scalar: Any, text: str) -> bool:
    try:
        TypeAdapter(scalar).validate_python(text)
    except ValidationError:
        return False
    return True


def _is_read_otherwise(entry: dict[str, Any], in_json: bool) -> bool:
    """Whether section 4 and pydantic's lax check of Python values disagree about the input of an entry."""
    found = entry["input"]
    if in_json:
        # Octets are checked, not what json.loads() makes of them: there true is no number of seconds.
        return entry["type"] == "time_delta_type" and isinstance(found, bool)
    if not isinstance(found, str):
        return False
    for kind, (takes, scalar) in SCALARS.items():
        if entry["type"].startswith(kind):
            # A date written as a number is refused by both, but pydantic has read it.
            return takes(found) != _pydantic_takes(scalar, found) or entry["type"] == "date_from_datetime_inexact"
    return False


def readings(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    """But for the parameters that are read otherwise, both see the same misfits; with such a one alone one goes on."""
    is_json = _is_json_typed(sent)
    otherwise = [
        one["loc"]
        for one in (*detail_of(theirs), *detail_of(ours))
        if _is_read_otherwise(one, is_json and one["loc"][0] == "body")
    ]
    # pydantic takes them, and a constraint may then refuse the value.
    rest = [[one for one in detail_of(answer) if one["loc"] not in otherwise] for answer in (theirs, ours)]
    if not otherwise or 422 not in (theirs.status, ours.status):
        return False
    if 422 == theirs.status == ours.status:
        return rest[0] == rest[1]
    return not rest[0] and not rest[1]


def slashes(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    return "%2F" in sent.target.partition("?")[0] and (theirs.status, theirs.body) == (404, b'{"detail":"Not Found"}')


# --- answers ----------------------------------------------------------------------------------


def crashed(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    return (
        (theirs.status, theirs.body) == (500, b"Internal Server Error")
        and ours.status == 500
        and json.loads(ours.body) == {"detail": "Internal Server Error"}
    )


def empty(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    return theirs.body == b"" and ours.media_type is None and replace(theirs, media_type=None) == ours


def _exponents(octets: bytes) -> bytes:
    return re.sub(rb"([0-9])e([+-]?)0*([0-9]+)", lambda found: found[1] + b"e" + found[2].replace(b"+", b"") + found[3], octets)


def exponents(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    return replace(theirs, body=_exponents(theirs.body)) == replace(ours, body=_exponents(ours.body))


def file_names(sent: Sent, theirs: Answer, ours: Answer) -> bool:
    if theirs.status != 200 or not sent.target.startswith(("/profile", "/gallery")):
        return False
    found = json.loads(theirs.body)
    named = found["pictures"] if "pictures" in found else [found["picture"]]
    for one in named:
        one[0] = one[0].rpartition("/")[2] or None
    if found.get("banner") is not None:
        found["banner"] = found["banner"].rpartition("/")[2] or None
    return ours.status == 200 and json.dumps(found) == json.dumps(json.loads(ours.body))


DIFFERENCES = (
    Difference("malformed JSON", "25: malformed JSON is 400, FastAPI: 422", malformed),
    Difference("JSON of another type", "25: JSON with another content type is 415, FastAPI: 422", untyped),
    Difference("readings", "4, Scalar: the texts that are accepted; pydantic 2 validates the raw bytes", readings),
    Difference("slashes", "3, Path decoding: %2F never splits, it becomes / inside the value", slashes),
    Difference("crashed", '8: any other exception is a 500 {"detail": "Internal Server Error"}', crashed),
    Difference("empty", "6.1: None on a route whose status is 204: empty, no content type", empty),
    Difference("floats", "7: the shortest text that reads back equal (1e16, FastAPI: 1e+16)", exponents),
    Difference("file names", "17: filename is the last path component, None if nothing is left", file_names),
)
# One more is met by what FastAPI is asked: of equal cookies pelton takes the first (5, cookies), FastAPI the last.


def asked_of_fastapi(sent: Sent) -> Sent:
    """The same request with the first of equal cookies behind the others."""
    headers = []
    for name, value in sent.headers:
        if name == "cookie":
            pairs = value.split("; ")
            firsts = {pair.partition("=")[0]: pair for pair in reversed(pairs)}
            value = "; ".join([*pairs, *firsts.values()])
        headers.append((name, value))
    return replace(sent, headers=tuple(headers))


def difference(sent: Sent, theirs: Answer, ours: Answer) -> str | None:
    """The name of the difference that two answers show; None if there is no reason for it."""
    return next((one.name for one in DIFFERENCES if one.explains(sent, theirs, ours)), None)
