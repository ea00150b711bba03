"""One call of a WSGI application: what it says by `start_response`, and its body (PEP 3333)."""

from __future__ import annotations

from pelton._native import check_field
from pelton.errors import PHRASES
from pelton.hosting.file_wrapper import FileWrapper
from pelton.messages.files import DescriptorBody
from pelton.messages.response import Response, with_body
from pelton.messages.streams import Streaming
from pelton.routing.answers import asked
from pelton.streaming.item_encoding import ItemEncoding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Any, Self

    from pelton.hosting.file_wrapper import OpenFile

    Environ = dict[str, Any]
    Fields = list[tuple[bytes, bytes]]
    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    Application = Callable[[Environ, Callable[..., Callable[[bytes], object]]], Iterable[bytes]]

# What the server says itself of how a message is sent.
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers", "transfer-encoding", "upgrade")
)  # fmt: skip
_WITHOUT_BODY = (204, 205, 304)
_SHORT_FILE_BYTES = 32 * 1024  # up to this a file is read by the application's thread


class _Status(int):
    """A status with a phrase of the application's own."""

    phrase: bytes


def _status(code: int, phrase: str) -> int:
    if not phrase or phrase == PHRASES.get(code) or not phrase.isprintable():
        return code
    try:
        octets = phrase.encode("latin-1")
    except UnicodeEncodeError:
        return code
    status = _Status(code)
    status.phrase = octets
    return status


def _as_it_is(piece: bytes) -> bytes:
    return piece


_PIECES = ItemEncoding("", _as_it_is)


