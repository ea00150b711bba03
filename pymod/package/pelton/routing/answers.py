"""Results and exceptions of handlers to responses, where the native half does not do it itself (sections 6 and 8)."""

from __future__ import annotations

from pelton._native import JSONEncodeError
from pelton.config.concurrency import read_pool
from pelton.errors import BodyTooLarge, ClientDisconnected, HTTPError, ResponseTypeError, phrase
from pelton.messages.files import DescriptorBody
from pelton.messages.headers import checked_status, fields_of, laid_over, with_charset
from pelton.messages.problems import ProblemDetails
from pelton.messages.response import Later, Response, TemplateBody, copied, made, trailers_of, with_body
from pelton.messages.streams import Streaming
from pelton.messages.templates import rendered
from pelton.streaming.sending import Delivery, send, streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from pelton._native import Request
    from pelton.app import App
    from pelton.messages.service import Service
    from pelton.routing.error_handlers import ErrorHandlers
    from pelton.routing.routes import RouteInfo

_LOGGED_BYTES_MAX = 1024


class Answers:
    """What the native half asks of Python, for one application."""

    def __init__(self, app: App, service: Service, error_handlers: ErrorHandlers) -> None:
        self.app = app
        self.service = service
        self.error_handlers = error_handlers
        # Set by the test client: exceptions that ended in a 500, to be raised again in the test.
        self.unhandled: list[BaseException] | None = None

    # --- exceptions ---

    def on_exception(self, request: Request, error: BaseException) -> Any:
        """The value that answers an exception; never raises for an Exception of the handlers."""
        handler = self.error_handlers.of_error(error)
        if handler is not None:
            try:
                value = handler(request, error)
                if hasattr(value, "__await__"):
                    return self.judged_later(value, request, error)
                return self.judged(value, request, error)
            except BaseException as failure:  # noqa: BLE001
                if isinstance(failure, HTTPError):
                    return self.http_error(request, failure)
                return self.unknown(request, failure)
        if isinstance(error, HTTPError):
            return self.http_error(request, error)
        return self.unknown(request, error)

    async def judged_later(self, value: Any, request: Request, error: BaseException) -> Response:
        from asyncio import CancelledError

        try:
            return self.judged(await value, request, error)
        except CancelledError:
            raise
        except BaseException as failure:  # noqa: BLE001
            if isinstance(failure, HTTPError):
                return self.http_error(request, failure)
            return self.unknown(request, failure)

    def judged(self, value: Any, request: Request | None, error: BaseException) -> Response:
        """A handler's answer; exceptions that end in a 5xx are logged once, here."""
        response = self.response(value, None)
        if response.status >= 500:
            self.log(request, error)
        return response

    def http_error(self, request: Request | None, error: HTTPError) -> Response:
        if error.status >= 500:
            self.log(request, error)
        if error.status in (204, 304):
            return made(b"", error.status, error.headers, None)
        return self.error_response(error.status, error.detail, error.headers)

    def error_response(self, status: int, detail: Any, headers: Any = None) -> Response:
        if self.app.errors == "problem":
            members: dict[str, Any] = {"type": "about:blank", "title": phrase(status), "status": status}
            if isinstance(detail, str):
                members["detail"] = detail
            else:
                members["detail"] = phrase(status)
                members["errors"] = detail
            return made(self.json(members), status, headers, "application/problem+json")
        return made(self.json({"detail": detail}), status, headers, "application/json")

    def unknown(self, request: Request, error: BaseException) -> Response:
        """Any other exception: a 500 without details; the log has them."""
        self.log(request, error)
        if self.unhandled is not None:
            self.unhandled.append(error)
        if self.app.debug:
            from pelton.signature.debug import error_page

            return error_page(request, error, self.json)
        return self.error_response(500, phrase(500))

    def log(self, request: Request | None, error: BaseException) -> None:
        self.log_failure(_asked(request), error)

    def failed(self, what: str | Request, error: BaseException) -> None:
        """Logs an exception that comes after the answer has begun or left; in a test it is raised too."""
        self.log_failure(what if isinstance(what, str) else _asked(what), error)
        if self.unhandled is not None:
            self.unhandled.append(error)

    def log_lost(self, request: Request | None, error: BaseException) -> None:
        """Logs what a handler raised after its client had left; a refusal is no failure."""
        if not isinstance(error, HTTPError) or error.status >= 500:
            self.log(request, error)

    def log_failure(self, what: str, error: BaseException) -> None:
        import logging

        logger, serving = logging.getLogger("pelton.error"), self.service.server
        # Without a handler of logging for it, the native writer does better than stderr.
        if serving is not None and not logger.hasHandlers() and logger.isEnabledFor(logging.ERROR):
            import traceback

            try:
                trace = "".join(traceback.format_exception(error)).rstrip()
            except BaseException as failure:  # noqa: BLE001  # of the exception's own methods
                trace = f"no traceback: to make it raised {type(failure).__name__}"
            text = f"{what.encode('ascii', 'backslashreplace').decode()}: {type(error).__name__}\n{trace}"
            if serving.log("error", logger.name, text.encode(errors="backslashreplace").decode()):
                return
        try:
            logger.error(
                "%s: %s", what, type(error).__name__, exc_info=(type(error), error, error.__traceback__)
            )
        except BaseException as failure:  # noqa: BLE001  # of the exception's own methods
            logger.error("%s: %s, and no traceback: to make it raised %s", what, type(error).__name__, type(failure).__name__)

    def on_unmatched(self, request: Request, status: int, allow: str | None, location: str | None) -> Any:
        """Registered handlers of 404 and 405; without one the native answer's twin."""
        headers = {"Allow": allow} if allow is not None else None
        if status < 400:
            return made(b"", status, headers if location is None else {"Location": location}, None)
        error = HTTPError(status, phrase(status), headers)
        handler = self.error_handlers.of_status(status)
        if handler is None:
            return self.http_error(request, error)
        try:
            value = handler(request, error)
            if hasattr(value, "__await__"):
                return self.unmatched_later(value, request, error, allow)
            return self.with_allow(self.judged(value, request, error), allow)
        except BaseException as failure:  # noqa: BLE001
            return self.on_exception(request, failure)

    async def unmatched_later(self, value: Any, request: Request, error: HTTPError, allow: str | None) -> Response:
        return self.with_allow(await self.judged_later(value, request, error), allow)

    def with_allow(self, response: Response, allow: str | None) -> Response:
        if allow is not None and "allow" not in response.headers:
            response = copied(response)
            response.set_header("Allow", allow)
        return response

    def refusal(self, status: int, detail: str) -> BaseException:
        return HTTPError(status, detail)

    # --- values ---

    def convert_result(self, value: Any, route: RouteInfo | None) -> Any:
        """What to send for a value the native half cannot send itself."""
        if isinstance(value, ProblemDetails):
            return self.problem_response(value)
        if type(value) is tuple:
            return self.tuple_response(value, route)
        if hasattr(value, "__await__"):
            return value
        if streams(value):
            return self.stream_response(value, route)
        refuse_text(value, route)
        if self.service.json.default is None or _is_unsendable(value):
            raise misreturned(value, route)
        return self.json_response(value, route)

    def problem_response(self, problem: ProblemDetails) -> Response:
        return made(self.json(problem.to_dict()), problem.status, None, "application/problem+json")

    def json_response(self, value: Any, route: RouteInfo | None) -> Response:
        status, media_type = (200, None) if route is None else (route.status, route.media_type)
        return made(self.json(value), status, None, media_type or "application/json")

    def stream_response(self, value: Any, route: RouteInfo | None) -> Response:
        if route is None:
            return with_body(Streaming(value), 200, [])
        return with_body(
            Streaming(value, encoding=route.items, media_type=route.media_type), route.status, []
        )

    async def go_on(self, driver: Any, value: Any, route: RouteInfo | None) -> Any:
        """What a result needs that is no finished answer: a stream is sent, anything else awaited."""
        import asyncio

        if not isinstance(value, Response):
            if not asyncio.isfuture(value) or value.done():
                return await value
            held = [value]
            del value
            await asyncio.sleep(0)  # by then nothing refers to it but what may complete it
            if _is_lost(held):
                raise RuntimeError("the handler returned a future that nothing else refers to: it never completes")
            return await held.pop()
        if isinstance(value._body, Later):
            return await value._body.awaitable
        if isinstance(value._body, TemplateBody):
            return await rendered(value, self.service)
        streaming, runtime = value._body, self.service.runtime
        if isinstance(streaming, DescriptorBody):
            driver.send_descriptor(value._status, value._fields, streaming.descriptor, streaming.position, streaming)
            return None
        if isinstance(streaming, bytes):  # with trailers
            streaming = Streaming(iter([streaming] if streaming else []))
        if not isinstance(streaming, Streaming):
            file: Any = streaming
            driver.send_file(value.status, value._fields, file.path, file.root, value._background)
            return None
        assert runtime is not None
        blocking = None if route is None else read_pool(route.options.get("blocking", False))
        sending = send(
            driver,
            streaming,
            Delivery(
                status=value._status,
                fields=value._fields,
                dumps=self.json,
                log=lambda error: self.failed(streaming.asked or _where(route).strip(), error),
                pool=None if blocking is None else runtime.pool(blocking),
                keep_alive_s=runtime.sse_keep_alive_s,
                is_stopping=lambda: runtime.stopping,
                on_events=lambda: runtime.add_event_stream(driver),
                trailers=lambda: trailers_of(value),
            ),
        )
        closing = streaming.closing
        try:
            failure = await sending
        except BaseException as error:
            if closing is not None:
                await closing.behind_failure(error)
            raise
        if failure is not None:
            if closing is not None:
                await closing.behind_failure(failure)
        elif closing is not None:
            await closing.behind_stream(value._background)
        elif value._background is not None:
            self.start_background(value._background)
        return None

    def start_background(self, behind: Any, in_task: bool = False) -> Coroutine[Any, Any, None] | None:
        """What follows the answer that has just been handed over; what the task that sent it is to go on with."""
        runtime = self.service.runtime
        return None if runtime is None else runtime.start_behind(behind, in_task)

    def tuple_response(self, value: tuple[Any, ...], route: RouteInfo | None) -> Response:
        if len(value) not in (2, 3) or not isinstance(value[1], int) or isinstance(value[1], bool):
            raise ResponseTypeError(
                f"{_where(route)}returned a tuple that is no (body, status[, headers]); return a list for a "
                f"JSON array"
            )
        body, status = value[0], checked_status(value[1])
        if hasattr(body, "__await__"):
            if hasattr(body, "close"):
                body.close()
            raise ResponseTypeError(
                f"{_where(route)}returned a tuple whose body is an awaitable; write async def and await it"
            )
        if isinstance(body, tuple | Response):
            raise ResponseTypeError(
                f"{_where(route)}returned a tuple whose body is a {type(body).__name__}; set the status on "
                f"the Response itself, or return a list"
            )
        if body is None:
            response = made(b"", status, None, None)
        elif isinstance(body, ProblemDetails):
            response = self.problem_response(body._with_status(status))
        else:
            try:
                response = self.response(body, route)
            except JSONEncodeError as error:
                if not str(error).endswith(" at $"):
                    raise
                raise misreturned(body, route) from error  # it has no form at all
            response._status = status
        streaming = isinstance(response._body, Streaming)
        if status in (204, 304) and not streaming:  # a stream is closed by its sending
            response._body = b""
            response._fields = [one for one in response._fields if one[0].lower() != b"content-type"]
        if len(value) == 3:
            response._fields = laid_over(response._fields, fields_of(value[2]))
        return response

    def response(self, value: Any, route: RouteInfo | None) -> Response:
        """Section 6.1 in Python: any value as a Response of its own."""
        if isinstance(value, Response):
            return copied(value)
        if isinstance(value, ProblemDetails):
            return self.problem_response(value)
        if type(value) is tuple:
            return self.tuple_response(value, route)
        status = 200 if route is None else route.status
        media_type = None if route is None else route.media_type
        if value is None and status in (204, 304):
            return made(b"", status, None, None)
        if streams(value):
            return self.stream_response(value, route)
        if isinstance(value, bytes | bytearray | memoryview):
            return made(bytes(value), status, None, media_type or "application/octet-stream")
        if isinstance(value, str) and media_type is not None and not _is_json_type(media_type):
            return made(value.encode(), status, None, with_charset(media_type))
        refuse_text(value, route)
        if route is not None and route.encode is not None:
            value = route.encode(value)
            if type(value) is bytes:
                return made(value, status, None, media_type or "application/json")
        if _is_unsendable(value):
            raise misreturned(value, route)
        return self.json_response(value, route)

    def json(self, value: Any) -> bytes:
        return self.service.json.dumps(value)

    def merge(self, value: Any, side: Response, route: RouteInfo) -> Any:
        """The result with the side channel's status, fields and cookies in it (6.4)."""
        if value is side:
            response = copied(side)
            response._status = side._status or route.status
            return response
        response = self.response(value, route)
        merge_side(response, value, side)
        return response


