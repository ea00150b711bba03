"""The parameters and the body of one operation, from the sources of its signature."""

from __future__ import annotations

from pelton.signature.converters import converter_of
from pelton.signature.model_fields import field_parameter
from pelton.signature.sources import default_of, key_of
from pelton.validation.annotations import is_model, unwrapped, without_none
from pelton.validation.builtin_schemas import constrained, jsonable, titled
from pelton.validation.parameters import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.openapi.document import Signature
    from pelton.openapi.schemas import Schemas
    from pelton.routing.routes import RouteInfo
    from pelton.signature.sources import Source

PLACES = ("path", "query", "header", "cookie")
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def parameters_in(route: RouteInfo, signature: Signature, schemas: Schemas) -> list[dict[str, Any]]:
    """Path, query, header, cookie, each once; path parameters that the handler does not take included."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    template = dict(route.template.parameters)
    for source in signature.sources:
        if source.source in PLACES and told_of(source).get("include_in_schema", True):
            for made in _parameters(source, template, schemas):
                known = found.setdefault((made["in"], made["name"]), made)
                known["required"] = known["required"] or made["required"]
    for name, converter in route.template.parameters:
        if ("path", name) not in found:
            schema = {**converter_of(converter).schema, "title": titled(name)}
            found["path", name] = {"name": name, "in": "path", "required": True, "schema": schema}
    return sorted(found.values(), key=lambda one: PLACES.index(one["in"]))


def told_of(source: Source) -> dict[str, Any]:
    return {} if source.marker is None else source.marker.told


def named(source: Source) -> str:
    """The name under which it is sent."""
    return key_of(source.source, source.parameter, source.marker)


def beside(source: Source, key: str) -> dict[str, Any]:
    """What stands in a schema beside its type: title, default and what the marker gives."""
    told = told_of(source)
    made: dict[str, Any] = {"title": told.get("title", titled(key))}
    for name in ("description", "deprecated"):
        if name in told:
            made[name] = told[name]
    if "examples" in told:
        made["examples"] = [jsonable(one) for one in told["examples"]]
    default = default_of(source.parameter, source.marker)[0]
    if default is not EMPTY and default is not None and (sent := jsonable(default)) is not None:
        made["default"] = sent
    return made


def is_required(source: Source) -> bool:
    default, factory = default_of(source.parameter, source.marker)
    return default is EMPTY and factory is None


def _parameters(source: Source, template: dict[str, str], schemas: Schemas) -> list[dict[str, Any]]:
    """One, or one for each field of a model."""
    if source.fields is None:
        return [_parameter(source, template, schemas)]
    made = []
    for one in source.fields:
        if one.source is None:
            made.append(field_parameter(one, source.source, schemas))
        elif told_of(one.source).get("include_in_schema", True):
            made.append(_parameter(one.source, {}, schemas))
    if without_none(unwrapped(source.tp))[1] and not is_required(source):
        for parameter in made:
            parameter["required"] = False
    return made


def _parameter(source: Source, template: dict[str, str], schemas: Schemas) -> dict[str, Any]:
    key = named(source)
    made: dict[str, Any] = {"name": key, "in": source.source, "required": source.source == "path" or is_required(source)}
    constraints = {} if source.marker is None else source.marker.constraints
    converter = template.get(key, "str") if source.source == "path" else "str"
    if converter != "str":
        made["schema"] = {**constrained(converter_of(converter).schema, constraints), **beside(source, key)}
    else:
        tp = str if source.tp is EMPTY else source.tp
        made["schema"] = schemas.text(tp, constraints, beside(source, key))
    told = told_of(source)
    for name in ("description", "deprecated"):
        if name in told:
            made[name] = told[name]
    return made


# --- bodies -----------------------------------------------------------------------------------


def body_in(signature: Signature, name: str, schemas: Schemas) -> dict[str, Any] | None:
    """The requestBody; `name` is that of the component where it is an object of several."""
    sources = [one for one in signature.sources if told_of(one).get("include_in_schema", True)]
    form = [one for one in sources if one.source == "form"]
    if form:
        return _form(form, name, schemas)
    body = [one for one in sources if one.source == "body"]
    if not body:
        return None
    first = body[0]
    if first.marker is not None and first.marker.media_type:
        content = {first.marker.media_type: {"schema": _of_other_type(first, schemas)}}
    elif signature.embeds or (first.marker is not None and first.marker.embed):
        content = {"application/json": {"schema": _members(body, name, schemas)}}
    else:
        content = {"application/json": {"schema": _schema(first, schemas)}}
    return _request_body(content, body)


def _request_body(content: dict[str, Any], sources: list[Source]) -> dict[str, Any]:
    made: dict[str, Any] = {"content": content}
    if any(map(is_required, sources)):
        made["required"] = True
    if len(sources) == 1 and "description" in told_of(sources[0]):
        made["description"] = told_of(sources[0])["description"]
    return made


def _schema(source: Source, schemas: Schemas) -> dict[str, Any]:
    constraints = {} if source.marker is None else source.marker.constraints
    return schemas.model(source.tp, "validation", constraints, beside(source, named(source)))


def _of_other_type(source: Source, schemas: Schemas) -> dict[str, Any]:
    bare = without_none(unwrapped(source.tp))[0]
    if bare is bytes:
        assert source.marker is not None
        return {"type": "string", "contentMediaType": source.marker.media_type}
    return _schema(source, schemas)


def _members(sources: list[Source], name: str, schemas: Schemas) -> dict[str, Any]:
    """An object with a member for each."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for source in sources:
        key = named(source)
        if key in properties:
            continue
        properties[key] = _field(source, schemas) if source.source == "form" else _schema(source, schemas)
        if is_required(source):
            required.append(key)
    made: dict[str, Any] = {"type": "object", "properties": properties, "title": name}
    if required:
        made["required"] = required
    return schemas.later(name, made)


def _form(sources: list[Source], name: str, schemas: Schemas) -> dict[str, Any]:
    models = [one for one in sources if not _is_file(one) and is_model(unwrapped(one.tp))]
    fields = [one for one in sources if one not in models]
    parts = [schemas.model(one.tp, "validation", {}, {}) for one in models]
    if fields:
        parts.append(_members(fields, name, schemas))
    schema = parts[0] if len(parts) == 1 else {"allOf": parts}
    # Without files both types are read; the document names the one that is simpler to send.
    media_type = MULTIPART if any(map(_is_file, fields)) else URLENCODED
    return _request_body({media_type: {"schema": schema}}, sources)


def _is_file(source: Source) -> bool:
    return source.marker is not None and source.marker.source == "file"


def _field(source: Source, schemas: Schemas) -> dict[str, Any]:
    constraints = {} if source.marker is None else source.marker.constraints
    return schemas.text(source.tp, constraints, beside(source, named(source)))


