"""Bodies to forms, whole or as they arrive, within the limits of the server (protocol 6.2)."""

from __future__ import annotations

from pelton._native import FormReader
from pelton.errors import BadBody, BodyTooLarge, HTTPError, UnsupportedMediaType
from pelton.forms.form_data import FormData
from pelton.forms.uploads import UploadedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from typing import Any

    from pelton._native import BodyFile, Request
    from pelton.config.settings import Values

# LIM-055, LIM-041, LIM-051 (parts, files), LIM-052, LIM-053, LIM-054 (lines, octets of one), LIM-056.
LIMITS = (
    "limit_boundary_size",
    "limit_form_fields",
    "limit_parts",
    "limit_files",
    "limit_field_size",
    "limit_multipart_memory",
    "limit_part_headers",
    "limit_part_header_size",
    "limit_multipart_slack",
)
_MEMORY = LIMITS.index("limit_multipart_memory")

# Pieces that wait to be written by one call to a thread.
SPOOLED_AT_ONCE = 1024 * 1024


def limits_of(settings: Values) -> tuple[int, ...]:
    """The limits of the server as FormReader takes them."""
    return tuple(settings[name] for name in LIMITS)


def reader_of(request: Request, limits: tuple[int, ...]) -> FormReader:
    """UnsupportedMediaType if the body is no form, or a coded one; BadBody without a boundary."""
    if any(coding.lower() != "identity" for coding in request.headers.getlist("content-encoding")):
        raise UnsupportedMediaType("a form is taken as it is", {"Accept-Encoding": "identity"})
    reader = FormReader(request.headers.get("content-type") or "", limits)
    if reader.kind is None:
        raise UnsupportedMediaType(
            "this takes application/x-www-form-urlencoded or multipart/form-data"
        )
    check(reader)
    return reader


def check(reader: FormReader | BodyFile) -> None:
    """BadBody, BodyTooLarge or HTTPError if what was read is no form within the limits."""
    if reader.failure is None:
        return
    status, counter_class, reason = reader.failure
    headers = {"Connection": "close"} if counter_class == "refused" else None
    kind = {400: BadBody, 413: BodyTooLarge}[status]
    raise kind(f"form refused: {reason}", headers)


class FormCollector:
    """One body that becomes a FormData; what goes beyond the memory limit is spooled."""

    def __init__(self, request: Request, settings: Values) -> None:
        limits = limits_of(settings)
        self._reader = reader_of(request, limits)
        self._memory_max = limits[_MEMORY]
        self._held = 0  # bytes in memory, but for those that wait
        self._items: list[tuple[str, str | UploadedFile]] = []
        self._name = ""
        self._open: UploadedFile | list[bytes] = []
        self._waiting: list[UploadedFile] = []  # to be written out
        self.waiting_bytes = 0
        # One file for all parts, one after the other: descriptors are scarcer than octets.
        self._file: FileIO | None = None

    def feed(self, data: bytes) -> None:
        take = self._take_part if self._reader.kind == "multipart" else self._items.append
        self._take_all(self._reader.feed(data), take)

    def spooled(self, body: BodyFile, events: list[Any]) -> FormData:
        """The form of a body whose files are used where they lie."""
        for event in events:
            if type(event) is slice:
                assert isinstance(self._open, UploadedFile)
                self._open._lies_in(body, event)
            else:
                self._take_part(event)
        check(body)
        return FormData(self._items)

    def end(self) -> FormData:
        """The form; what still waits has been spooled then."""
        self._take_all(self._reader.end(), self._items.append)
        return FormData(self._items)

    def _take_all(self, events: list[Any], take: Callable[[Any], None]) -> None:
        for event in events:
            take(event)
        check(self._reader)

    def _take_part(self, event: Any) -> None:
        if type(event) is tuple:
            self._name, is_file, raw_filename, filename, fields = event
            self._open = UploadedFile(filename, raw_filename, fields) if is_file else []
        elif event is not None:
            self._take_octets(event)
        elif isinstance(self._open, UploadedFile):
            self._items.append((self._name, self._open))
        else:
            self._items.append((self._name, _text(b"".join(self._open))))

    def _take_octets(self, octets: bytes | memoryview) -> None:
        target = self._open
        if isinstance(target, list):
            target.append(bytes(octets))
            self._held += len(octets)
            if self._held > self._memory_max:
                # Fields alone stay within it: the reader has seen to that.
                for _, value in self._items:
                    if isinstance(value, UploadedFile) and value not in self._waiting:
                        self._write_out(value)
            return
        target._append(octets)
        if target in self._waiting or target._file is not None:
            if target not in self._waiting:
                self._waiting.append(target)
            self.waiting_bytes += len(octets)
            return
        self._held += len(octets)
        if self._held > self._memory_max:
            self._write_out(target)

    def _write_out(self, file: UploadedFile) -> None:
        held = file._held
        if held:
            self._waiting.append(file)
            self._held -= held
            self.waiting_bytes += held

    def spool(self) -> None:
        """Writes what waits to the temporary file; HTTPError 507 if it cannot be."""
        waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        try:
            file = self._file  # let_go() may come meanwhile
            if file is None:
                from tempfile import TemporaryFile

                file = self._file = TemporaryFile(buffering=0)
            for upload in waiting:
                upload._spool(file)
        except OSError as error:
            # Whatever it lacks, room or descriptors or a directory: as the spool of whole bodies answers.
            raise HTTPError(507, "form refused: spool_full") from error

    def let_go(self) -> None:
        """The form will not be used: nothing of it stays, once no thread writes to it."""
        self._file = None
        for _, value in self._items:
            if isinstance(value, UploadedFile):
                value._let_go()
        if isinstance(self._open, UploadedFile):
            self._open._let_go()


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise BadBody("form refused: form_not_utf8") from None


def whole_form(request: Request, settings: Values) -> FormData:
    """The form of a body that has arrived, within the limits of the server's settings."""
    collector = FormCollector(request, settings)
    body = request._body_file
    events = None if body is None else body.parts()
    try:
        if body is not None and events is not None:
            return collector.spooled(body, events)
        collector.feed(request.body())
        form = collector.end()
        collector.spool()
        return form
    except BaseException:
        collector.let_go()
        raise


async def arriving_form(request: Request, settings: Values) -> FormData:
    """The form of a body that arrives, or has; files are written by a thread of the default pool."""
    if request._body_file is not None:
        return whole_form(request, settings)
    from asyncio import to_thread

    collector = FormCollector(request, settings)
    try:
        async for piece in request.stream():
            collector.feed(piece)
            if collector.waiting_bytes >= SPOOLED_AT_ONCE:
                await to_thread(collector.spool)
        form = collector.end()
        if collector.waiting_bytes:
            await to_thread(collector.spool)
        return form
    except BaseException:
        collector.let_go()
        raise
