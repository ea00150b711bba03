"""Models whose fields are sent one by one: in a form, the query, headers or cookies."""

from __future__ import annotations

from pelton.messages.request import sent_form
from pelton.scalars import Problems, entry, missing
from pelton.signature.form_sources import refuse_file
from pelton.signature.model_fields import ModelField, msgspec_fields, pydantic_fields, takes_many
from pelton.signature.sources import Source, absent, default_of, key_of, text_source
from pelton.validation.annotations import (
    Unfit,
    declared_fields,
    described,
    engine_of,
    field_hints,
    field_type,
    fits_text,
    model_kind,
    origin_and_arguments,
    unwrapped,
    without_none,
)
from pelton.validation.constraints import bounded
from pelton.validation.models import entries_of
from pelton.validation.parameters import EMPTY, Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.validation.markers import Marker

    Texts = dict[str, list[str]]  # all that was sent, by name
    Read = Callable[[Any, Texts], Any]  # of a request and its texts

_UNSET: Any = object()
_PLACES = {"form": "a form", "query": "the query", "header": "headers", "cookie": "cookies"}


def model_source(where: str, source: Any, parameter: Parameter, tp: Any, marker: Marker, validator: str) -> Source:
    """A model whose fields are read from `source`; `where` begins what is said if it cannot be."""
    bare, is_optional = without_none(unwrapped(tp))
    origin, _ = origin_and_arguments(bare)
    kind = model_kind(bare) or model_kind(origin)
    if kind is None:
        raise Unfit(
            f"{where} takes {described(tp)} from {_PLACES[source]}",
            "annotate one model class, a scalar or a list of scalars",
        )
    if marker.constraints or marker.alias is not None:
        raise Unfit(
            f"{where} is a model, and {marker!r} says how one value is named or bounded",
            "say it at the fields of the model",
        )
    engine_of(bare, validator)  # refuses what is mixed
    # What is sent beside the fields is for the model to judge, if it does.
    judges_rest = False
    if kind == "pydantic":
        fields = pydantic_fields(bare, source, marker.convert_underscores)
        read, judges_rest = _pydantic_reader(bare, fields, source), _extra(bare) in ("allow", "forbid")
    elif kind == "msgspec":
        fields = msgspec_fields(bare, source, marker.convert_underscores)
        read, judges_rest = _msgspec_reader(bare, fields, source), (origin or bare).__struct_config__.forbid_unknown_fields
    else:  # its fields are texts: parameters of their own, so to speak
        fields, read = _neutral_reader(where, source, bare, kind, marker.convert_underscores)
    for one in fields:
        refuse_file(where, one.name, one.annotation)
    if source == "cookie" and (many := [one for one in fields if one.takes_many]):
        raise Unfit(f"{where} has a list in it ('{many[0].name}'), but a cookie has one value", "annotate a scalar")
    default, factory = default_of(parameter, marker)
    has_default = default is not EMPTY or factory is not None
    own = {_sent_as(source, key) for one in fields for _, key in one.aliases}
    loc = ["body" if source == "form" else source]

    def is_sent(texts: Texts) -> bool:
        if source == "form":
            return not has_default or bool(texts)
        if not has_default and not is_optional:
            return True
        return not own.isdisjoint(texts) or (judges_rest and bool(texts))

    def resolve(request: Any) -> Any:
        texts = _texts_of(source, request)
        if not is_sent(texts):
            return absent(default, factory, loc)
        try:
            return read(request, texts)
        except Problems as problems:
            raise Problems([{**one, "loc": [*loc, *one["loc"]]} for one in problems.entries]) from problems

    made = Source(source, resolve, {"source": "resolver", "resolve": resolve})
    made.fields = fields
    return made


def _extra(tp: Any) -> Any:
    return (getattr(tp, "model_config", None) or getattr(tp, "__pydantic_config__", None) or {}).get("extra")


# --- what was sent ----------------------------------------------------------------------------


def _texts_of(source: str, request: Any) -> Texts:
    if source == "form":
        form = sent_form(request)
        return {name: form.getlist(name) for name in form.field_names()}
    if source == "cookie":
        return {name: [value] for name, value in request.cookies.items()}
    texts: Texts = {}
    if source == "query":
        for name, value in request.query.multi_items():
            texts.setdefault(name, []).append(value)
    else:
        for name, value in request.headers.multi_items():
            texts.setdefault(name.lower(), []).append(value)
    return texts


def _sent_as(source: str, key: str) -> str:
    return key.lower() if source == "header" else key


