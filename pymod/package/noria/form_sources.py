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
        form = sent_form(request)
        found = form.get_file(key)
        if found is None:
            return _without_file(form, key, default, factory, loc)
        return found

    def read_many(request: Request) -> Any:
        form = sent_form(request)
        files = form.get_files(key)
        if not files:
            return _without_file(form, key, default, factory, loc)
        assert collection is not None
        value = collection[0](files)
        if limits is None:
            return value
        try:
            return limited(limits, value, loc)
        except Problems as problems:
            raise Problems([{**one, "input": [file.filename for file in files]} for one in problems.entries]) from None

    return _resolver(read_one if collection is None else read_many)


def _without_file(
    form: FormData, key: str, default: Any, factory: Callable[[], Any] | None, loc: list[Any]
) -> UploadedFile | Any:
    text = form.get(key)
    if not text:
        return absent(default, factory, loc)
    message = "Expected UploadFile, received: <class 'str'>"
    raise Problems([entry("value_error", loc, f"Value error, {message}", text, {"error": {}})])


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


def _texts(form: FormData, many: frozenset[str]) -> dict[str, Any]:
    """Values by name as texts; an empty one of a scalar counts as not sent."""
    values: dict[str, Any] = {}
    for name in form.field_names():
        if name in many:
            values[name] = form.getlist(name)
        elif form[name]:
            values[name] = form[name]
    return values


def _takes_many(tp: Any) -> bool:
    return collection_of(without_none(unwrapped(tp))[0]) is not None


def _pydantic_reader(tp: Any) -> Read:
    from noria.models import _type_adapter

    adapter = _type_adapter(tp, {})
    fields = getattr(tp, "model_fields", {})
    many = frozenset(
        field.alias or name for name, field in fields.items() if _takes_many(field.annotation)
    )

    def read(form: FormData) -> Any:
        try:
            return adapter.validate_python(_texts(form, many))
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise
            entries = []
            for found in error.errors(include_url=False):
                context = found.get("ctx")
                if context and isinstance(context.get("error"), Exception):
                    context = {**context, "error": {}}
                entries.append(
                    entry(found["type"], list(found["loc"]), found["msg"], found.get("input"), context)
                )
            raise Problems(entries) from error

    return read


def _msgspec_reader(tp: Any) -> Read:
    import msgspec

    from noria.models import _msgspec_path

    described_type: Any = msgspec.inspect.type_info(tp)
    many = frozenset(
        field.encode_name
        for field in described_type.fields
        if type(field.type).__name__ in ("ListType", "SetType", "FrozenSetType", "VarTupleType")
    )

    def read(form: FormData) -> Any:
        values = _texts(form, many)
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
