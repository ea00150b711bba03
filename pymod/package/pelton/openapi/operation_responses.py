"""The responses of one operation: what the handler declares, what its options add, and what is refused."""

from __future__ import annotations

from pelton.callables import is_async_generator, is_generator
from pelton.errors import PHRASES
from pelton.messages.problems import ProblemDetails
from pelton.messages.response import Response
from pelton.messages.streams import EVENTS
from pelton.signature.results import promised
from pelton.streaming.item_encoding import declared_item, encoding_declared
from pelton.validation.annotations import is_union, origin_and_arguments, unwrapped
from pelton.validation.parameters import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.app import App
    from pelton.openapi.document import Signature
    from pelton.openapi.schemas import Schemas
    from pelton.routing.routes import RouteInfo

JSON, PROBLEM, OCTETS = "application/json", "application/problem+json", "application/octet-stream"
_RANGES = {"1": "Information", "2": "Success", "3": "Redirection", "4": "Client Error", "5": "Server Error"}


def responses_of(app: App, route: RouteInfo, signature: Signature, schemas: Schemas) -> dict[str, Any]:
    """By status; what `responses=` says goes before what follows from the signature."""
    status = str(route.status)
    made: dict[str, Any] = {status: {"description": "Successful Response"}}
    content = _content(route, signature.returned, schemas)
    if content is not None:
        made[status]["content"] = content
    for other, told in (route.options.get("responses") or {}).items():
        known = made.get(other, {})
        made[other] = {**known, **_told(other, told, known, route, schemas)}
    if any(scheme.auto_error for scheme, _ in signature.security) and not {"401", "4XX", "default"} & made.keys():
        made["401"] = {"description": _phrase("401")}
    kinds = {source.source for source in signature.sources}
    if kinds & {"body", "form"} and not {"400", "4XX", "default"} & made.keys():
        made["400"] = malformed(app.errors, "form" in kinds, schemas)
    if any(converter not in ("str", "path") for _, converter in route.template.parameters):
        if not {"404", "4XX", "default"} & made.keys():
            made["404"] = {"description": _phrase("404")}  # a segment that its converter refuses
    if signature.sources and not {"422", "4XX", "default"} & made.keys():
        made["422"] = refusal(app.errors, schemas)
    return made


def _told(status: str, told: dict[str, Any], known: dict[str, Any], route: RouteInfo, schemas: Schemas) -> dict[str, Any]:
    response = {name: value for name, value in told.items() if name != "model"}
    if "description" not in response and "description" not in known:
        response["description"] = _phrase(status)
    if told.get("model") is not None:
        content = dict(response.get("content", {}))
        media_type = JSON if route.media_type is None or not status.startswith("2") else route.media_type
        content[media_type] = {
            **content.get(media_type, {}),
            "schema": schemas.model(told["model"], "serialization", beside={"title": f"Response {status}"}),
        }
        response["content"] = content
    if "content" in known and "content" in response:
        # An example, say, stands beside the schema that the signature gives its media type.
        told_of = response["content"].items()
        content = {name: {**known["content"].get(name, {}), **one} for name, one in told_of}
        response["content"] = {**known["content"], **content}
    return response


def _phrase(status: str) -> str:
    if status == "default":
        return "Default Response"
    return _RANGES[status[0]] if status.endswith("XX") else PHRASES.get(int(status), _RANGES[status[0]])


