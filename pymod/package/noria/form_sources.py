"""Parameters that come from a form: fields, files, and models of fields."""

from __future__ import annotations

from noria.annotations import (
    Unfit,
    collection_of,
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
from noria.forms import sent_form
from noria.parameters import EMPTY, Parameter
from noria.pydantic_entries import entries_of
from noria.sources import Source, absent, default_of, limited, text_source
from noria.validation import Problems, checker, entry, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from noria._native import Request
    from noria.form_data import FormData
    from noria.params import Marker
    from noria.uploads import UploadedFile

    Read = Callable[[FormData], Any]


def is_upload(tp: Any) -> bool:
    """Whether it is UploadedFile; a program without uploads need not import it."""
    import sys

    uploads = sys.modules.get("noria.uploads")
    return uploads is not None and tp is uploads.UploadedFile


def _resolver(read: Callable[[Request], Any]) -> Source:
    return Source("form", read, {"source": "resolver", "resolve": read})


# --- files ------------------------------------------------------------------------------------


def file_source(where: str, parameter: Parameter, tp: Any, marker: Marker) -> Source:
    """An UploadedFile, or every one of a name."""
    inner, _ = without_none(unwrapped(tp))
    collection = collection_of(inner)
    if not is_upload(inner) and (collection is None or not is_upload(unwrapped(collection[1]))):
        raise Unfit(
            f"{where} is marked File(), but {described(tp)} is no UploadedFile",
            f"annotate Annotated[UploadedFile, File()] or list[UploadedFile] ({parameter.name})",
        )
    key = marker.alias or parameter.name
    default, factory = default_of(parameter, marker)
    limits = checker(marker.constraints)
    loc = ["body", key]

    def read_one(request: Request) -> Any:
        sent = _sent_as(sent_form(request), key)
        last = sent[-1] if sent else ""
        if last == "" or _is_empty(last):
            return absent(default, factory, loc)
        if isinstance(last, str):
            raise Problems([_no_file(last, loc)])
        return last

    def read_many(request: Request) -> Any:
        sent = [one for one in _sent_as(sent_form(request), key) if not _is_empty(one)]
        if not sent:
            return absent(default, factory, loc)
        found = [_no_file(one, [*loc, at]) for at, one in enumerate(sent) if isinstance(one, str)]
        if found:
            raise Problems(found)
        assert collection is not None
        value = collection[0](sent)
        if limits is None:
            return value
        try:
            return limited(limits, value, loc)
        except Problems as problems:
            names = [one.filename for one in sent if not isinstance(one, str)]
            raise Problems([{**one, "input": names} for one in problems.entries]) from None

    return _resolver(read_one if collection is None else read_many)


def _sent_as(form: FormData, key: str) -> list[str | UploadedFile]:
    return [value for name, value in form.multi_items() if name == key]


def _is_empty(value: str | UploadedFile) -> bool:
    """What a browser sends for a field without a chosen file."""
    return not isinstance(value, str) and not value.raw_filename and value.size() == 0


def _no_file(text: str, loc: list[Any]) -> dict[str, Any]:
    message = "Expected UploadFile, received: <class 'str'>"
    return entry("value_error", loc, f"Value error, {message}", text, {"error": {}})


# --- models -----------------------------------------------------------------------------------


def form_model_source(
    where: str, parameter: Parameter, tp: Any, marker: Marker, validator: str
) -> Source:
    """A model whose fields are those of the form."""
    bare, _ = without_none(unwrapped(tp))
    origin, _ = origin_and_arguments(bare)
    kind = model_kind(bare) or model_kind(origin)
    if kind is None:
        raise Unfit(
            f"{where} takes {described(tp)} from a form",
            "annotate one model class, a scalar or a list of scalars",
        )
    engine = engine_of(bare, validator)  # refuses what is mixed
    if kind == "pydantic":
        read = _pydantic_reader(bare)
    elif kind == "msgspec":
        read = _msgspec_reader(bare)
    else:
        del engine  # fields of neutral models are texts: parameters of their own, so to speak
        read = _neutral_reader(where, bare, kind)
    default, factory = default_of(parameter, marker)

    def resolve(request: Request) -> Any:
        form = sent_form(request)
        if default is not EMPTY or factory is not None:
            if not form.field_count():
                return absent(default, factory, ["body"])
        try:
            return read(form)
        except Problems as problems:
            raise Problems(
                [{**one, "loc": ["body", *one["loc"]]} for one in problems.entries]
            ) from problems

    return _resolver(resolve)


def _texts(form: FormData, fields: dict[str, bool]) -> dict[str, Any]:
    """Values by name, the fields' first: all where it takes many, else the last, if that is not empty."""
    values: dict[str, Any] = {}
    for name, takes_many in fields.items():
        if name in form and (takes_many or form[name]):
            values[name] = form.getlist(name) if takes_many else form[name]
    for name in form.field_names():
        if name not in fields:
            values[name] = form[name] if len(form.getlist(name)) == 1 else form.getlist(name)
    return values


def _takes_many(tp: Any) -> bool:
    return collection_of(without_none(unwrapped(tp))[0]) is not None


def _pydantic_reader(tp: Any) -> Read:
    from noria.models import _type_adapter

    adapter = _type_adapter(tp, {})
    known = getattr(tp, "model_fields", {})
    fields = {field.alias or name: _takes_many(field.annotation) for name, field in known.items()}

    def read(form: FormData) -> Any:
        try:
            return adapter.validate_python(_texts(form, fields), from_attributes=True)
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise
            raise Problems(entries_of(error)) from error

    return read


def _msgspec_reader(tp: Any) -> Read:
    import msgspec

    from noria.models import _msgspec_path

    described_type: Any = msgspec.inspect.type_info(tp)
    many = ("ListType", "SetType", "FrozenSetType", "VarTupleType")
    fields = {field.encode_name: type(field.type).__name__ in many for field in described_type.fields}

    def read(form: FormData) -> Any:
        values = _texts(form, fields)
        try:
            return msgspec.convert(values, tp, strict=False)
        except msgspec.ValidationError as error:
            message, path = _msgspec_path(str(error))
            if message.startswith("Object missing required field `"):
                raise Problems([missing([message[31:].rstrip("`")])]) from error
            value: Any = values
            for step in path:
                value = value[step]
            raise Problems([entry("value_error", path, message, value)]) from error

    return read


def _neutral_reader(where: str, tp: Any, kind: str) -> Read:
    from noria.params import Form

    hints = {name: field_type(hint) for name, hint in field_hints(tp).items()}
    readers = []
    for name, argument, required in declared_fields(tp, kind, hints):
        hint = hints[name]
        if not fits_text(hint):
            raise Unfit(
                f"{where} takes a model from a form, but its field '{name}' is {described(hint)}",
                "use scalars and lists of scalars, or a pydantic or msgspec model",
            )
        default = EMPTY if required else _UNSET
        field = Parameter(name, hint, default, True, False)
        readers.append((argument, text_source(where, "form", field, hint, Form()).read))

    def read(form: FormData) -> Any:
        values = {}
        found: list[dict[str, Any]] = []
        for argument, one in readers:
            try:
                value = one(form)  # type: ignore[arg-type]
            except Problems as problems:
                found += [{**each, "loc": each["loc"][1:]} for each in problems.entries]
                continue
            if value is not _UNSET:
                values[argument] = value
        if found:
            raise Problems(found)
        return tp(**values)

    return read


_UNSET: Any = object()
