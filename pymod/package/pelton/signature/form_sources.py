"""Parameters that are files of a form; its other fields are read like those of a query."""

from __future__ import annotations

from pelton.messages.request import sent_form
from pelton.scalars import Problems, checker, entry
from pelton.signature.sources import Source, absent, default_of, limited
from pelton.validation.annotations import Unfit, collection_of, described, parts, unwrapped, without_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Request
    from pelton.forms.form_data import FormData
    from pelton.forms.uploads import UploadedFile
    from pelton.validation.markers import Marker
    from pelton.validation.parameters import Parameter


def is_upload(tp: Any) -> bool:
    """Whether it is UploadedFile; a program without uploads need not import it."""
    import sys

    uploads = sys.modules.get("pelton.forms.uploads")
    return uploads is not None and tp is uploads.UploadedFile


def holds_file(tp: Any) -> bool:
    """Whether an UploadedFile is in it: a list of them, or one that may be missing."""
    return any(is_upload(part) for part in parts(tp, set()))


def refuse_file(where: str, name: str, tp: Any) -> None:
    """Unfit if a field of a model is a file: these come beside a model."""
    if holds_file(tp):
        raise Unfit(
            f"{where} takes a model field by field, but '{name}' of it is a file",
            f"take it beside the model: {name}: Annotated[{described(tp).replace('pelton.', '')}, File()], "
            "and the model as Annotated[..., Form()]",
        )


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
    if collection is None and marker.constraints:
        raise Unfit(
            f"{where} is one file, but {', '.join(marker.constraints)} of File() bounds how many there are",
            "annotate list[UploadedFile], or compare size() in the handler",
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