def _content(route: RouteInfo, returned: Any, schemas: Schemas) -> dict[str, Any] | None:
    """None where there is none, or where nothing says what it is."""
    if route.status in (204, 205, 304) or route.status < 200:
        return None
    media_type = route.media_type
    if (stream := _stream(route, returned)) is not None:
        return stream or None
    declared = route.options.get("response_model", EMPTY)
    if declared is not None:
        declared = _answer(returned if declared is EMPTY else declared)
    if declared is EMPTY or declared is None:
        if returned is not EMPTY and _is_response(unwrapped(returned)):
            return None if media_type is None else {media_type: {}}
        if media_type is not None:
            return {media_type: {"schema": {"type": "string"}} if media_type.startswith("text/") else {}}
        return {JSON: {"schema": {}}}
    bare = unwrapped(declared)
    if bare in (bytes, bytearray, memoryview):
        return {media_type or OCTETS: {"schema": {"type": "string", "contentMediaType": media_type or OCTETS}}}
    if media_type is not None and media_type.startswith("text/"):
        return {media_type: {"schema": {"type": "string"}}}
    if isinstance(bare, type) and issubclass(bare, ProblemDetails):
        return {PROBLEM: {"schema": schemas.later("Problem", problem())}}
    name = route.name.rpartition(".")[2].replace("_", " ").title()
    return {media_type or JSON: {"schema": schemas.model(declared, "serialization", beside={"title": f"Response {name}"})}}


def _answer(returned: Any) -> Any:
    """The type that is encoded; EMPTY where the annotation declares none."""
    origin, arguments = origin_and_arguments(unwrapped(returned))
    # A Response says nothing of its body.
    return EMPTY if is_union(origin) and any(map(_is_response, arguments)) else promised(returned)


def _is_response(tp: Any) -> bool:
    return isinstance(tp, type) and issubclass(tp, Response)


def _stream(route: RouteInfo, returned: Any) -> dict[str, Any] | None:
    """The content of a stream as a handler's result, empty where its first item decides; None for another result."""
    item = None if returned is EMPTY or "response_model" in route.options else declared_item(returned)
    if item is not None:
        content_type = encoding_declared(item, route.media_type, lambda value: b"").content_type
        content_type = content_type.partition(";")[0]
    elif is_generator(route.handler) or is_async_generator(route.handler):
        if route.media_type is None:
            return {}
        content_type = route.media_type
    else:
        return None
    if content_type == EVENTS or content_type.startswith("text/") or not content_type.endswith(("json", "jsonl", "jsonlines")):
        return {content_type: {"schema": {"type": "string"}}}
    return {content_type: {}}  # lines of JSON, which is no JSON


# --- what is refused --------------------------------------------------------------------------


def malformed(errors: str, is_form: bool, schemas: Schemas) -> dict[str, Any]:
    """The answer to a body that cannot be read, whatever was wanted of it."""
    made: dict[str, Any] = {"description": "Malformed Body"}
    if errors == "problem":
        made["content"] = {PROBLEM: {"schema": schemas.later("Problem", problem())}}
    elif not is_form:
        made["content"] = refusal(errors, schemas)["content"]
    return made


def refusal(errors: str, schemas: Schemas) -> dict[str, Any]:
    """The answer to parameters that are unfit."""
    entry = schemas.later("ValidationError", _entry())
    if errors == "problem":
        made = problem()
        made["title"] = "ValidationProblem"
        made["properties"]["errors"] = {"type": "array", "items": entry, "title": "Errors"}
        content = {PROBLEM: {"schema": schemas.later("ValidationProblem", made)}}
    else:
        detail = {"type": "array", "items": entry, "title": "Detail"}
        whole = {"type": "object", "properties": {"detail": detail}, "title": "HTTPValidationError"}
        content = {JSON: {"schema": schemas.later("HTTPValidationError", whole)}}
    return {"description": "Validation Error", "content": content}


def problem() -> dict[str, Any]:
    """RFC 9457."""
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "title": "Type"},
            "title": {"type": "string", "title": "Title"},
            "status": {"type": "integer", "title": "Status"},
            "detail": {"title": "Detail"},
            "instance": {"type": "string", "format": "uri-reference", "title": "Instance"},
        },
        "title": "Problem",
    }


def _entry() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "title": "Location"},
            "msg": {"type": "string", "title": "Message"},
            "type": {"type": "string", "title": "Error Type"},
            "input": {"title": "Input"},
            "ctx": {"type": "object", "title": "Context"},
        },
        "required": ["loc", "msg", "type"],
        "title": "ValidationError",
    }