def disconnect_error(status: int) -> BaseException:
    """The exception for a handler that reads a body or writes after its client has left."""
    if status == 413:
        return BodyTooLarge()
    return ClientDisconnected("the client has left")


def refuse_text(value: Any, route: RouteInfo | None) -> None:
    """A JSON value on a text route is a mistake, not a text."""
    if route is not None and (route.media_type or "").startswith("text/"):
        raise ResponseTypeError(
            f"{_where(route)}returned a {type(value).__name__} on a {route.media_type} route; return a str "
            f"or bytes"
        )


def asked(method: str, path: str) -> str:
    """Method and path of a request, escaped as in access logs, so that no formatter can begin a new line with them (H1-097)."""
    octets = path.encode(errors="backslashreplace")[:_LOGGED_BYTES_MAX]
    return f"{method} " + "".join(chr(one) if 0x20 <= one < 0x7F and one not in b'"\\' else f"\\x{one:02x}" for one in octets)


def _asked(request: Request | None) -> str:
    return "a request" if request is None else asked(request.method, request.path)


def _is_json_type(media_type: str) -> bool:
    bare = media_type.partition(";")[0].strip().lower()
    return bare == "application/json" or bare.endswith("+json")


def _where(route: RouteInfo | None) -> str:
    return "an error handler " if route is None else f"{route.where} "