class WsgiCall:
    """The call, and the iterator over the pieces of a body that is not whole when the head leaves.

    Args:
        application: The WSGI application.
        environ: Its first argument.
        failed: What is called with the request, as the log names it, and an exception of the result's `close()`.
        pass_on: What `write()` of `start_response` does with a piece; None: it waits for the first piece of the result.
    """

    __slots__ = (
        "_application", "_before", "_environ", "_failed", "_fields", "_has_left", "_iterator", "_length", "_method", "_pass_on",
        "_path", "_result", "_status", "file",
    )  # fmt: skip

    def __init__(
        self,
        application: Application,
        environ: Environ,
        failed: Callable[[str, BaseException], object],
        pass_on: Callable[[bytes], object] | None = None,
    ) -> None:
        self._application = application
        self._environ: Environ | None = environ
        self._method: str = environ["REQUEST_METHOD"]
        self._path: str = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        self._failed = failed
        self._pass_on = pass_on
        self._before: list[bytes] = []  # pieces that are not sent yet, from before the iterator's next one
        self._has_left = False
        self._status = 0  # nothing was said yet
        self._fields: Fields = []
        self._length: int | None = None  # of the body, as the application says it
        self._result: Any = None
        self._iterator: Iterator[bytes] = iter(())
        self.file: OpenFile | None = None  # which is the whole body

    # --- what the application calls ---

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /) -> Callable[[bytes], None]:
        """Sets the head, which leaves with the first piece of the body; what it returns sends such a piece.

        Raises:
            RuntimeError: It was called before, and there is no `exc_info`.
            TypeError: The status is no str, or the headers are no list of pairs of str.
            ValueError: The status is none of 200 to 599, or a header may not go on the wire.
            BaseException: That of `exc_info`, if the head has left already.
        """
        if exc_info is not None:
            try:
                if self._has_left and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._status:
            raise RuntimeError("start_response() was called twice, the second time without exc_info")
        if not isinstance(status, str) or not isinstance(headers, list):
            raise TypeError(
                f"start_response() takes a status, which is a str, and a list of headers, not {type(status).__name__} and "
                f"{type(headers).__name__}"
            )
        code = status[:3]
        if not (code.isascii() and code.isdigit() and status[3:4] in ("", " ") and 200 <= int(code) <= 599):
            raise ValueError(f"a status is 200 to 599 and a reason, such as '200 OK', not {status!r}")
        fields: Fields = []
        length = None
        for one in headers:
            try:
                name, value = one
                if name.lower() in _HOP_BY_HOP:
                    continue
                field = check_field(name, value)
            except (TypeError, AttributeError) as error:
                raise TypeError(f"a header is a pair of str, not {one!r}") from error
            except ValueError as error:
                raise ValueError(f"header {one!r}: {error}") from None
            if name.lower() != "content-length":
                fields.append(field)
            elif value.isascii() and value.isdigit():
                length = int(value)
            else:
                raise ValueError(f"a Content-Length is a number, not {value!r}")
        self._status, self._fields, self._length = _status(int(code), status[4:]), fields, length
        return self._write

    def _write(self, piece: bytes, /) -> None:
        if self._pass_on is None:
            self._before.append(_checked(piece))
        elif piece:
            self._has_left = True
            self._pass_on(_checked(piece))

    # --- what serves it ---

    def begin(self) -> bytes | None:
        """Calls the application. Returns its whole body, or None if there are more pieces to take from this iterator.

        Whatever it raises, the result has been closed then, as it has if the body is whole.
        """
        is_whole = True
        environ, self._environ = self._environ, None
        try:
            result = self._result = self._application(environ, self.start_response)  # type: ignore[arg-type]
            if type(result) is list or type(result) is tuple:
                for piece in result:
                    _checked(piece)
                self._before += result
            else:
                self._iterator = iter(result)
                is_whole = self._take_first(result) if type(result) is not FileWrapper else self._take_file(result)
            if not self._status:
                raise RuntimeError("the application has returned without calling start_response()")
        except BaseException:
            self.close()
            raise
        if not is_whole:
            self._has_left = True
            return None
        self.close()
        before, self._before = self._before, []
        return before[0] if len(before) == 1 else b"".join(before)

    def _take_first(self, result: Any) -> bool:
        """Takes pieces until one is not empty; whether the body is whole then."""
        piece = next(self._iterator, None)
        while piece is not None and not _checked(piece):
            piece = next(self._iterator, None)
        if piece is None:
            return True
        self._before.append(piece)
        if self._method == "HEAD" or self._status in _WITHOUT_BODY:
            return self._length is not None or self._status in _WITHOUT_BODY
        is_alone = hasattr(result, "__len__") and len(result) == 1
        if not is_alone and (self._length is None or sum(map(len, self._before)) < self._length):
            return False
        # All that was declared is there: the application runs to its end before that leaves.
        for piece in self._iterator:
            if _checked(piece):
                self._before.append(piece)
                break
        return True

    def _take_file(self, wrapper: FileWrapper) -> bool:
        """The octets of a short file, or the file; whether the body is whole then."""
        file = None
        if self._status and self._status not in _WITHOUT_BODY and self._method != "HEAD" and not self._before and not self._has_left:
            file = wrapper.open_file()
        if file is None:
            return self._take_first(wrapper)
        size = file.size if self._length is None else min(file.size, self._length)
        if size <= _SHORT_FILE_BYTES:
            self._before.append(_checked(wrapper.filelike.read(size)))
            return True
        if self._length is None:
            self._length = size
        self.file = file
        return False

    def of_file(self, over: Callable[[], object]) -> Response:
        """The response whose body is the file; `over` is called when that has left, or never will."""
        assert self.file is not None and self._length is not None
        fields = [*self._fields, (b"Content-Length", b"%d" % self._length)]
        return self._with_body(DescriptorBody(self.file.descriptor, self.file.position, over), fields)

    def whole(self, body: bytes) -> Response:
        """The response with this body, which is the whole one."""
        length = self._length
        if length is None or length == len(body) or self._status in _WITHOUT_BODY:
            response = Response.__new__(Response)
            response._background = None
            response._status = self._status
            response._body = b"" if self._status in _WITHOUT_BODY else body
            response._fields = self._fields
            return response
        return self.streamed(iter(() if self._method == "HEAD" else (body,)))

    def streamed(self, pieces: Any = None) -> Response:
        """The response whose body comes from an iterator, by default from this one."""
        streaming = Streaming(self if pieces is None else pieces, encoding=_PIECES, content_length=self._length)
        streaming.asked = asked(self._method, self._path)
        return self._with_body(streaming, self._fields)

    def _with_body(self, body: Streaming | DescriptorBody, fields: Fields) -> Response:
        response = with_body(body, self._status, fields)
        response._status = self._status  # with its phrase
        return response

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._before:
            return self._before.pop(0)
        while not (piece := _checked(next(self._iterator))):
            pass
        return piece

    def close(self) -> None:
        """Calls `close()` of the result, once; what it raises is logged."""
        result, self._result, self._iterator = self._result, None, iter(())
        self._pass_on = None  # of whom this call is a part: a cycle would wait for the garbage collector
        close = getattr(result, "close", None)
        if close is None:
            return
        try:
            close()
        except Exception as error:  # noqa: BLE001
            self._failed(asked(self._method, self._path), error)


def _checked(piece: Any) -> bytes:
    if not isinstance(piece, bytes):
        raise TypeError(f"the body of a WSGI application is bytes, not {type(piece).__name__}")
    return piece
