"""Parameters that come from the body: the whole of it, a member of it, or another type than JSON."""

from __future__ import annotations

from pelton import scalars
from pelton._native import json_dumps
from pelton.errors import UnsupportedMediaType
from pelton.scalars import Problems, missing
from pelton.signature.sources import Source, absent, default_of, limited, set_default
from pelton.validation.annotations import Unfit, described, fits_text, peeled, unwrapped, without_none
from pelton.validation.constraints import fitting
from pelton.validation.models import BodyType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Argument, Request
    from pelton.messages.json_format import JsonFormat
    from pelton.validation.markers import Marker
    from pelton.validation.parameters import Parameter


def body_source(
    validator: str, json: JsonFormat, where: str, parameter: Parameter, tp: Any, marker: Marker | None, several: bool
) -> Source:
    """The source that reads the body as `tp`.

    Args:
        validator: The application's choice of what checks models.
        json: How the application reads JSON.
        where: The parameter as error messages name it.
        parameter: The parameter.
        tp: Its type.
        marker: Its `Body()`, if it has one.
        several: Whether it is one of several: then it is the member of an object that bears its name.
    """
    def body_of() -> BodyType:
        try:
            return BodyType(tp, marker.constraints if marker is not None else {}, validator, json)
        except Unfit as error:
            raise Unfit(f"{where}: {error.problem}", error.fix) from error.__cause__

    if marker is not None and fits_text(tp):
        fitting(where, peeled(tp)[0], marker.constraints)
    media_type = marker.media_type if marker is not None else None
    if media_type is not None:
        if several:
            raise Unfit(f"{where} is a body of {media_type} beside others", "take one body")
        return _other_source(body_of, where, parameter, tp, marker, media_type)
    default, factory = default_of(parameter, marker)
    body = body_of()
    if several or (marker is not None and marker.embed):
        key = (marker.alias if marker is not None else None) or parameter.name
        read = _reader_of_member(body, key, default, factory, ["body", key])
        return Source("body", read, {"source": "resolver", "resolve": read})
    read = _reader_of_body(body, default, factory, ["body"])
    if factory is not None:
        return Source("body", read, {"source": "resolver", "resolve": read})
    argument: Argument = {"source": "body"}
    if body.decode is not None:
        argument["decode"] = body.decode
    if body.judge is not None:
        argument["judge"] = body.judge
    set_default(argument, default)
    return Source("body", read, argument)


def _other_source(
    body_of: Callable[[], BodyType], where: str, parameter: Parameter, tp: Any, marker: Marker | None, media_type: str
) -> Source:
    """A body of a type that was asked for: its text, its octets, or the JSON in it."""
    bare = without_none(unwrapped(tp))[0]
    default, factory = default_of(parameter, marker)
    constraints = marker.constraints if marker is not None else {}
    limits = scalars.checker(constraints)
    body: BodyType | None = None
    if bare not in (str, bytes):
        if not (media_type == "application/json" or media_type.endswith("+json")):
            raise Unfit(
                f"{where} is {described(tp)}, but a body of {media_type} is text or bytes",
                "annotate str or bytes",
            )
        body = body_of()
    loc = ["body"]
    wanted = media_type.lower()

    def read(request: Request) -> Any:
        data = request.body()
        if not data:
            return absent(default, factory, loc)
        sent = (request.content_type() or "").partition(";")[0].strip().lower()
        if sent != wanted or request.headers.get("content-encoding") is not None:
            raise UnsupportedMediaType(f"this route takes {media_type}")
        if body is not None:
            return _below(loc, body.read, data)
        value = data if bare is bytes else request.text()
        return value if limits is None else limited(limits, value, loc)

    return Source("body", read, {"source": "resolver", "resolve": read})


def _below(loc: list[Any], read: Callable[[Any], Any], sent: Any) -> Any:
    try:
        return read(sent)
    except Problems as problems:
        raise Problems([{**one, "loc": [*loc, *one["loc"]]} for one in problems.entries]) from problems


def _reader_of_body(
    body: Any, default: Any, factory: Callable[[], Any] | None, loc: list[Any]
) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        data = request.body()
        if not data:
            return absent(default, factory, loc)
        return _below(loc, body.read, data)

    return read


def _reader_of_member(
    body: Any, key: str, default: Any, factory: Callable[[], Any] | None, loc: list[Any]
) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        if not request.body():
            return absent(default, factory, loc)
        whole = request.json()
        if not isinstance(whole, dict):
            raise Problems([missing(loc)])  # also one with a default: there is nothing to look into
        if key not in whole:
            return absent(default, factory, loc)
        if body.decode is not None:
            # The engine sees its own part as JSON again, so it judges by its JSON rules.
            return _below(loc, body.read, json_dumps(whole[key]))
        return whole[key] if body.judge is None else _below(loc, body.judge, whole[key])

    return read
