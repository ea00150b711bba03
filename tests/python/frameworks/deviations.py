"""Where an answer under pelton may differ from the one under uvicorn or gunicorn: each difference has a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from frameworks.asked import Answer, Request

Heard = list[tuple[str, object]]
# Fields that a server adds for itself, and how it frames a body without a length: uvicorn sends chunks to
# HTTP/1.0 too.
SERVERS_OWN = ("connection", "date", "keep-alive", "server", "transfer-encoding")
REFUSALS = ("authority_mismatch", "target_escape", "target_octet")
# By which pelton ends a WebSocket that its application has left: it returned, or it failed.
LEFT = [("close", code.to_bytes(2, "big")) for code in (1000, 1011)]


class Difference(NamedTuple):
    name: str
    explains: Callable[[Request, Answer, Answer], bool]  # of the other's answer and pelton's, as of_application() has them


def of_application(answer: Answer, interface: str) -> Answer:
    """Without what the server adds, and without the phrase of the status where an application names none."""
    fields = [field for field in answer.fields if field[0] not in SERVERS_OWN]
    return answer._replace(fields=fields, reason=answer.reason if interface == "wsgi" else "")


def cut(request: Request, theirs: Answer, ours: Answer) -> bool:
    return not theirs.is_whole and not ours.is_whole and ours.status in (0, theirs.status)


def cut_at_once(request: Request, theirs: Answer, ours: Answer) -> bool:
    return not theirs.is_whole and not theirs.body and ours.status == 500


def length_of_whole(request: Request, theirs: Answer, ours: Answer) -> bool:
    lengths = [("content-length", value) for name, value in ours.fields if name == "content-length"]
    is_right = request.method == "HEAD" or lengths == [("content-length", str(len(ours.body)))]
    return len(lengths) == 1 and is_right and theirs._replace(fields=sorted([*theirs.fields, *lengths])) == ours


def length_of_nothing(request: Request, theirs: Answer, ours: Answer) -> bool:
    kept = [field for field in theirs.fields if field != ("content-length", "0")]
    return theirs.status == 204 and theirs._replace(fields=kept) == ours


def refused(request: Request, theirs: Answer, ours: Answer) -> bool:
    return ours.status == 400 and any(f'"reason":"{reason}"'.encode() in ours.body for reason in REFUSALS)


def chunked(request: Request, theirs: Answer, ours: Answer) -> bool:
    return bool(request.chunk_bytes) and ours.status == 200


def cookies(request: Request, theirs: Answer, ours: Answer) -> bool:
    return [name for name, _ in request.fields].count("Cookie") > 1 and b"first,other=second" in theirs.body


DIFFERENCES = [
    # Django and Falcon read as much as CONTENT_LENGTH says, which gunicorn cannot say of chunks, and pelton does.
    Difference("a WSGI application is sent chunks", chunked),
    # RFC 6265, section 5.4, and RFC 9113, section 8.2.3: a semicolon is between cookies, no comma.
    Difference("gunicorn joins several Cookie fields by commas", cookies),
    # pelton's parser is strict: such a target reaches no application.
    Difference("a target has wrong octets or escapes, or names another host than the Host field", refused),
    # RFC 9110, section 8.6: a server sends no Content-Length with a 204.
    Difference("an application gives a 204 a length", length_of_nothing),
    # What comes whole after its head needs no chunks.
    Difference("an application says no length of a body that it sends at once", length_of_whole),
    # pelton sends no head before there is something of the body, so that the client still learns of the failure.
    Difference("an application fails after the head, before the body", cut_at_once),
    # pelton resets the connection, so that no client takes the part for the whole; what waits to be sent is dropped.
    Difference("an application fails in the middle of a body", cut),
]


def difference(interface: str, request: Request, theirs: Answer, ours: Answer) -> str | None:
    """The name of what makes them differ: empty if they are the same, None if nothing explains it."""
    theirs, ours = of_application(theirs, interface), of_application(ours, interface)
    if theirs == ours:
        return ""
    return next((one.name for one in DIFFERENCES if one.explains(request, theirs, ours)), None)


def heard_alike(theirs: Heard, ours: Heard) -> bool:
    """An application that leaves a WebSocket open: pelton closes it, uvicorn ends the connection."""
    if all(name != "close" for name, _ in theirs):
        ours = [one for one in ours if one not in LEFT]
    return theirs == ours
