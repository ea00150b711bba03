"""What a handler says beside what it returns: a parameter's status, fields, cookies and tasks (6.4)."""

from __future__ import annotations

from pelton.messages.headers import fields_of, laid_over
from pelton.messages.problems import ProblemDetails
from pelton.messages.response import Response
from pelton.messages.streams import Streaming
from pelton.streaming.sending import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def merge_side(response: Response, value: Any, side: Response) -> None:
    """Into the response that the handler's `value` has become."""
    body, tasks, own = response._body, side._background, response._background
    # Of a stream they need not have been added yet.
    if tasks is not None and (len(tasks) or isinstance(body, Streaming)):
        if own is not None and own is not tasks:
            tasks._tasks += own._tasks  # a shared Response keeps its own
        response._background = tasks
    if side._status or side._fields:
        _merge_head(response, value, side)
    if isinstance(body, Streaming) and streams(value[0] if type(value) is tuple else value):
        # Its generator has not begun: what it says until the first item goes with the head then.
        body.side, body.side_yields = side, type(value) is tuple
        side._status, side._fields = 0, []


def _merge_head(response: Response, value: Any, side: Response) -> None:
    own_status = isinstance(value, Response | ProblemDetails) or type(value) is tuple
    if side._status and not own_status:
        response._status = side._status
        if side._status in (204, 304) and not isinstance(response._body, Streaming):
            response._body, response._fields = b"", []  # a type and a body of nothing; a stream sees to its own
    if isinstance(value, Response):
        own = {name.lower() for name, _ in response._fields}
    elif type(value) is tuple and len(value) == 3:
        own = {name.lower() for name, _ in fields_of(value[2])}
    else:
        own = set()
    own.discard(b"set-cookie")
    response._fields = laid_over(response._fields, [f for f in side._fields if f[0].lower() not in own])