def _is_unsendable(value: Any) -> bool:
    """What JSON would misread as data: paths, generators, awaitables."""
    return (
        hasattr(value, "__fspath__")
        or hasattr(value, "__await__")
        or hasattr(value, "__next__")
        or hasattr(value, "__anext__")
    )


def misreturned(value: Any, route: RouteInfo | None) -> ResponseTypeError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    if hasattr(value, "__fspath__"):
        advice = "return its contents: path.read_bytes() as bytes, or Response.binary(...)"
    elif hasattr(value, "__next__") or hasattr(value, "__anext__"):
        advice = "return a list: list(...)"
    elif hasattr(value, "__await__"):
        advice = "await is not possible here; call something that returns the value"
    else:
        advice = "return a dict, list, str, bytes, a dataclass or model, a Response, or set json_default="
    return ResponseTypeError(f"{_where(route)}returned {kind}, which is no response; {advice}")


def _is_lost(held: list[Any]) -> bool:
    """Whether a pending future has no reference but that of this list of one."""
    import sys
    import weakref

    # Two references are those of the list and of the argument: a local variable would count once, twice or thrice, for Python 3.14
    # and newer borrow from it what earlier ones count.
    return not held[0].done() and sys.getrefcount(held[0]) <= 2 and weakref.getweakrefcount(held[0]) == 0


