"""What debug=True adds: the page of an unhandled exception, and hints in the log."""

from __future__ import annotations

import logging
import sys
import threading
from types import CoroutineType

from pelton.messages.request import quality
from pelton.messages.response import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from pelton._native import Plan, Request
    from pelton.messages.response import Response


def error_page(request: Request, error: BaseException, json: Callable[[Any], bytes]) -> Response:
    """HTML if the client prefers it, else JSON; both with the traceback."""
    from traceback import format_exception

    lines = "".join(format_exception(error))
    accept = request.headers.getlist("accept")
    if accept and quality(accept, "text/html") > quality(accept, "application/json"):
        from html import escape

        title = escape(f"{type(error).__name__}: {error}")
        page = (
            f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head><body>"
            f"<h1>{title}</h1><p>{escape(request.method)} {escape(request.path)}</p>"
            f"<pre>{escape(lines)}</pre></body></html>"
        )
        return made(page.encode(), 500, None, "text/html; charset=utf-8")
    body = {
        "detail": "Internal Server Error",
        "error": f"{type(error).__name__}: {error}",
        "traceback": lines.splitlines(),
    }
    return made(json(body), 500, None, "application/json")


SLOW_SECONDS = 0.1
REQUEST_NAMES = ("request", "req", "ws", "websocket", "_")

_log = logging.getLogger("pelton")


def hinted(plan: Plan, bare: str | None, unannotated: bool) -> None:
    """Makes a plan warn of a handler that falls off its end or is misread.

    `bare` is the parameter that gets the request for being the first and having no annotation.
    """
    where, handler, status = plan["info"].where, plan["handler"], plan.get("status", 200)
    if bare is not None and bare not in REQUEST_NAMES and not hasattr(handler, "__self__"):
        _log.warning("%s: bare parameter %r gets the request; annotate it if it is another", where, bare)

    if not unannotated or status in (204, 304):
        return

    def noted(result: Any) -> Any:
        if result is None:
            _log.warning("%s returned None, which is sent as null; status=204 sends nothing", where)
        return result

    async def awaited(coroutine: CoroutineType[Any, Any, Any]) -> Any:
        return noted(await coroutine)

    def called(*arguments: Any, **keywords: Any) -> Any:
        result = handler(*arguments, **keywords)
        # A def may give a coroutine too.
        return awaited(result) if isinstance(result, CoroutineType) else noted(result)

    plan["handler"] = called


def watched(call: Callable[..., Any], where: str) -> Callable[..., Any]:
    """The same call, which is logged when it holds its thread, and so is each step of the coroutine that it may give."""

    def timed(*arguments: Any, **keywords: Any) -> Any:
        watch = _watch_here()
        watch.begin(where)
        try:
            result = call(*arguments, **keywords)
        finally:
            watch.end()
        return stepped(result) if isinstance(result, CoroutineType) else result

    async def stepped(coroutine: CoroutineType[Any, Any, Any]) -> Any:
        return await _Steps(coroutine, where)

    return timed


class _Steps:
    """Awaits a coroutine and watches each of its steps, from one suspension to the next."""

    def __init__(self, coroutine: CoroutineType[Any, Any, Any], where: str) -> None:
        self.coroutine = coroutine
        self.where = where

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, watch = self.coroutine, _watch_here()
        step: Callable[[Any], Any] = coroutine.send
        given: Any = None
        while True:
            watch.begin(self.where)
            try:
                waits_for = step(given)
            except StopIteration as end:
                return end.value
            finally:
                watch.end()
            try:
                step, given = coroutine.send, (yield waits_for)
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001  # a cancellation, say: it is the coroutine's
                step, given = coroutine.throw, error


class _Call:
    """One call that holds a thread. Each has an end of its own: while one is reported, the next may have begun."""

    __slots__ = ("ended", "where")

    def __init__(self, where: str) -> None:
        self.where = where
        self.ended = threading.Event()


class _Watch:
    """Logs where a thread stands once one call has held it for too long; a call within that is part of it."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.depth = 0
        self.is_looking = False
        self.began = threading.Event()
        self.call = _Call("")

    def begin(self, where: str) -> None:
        self.depth += 1
        if self.depth > 1:
            return
        self.call = _Call(where)
        self.began.set()
        if not self.is_looking:
            self.is_looking = True
            threading.Thread(target=self.look, name="pelton debug", daemon=True).start()

    def end(self) -> None:
        self.depth -= 1
        if self.depth == 0:
            self.began.clear()
            self.call.ended.set()

    def look(self) -> None:
        from traceback import format_stack

        while True:
            self.began.wait()
            call = self.call
            if call.ended.wait(SLOW_SECONDS):
                continue
            frame = sys._current_frames().get(self.thread)
            if frame is not None and not call.ended.is_set():
                stack = "".join(format_stack(frame))
                _log.warning("%s has held the loop for %d ms:\n%s", call.where, SLOW_SECONDS * 1000, stack)
            call.ended.wait()


_here = threading.local()


def _watch_here() -> _Watch:
    """The one of this thread."""
    try:
        watch: _Watch = _here.watch
    except AttributeError:
        watch = _here.watch = _Watch()
    return watch
