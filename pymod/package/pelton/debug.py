"""What debug=True adds: the page of an unhandled exception, and hints in the log."""

from __future__ import annotations

import logging
import sys
import threading
from types import CoroutineType

from pelton.requests import quality
from pelton.responses import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from pelton._native import Plan, Request
    from pelton.responses import Response


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


def watched(plan: Plan, bare: str | None, unannotated: bool) -> None:
    """Makes a plan warn of a handler that holds the loop, falls off its end or is misread.

    `bare` is the parameter that gets the request for being the first and having no annotation.
    """
    where = plan["info"].where
    handler = plan["handler"]
    if bare is not None and bare not in REQUEST_NAMES and not hasattr(handler, "__self__"):
        _log.warning("%s: bare parameter %r gets the request; annotate it if it is another", where, bare)
    watch = _Watch(where)

    def noted(result: Any) -> Any:
        if result is None and unannotated:
            _log.warning("%s returned None, which is sent as null; status=204 sends nothing", where)
        return result

    def timed(*arguments: Any, **keywords: Any) -> Any:
        watch.begin()
        try:
            result = handler(*arguments, **keywords)
        finally:
            watch.end()
        # A def may give a coroutine too.
        return stepped(result) if isinstance(result, CoroutineType) else noted(result)

    async def stepped(coroutine: CoroutineType[Any, Any, Any]) -> Any:
        return noted(await _Steps(coroutine, watch))

    plan["handler"] = timed


class _Steps:
    """Awaits a coroutine and watches each of its steps, from one suspension to the next."""

    def __init__(self, coroutine: CoroutineType[Any, Any, Any], watch: _Watch) -> None:
        self.coroutine = coroutine
        self.watch = watch

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, watch = self.coroutine, self.watch
        step, given = coroutine.send, None
        while True:
            watch.begin()
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


class _Watch:
    """Logs where a call stands once it has held its thread for too long."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.thread: threading.Thread | None = None
        self.watched = 0
        self.began = threading.Event()
        self.ended = threading.Event()

    def begin(self) -> None:
        self.watched = threading.get_ident()
        self.ended.clear()
        self.began.set()
        if self.thread is None:
            self.thread = threading.Thread(target=self.look, name="pelton debug", daemon=True)
            self.thread.start()

    def end(self) -> None:
        self.began.clear()
        self.ended.set()

    def look(self) -> None:
        from traceback import format_stack

        while True:
            self.began.wait()
            if self.ended.wait(SLOW_SECONDS):
                continue
            frame = sys._current_frames().get(self.watched)
            if frame is not None and not self.ended.is_set():
                stack = "".join(format_stack(frame))
                _log.warning("%s has held the loop for %d ms:\n%s", self.where, SLOW_SECONDS * 1000, stack)
            self.ended.wait()