# --- the side channel: the Response parameter of a handler (6.4) ---


def merge_side(response: Response, value: Any, side: Response) -> None:
    """Puts status, fields and tasks of the side channel into the response that the handler's `value` has become."""
    body, tasks, own = response._body, side._background, response._background
    # Those of a stream may still be added.
    if tasks is not None and (len(tasks) or isinstance(body, Streaming)):
        if own is not None and own is not tasks:
            tasks._tasks += own._tasks  # a shared Response keeps its own
        response._background = tasks
    if not isinstance(body, Streaming) and (trailers := trailers_of(side)):
        response._trailers = laid_over(trailers_of(response), trailers)
    if side._status or side._fields:
        _merge_head(response, value, side)
    if isinstance(body, Streaming) and streams(value[0] if type(value) is tuple else value):
        # Its generator has not begun: what it says until the first item goes with the head then.
        body.side, body.side_yields = side, type(value) is tuple
        side._status, side._fields = 0, []


def _merge_head(response: Response, value: Any, side: Response) -> None:
    own_status = isinstance(value, Response | ProblemDetails) or type(value) is tuple
    if side._status and not own_status:
        response._status = side._status
        if side._status in (204, 304) and not isinstance(response._body, Streaming):
            response._body, response._fields = b"", []  # a type and a body of nothing; a stream sees to its own
    if isinstance(value, Response):
        own = {name.lower() for name, _ in response._fields}
    elif type(value) is tuple and len(value) == 3:
        own = {name.lower() for name, _ in fields_of(value[2])}
    else:
        own = set()
    own.discard(b"set-cookie")
    response._fields = laid_over(response._fields, [f for f in side._fields if f[0].lower() not in own])