def _values_of(source: str, texts: Texts, fields: list[ModelField]) -> dict[str, Any]:
    """What the model is made of: the fields by their aliases, then all else that was sent, by its name."""
    values: dict[str, Any] = {}
    known: set[str] = set()
    for one in fields:
        pairs = [(alias, _sent_as(source, key)) for alias, key in one.aliases]
        alias, key = next((pair for pair in pairs if pair[1] in texts), pairs[0])
        known.add(key)
        if source == "header":
            known.update(other.lower() for other, name in one.aliases if other != name)
        if key not in texts:
            continue
        found = texts[key]
        if one.takes_many:
            values[alias] = found
            continue
        text = found[0] if source == "header" else found[-1]
        if text or source != "form":  # an empty field of a form counts as not sent
            values[alias] = text
    for name, found in texts.items():
        if name not in known:
            values[name] = found[0] if len(found) == 1 else found
    return values


# --- engines ----------------------------------------------------------------------------------


def _pydantic_reader(tp: Any, fields: list[ModelField], source: str) -> Read:
    from pelton.validation.models import _type_adapter

    adapter = _type_adapter(tp, {})
    # A problem names a header as it was sent.
    keys = {one.name: one.aliases[0][1] for one in fields if source == "header" and one.aliases[0][0] == one.name}

    def read(request: Any, texts: Texts) -> Any:
        del request
        try:
            return adapter.validate_python(_values_of(source, texts, fields), from_attributes=True)
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise
            raise Problems([_under(keys, one) for one in entries_of(error)]) from error

    return read


def _msgspec_reader(tp: Any, fields: list[ModelField], source: str) -> Read:
    import msgspec

    from pelton.validation.models import _check_msgspec_leaves, _msgspec_path

    _check_msgspec_leaves(tp)
    keys = {one.aliases[0][0]: one.aliases[0][1] for one in fields if source == "header"}

    def read(request: Any, texts: Texts) -> Any:
        del request
        values = _values_of(source, texts, fields)
        try:
            return msgspec.convert(values, tp, strict=False)
        except msgspec.ValidationError as error:
            message, path = _msgspec_path(str(error))
            if message.startswith("Object missing required field `"):
                raise Problems([_under(keys, missing([message[31:].rstrip("`")]))]) from error
            value: Any = values
            for step in path:
                value = value[step]
            raise Problems([_under(keys, entry("value_error", path, message, value))]) from error

    return read


def _under(keys: dict[str, str], told: dict[str, Any]) -> dict[str, Any]:
    loc = told["loc"]
    return {**told, "loc": [keys[loc[0]], *loc[1:]]} if loc and loc[0] in keys else told


def _neutral_reader(
    where: str, source: Any, tp: Any, kind: str, converts_underscores: bool
) -> tuple[list[ModelField], Read]:
    from pelton.validation.markers import Marker

    hints = {name: field_type(hint) for name, hint in field_hints(tp).items()}
    fields: list[ModelField] = []
    readers: list[tuple[str, Callable[[Any], Any]]] = []
    for name, argument, required in declared_fields(tp, kind, hints):
        hint = hints[name]
        refuse_file(where, name, hint)
        if not fits_text(hint):
            raise Unfit(
                f"{where} takes a model from {_PLACES[source]}, but its field '{name}' is {described(hint)}",
                "use scalars and lists of scalars, or a pydantic or msgspec model",
            )
        marker = next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Marker)), None)
        if marker is None:
            marker = Marker(source, ..., None, None, {}, converts_underscores)
        elif marker.source != source:
            raise Unfit(
                f"{where} takes a model from {_PLACES[source]}, but its field '{name}' is marked {marker!r}",
                f"mark it {source.title()}(), or leave the marker out",
            )
        marker = bounded(f"the field '{name}' of {where}", source, hint, marker) or marker
        made = text_source(where, source, Parameter(name, hint, EMPTY if required else _UNSET, True, False), hint, marker)
        made.tp, made.marker = hint, marker
        made.parameter = Parameter(name, hint, EMPTY if required else _default_of(tp, kind, name), True, False)
        key = key_of(source, made.parameter, marker)
        fields.append(ModelField(name, [(key, key)], takes_many(hint), required, hint, "builtin", made))
        readers.append((argument, made.read))

    def read(request: Any, texts: Texts) -> Any:
        del texts
        values = {}
        found: list[dict[str, Any]] = []
        for argument, one in readers:
            try:
                value = one(request)
            except Problems as problems:
                found += [{**each, "loc": each["loc"][1:]} for each in problems.entries]
                continue
            if value is not _UNSET:
                values[argument] = value
        if found:
            raise Problems(found)
        return tp(**values)

    return fields, read


def _default_of(tp: Any, kind: str, name: str) -> Any:
    """As a document may tell it; _UNSET, which is no JSON, where it may not."""
    from pelton.validation.builtin_schemas import default_of_field

    default = default_of_field(tp, kind, name)
    return _UNSET if default is None else default
