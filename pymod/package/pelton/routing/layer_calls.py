"""What the generated functions of layer_code call: answers of hooks and middleware, and what follows an answer."""

from __future__ import annotations

from pelton.callables import name_of
from pelton.errors import ClientDisconnected, HTTPError, ResponseTypeError, place_of
from pelton.messages.response import Later, Response, TemplateBody, later
from pelton.messages.streams import Streaming
from pelton.messages.templates import rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from pelton._native import Request
    from pelton.dependencies.closers import Closing
    from pelton.dependencies.injection import Injection
    from pelton.routing.answers import Answers
    from pelton.routing.app_parts import AppParts
    from pelton.routing.routes import RouteInfo


LATE = (Later, TemplateBody)  # bodies that have to be awaited


class Endpoint:
    """What is the same in all requests of a route: its encoding, its application's exception handlers."""

    def __init__(self, answers: Answers, route: RouteInfo | None, after: list[Callable[..., Any]]) -> None:
        self.answers = answers
        self.route = route
        self.after = after  # in the order of their calls; read only where all are `def`
        self.dumps = answers.service.json.dumps
        # What a dict or a list goes out as, if neither a declared type nor the media type has a say.
        self.plain: tuple[int, tuple[bytes, bytes]] | None = None
        if route is not None and route.encode is None and route.media_type is None and route.status not in (204, 304):
            self.plain = (route.status, (b"Content-Type", b"application/json"))

    # --- results ---

    def encoded(self, value: Any) -> Response:
        """What the handler returned, as a Response that may be changed."""
        plain = self.plain
        if plain is not None and (type(value) is dict or type(value) is list):
            response = Response.__new__(Response)
            response._status, response._fields = plain[0], [plain[1]]
            response._body = self.dumps(value)
            response._background = None
            return response
        return self.awaiting(self.answers.response(value, self.route))

    def merged(self, value: Any, side: Response) -> Response:
        assert self.route is not None
        return self.awaiting(self.answers.merge(value, side, self.route))

    def awaiting(self, response: Response) -> Response:
        """The same; a template is rendered before the layers see it."""
        if type(response._body) is TemplateBody:
            return later(rendered(response, self.answers.service))
        return response

    async def finished(self, response: Response) -> Response:
        """The one that is still to be awaited, or rendered."""
        while type(response._body) in LATE:
            body = response._body
            if isinstance(body, Later):
                response = self.encoded(await body.awaitable)
            else:
                response = await rendered(response, self.answers.service)
        return response

    def answered(self, value: Any, fn: Any) -> Response:
        """What a hook or a middleware returned."""
        if value is None:
            raise ResponseTypeError(
                f"middleware {name_of(fn)}() of {place_of(fn)} returned None; return what call_next() gave, or an answer"
            )
        if hasattr(value, "__await__"):
            if hasattr(value, "close"):
                value.close()
            raise ResponseTypeError(f"{name_of(fn)}() of {place_of(fn)} returned an awaitable; write it as async def")
        return self.answers.response(value, None)

    def instead(self, value: Any, fn: Any, response: Response) -> Response:
        """What a hook returned, in place of another answer."""
        return response if value is response else carried(self.answered(value, fn), [response])

    # --- exceptions ---

    def known(self, request: Request, error: BaseException) -> Any:
        """The answer of the exception handlers, or its awaitable; None if they do not know the exception."""
        if not isinstance(error, Exception):
            from asyncio import CancelledError

            if isinstance(error, CancelledError | GeneratorExit):
                return None
        if isinstance(error, HTTPError) or self.answers.error_handlers.of_error(error) is not None:
            return self.answers.on_exception(request, error)
        return None

    # --- where a `def` has something to wait for ---

    def settled(self, request: Request, value: Any, side: Response | None = None) -> Response:
        return later(self.settled_later(request, value, side))

    async def settled_later(self, request: Request, value: Any, side: Response | None) -> Response:
        """As the generated function goes on after a handler's result, or after that of an exception handler."""
        try:
            if hasattr(value, "__await__"):
                value = await value
            response = await self.finished(self.encoded(value) if side is None else self.merged(value, side))
        except BaseException as error:
            response = await self.known_later(request, error)
        try:
            for fn in self.after:
                value = fn(request, response)
                if value is not None:
                    response = self.instead(value, fn, response)
        except BaseException as error:
            abandoned(response)
            response = await self.known_later(request, error)
        return response

    async def known_later(self, request: Request, error: BaseException) -> Response:
        answer = self.known(request, error)
        if answer is None:
            raise error
        return await self.finished(answer if isinstance(answer, Response) else await answer)


def other_request(given: Any) -> None:
    raise TypeError(f"call_next() takes the request that the middleware was given, not {given!r}")


# --- what follows an answer: its tasks, and the dependencies that close after it ---


def carried(response: Response, behind: list[Response]) -> Response:
    """The final answer, with the tasks and the closing that follow the answers made on the way to it."""
    parts: list[Any] = []
    for one in behind:
        if one._body is response._body and one._background is response._background:
            continue  # it is this one, or a copy
        closing = _closing(one)
        if closing is not None and one._body is not response._body:
            assert isinstance(one._body, Streaming)
            one._body.closing = None
            closing.background, one._background = one._background, None
            parts.append(closing)
        if one._background is not None and one._background is not response._background:
            parts.append(one._background)
    if parts:
        from pelton.messages.response import copied

        response = copied(response)
        if response._background is not None:
            parts.append(response._background)
        response._background = parts[0] if len(parts) == 1 else parts
    return response


def abandoned(response: Response) -> None:
    """It is not sent: what its request has open is closed, and none of its tasks runs."""
    from pelton.dependencies.closers import Closing

    for one in (_closing(response), response._background):
        if isinstance(one, Closing) and not one.begun:
            one.background = None
            one.begin()


def _closing(response: Response) -> Closing | None:
    return response._body.closing if isinstance(response._body, Streaming) else None


# --- where the exchange is over ---


def call_apart(parts: AppParts) -> Callable[[Request], Coroutine[Any, Any, Any]]:
    """Calls a handler whose client has left while its layers waited: it runs, as it would have."""
    known: dict[RouteInfo, Injection] = {}

    def call(request: Request) -> Coroutine[Any, Any, Any]:
        route = request.route
        if "WEBSOCKET" in route.methods:
            raise ClientDisconnected("the client has left")
        if route not in known:
            known[route] = _injection(parts, route)
        return known[route].call_in_python(request)

    return call


def _injection(parts: AppParts, route: RouteInfo) -> Injection:
    """The handler's arguments as they are read in Python."""
    from pelton.config.concurrency import read_concurrency
    from pelton.signature.compiler import Compiler
    from pelton.validation.parameters import parameters_of

    compiler = Compiler(parts, route)
    pool = read_concurrency(route.options, route.handler, route.where).pool
    made = compiler.injected(compiler.slots(parameters_of(route.handler)[0]), pool)
    made.handler = compiler.called(route.handler, pool)
    return made
