"""The half of Request that reads forms, attached to the native type; loaded parts come when used."""

from __future__ import annotations

from pelton.messages import arriving as _arriving  # attaches what Request has besides
from pelton._native import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pelton.forms.form_data import FormData
    from pelton.forms.parts import Part
    from pelton.forms.uploads import UploadedFile

_FORM = "pelton.form"


def form(self: Request) -> FormData:
    """The urlencoded or multipart body, parsed once: the same object every time.

    UnsupportedMediaType 415 for another content type, BadBody 400 for a malformed form, BodyTooLarge
    413 over a limit, HTTPError 507 if there is no room for files. RuntimeError on a `stream_body`
    route before form_async() has read it.
    """
    found: FormData | None = self.context.get(_FORM)
    if found is None:
        if self.route is not None and self.route.options.get("stream_body"):
            raise RuntimeError("form() on a stream_body route: await request.form_async()")
        from pelton.forms.form_reading import whole_form

        found = self.context[_FORM] = whole_form(self)
    return found


async def form_async(self: Request) -> FormData:
    """form() of a body that may still arrive; files are written without holding up the loop."""
    found: FormData | None = self.context.get(_FORM)
    if found is None:
        from pelton.forms.form_reading import arriving_form

        found = self.context[_FORM] = await arriving_form(self)
    return found


def _files(self: Request) -> dict[str, list[UploadedFile]]:
    """The files of form(), by the names they came under."""
    found = form(self)
    return {name: found.get_files(name) for name in found.file_names()}


def parts(self: Request) -> AsyncIterator[Part]:
    """The parts of a multipart body one by one, storing nothing; for `stream_body` routes above all.

    Raises as form() does, and as stream() does.
    """
    from pelton.forms.parts import parts as parts_of

    return parts_of(self)


def sent_form(request: Request) -> FormData:
    """form(), and an empty one if no body was sent at all."""
    if _FORM not in request.context and request.headers.get("content-type") is None and not request.body():
        from pelton.forms.form_data import FormData

        request.context[_FORM] = FormData([])
    return form(request)


def _attach() -> None:
    for method in (form, form_async, parts):
        method.__qualname__ = f"Request.{method.__name__}"
        setattr(Request, method.__name__, method)
    setattr(Request, "files", property(_files))


_attach()
